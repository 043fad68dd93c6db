/**
 * What a seller delivered in a block and would not yet be paid for: its own wins that the payer did not
 * match, or for which no auditor speaks, where the terms ask for it (protocol.md 7). An impression is a row
 * of a typed array.
 */
import { randomInt } from 'node:crypto';
import { fromHex } from '#encoding';
import { type ChannelTerms, isSellerRole, limits, recordAt, recordFlag, recordKind } from '#protocol';
import { decodeParameters, onMissing } from '#reduction';
import type { ImpressionHolder, ImpressionMemory } from './impression-memory.js';

/** What must be there beside the seller's own win before it is paid. */
export interface ExposureRules {
  /** Index of the seller. */
  readonly seller: number;
  readonly needsPayer: boolean;
  readonly needsAudit: boolean;
}

/** Undefined for a participant that sells nothing. */
export function exposureRulesOf(terms: ChannelTerms, participant: number): ExposureRules | undefined {
  if (!isSellerRole(terms.roles[participant])) return undefined;
  const decoded = decodeParameters(fromHex(terms.reducerParameters), terms.roles);
  if (!decoded.ok) throw new Error(`the channel is open and its parameters are not: ${decoded.refusal.code}`);
  const { onMissingDsp, onMissingAudit } = decoded.parameters;
  return {
    seller: participant,
    needsPayer: onMissingDsp === onMissing.reject,
    needsAudit: onMissingAudit === onMissing.reject,
  };
}

export interface ExposureSums {
  /** Value of the seller's own wins, each impression once, at the lowest price that it signed. */
  readonly deliveredNano: bigint;
  readonly exposedNano: bigint;
  readonly impressions: number;
  readonly exposedImpressions: number;
  /** False once memory was used up: from then on every own win counts as another that nobody matched. */
  readonly isExact: boolean;
}

/** Of a channel: the sum over its blocks, and each of them. */
export interface ChannelExposure {
  readonly exposedNano: bigint;
  readonly blocks: readonly Exposure[];
}

export function exposureOf(blocks: Iterable<{ readonly exposure: Exposure | undefined }>): ChannelExposure {
  const found = [...blocks].flatMap(({ exposure }) => exposure ?? []);
  return { exposedNano: found.reduce((sum, one) => sum + one.sums.exposedNano, 0n), blocks: found };
}

/** Many small tables, so that no growing of one holds up the event loop for long. */
const tables = 64;
const slotsFirst = 8;
const growth = 2;
/** Four words of key, two of price, one of what was seen. */
const slotWords = 8;
const priceAt = 4;
const seenAt = 6;
/** Slots looked at for one key; which key crowds which, nobody outside can know. */
const probesMax = 64;
const seen = { own: 1, payer: 2, audit: 4 } as const;
const nothing = new Uint32Array(0);
const { recordBytes } = limits;
/** Both are changed by many records between two readings, and stay exact far beyond those of one batch. */
const low = 0;
const high = 1;

export class Exposure implements ImpressionHolder {
  readonly channelId: string;
  readonly blockNumber: number;
  readonly #rules: ExposureRules;
  readonly #memory: ImpressionMemory;
  readonly #salt = randomInt(2 ** 32);
  readonly #slots: Uint32Array[] = new Array<Uint32Array>(tables).fill(nothing);
  readonly #sizes = new Uint32Array(tables);
  /** What the batch at hand adds, in halves of 32 bits. */
  readonly #addedDelivered = new Float64Array(2);
  readonly #addedExposed = new Float64Array(2);
  #deliveredNano = 0n;
  #exposedNano = 0n;
  #impressions = 0;
  #exposedImpressions = 0;
  #isExact = true;

  constructor(
    rules: ExposureRules,
    memory: ImpressionMemory,
    about: { readonly channelId: string; readonly blockNumber: number },
  ) {
    this.#rules = rules;
    this.#memory = memory;
    this.channelId = about.channelId;
    this.blockNumber = about.blockNumber;
  }

  get sums(): ExposureSums {
    return {
      deliveredNano: this.#deliveredNano,
      exposedNano: this.#exposedNano,
      impressions: this.#impressions,
      exposedImpressions: this.#exposedImpressions,
      isExact: this.#isExact,
    };
  }

  /** Takes `count` records from `at` on into account, whoever wrote them. */
  addAll(view: DataView, at: number, count: number): void {
    for (let index = 0; index < count; index++) this.#add(view, at + index * recordBytes);
    this.#deliveredNano += nanoOf(this.#addedDelivered);
    this.#exposedNano += nanoOf(this.#addedExposed);
    this.#addedDelivered.fill(0);
    this.#addedExposed.fill(0);
  }

  /** The memory goes to newer blocks: what was found stays, what comes cannot be matched with it any more. */
  forget(): void {
    this.#slots.fill(nothing);
    this.#sizes.fill(0);
    this.#memory.release(this);
    this.#isExact = false;
  }

  #add(view: DataView, record: number): void {
    const says = this.#saidBy(view, record);
    if (says === 0) return;
    const slot = this.#isExact ? this.#slotOf(view, record) : undefined;
    if (slot === undefined) {
      this.#isExact = false;
      if (says === seen.own) this.#counts(priceOf(view, record), 1, true);
      return;
    }
    const { slots, word } = slot;
    const before = slots[word + seenAt];
    const after = before | says;
    slots[word + seenAt] = after;
    if (says === seen.own) this.#takePrice(slots, word, before, view, record);
    else this.#changes(slots, word, before, after);
  }

  /** Of two prices the seller's lower one counts. */
  #takePrice(slots: Uint32Array, word: number, before: number, view: DataView, record: number): void {
    const price = priceOf(view, record);
    const known = [slots[word + priceAt], slots[word + priceAt + 1]] as const;
    const isFirst = (before & seen.own) === 0;
    if (!isFirst && !isBelow(price, known)) return;
    const isExposed = this.#isExposed(before | seen.own);
    if (!isFirst) this.#counts(known, -1, isExposed);
    slots[word + priceAt] = price[low];
    slots[word + priceAt + 1] = price[high];
    this.#counts(price, 1, isExposed);
  }

  #changes(slots: Uint32Array, word: number, before: number, after: number): void {
    if (!this.#isExposed(before) || this.#isExposed(after)) return;
    this.#addedExposed[low] -= slots[word + priceAt];
    this.#addedExposed[high] -= slots[word + priceAt + 1];
    this.#exposedImpressions--;
  }

  #counts(price: Price, sign: 1 | -1, isExposed: boolean): void {
    this.#impressions += sign;
    this.#addedDelivered[low] += sign * price[low];
    this.#addedDelivered[high] += sign * price[high];
    if (!isExposed) return;
    this.#exposedImpressions += sign;
    this.#addedExposed[low] += sign * price[low];
    this.#addedExposed[high] += sign * price[high];
  }

  #isExposed(has: number): boolean {
    if ((has & seen.own) === 0) return false;
    const { needsPayer, needsAudit } = this.#rules;
    return (needsPayer && (has & seen.payer) === 0) || (needsAudit && (has & seen.audit) === 0);
  }

  /** What the record says of an impression of the seller; 0 if nothing. */
  #saidBy(view: DataView, record: number): number {
    if ((view.getUint32(record + recordAt.flags, true) & recordFlag.test) !== 0) return 0;
    const { seller } = this.#rules;
    const counterparty = view.getUint8(record + recordAt.counterparty);
    if (view.getUint8(record + recordAt.kind) === recordKind.audit) {
      return counterparty === seller || counterparty === limits.everySeller ? seen.audit : 0;
    }
    const author = view.getUint8(record + recordAt.author);
    if (author === seller) return seen.own;
    return author === 0 && counterparty === seller ? seen.payer : 0;
  }

  /** The impression's slot, made if there is none; undefined if there is no memory for it. */
  #slotOf(view: DataView, record: number): { slots: Uint32Array; word: number } | undefined {
    const key = record + recordAt.impressionKey;
    const a = view.getUint32(key, true);
    const b = view.getUint32(key + 4, true);
    const c = view.getUint32(key + 8, true);
    const d = view.getUint32(key + 12, true);
    const mixed = mix(a, b, c, d, this.#salt);
    const table = mixed & (tables - 1);
    // At most half of the slots are taken.
    const isFull = this.#sizes[table] * 2 * slotWords >= this.#slots[table].length;
    if (isFull && !this.#grow(table)) return undefined;
    const slots = this.#slots[table];
    const word = placeOf(slots, a, b, c, d, mixed);
    if (word === undefined) return undefined;
    if (slots[word + seenAt] === 0) {
      slots[word] = a;
      slots[word + 1] = b;
      slots[word + 2] = c;
      slots[word + 3] = d;
      this.#sizes[table]++;
    }
    return { slots, word };
  }

  #grow(table: number): boolean {
    const old = this.#slots[table];
    const words = old.length === 0 ? slotsFirst * slotWords : old.length * growth;
    if (!this.#memory.take(this, words * 4)) return false;
    const slots = new Uint32Array(words);
    for (let from = 0; from < old.length; from += slotWords) {
      if (old[from + seenAt] === 0) continue;
      const [a, b, c, d] = old.subarray(from, from + 4);
      const word = placeOf(slots, a, b, c, d, mix(a, b, c, d, this.#salt));
      if (word === undefined) throw new Error('a table of twice the size has no place for what was in it');
      slots.set(old.subarray(from, from + slotWords), word);
    }
    this.#slots[table] = slots;
    if (old.length > 0) this.#memory.release(this, old.length * 4);
    return true;
  }
}

/** Low and high half of nano-units. */
type Price = readonly [number, number];

function priceOf(view: DataView, record: number): Price {
  const at = record + recordAt.priceNano;
  return [view.getUint32(at, true), view.getUint32(at + 4, true)];
}

function isBelow(one: Price, other: Price): boolean {
  return one[high] < other[high] || (one[high] === other[high] && one[low] < other[low]);
}

function nanoOf(halves: Float64Array): bigint {
  return (BigInt(halves[high]) << 32n) + BigInt(halves[low]);
}

function mix(a: number, b: number, c: number, d: number, salt: number): number {
  let mixed = Math.imul(a ^ salt, 0x85ebca6b) ^ b;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) ^ c;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f) ^ d;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x165667b1);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Where the key is or may be put; undefined if no slot that may hold it is free. */
function placeOf(
  slots: Uint32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  mixed: number,
): number | undefined {
  const mask = slots.length - 1;
  let word = ((mixed >>> 6) * slotWords) & mask;
  for (let probe = 0; probe < probesMax; probe++) {
    if (slots[word + seenAt] === 0) return word;
    const isSame =
      slots[word] === a && slots[word + 1] === b && slots[word + 2] === c && slots[word + 3] === d;
    if (isSame) return word;
    word = (word + slotWords) & mask;
  }
  return undefined;
}

/**
 * A set of impressions of sellers in typed arrays: 8 bytes a slot, no object an impression, bounded memory
 * and work.
 */
import { randomInt } from 'node:crypto';
import { limits, recordAt, recordKind } from '#protocol';
import type { ImpressionHolder, ImpressionMemory } from './impression-memory.js';

const { recordBytes } = limits;

/** The set is many small tables, so that no growing of one of them holds up the event loop for long. */
const tables = 64;
const slotsFirst = 16;
/** A slot is two words. */
const slotBytes = 8;
const growth = 2;
/** Slots looked at for one key; a key that finds none free is not remembered, which the rule allows. */
const probesMax = 32;
/**
 * Of the records at hand, for whichever set looks at them: nothing waits in between. The last word keeps the
 * reads of `#lookAhead` from being optimised away.
 */
const mixedOf = new Uint32Array(limits.batchRecordsMax + 1);
/** What every table is before its first key. Nothing is put into it. */
const nothing = new Uint32Array(2);

/**
 * Keeps the first 64 bits of 16-byte keys, the seller mixed in, each in 12 to 24 bytes: two sellers may use
 * the same id for different impressions. Keys are chosen by others, so the place of a slot depends on a
 * number of this process: nobody outside can make keys that crowd one another.
 */
export class ImpressionSet implements ImpressionHolder {
  readonly channelId: string;
  readonly blockNumber: number;
  readonly #memory: ImpressionMemory;
  readonly #salt = randomInt(2 ** 32);
  readonly #slots: Uint32Array[] = new Array<Uint32Array>(tables).fill(nothing);
  readonly #sizes = new Uint32Array(tables);
  #size = 0;

  /** New keys for which the memory has no room are not remembered. */
  constructor(memory: ImpressionMemory, about: { readonly channelId: string; readonly blockNumber: number }) {
    this.#memory = memory;
    this.channelId = about.channelId;
    this.blockNumber = about.blockNumber;
  }

  get size(): number {
    return this.#size;
  }

  /** The first of `count` records from `at` on whose impression is in the set, of the same seller. */
  firstIn(view: DataView, at: number, count: number): number | undefined {
    this.#lookAhead(view, at, count);
    for (let index = 0; index < count; index++) {
      const record = at + index * recordBytes;
      const mixed = mixedOf[index];
      const slots = this.#slots[mixed & (tables - 1)];
      if (isIn(slots, firstWord(view, record), secondWord(view, record), mixed)) return index;
    }
    return undefined;
  }

  /** Adds the impression keys of `count` records from `at` on. */
  addAll(view: DataView, at: number, count: number): void {
    this.#lookAhead(view, at, count);
    for (let index = 0; index < count; index++) {
      const record = at + index * recordBytes;
      this.#add(firstWord(view, record), secondWord(view, record), mixedOf[index]);
    }
  }

  forget(): void {
    this.#slots.fill(nothing);
    this.#sizes.fill(0);
    this.#size = 0;
    this.#memory.release(this);
  }

  #add(a: number, b: number, mixed: number): void {
    const table = mixed & (tables - 1);
    const size = this.#sizes[table];
    // At most two of three slots are taken.
    const isFull = this.#slots[table] === nothing || size * 3 >= this.#slots[table].length;
    if (isFull && !this.#grow(table)) return;
    if (!put(this.#slots[table], a, b, mixed)) return;
    this.#sizes[table] = size + 1;
    this.#size++;
  }

  /**
   * Finds the places of all keys and reads each once: these reads do not depend on one another, so the memory
   * serves many at a time, and what follows finds them in the cache.
   */
  #lookAhead(view: DataView, at: number, count: number): void {
    let read = 0;
    for (let index = 0; index < count; index++) {
      const record = at + index * recordBytes;
      const mixed = mix(firstWord(view, record), secondWord(view, record), this.#salt);
      mixedOf[index] = mixed;
      const slots = this.#slots[mixed & (tables - 1)];
      read ^= slots[((mixed >>> 6) * 2) & (slots.length - 1)];
    }
    mixedOf[limits.batchRecordsMax] = read;
  }

  /** False if there is no memory for it. */
  #grow(table: number): boolean {
    const old = this.#slots[table];
    const words = old === nothing ? slotsFirst * 2 : old.length * growth;
    if (!this.#memory.take(this, (words / 2) * slotBytes)) return false;
    const slots = new Uint32Array(words);
    for (let word = 0; word < old.length; word += 2) {
      const a = old[word];
      const b = old[word + 1];
      if ((a | b) !== 0) put(slots, a, b, mix(a, b, this.#salt));
    }
    this.#slots[table] = slots;
    if (old !== nothing) this.#memory.release(this, (old.length / 2) * slotBytes);
    return true;
  }
}

function firstWord(view: DataView, record: number): number {
  return view.getUint32(record + recordAt.impressionKey, true);
}

/** An audit that speaks for every seller speaks for none by name. */
function secondWord(view: DataView, record: number): number {
  const author = view.getUint8(record + recordAt.author);
  const isSellers = author !== 0 && view.getUint8(record + recordAt.kind) === recordKind.win;
  const seller = isSellers ? author : view.getUint8(record + recordAt.counterparty);
  const word = view.getUint32(record + recordAt.impressionKey + 4, true);
  return (word ^ Math.imul(seller, 0x9e3779b1)) >>> 0;
}

/** 32 bits of which the lowest name the table and the others the slot. */
function mix(a: number, b: number, salt: number): number {
  let mixed = Math.imul(a ^ salt, 0x85ebca6b) ^ b;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function isIn(slots: Uint32Array, a: number, b: number, mixed: number): boolean {
  const mask = slots.length - 1;
  let word = ((mixed >>> 6) * 2) & mask;
  for (let probe = 0; probe < probesMax; probe++) {
    const found = slots[word];
    if (found === a && slots[word + 1] === b) return true;
    if ((found | slots[word + 1]) === 0) return false;
    word = (word + 2) & mask;
  }
  return false;
}

/** False if the key is there already or finds no slot. */
function put(slots: Uint32Array, a: number, b: number, mixed: number): boolean {
  const mask = slots.length - 1;
  let word = ((mixed >>> 6) * 2) & mask;
  for (let probe = 0; probe < probesMax; probe++) {
    const found = slots[word];
    if ((found | slots[word + 1]) === 0) {
      slots[word] = a;
      slots[word + 1] = b;
      return true;
    }
    if (found === a && slots[word + 1] === b) return false;
    word = (word + 2) & mask;
  }
  return false;
}

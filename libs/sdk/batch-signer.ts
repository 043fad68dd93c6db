/** Turns what an SSP, DSP or auditor saw into signed batches, each with the next sequence of its block. */
import { refusals } from '#api';
import type {} from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  auctionIdFault,
  domainSeparator,
  type Eip712Domain,
  encodeRecord,
  type IdFault,
  idFault,
  impressionKeyOf,
  limits,
  type RecordFields,
  recordFlag,
  recordKind,
  shortHash,
  signBatch,
  textFault,
} from '#protocol';

export interface BatchSignerOptions {
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  /** Index of the participant in the channel terms. */
  readonly author: number;
  /** Private record key, 32 bytes. */
  readonly recordKey: Uint8Array;
  /** Tells apart several senders of one author; 0 to 2^24 − 1. */
  readonly sender?: number;
  /** The counter to begin with, for a sender that goes on after a restart; 0 to 2^40 − 1. */
  readonly nextCounter?: number;
  readonly recordsPerBatch?: number;
}

interface Impression {
  readonly auctionId: string;
  readonly impId: string;
}

export interface Win {
  readonly impression: Impression;
  readonly counterparty: number;
  /** Price of this one impression, 1e-9 of the currency unit. */
  readonly priceNano: bigint;
  readonly timestampMs: number;
  readonly campaign?: string;
  readonly placement?: string;
  /** The author's own log line behind the record. */
  readonly reference?: string;
  /** Kept and counted, never paid. */
  readonly isTest?: boolean;
}

export type AuditFlag =
  | 'measurable'
  | 'viewable'
  | 'click'
  | 'generalInvalidTraffic'
  | 'sophisticatedInvalidTraffic';

export interface Audit extends Omit<Win, 'priceNano'> {
  readonly flags: readonly AuditFlag[];
}

const recordsPerBatchDefault = 1_000;
const senderShift = 40n;
const [senderEnd, counterEnd] = [2 ** 24, 2 ** 40];
const auditFlags: readonly AuditFlag[] = [
  ...(['measurable', 'viewable', 'click'] as const),
  ...(['generalInvalidTraffic', 'sophisticatedInvalidTraffic'] as const),
];

/**
 * Collects records by block; a full batch, or what `flush` finds, comes out signed. Whatever a record cannot
 * say is a RangeError that names the field, before anything is signed; the records before it stay.
 */
export class BatchSigner {
  readonly #options: BatchSignerOptions;
  readonly #hasher: BatchHasher;
  readonly #recordsMax: number;
  readonly #open = new Map<number, { readonly bytes: Uint8Array<ArrayBuffer>; count: number }>();
  #counter: number;

  constructor(options: BatchSignerOptions) {
    const { recordsPerBatch = recordsPerBatchDefault, sender = 0, nextCounter = 0 } = options;
    requireWhole('recordsPerBatch', recordsPerBatch, 1, limits.batchRecordsMax + 1);
    requireWhole('author', options.author, 0, limits.participantsMax);
    requireWhole('sender', sender, 0, senderEnd);
    requireWhole('nextCounter', nextCounter, 0, counterEnd);
    this.#options = options;
    this.#hasher = new BatchHasher(domainSeparator(options.domain));
    this.#recordsMax = recordsPerBatch;
    this.#counter = nextCounter;
  }

  /** Keep it with what was submitted: a sequence is used once in a block. */
  get nextCounter(): number {
    return this.#counter;
  }

  /** Returns a signed batch if the win filled one. */
  win(blockNumber: number, win: Win): Uint8Array | undefined {
    const flags = win.isTest ? recordFlag.test : 0;
    return this.#add(blockNumber, {
      ...this.#shared(win),
      kind: recordKind.win,
      flags,
      priceNano: win.priceNano,
    });
  }

  audit(blockNumber: number, audit: Audit): Uint8Array | undefined {
    const unknown = audit.flags.find((name) => !auditFlags.includes(name));
    if (unknown !== undefined) throw new RangeError(`flags has ${String(unknown)}: ${auditFlags.join(', ')}`);
    const named = audit.flags.reduce((sum, name) => sum | recordFlag[name], 0);
    const flags = named | (audit.isTest ? recordFlag.test : 0);
    return this.#add(blockNumber, { ...this.#shared(audit), kind: recordKind.audit, flags, priceNano: 0n });
  }

  /** Signed batches of what is left, one a block. */
  flush(): Uint8Array[] {
    const blocks = [...this.#open.keys()];
    return blocks.flatMap((blockNumber) => this.#sign(blockNumber) ?? []);
  }

  /** One signed batch of records that are encoded already, count × 64 bytes. */
  sign(blockNumber: number, records: Uint8Array): Uint8Array {
    const { channelId, author, recordKey, sender = 0 } = this.#options;
    requireWhole('blockNumber', blockNumber, 0, limits.blocksMaxLimit);
    requireWhole('count', records.length / limits.recordBytes, 1, limits.batchRecordsMax + 1);
    requireWhole('nextCounter', this.#counter, 0, counterEnd);
    const sequence = (BigInt(sender) << senderShift) | BigInt(this.#counter++);
    return signBatch(this.#hasher, recordKey, { channelId, blockNumber, author, sequence }, records);
  }

  #shared(record: Omit<Win, 'priceNano'>): Omit<RecordFields, 'kind' | 'flags' | 'priceNano'> {
    const { auctionId, impId } = record.impression;
    requireId('impression.auctionId', auctionId, auctionIdFault);
    requireId('impression.impId', impId, idFault);
    if (record.campaign !== undefined) requireId('campaign', record.campaign, idFault);
    if (record.placement !== undefined) requireId('placement', record.placement, idFault);
    if (record.reference !== undefined) requireId('reference', record.reference, textFault);
    requireWhole('counterparty', record.counterparty, 0, everyCounterparty + 1);
    requireWhole('timestampMs', record.timestampMs, 0, Number.MAX_SAFE_INTEGER);
    const keyOf = (text: string | undefined): Uint8Array =>
      text === undefined ? new Uint8Array(8) : shortHash(text);
    return {
      author: this.#options.author,
      counterparty: record.counterparty,
      timestampMs: BigInt(record.timestampMs),
      impressionKey: impressionKeyOf(auctionId, impId),
      campaign: keyOf(record.campaign),
      placement: keyOf(record.placement),
      reference: keyOf(record.reference),
    };
  }

  #add(blockNumber: number, fields: RecordFields): Uint8Array | undefined {
    requireWhole('blockNumber', blockNumber, 0, limits.blocksMaxLimit);
    const record = encodeRecord(fields);
    let open = this.#open.get(blockNumber);
    if (open === undefined) {
      open = { bytes: new Uint8Array(this.#recordsMax * limits.recordBytes), count: 0 };
      this.#open.set(blockNumber, open);
    }
    open.bytes.set(record, open.count * limits.recordBytes);
    open.count++;
    return open.count === this.#recordsMax ? this.#sign(blockNumber) : undefined;
  }

  #sign(blockNumber: number): Uint8Array | undefined {
    const open = this.#open.get(blockNumber);
    this.#open.delete(blockNumber);
    return open && this.sign(blockNumber, open.bytes.subarray(0, open.count * limits.recordBytes));
  }
}

/** An auditor may speak for every seller. */
const everyCounterparty = limits.everySeller;

function requireWhole(name: string, value: number, from: number, end: number): void {
  if (Number.isInteger(value) && value >= from && value < end) return;
  throw new RangeError(`${name} is ${String(value)}: a whole number of ${from} to ${end - 1}`);
}

function requireId(name: string, id: string, faultOf: (id: string) => IdFault | undefined): void {
  const fault: IdFault | undefined = typeof id === 'string' ? faultOf(id) : 'id-not-acceptable';
  if (fault === undefined) return;
  throw new RangeError(
    `${name} is ${JSON.stringify(id)?.slice(0, 80)}: ${fault}, ${refusals[fault].expected}`,
  );
}

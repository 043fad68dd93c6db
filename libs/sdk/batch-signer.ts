/** Turns what an SSP, DSP or auditor saw into signed batches, each with the next sequence of its block. */
import type {} from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  domainSeparator,
  type Eip712Domain,
  encodeRecord,
  impressionKeyOf,
  isAcceptableId,
  limits,
  type RecordFields,
  recordFlag,
  recordKind,
  shortHash,
  signBatch,
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

/** Collects records by block; a full batch, or what `flush` finds, comes out signed. */
export class BatchSigner {
  readonly #options: BatchSignerOptions;
  readonly #hasher: BatchHasher;
  readonly #recordsMax: number;
  readonly #open = new Map<number, { readonly bytes: Uint8Array<ArrayBuffer>; count: number }>();
  #counter: number;

  constructor(options: BatchSignerOptions) {
    const { recordsPerBatch = recordsPerBatchDefault, sender = 0, nextCounter = 0 } = options;
    if (!(recordsPerBatch >= 1 && recordsPerBatch <= limits.batchRecordsMax)) {
      throw new RangeError(`a batch holds 1 to ${limits.batchRecordsMax} records`);
    }
    if (!(sender >= 0 && sender < 2 ** 24)) throw new RangeError('a sender is 0 to 2^24 − 1');
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
    const sequence = (BigInt(sender) << senderShift) | BigInt(this.#counter++);
    return signBatch(this.#hasher, recordKey, { channelId, blockNumber, author, sequence }, records);
  }

  #shared(record: Omit<Win, 'priceNano'>): Omit<RecordFields, 'kind' | 'flags' | 'priceNano'> {
    const { auctionId, impId } = record.impression;
    for (const id of [auctionId, impId, record.campaign, record.placement]) {
      if (id !== undefined && !isAcceptableId(id)) throw new RangeError(`an id of ${id.length} characters`);
    }
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
    let open = this.#open.get(blockNumber);
    if (open === undefined) {
      open = { bytes: new Uint8Array(this.#recordsMax * limits.recordBytes), count: 0 };
      this.#open.set(blockNumber, open);
    }
    encodeRecord(fields, open.bytes, open.count * limits.recordBytes);
    open.count++;
    return open.count === this.#recordsMax ? this.#sign(blockNumber) : undefined;
  }

  #sign(blockNumber: number): Uint8Array | undefined {
    const open = this.#open.get(blockNumber);
    this.#open.delete(blockNumber);
    return open && this.sign(blockNumber, open.bytes.subarray(0, open.count * limits.recordBytes));
  }
}

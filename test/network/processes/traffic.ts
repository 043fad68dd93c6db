/** What three participants report of the same impressions, not always alike, as signed batches. */

import type { NetworkMember } from '#apps/cli/src/network/open-channel';
import type {} from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  domainSeparator,
  type Eip712Domain,
  encodeRecord,
  impressionKeyOf,
  limits,
  recordFlag,
  recordKind,
  signBatch,
} from '#protocol';

export interface Batch {
  readonly author: number;
  readonly bytes: Uint8Array;
  readonly records: readonly Uint8Array[];
}

const dsp = 0;
const ssp = 1;
const auditor = 2;
const recordsPerBatch = 40;

/** Signs batches of a channel in the order in which each author's sequence has them. */
export class TrafficSigner {
  readonly #hasher: BatchHasher;
  readonly #channelId: ChannelId;
  readonly #members: readonly NetworkMember[];

  constructor(domain: Eip712Domain, channelId: ChannelId, members: readonly NetworkMember[]) {
    this.#hasher = new BatchHasher(domainSeparator(domain));
    this.#channelId = channelId;
    this.#members = members;
  }

  sign(author: number, blockNumber: number, sequence: number, records: readonly Uint8Array[]): Batch {
    const header = { channelId: this.#channelId, blockNumber, author, sequence: BigInt(sequence) };
    const joined = new Uint8Array(Buffer.concat(records));
    const { privateKey } = this.#members[author].secrets.record;
    return { author, records, bytes: signBatch(this.#hasher, privateKey, header, joined) };
  }

  /**
   * All batches of block 0: some impressions lack the seller, some the audit, some differ in price, one
   * author
   *  repeats records. */
  block(impressions: number, timestampMs: bigint): Batch[] {
    const records: Uint8Array[][] = [[], [], []];
    for (let at = 0; at < impressions; at++) {
      const priceNano = BigInt(1_000_000 + at * 1_001);
      records[dsp].push(win(dsp, `imp-${at}`, priceNano, timestampMs));
      if (at % 7 !== 3) {
        const differs = at % 5 === 2 ? 250_000n : 0n;
        records[ssp].push(win(ssp, `imp-${at}`, priceNano + differs, timestampMs));
      }
      if (at % 11 !== 4) records[auditor].push(audit(`imp-${at}`, timestampMs, at % 13 !== 6));
    }
    records[ssp].push(...records[ssp].slice(0, 5));
    return records.flatMap((list, author) =>
      Array.from({ length: Math.ceil(list.length / recordsPerBatch) }, (_, sequence) => {
        const from = sequence * recordsPerBatch;
        return this.sign(author, 0, sequence, list.slice(from, from + recordsPerBatch));
      }),
    );
  }
}

export function win(author: number, name: string, priceNano: bigint, timestampMs: bigint): Uint8Array {
  return record({ kind: recordKind.win, author, counterparty: author === dsp ? ssp : dsp, flags: 0 }, name, {
    priceNano,
    timestampMs,
  });
}

function audit(name: string, timestampMs: bigint, isViewable: boolean): Uint8Array {
  const flags = recordFlag.measurable | (isViewable ? recordFlag.viewable : 0);
  const fields = { kind: recordKind.audit, author: auditor, counterparty: ssp, flags };
  return record(fields, name, { priceNano: 0n, timestampMs });
}

function record(
  who: { kind: number; author: number; counterparty: number; flags: number },
  name: string,
  what: { priceNano: bigint; timestampMs: bigint },
): Uint8Array {
  const none = new Uint8Array(8);
  const impressionKey = impressionKeyOf(name, '1');
  const into = new Uint8Array(limits.recordBytes);
  encodeRecord({ ...who, ...what, impressionKey, campaign: none, placement: none, reference: none }, into, 0);
  return into;
}

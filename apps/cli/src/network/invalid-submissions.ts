/** Submissions that break one rule of ingest each; a channel node must refuse each by its own code. */
import { batchMediaType, jsonMediaType, ndjsonMediaType, type RefusalCode } from '#api';
import { sha256 } from '#crypto';
import { toHex, utf8 } from '#encoding';
import {
  type BatchHasher,
  batchAt,
  type ChannelId,
  encodeRecord,
  impressionKeyOf,
  limits,
  recordKind,
  signBatch,
} from '#protocol';
import type { Network } from './open-network.js';

export interface InvalidSubmission {
  readonly code: RefusalCode;
  /** Whose node it is sent to. */
  readonly author: number;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** The channel of the address, where it is not the network's. */
  readonly channelId?: ChannelId;
}

/** Sequences of invalid batches begin here, out of the way of good ones. */
const firstSequence = 1n << 40n;
const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export const invalidSubmissionsPerBlock = 10;

/** One of each kind for a block, all by the first seller. */
export function invalidSubmissions(
  network: Network,
  blockNumber: number,
  hasher: BatchHasher,
): InvalidSubmission[] {
  const author = 1;
  const good = (sequence: number, priceNano = 1_000n): Uint8Array =>
    signBatch(
      hasher,
      network.members[author].secrets.record.privateKey,
      { channelId: network.channelId, blockNumber, author, sequence: firstSequence + BigInt(sequence) },
      winOf(`invalid-${blockNumber}-${sequence}`, author, priceNano),
    );
  const changed = (sequence: number, change: (batch: Uint8Array) => void): Uint8Array => {
    const batch = good(sequence);
    change(batch);
    return batch;
  };
  const binary = (code: RefusalCode, body: Uint8Array): InvalidSubmission => ({
    code,
    author,
    body,
    contentType: batchMediaType,
  });
  const priced = (code: RefusalCode, price: string): InvalidSubmission => ({
    code,
    author,
    body: utf8(jsonOf(blockNumber, author, price)),
    contentType: jsonMediaType,
  });
  return [
    priced('unresolved-macro', '${AUCTION_PRICE}'),
    priced('price-negative', '-0.5'),
    priced('price-not-a-number', 'free'),
    binary('price-too-large', good(1, network.terms.priceNanoMax + 1n)),
    binary(
      'bad-signature',
      changed(2, (batch) => batch.set(sha256(batch), batchAt.signature)),
    ),
    binary('high-s', changed(3, raiseS)),
    binary(
      'wrong-root',
      changed(4, (batch) => batch.set([7], limits.batchHeaderBytes + 60)),
    ),
    binary('too-large', new Uint8Array(limits.batchBytesMax + 1)),
    { code: 'not-parsable', author, body: utf8('not\na batch'), contentType: ndjsonMediaType },
    { ...binary('unknown-channel', good(5)), channelId: toHex(sha256(utf8('no channel'))) },
  ];
}

function winOf(auctionId: string, author: number, priceNano: bigint): Uint8Array {
  return encodeRecord({
    kind: recordKind.win,
    author,
    counterparty: 0,
    flags: 0,
    timestampMs: 0n,
    impressionKey: impressionKeyOf(auctionId, '1'),
    priceNano,
    campaign: new Uint8Array(8),
    placement: new Uint8Array(8),
    reference: new Uint8Array(8),
  });
}

function jsonOf(blockNumber: number, author: number, price: string): string {
  const impression = { auctionId: `priced-${blockNumber}`, impId: '1' };
  return JSON.stringify({
    blockNumber,
    author,
    sequence: '0',
    signature: `0x${'00'.repeat(65)}`,
    records: [{ kind: 'win', impression, counterparty: 0, price, timestampMs: 0 }],
  });
}

/** The malleable twin of the signature: the same to ecrecover, refused by rule. */
function raiseS(batch: Uint8Array): void {
  const at = batchAt.signature + 32;
  const s = BigInt(toHex(batch.subarray(at, at + 32)));
  const high = (groupOrder - s).toString(16).padStart(64, '0');
  batch.set(Buffer.from(high, 'hex'), at);
  batch[batchAt.signature + 64] = batch[batchAt.signature + 64] === 27 ? 28 : 27;
}

/**
 * A record batch: a signed header of three rows of 64 bytes and its records, stored, sent and hashed as the
 * same bytes (wire-formats.md 4).
 */

import { hash64Into, keccak256, merkleRootDestroying, recoverSignerBytes, signDigest } from '#crypto';
import { type Digest, equalBytes, fromHex, isZero, toHex, viewOf } from '#encoding';
import type { ChannelId } from './ids.js';
import { batchBytesMax, batchHeaderBytes, batchRecordsMax, recordBytes } from './limits.js';
import { typedStruct } from './typed-struct.js';

export const batchAt = {
  magic: 0,
  blockNumber: 8,
  sequence: 16,
  count: 24,
  author: 28,
  channelId: 32,
  recordsRoot: 64,
  signature: 96,
  padding: 161,
} as const;

/** "papyrus" and the version, as one little-endian pair of words. */
const magic = new Uint8Array([0x70, 0x61, 0x70, 0x79, 0x72, 0x75, 0x73, 0x01]);
/** wire-formats.md 4. `BatchHasher` writes its hash straight from the bytes. */
export const batchStruct = typedStruct('RecordBatch', {
  channelId: 'bytes32',
  blockNumber: 'uint64',
  author: 'uint8',
  sequence: 'uint64',
  count: 'uint32',
  recordsRoot: 'bytes32',
});

export interface BatchHeader {
  readonly blockNumber: bigint;
  readonly sequence: bigint;
  readonly count: number;
  readonly author: number;
  readonly channelId: ChannelId;
  readonly recordsRoot: Digest;
}

export type HeaderFault = 'magic' | 'padding' | 'count' | 'length';

/** The first fault in shape of a batch of exactly `bytes.length` bytes at `at`. */
export function headerFault(bytes: Uint8Array, at = 0, end = bytes.length): HeaderFault | undefined {
  if (end - at < batchHeaderBytes + recordBytes) return 'length';
  for (let i = 0; i < magic.length; i++) if (bytes[at + i] !== magic[i]) return 'magic';
  if (!isZero(bytes.subarray(at + 29, at + 32))) return 'padding';
  if (!isZero(bytes.subarray(at + batchAt.padding, at + batchHeaderBytes))) return 'padding';
  const count = batchCount(bytes, at);
  if (count < 1 || count > batchRecordsMax) return 'count';
  return end - at < batchHeaderBytes + count * recordBytes ? 'length' : undefined;
}

/** As `headerFault`, for bytes that must be this one batch and nothing more. */
export function batchFault(bytes: Uint8Array): HeaderFault | undefined {
  if (bytes.length > batchBytesMax) return 'length';
  const fault = headerFault(bytes);
  if (fault !== undefined) return fault;
  return bytes.length === batchBytes(batchCount(bytes)) ? undefined : 'length';
}

export function batchBytes(count: number): number {
  return batchHeaderBytes + count * recordBytes;
}

export function batchCount(bytes: Uint8Array, at = 0): number {
  const low = at + batchAt.count;
  return (bytes[low] | (bytes[low + 1] << 8) | (bytes[low + 2] << 16) | (bytes[low + 3] << 24)) >>> 0;
}

export function parseHeader(bytes: Uint8Array, at = 0): BatchHeader {
  const view = viewOf(bytes);
  return {
    blockNumber: view.getBigUint64(at + batchAt.blockNumber, true),
    sequence: view.getBigUint64(at + batchAt.sequence, true),
    count: batchCount(bytes, at),
    author: bytes[at + batchAt.author],
    channelId: toHex(bytes.subarray(at + batchAt.channelId, at + batchAt.channelId + 32)),
    recordsRoot: toHex(bytes.subarray(at + batchAt.recordsRoot, at + batchAt.recordsRoot + 32)),
  };
}

/**
 * Hashes and digests of batches of one domain; reuses its memory, so results are views that the next call
 * overwrites.
 */
export class BatchHasher {
  readonly #domainSeparator: Uint8Array;
  readonly #struct = new Uint8Array(7 * 32);
  readonly #struct64 = viewOf(this.#struct);
  readonly #signed = new Uint8Array(66);
  readonly #tree = new Uint8Array(batchRecordsMax * 32);

  constructor(separator: Uint8Array) {
    this.#domainSeparator = separator;
    this.#struct.set(batchStruct.typeHash);
    this.#signed.set([0x19, 0x01]);
    this.#signed.set(separator, 2);
  }

  get domainSeparator(): Uint8Array {
    return this.#domainSeparator;
  }

  /** The EIP-712 digest of the header at `at`, 32 bytes. */
  digest(bytes: Uint8Array, at = 0): Uint8Array {
    const view = viewOf(bytes);
    this.#struct.set(bytes.subarray(at + batchAt.channelId, at + batchAt.channelId + 32), 32);
    this.#struct64.setBigUint64(64 + 24, view.getBigUint64(at + batchAt.blockNumber, true), false);
    this.#struct[96 + 31] = bytes[at + batchAt.author];
    this.#struct64.setBigUint64(128 + 24, view.getBigUint64(at + batchAt.sequence, true), false);
    this.#struct64.setUint32(160 + 28, view.getUint32(at + batchAt.count, true), false);
    this.#struct.set(bytes.subarray(at + batchAt.recordsRoot, at + batchAt.recordsRoot + 32), 192);
    this.#signed.set(keccak256(this.#struct), 34);
    return keccak256(this.#signed);
  }

  /**
   * Writes the hash of each record of the batch at `at` to `hashes` (count × 32 bytes) and returns their
   * root.
   */
  recordsRoot(bytes: Uint8Array, at: number, hashes: Uint8Array): Uint8Array {
    const count = batchCount(bytes, at);
    const from = at + batchHeaderBytes;
    hash64Into(bytes.subarray(from, from + count * recordBytes), hashes);
    const tree = this.#tree.subarray(0, count * 32);
    tree.set(hashes.subarray(0, count * 32));
    return merkleRootDestroying(tree);
  }

  /** Whether the recordsRoot of the header is that of the records; `hashes` receives the record hashes. */
  hasTrueRoot(bytes: Uint8Array, at: number, hashes: Uint8Array): boolean {
    const root = this.recordsRoot(bytes, at, hashes);
    return equalBytes(root, bytes.subarray(at + batchAt.recordsRoot, at + batchAt.recordsRoot + 32));
  }

  /** Whether the header at `at` is signed by `signer` (20 bytes), low-s. */
  isSignedBy(signer: Uint8Array, bytes: Uint8Array, at = 0): boolean {
    const signature = bytes.subarray(at + batchAt.signature, at + batchAt.padding);
    const recovered = recoverSignerBytes(this.digest(bytes, at), signature);
    return recovered !== undefined && equalBytes(recovered, signer);
  }
}

/** Makes and signs a batch of `records` (count × 64 bytes, all with this author). */
export function signBatch(
  hasher: BatchHasher,
  privateKey: Uint8Array,
  header: { channelId: ChannelId; blockNumber: number; author: number; sequence: bigint },
  records: Uint8Array,
): Uint8Array {
  const bytes = encodeUnsignedBatch(hasher, header, records);
  bytes.set(signDigest(hasher.digest(bytes), privateKey), batchAt.signature);
  return bytes;
}

/** A whole batch whose signature is still zero. */
export function encodeUnsignedBatch(
  hasher: BatchHasher,
  header: { channelId: ChannelId; blockNumber: number; author: number; sequence: bigint },
  records: Uint8Array,
): Uint8Array {
  const count = records.length / recordBytes;
  if (!Number.isInteger(count) || count < 1 || count > batchRecordsMax) {
    throw new RangeError(`a batch holds 1 to ${batchRecordsMax} records`);
  }
  const bytes = new Uint8Array(batchBytes(count));
  const view = viewOf(bytes);
  bytes.set(magic);
  view.setBigUint64(batchAt.blockNumber, BigInt(header.blockNumber), true);
  view.setBigUint64(batchAt.sequence, header.sequence, true);
  view.setUint32(batchAt.count, count, true);
  bytes[batchAt.author] = header.author;
  bytes.set(fromHex(header.channelId), batchAt.channelId);
  bytes.set(records, batchHeaderBytes);
  bytes.set(hasher.recordsRoot(bytes, 0, new Uint8Array(count * 32)), batchAt.recordsRoot);
  return bytes;
}

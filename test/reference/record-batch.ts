/** Record batches: header, signature and records as one run of bytes (wire-formats.md 4). */
import {
  ascii,
  bigEndian,
  fromLittleEndian,
  hex,
  isEqual,
  isZero,
  join,
  littleEndian,
  merkleRoot,
  sha256,
} from './bytes.js';
import { parseRecord, type ReferenceRecord } from './record.js';
import { recoverAddress, sign } from './secp256k1.js';
import { batchDigest, type Domain } from './typed-data.js';

export const headerBytes = 192;
export const recordsMax = 1_021;
const magic = join(ascii('papyrus'), bigEndian(1, 1));

export interface ReferenceBatch {
  readonly blockNumber: bigint;
  readonly sequence: bigint;
  readonly count: number;
  readonly author: number;
  readonly channelId: Uint8Array;
  readonly recordsRoot: Uint8Array;
  readonly signature: Uint8Array;
  readonly records: readonly ReferenceRecord[];
  readonly bytes: Uint8Array;
}

/**
 * Reads the batch that begins at `bytes[0]`, whatever follows it; undefined where it breaks a rule of form.
 */
export function readBatch(
  bytes: Uint8Array,
  roles: readonly number[],
  priceNanoMax?: bigint,
): ReferenceBatch | undefined {
  if (bytes.length < headerBytes || !isEqual(bytes.slice(0, 8), magic)) return undefined;
  const count = Number(fromLittleEndian(bytes.slice(24, 28)));
  const author = bytes[28];
  if (count < 1 || count > recordsMax || author >= roles.length) return undefined;
  if (!isZero(bytes.slice(29, 32)) || !isZero(bytes.slice(161, 192))) return undefined;
  const length = headerBytes + count * 64;
  if (bytes.length < length) return undefined;
  const records: ReferenceRecord[] = [];
  for (let at = headerBytes; at < length; at += 64) {
    const record = parseRecord(bytes.slice(at, at + 64), roles, priceNanoMax);
    if (typeof record === 'string' || record.author !== author) return undefined;
    records.push(record);
  }
  return {
    blockNumber: fromLittleEndian(bytes.slice(8, 16)),
    sequence: fromLittleEndian(bytes.slice(16, 24)),
    count,
    author,
    channelId: bytes.slice(32, 64),
    recordsRoot: bytes.slice(64, 96),
    signature: bytes.slice(96, 161),
    records,
    bytes: bytes.slice(0, length),
  };
}

export function hasItsRoot(batch: ReferenceBatch): boolean {
  return isEqual(merkleRoot(batch.records.map((one) => one.hash)), batch.recordsRoot);
}

export function headerHash(batch: ReferenceBatch): Uint8Array {
  return sha256(batch.bytes.slice(0, headerBytes));
}

/** Recovering is slow here, and parts share batches. */
const signerByHeader = new Map<string, string | undefined>();

export function signerOf(domain: Domain, batch: ReferenceBatch): string | undefined {
  const name = `${domain.chainId}${domain.verifyingContract}${hex(headerHash(batch))}`;
  if (!signerByHeader.has(name)) {
    const digest = batchDigest(domain, batch, batch.recordsRoot);
    signerByHeader.set(name, recoverAddress(digest, batch.signature));
  }
  return signerByHeader.get(name);
}

/** Makes a batch of the records, signed with the author's key. */
export function buildBatch(
  domain: Domain,
  header: { channelId: Uint8Array; blockNumber: bigint; author: number; sequence: bigint },
  records: readonly Uint8Array[],
  privateKey: Uint8Array,
): Uint8Array {
  const recordsRoot = merkleRoot(records.map((one) => sha256(one)));
  const digest = batchDigest(domain, { ...header, count: records.length }, recordsRoot);
  return join(
    magic,
    littleEndian(header.blockNumber, 8),
    littleEndian(header.sequence, 8),
    littleEndian(records.length, 4),
    bigEndian(header.author, 1),
    new Uint8Array(3),
    header.channelId,
    recordsRoot,
    sign(digest, privateKey),
    new Uint8Array(31),
    ...records,
  );
}

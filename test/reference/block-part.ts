/** Block parts: validity of an opened one, cut, keys, sealing, rows and index (wire-formats.md 5). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ascii, bigEndian, hkdf, isEqual, join, keccak256, merkleRoot, sha256 } from './bytes.js';
import {
  hasItsRoot,
  headerBytes,
  headerHash,
  type ReferenceBatch,
  readBatch,
  signerOf,
} from './record-batch.js';
import type { Domain } from './typed-data.js';

export interface BlockContext {
  readonly domain: Domain;
  readonly channelId: Uint8Array;
  readonly blockNumber: bigint;
  readonly roles: readonly number[];
  /** Addresses of the record keys at the block's start. */
  readonly signers: readonly (string | null)[];
  readonly authorBytesMax?: bigint;
  readonly priceNanoMax?: bigint;
}

export interface ReferencePart {
  readonly partRoot: Uint8Array;
  readonly segmentCount: number;
  readonly indexHash: Uint8Array;
  readonly rows: readonly Uint8Array[];
  readonly segments: readonly { batches: number; bytes: number; key: Uint8Array; sealed: Uint8Array }[];
}

const segmentBytesMax = 65_536;
const cutBytesMin = 16_384;
const cutBelow = 64;
const batchCountsAtLeast = 2_048;
const pageRows = 16_384;

/** All batches of an opened part, or undefined where the bytes are not batches of this channel and block. */
export function readBatches(plaintext: Uint8Array, context: BlockContext): ReferenceBatch[] | undefined {
  const batches: ReferenceBatch[] = [];
  for (let at = 0; at < plaintext.length; ) {
    const end = at + segmentBytesMax;
    const batch = readBatch(plaintext.slice(at, end), context.roles, context.priceNanoMax);
    if (batch === undefined || batch.blockNumber !== context.blockNumber) return undefined;
    if (!isEqual(batch.channelId, context.channelId)) return undefined;
    batches.push(batch);
    at += batch.bytes.length;
  }
  return batches;
}

/**
 * Why an opened part does not count, the first of the reasons that applies over the whole part; undefined if
 * it counts.
 */
export function invalidityOf(plaintext: Uint8Array, context: BlockContext): string | undefined {
  const batches = readBatches(plaintext, context);
  if (batches === undefined) return 'malformed';
  const isAscending = batches.every((one, at) => at === 0 || compareBatches(batches[at - 1], one) < 0);
  if (!isAscending) return 'out-of-order';
  const { authorBytesMax } = context;
  const isTooLarge = context.roles.some((_, author) => {
    const own = batches.filter((one) => one.author === author);
    const bytes = own.reduce((sum, one) => sum + Math.max(batchCountsAtLeast, one.bytes.length), 0);
    return authorBytesMax !== undefined && BigInt(bytes) > authorBytesMax;
  });
  if (isTooLarge) return 'too-large';
  if (!batches.every(hasItsRoot)) return 'wrong-batch-root';
  const isSigned = batches.every((one) => {
    const signer = signerOf(context.domain, one);
    return signer !== undefined && signer === context.signers[one.author]?.toLowerCase();
  });
  return isSigned ? undefined : 'bad-signature';
}

export function compareBatches(a: ReferenceBatch, b: ReferenceBatch): number {
  if (a.author !== b.author) return a.author - b.author;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1;
  return Buffer.compare(a.recordsRoot, b.recordsRoot);
}

/** The batches of each segment. */
export function cutBatches(batches: readonly ReferenceBatch[]): ReferenceBatch[][] {
  const segments: ReferenceBatch[][] = [];
  let open: ReferenceBatch[] = [];
  const close = (): void => {
    if (open.length > 0) segments.push(open);
    open = [];
  };
  for (const batch of batches) {
    const isOtherAuthor = open.length > 0 && open[0].author !== batch.author;
    if (isOtherAuthor || bytesOf(open) + batch.bytes.length > segmentBytesMax) close();
    open.push(batch);
    if (batch.recordsRoot[31] < cutBelow && bytesOf(open) >= cutBytesMin) close();
  }
  close();
  return segments;
}

export function sealPart(
  batches: readonly ReferenceBatch[],
  context: BlockContext,
  blockKey: Uint8Array,
): ReferencePart {
  const rows: Uint8Array[] = [];
  const segments = cutBatches(batches).map((segment) => {
    const segmentRoot = merkleRoot(segment.map(headerHash));
    const key = segmentKey(blockKey, context, segmentRoot);
    const sealed = seal(key, join(...segment.map((one) => one.bytes)));
    rows.push(join(sha256(sealed), segmentRoot));
    return { batches: segment.length, bytes: bytesOf(segment), key, sealed };
  });
  const pages: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += pageRows) pages.push(join(...rows.slice(at, at + pageRows)));
  const index = join(...pages.map((page) => sha256(page)));
  const partRoot = merkleRoot(rows.map((row) => sha256(row)));
  return { partRoot, segmentCount: rows.length, indexHash: sha256(index), rows, segments };
}

/** s(0) is the channel secret. */
export function nextSecret(secret: Uint8Array): Uint8Array {
  return hkdf(secret, ascii('papyrus next'));
}

export function blockKeyOf(secret: Uint8Array): Uint8Array {
  return hkdf(secret, ascii('papyrus block'));
}

export function keyCommitmentOf(blockKey: Uint8Array): Uint8Array {
  return keccak256(ascii('papyrus key'), blockKey);
}

/** The leaves of keysRoot, for blocks 0 … blocksMax − 1. */
export function keyCommitments(channelSecret: Uint8Array, blocksMax: number): Uint8Array[] {
  const commitments: Uint8Array[] = [];
  let secret = channelSecret;
  for (let block = 0; block < blocksMax; block += 1) {
    commitments.push(keyCommitmentOf(blockKeyOf(secret)));
    secret = nextSecret(secret);
  }
  return commitments;
}

export function segmentKey(
  blockKey: Uint8Array,
  { channelId, blockNumber }: Pick<BlockContext, 'channelId' | 'blockNumber'>,
  segmentRoot: Uint8Array,
): Uint8Array {
  return hkdf(blockKey, join(ascii('papyrus segment'), channelId, bigEndian(blockNumber, 8), segmentRoot));
}

/** The text of a sealed segment, or undefined where key and tag do not meet. */
export function openSealed(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < 16) return undefined;
  const cipher = createDecipheriv('aes-256-gcm', key, new Uint8Array(12));
  cipher.setAuthTag(sealed.slice(-16));
  try {
    return join(cipher.update(sealed.slice(0, -16)), cipher.final());
  } catch {
    return undefined;
  }
}

export function seal(key: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12));
  return join(cipher.update(text), cipher.final(), cipher.getAuthTag());
}

function bytesOf(batches: readonly ReferenceBatch[]): number {
  return batches.reduce((sum, one) => sum + headerBytes + one.count * 64, 0);
}

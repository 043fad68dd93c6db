/** Block parts: validity of an opened one, cut, keys, sealing, rows and index (wire-formats.md 5). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import {
  ascii,
  bigEndian,
  fromLittleEndian,
  hkdf,
  isEqual,
  join,
  keccak256,
  merkleRoot,
  rootOfPath,
  sha256,
} from './bytes.js';
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
const bytesARow = 8_192n;
const tagBytes = 16;
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

/** A row of a manifest, and what the store has under its first half. */
export interface StoredSegment {
  readonly row: Uint8Array;
  readonly sealed: Uint8Array | undefined;
}

/**
 * Why a part of these segments does not count, the first of the reasons that applies over the whole part;
 * undefined if it counts.
 */
export function invalidityOfSealed(
  segments: readonly StoredSegment[],
  context: BlockContext,
  blockKey: Uint8Array,
): string | undefined {
  if (segments.some(({ sealed }) => sealed === undefined)) return 'unavailable';
  const stored = segments as readonly { row: Uint8Array; sealed: Uint8Array }[];
  if (!stored.every(({ row, sealed }) => isEqual(sha256(sealed), row.slice(0, 32)))) return 'wrong-bytes';
  const roots = stored.map(({ row }) => row.slice(32));
  const texts = stored.map(({ sealed }, at) => openSealed(segmentKey(blockKey, context, roots[at]), sealed));
  if (texts.includes(undefined)) return 'does-not-open';
  const opened = texts.map((text) => readSegment(text as Uint8Array, context));
  if (opened.includes(undefined)) return 'malformed';
  const batches = opened as ReferenceBatch[][];
  const haveRoots = batches.every((one, at) => isEqual(merkleRoot(one.map(headerHash)), roots[at]));
  return haveRoots ? invalidityOfSegments(batches, context) : 'wrong-segment-root';
}

/** The batches of an opened segment, or undefined where it is malformed. */
function readSegment(text: Uint8Array, context: BlockContext): ReferenceBatch[] | undefined {
  const batches = readBatches(text, context);
  // It may end early, so cutting it must leave it whole.
  return batches !== undefined && cutBatches(batches).length === 1 ? batches : undefined;
}

/** The same of an opened part, cut where a cut is due. */
export function invalidityOf(plaintext: Uint8Array, context: BlockContext): string | undefined {
  const batches = readBatches(plaintext, context);
  return batches === undefined ? 'malformed' : invalidityOfSegments(cutBatches(batches), context);
}

function invalidityOfSegments(
  segments: readonly (readonly ReferenceBatch[])[],
  context: BlockContext,
): string | undefined {
  const batches = segments.flat();
  const isAscending = batches.every((one, at) => at === 0 || compareBatches(batches[at - 1], one) < 0);
  if (!isAscending) return 'out-of-order';
  const { authorBytesMax } = context;
  const isTooLarge = context.roles.some((_, author) => {
    const rows = segments.filter(([first]) => first.author === author).length;
    return authorBytesMax !== undefined && BigInt(rows) > authorBytesMax / bytesARow + 1n;
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
  return { ...commitRows(rows), rows, segments };
}

export function commitRows(
  rows: readonly Uint8Array[],
): Pick<ReferencePart, 'partRoot' | 'segmentCount' | 'indexHash'> & { readonly pages: number } {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += pageRows) pages.push(join(...rows.slice(at, at + pageRows)));
  const indexHash = sha256(join(...pages.map((page) => sha256(page))));
  const partRoot = merkleRoot(rows.map((row) => sha256(row)));
  return { partRoot, segmentCount: rows.length, indexHash, pages: pages.length };
}

/** Where a record stands in a part, with the path of each step (wire-formats.md 5, at its end). */
export interface RecordPlace {
  readonly record: Uint8Array;
  readonly recordIndex: number;
  readonly recordPath: readonly Uint8Array[];
  readonly header: Uint8Array;
  readonly batchIndex: number;
  readonly batches: number;
  readonly batchPath: readonly Uint8Array[];
  readonly sealedDigest: Uint8Array;
  readonly segmentIndex: number;
  readonly segmentCount: number;
  readonly rowPath: readonly Uint8Array[];
}

/** The roots that the place leads to, or undefined where a path does not fit its index and count. */
export function rootsOfPlace(
  place: RecordPlace,
): { recordsRoot: Uint8Array; segmentRoot: Uint8Array; partRoot: Uint8Array } | undefined {
  const count = Number(fromLittleEndian(place.header.slice(24, 28)));
  const recordsRoot = rootOfPath(sha256(place.record), place.recordIndex, count, place.recordPath);
  const segmentRoot = rootOfPath(sha256(place.header), place.batchIndex, place.batches, place.batchPath);
  if (recordsRoot === undefined || segmentRoot === undefined) return undefined;
  const row = sha256(place.sealedDigest, segmentRoot);
  const partRoot = rootOfPath(row, place.segmentIndex, place.segmentCount, place.rowPath);
  return partRoot && { recordsRoot, segmentRoot, partRoot };
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

/** What a sealed segment decrypts to, whatever its tag; undefined where it is shorter than a tag. */
export function openSealed(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  // GCM without its tag: the key stream is that of the counters from 2 on, and nobody asks for the rest.
  return join(
    createDecipheriv('aes-256-gcm', key, new Uint8Array(12)).update(
      sealed.slice(0, sealed.length - tagBytes),
    ),
  );
}

export function seal(key: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12));
  return join(cipher.update(text), cipher.final(), cipher.getAuthTag());
}

function bytesOf(batches: readonly ReferenceBatch[]): number {
  return batches.reduce((sum, one) => sum + headerBytes + one.count * 64, 0);
}

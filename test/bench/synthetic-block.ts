/** Makes blocks of any size for benches and tests: seeded impressions, signed batches, sealed parts in a
 *  part store. */
import { addressOf, sha256 } from '#crypto';
import { type Address, fromHex, toHex, viewOf } from '#encoding';
import type { PartStore } from '#part-store';
import {
  BatchHasher,
  type BlockRules,
  commitManifest,
  domainSeparator,
  limits,
  type PartCommitment,
  recordFlag,
  recordKind,
  roleOf,
  SegmentCutter,
  sealSegment,
  signBatch,
} from '#protocol';
import { type CommittedPart, defaultParameters, encodeParameters, type ReductionTerms } from '#reduction';

export interface SyntheticBlockOptions {
  /** Each has a win of the payer, a win of its seller and an audit, a few less or at another price. */
  readonly impressions: number;
  readonly sellers?: number;
  readonly batchRecords?: number;
  readonly seed?: number;
}

export interface SyntheticBlock {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  readonly records: number;
}

/** The terms and rules of a block of one payer, some sellers and one auditor, all keys from the seed. */
export function syntheticRules(options: SyntheticBlockOptions): {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  readonly privateKeys: readonly Uint8Array[];
} {
  const { sellers = 1, seed = 1 } = options;
  const roles = [roleOf.dsp, ...Array.from({ length: sellers }, () => roleOf.ssp), roleOf.auditor];
  const privateKeys = roles.map((_, index) => sha256(Buffer.from(`record key ${seed} ${index}`)));
  const verifyingContract: Address = `0x${'11'.repeat(20)}` as const;
  return {
    terms: { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(defaultParameters) },
    rules: {
      roles,
      priceNanoMax: 10n ** 9n,
      channelId: sha256(Buffer.from(`channel ${seed}`)),
      blockNumber: 0,
      blockKey: sha256(Buffer.from(`block key ${seed}`)),
      domainSeparator: domainSeparator({ chainId: 31_337, verifyingContract }),
      signers: privateKeys.map((key) => fromHex(addressOf(key))),
      authorBytesMax: 2 ** 40,
    },
    privateKeys,
  };
}

/** The signed batches of one author, in the order of their sequences. */
export function* syntheticBatches(options: SyntheticBlockOptions, author: number): Generator<Uint8Array> {
  const { impressions, sellers = 1, batchRecords = 1_000, seed = 1 } = options;
  const { rules, privateKeys } = syntheticRules(options);
  const hasher = new BatchHasher(rules.domainSeparator);
  const records = new Uint8Array(batchRecords * limits.recordBytes);
  const view = viewOf(records);
  const channelId = toHex(rules.channelId);
  let count = 0;
  let sequence = 0n;
  const take = (): Uint8Array => {
    const some = records.subarray(0, count * limits.recordBytes);
    count = 0;
    return signBatch(
      hasher,
      privateKeys[author],
      { channelId, blockNumber: 0, author, sequence: sequence++ },
      some,
    );
  };
  for (let impression = 0; impression < impressions; impression++) {
    if (!writeRecord(view, count * limits.recordBytes, seed, impression, author, sellers)) continue;
    if (++count === batchRecords) yield take();
  }
  if (count > 0) yield take();
}

/** Stores make many blocks durable at the price of one. */
const storedAtOnce = 256;

/** Collates and seals the batches of all authors into the store: the part of a participant that holds
 *  everything. */
export async function storeWholePart(
  options: SyntheticBlockOptions,
  store: PartStore,
): Promise<{ readonly commitment: PartCommitment; readonly records: number; readonly sealedBytes: number }> {
  const { rules } = syntheticRules(options);
  const rows: Uint8Array[] = [];
  const cutter = new SegmentCutter();
  let records = 0;
  let sealedBytes = 0;
  let waiting: Uint8Array[] = [];
  const keep = async (segment: Uint8Array | undefined): Promise<void> => {
    if (segment === undefined) return;
    const { sealed, row } = sealSegment(rules, segment);
    rows.push(row);
    sealedBytes += sealed.length;
    waiting.push(sealed);
    if (waiting.length < storedAtOnce) return;
    await store.putMany(waiting);
    waiting = [];
  };
  for (let author = 0; author < rules.roles.length; author++) {
    for (const batch of syntheticBatches(options, author)) {
      records += (batch.length - limits.batchHeaderBytes) / limits.recordBytes;
      await keep(cutter.push(batch));
    }
  }
  await keep(cutter.finish());
  const { pages, index, commitment } = commitManifest(new Uint8Array(Buffer.concat(rows)));
  await store.putMany([...waiting, ...pages, index]);
  return { commitment, records, sealedBytes };
}

/** A block whose participants all hold everything. */
export async function storeSyntheticBlock(
  options: SyntheticBlockOptions,
  store: PartStore,
): Promise<SyntheticBlock & { readonly parts: readonly CommittedPart[]; readonly sealedBytes: number }> {
  const { terms, rules } = syntheticRules(options);
  const { commitment, records, sealedBytes } = await storeWholePart(options, store);
  const parts = terms.roles.map((_, participant) => ({ participant, commitment }));
  return { terms, rules, parts, records, sealedBytes };
}

/** A good 32-bit mix (of the finalizer of MurmurHash3's family), so that keys spread as hashes do. */
export function mix(seed: number, at: number, lane: number): number {
  let value =
    Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^
    Math.imul(at + 1, 0xc2b2_ae35) ^
    Math.imul(lane, 0x27d4_eb2f);
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Whether a stream with repetitions has the record twice: one in 16. */
export function isRepeated(seed: number, impression: number, author: number): boolean {
  return (mix(seed, impression, 400 + author) & 15) === 0;
}

/** Writes what `author` says of the impression, or returns false where it says nothing: one in 64 is
 *  missing, one in 64
 *  has another price, one in 16 is not viewable. */
export function writeRecord(
  view: DataView,
  at: number,
  seed: number,
  impression: number,
  author: number,
  sellers: number,
): boolean {
  const seller = 1 + (mix(seed, impression, 100) % sellers);
  const isAuditor = author === sellers + 1;
  if (author > 0 && !isAuditor && author !== seller) return false;
  const chance = mix(seed, impression, 200 + Math.min(author, 1) + (isAuditor ? 1 : 0));
  if ((chance & 63) === 0) return false;
  for (let word = 0; word < 16; word++) view.setUint32(at + word * 4, 0, true);
  const isViewable = ((chance >>> 6) & 15) !== 0;
  view.setUint8(at, isAuditor ? recordKind.audit : recordKind.win);
  view.setUint8(at + 1, 1);
  view.setUint8(at + 2, author);
  view.setUint8(at + 3, author === 0 || isAuditor ? seller : 0);
  view.setUint32(
    at + 4,
    isAuditor ? recordFlag.measurable | (isViewable ? recordFlag.viewable : 0) : 0,
    true,
  );
  view.setUint32(at + 8, impression, true);
  for (let word = 0; word < 4; word++) view.setUint32(at + 16 + word * 4, mix(seed, impression, word), true);
  if (!isAuditor) {
    const another = ((chance >>> 10) & 63) === 0 ? 1_000 : 0;
    view.setUint32(at + 32, 100_000 + (mix(seed, impression, 300) % 10_000_000) + another, true);
  }
  return true;
}

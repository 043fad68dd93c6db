/** Random blocks for disputes: what everybody signed, the parts that hold it, and what is wrong with some. */
import { sha256, seal } from '#crypto';
import { PartFindings, type PartView, unservedManifest } from '#dispute';
import { concatBytes } from '#encoding';
import {
  batchAt,
  type BlockRules,
  commitManifest,
  encodeRecord,
  limits,
  type PartCommitment,
  recordFlag,
  recordKind,
  roleOf,
  SegmentCheck,
  SegmentCutter,
  sealSegment,
  segmentKeyOf,
  signBatch,
  BatchHasher,
} from '#protocol';
import { toHex } from '#encoding';
import type { Dice } from './dice.js';

/** A part as its owner has it. */
export interface DisputedPart {
  readonly participant: number;
  readonly commitment: PartCommitment;
  readonly rows: Uint8Array;
  /** What the owner says the rows open to. */
  readonly segments: readonly Uint8Array[];
  /** What is served. */
  readonly sealed: readonly (Uint8Array | undefined)[];
  readonly records: readonly Uint8Array[];
}

export const partFaultKinds = ['altered', 'other-key', 'disorder', 'unsigned', 'not-served'] as const;
export type PartFaultKind = (typeof partFaultKinds)[number];

/** Signs for whoever is the author. */
export interface Signing {
  readonly rules: BlockRules;
  /** Record keys, by participant. */
  readonly keys: readonly Uint8Array[];
}

/** Of a few impressions what each side says, or does not say; all of them valid. */
export function randomRecords(dice: Dice, roles: readonly number[]): Uint8Array[] {
  const seller = () => dice.pick([...roles.keys()].filter((one) => roles[one] === roleOf.ssp));
  return Array.from({ length: dice.below(10) }, (_, at) => {
    const impressionKey = sha256(Uint8Array.of(at, dice.below(256))).slice(0, 16);
    const payee = seller();
    const price = () => BigInt(1_000 + (dice.chance(80) ? 0 : dice.below(40)));
    const plain = { campaign: new Uint8Array(8), placement: new Uint8Array(8), reference: new Uint8Array(8) };
    const said = [
      { kind: recordKind.win, author: 0, counterparty: payee, flags: 0, priceNano: price() },
      { kind: recordKind.win, author: payee, counterparty: 0, flags: 0, priceNano: price() },
      {
        ...{ kind: recordKind.audit, author: roles.indexOf(roleOf.auditor), counterparty: payee },
        ...{
          flags: dice.pick([0, 1, 3, 3, 3]) & (recordFlag.measurable | recordFlag.viewable),
          priceNano: 0n,
        },
      },
    ];
    return said
      .filter(() => dice.chance(85))
      .map((one) => encodeRecord({ ...one, ...plain, timestampMs: BigInt(at), impressionKey }));
  }).flat();
}

export function disputedPart(
  { rules, keys }: Signing,
  participant: number,
  records: readonly Uint8Array[],
  fault: PartFaultKind | undefined,
): DisputedPart {
  const hasher = new BatchHasher(rules.domainSeparator);
  const block = { channelId: toHex(rules.channelId), blockNumber: rules.blockNumber };
  const batches = rules.roles.flatMap((_, author) =>
    records
      .filter((one) => one[2] === author)
      .map((record, sequence) =>
        signBatch(hasher, keys[author], { ...block, author, sequence: BigInt(sequence) }, record),
      ),
  );
  const ordered = fault === 'disorder' ? reversedByAuthor(batches) : batches;
  const written = fault === 'unsigned' ? ordered.map(withoutSignature) : ordered;
  const segments = fault === 'disorder' ? written : cut(written);
  const made = segments.map((segment) => {
    const { sealed, row } = sealSegment(rules, segment);
    const served = spoiled(rules, fault, sealed, segment, row.subarray(32));
    return { sealed: served, row: concatBytes(sha256(served), row.subarray(32)) };
  });
  const rows = concatBytes(...made.map(({ row }) => row));
  const sealed = made.map((one, at) => (fault === 'not-served' && at === 0 ? undefined : one.sealed));
  return { participant, commitment: commitManifest(rows).commitment, rows, segments, sealed, records };
}

/** What an honest participant finds who looks at what is served. */
export function viewOf(rules: BlockRules, part: DisputedPart): PartView {
  const { participant, commitment, rows, sealed } = part;
  if (sealed.some((one) => one === undefined)) {
    return { participant, commitment, findings: [unservedManifest('unavailable')] };
  }
  const check = new SegmentCheck(rules);
  const findings = new PartFindings(rules);
  const bytes = limits.manifestRowBytes;
  for (const [at, one] of sealed.entries()) {
    findings.add(check.check(rows.subarray(at * bytes, (at + 1) * bytes), one));
  }
  return { participant, commitment, findings: findings.finish(rows) };
}

function reversedByAuthor(batches: readonly Uint8Array[]): Uint8Array[] {
  return batches.toReversed();
}

function withoutSignature(batch: Uint8Array): Uint8Array {
  const out = batch.slice();
  out[batchAt.signature + 3] ^= 1;
  return out;
}

function cut(batches: readonly Uint8Array[]): Uint8Array[] {
  const cutter = new SegmentCutter();
  return [...batches.map((one) => cutter.push(one)), cutter.finish()].filter((one) => one !== undefined);
}

function spoiled(
  rules: BlockRules,
  fault: PartFaultKind | undefined,
  sealed: Uint8Array,
  segment: Uint8Array,
  segmentRoot: Uint8Array,
): Uint8Array {
  if (fault === 'altered') return sealed.map((byte, at) => (at === 100 ? byte ^ 1 : byte));
  if (fault !== 'other-key') return sealed;
  const { channelId, blockNumber } = rules;
  const key = segmentKeyOf(sha256(Uint8Array.of(7)), channelId, blockNumber, segmentRoot);
  return seal(key, segment);
}

/**
 * Opens a block as its participants can: fetches the posted parts, checks them, and reduces what counts by
 * itself.
 */
import { blockRulesOf, committedPart } from '#block-watch';
import type { Chain } from '#chain';
import { type Address, type Hex, toHex } from '#encoding';
import { silentLog } from '#environment';
import { PartReader, type PartStore } from '#part-store';
import {
  type BlockFacts,
  type BlockRules,
  type ChannelId,
  type ChannelTerms,
  countableParts,
  forEachBatch,
  limits,
  PartCheck,
  type PartCommitment,
  type PartReason,
  SegmentCheck,
} from '#protocol';
import { reductionTermsOf } from '#proofs';
import { type BlockOutput, type OpenedPart, type ReductionTerms, reduceBlock } from '#reduction';

export interface FetchedPart {
  readonly participant: number;
  readonly commitment: PartCommitment;
  /** Why the part does not count, or undefined. */
  readonly reason: PartReason | undefined;
  readonly segments: number;
  /** The batches one after the other; empty for a part that does not count. */
  readonly plaintext: Uint8Array;
  /** The manifest, and how many bytes of the plaintext each of its segments is; of a part that counts. */
  readonly rows: Uint8Array;
  readonly segmentBytes: readonly number[];
  /** Digests of index, pages and segments, as far as they are known. */
  readonly stored: readonly Hex[];
}

export interface OpenedBlock {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  readonly parts: readonly FetchedPart[];
  /** Of the parts that a result may count. */
  readonly opened: readonly OpenedPart[];
  readonly output: BlockOutput;
}

export async function openBlock(
  parts: { readonly chain: Chain; readonly partStore: PartStore },
  block: {
    channelId: ChannelId;
    terms: ChannelTerms;
    blockNumber: number;
    blockKey: Uint8Array;
    facts: BlockFacts;
  },
  validator?: Address,
): Promise<OpenedBlock> {
  const { channelId, terms, blockNumber, blockKey, facts } = block;
  const rules = await blockRulesOf(parts.chain, channelId, terms, blockNumber, blockKey);
  const fetched: FetchedPart[] = [];
  for (const posted of facts.parts) {
    const { participant, commitment } = committedPart(posted);
    fetched.push(await fetchPart(parts.partStore, rules, participant, commitment));
  }
  const countable = countableParts(facts);
  const counting = fetched.filter(({ participant }) => ((countable >> participant) & 1) === 1);
  const opened = counting.map(({ participant, reason, plaintext }) =>
    reason === undefined ? { participant, plaintext } : { participant, reason },
  );
  const reductionTerms = reductionTermsOf(terms);
  return {
    terms: reductionTerms,
    rules,
    parts: fetched,
    opened,
    output: reduceBlock(reductionTerms, opened, validator),
  };
}

/** How long the store may look for one block. */
const partAskMs = 30_000;

/** Every batch of the parts that count, once. */
export function distinctBatches(opened: readonly OpenedPart[]): Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  for (const part of opened) {
    if (!('plaintext' in part)) continue;
    forEachBatch(part.plaintext, (at, bytes) => {
      // The signed header tells batches apart: author, sequence and recordsRoot are in it.
      const header = Buffer.from(part.plaintext.buffer, part.plaintext.byteOffset + at, 96).toString(
        'latin1',
      );
      if (!seen.has(header)) seen.set(header, part.plaintext.slice(at, at + bytes));
    });
  }
  return [...seen.values()];
}

/** Of a part that counts. */
export function segmentsOf({ plaintext, segmentBytes }: FetchedPart): Uint8Array[] {
  let at = 0;
  return segmentBytes.map((bytes) => {
    at += bytes;
    return plaintext.subarray(at - bytes, at);
  });
}

async function fetchPart(
  store: PartStore,
  rules: BlockRules,
  participant: number,
  commitment: PartCommitment,
): Promise<FetchedPart> {
  const reader = new PartReader([store], { askMs: partAskMs, log: silentLog });
  const check = new PartCheck(rules);
  const stored: Hex[] = [];
  const manifest = await reader.manifest(commitment, (digest) => stored.push(toHex(digest)));
  const plaintexts: Uint8Array[] = [];
  const manifestRows = 'rows' in manifest ? manifest.rows : new Uint8Array(0);
  if ('reason' in manifest) {
    check.note(manifest.reason);
  } else {
    const segments = new SegmentCheck(rules);
    const rows = Array.from({ length: commitment.segmentCount }, (_, at) =>
      manifest.rows.subarray(at * limits.manifestRowBytes, (at + 1) * limits.manifestRowBytes),
    );
    const digests = rows.map((row) => row.subarray(0, 32));
    stored.push(...digests.map(toHex));
    let at = 0;
    for await (const bytes of reader.checkedBlocks(digests)) {
      const segment = segments.check(rows[at++], bytes);
      check.add(segment);
      plaintexts.push(segment.plaintext);
    }
  }
  const { reason } = check;
  const plaintext = reason === undefined ? new Uint8Array(Buffer.concat(plaintexts)) : new Uint8Array(0);
  const segmentBytes = plaintexts.map(({ length }) => length);
  const opened = { plaintext, rows: manifestRows, segmentBytes };
  return { participant, commitment, reason, segments: commitment.segmentCount, ...opened, stored };
}

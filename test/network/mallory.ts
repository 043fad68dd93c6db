/** Dishonest collators, by name: each posts another kind of bad part in its participant's place. */

import { blockStates, type Sweeper } from '#apps/cli/src/network/drive';
import { openBlock } from '#apps/cli/src/network/open-block';
import type { Network } from '#apps/cli/src/network/open-network';
import { seal, sha256 } from '#crypto';
import { fromHex, toHex } from '#encoding';
import {
  BatchHasher,
  batchAt,
  commitManifest,
  domainSeparator,
  encodeUnsignedBatch,
  forEachBatch,
  limits,
  type PartCommitment,
  type PartReason,
  recordAt,
  type SealedSegment,
  SegmentCutter,
  sealSegment,
  segmentKeyOf,
  signBatch,
} from '#protocol';

/** What a dishonest collator makes of the batches that it should have posted. */
export interface Mischief {
  readonly name: string;
  /** The reason that the report must give for its part. */
  readonly reason: PartReason;
  post?(part: MischiefPart): Promise<unknown>;
}

export interface MischiefPart {
  readonly network: Network;
  readonly participant: number;
  readonly blockNumber: number;
  /** The batches of an honest part, in order. */
  readonly batches: readonly Uint8Array[];
}

export const mischiefs: readonly Mischief[] = [
  { name: 'posts no part', reason: 'missing' },
  {
    name: 'seals with a key that nobody has',
    reason: 'malformed',
    post: (part) => postPart(part, part.batches, { blockKey: sha256(fromHex('0x07')) }),
  },
  {
    name: 'stores a segment that is shorter than a tag',
    reason: 'does-not-open',
    post: (part) => postPart(part, part.batches, { isLastSegmentShort: true }),
  },
  {
    name: 'commits to rows that are not its own',
    reason: 'wrong-bytes',
    post: (part) => postPart(part, part.batches, { partRoot: sha256(fromHex('0x08')) }),
  },
  {
    name: 'lists a segment that the store lacks',
    reason: 'unavailable',
    post: (part) => postPart(part, part.batches, { isLastSegmentMissing: true }),
  },
  {
    name: 'alters a record of another',
    reason: 'wrong-batch-root',
    post: (part) =>
      postPart(
        part,
        part.batches.map((batch, at) => (at === 0 ? cheaper(batch) : batch)),
      ),
  },
  {
    name: 'alters a record of another and its root',
    reason: 'bad-signature',
    post: (part) => {
      const altered = part.batches.map((batch, at) => (at === 0 ? rerooted(cheaper(batch), part) : batch));
      return postPart(part, altered.toSorted(byOrder));
    },
  },
  {
    name: 'signs the wins of another in a batch of its own',
    reason: 'malformed',
    post: (part) => postPart(part, [...part.batches, withWinsOfAnother(part)].toSorted(byOrder)),
  },
  {
    name: 'turns its batches around',
    reason: 'out-of-order',
    post: (part) => postPart(part, part.batches.toReversed()),
  },
];

/** Acts in the place of the participant's collator: once an honest part is posted, it posts its own. */
export function dishonestCollator(network: Network, participant: number, mischief: Mischief): Sweeper {
  return {
    sweep: async () => {
      const blocks = await blockStates(network.chain, network.channelId, 1);
      const [state] = blocks;
      const isDone = state.facts.parts.some((part) => part.participant === participant);
      const isTime = state.stage.stage === 'collation' && state.facts.parts.length > 0;
      if (mischief.post === undefined || isDone || !isTime) return 0;
      const block = await openBlock(network, { ...network, ...state, blockKey: network.blockKey(0) });
      const plaintext = block.parts[0].plaintext;
      const batches: Uint8Array[] = [];
      forEachBatch(plaintext, (at, bytes) => batches.push(plaintext.slice(at, at + bytes)));
      await mischief.post({ network, participant, blockNumber: 0, batches });
      return 1;
    },
  };
}

/** What it seals is not what its first row commits to: it can publish that, and is disproved. */
export function sealingOtherwise(onPosted: (posted: PostedSegments) => void): Mischief {
  return {
    name: 'seals other bytes than it commits to',
    reason: 'wrong-batch-root',
    post: async (part) => onPosted(await postPart(part, part.batches, { isFirstSealedOtherwise: true })),
  };
}

/** A part as it was posted, opened. */
export interface PostedSegments {
  readonly commitment: PartCommitment;
  readonly rows: Uint8Array;
  readonly segments: readonly Uint8Array[];
}

interface Spoiled {
  readonly blockKey?: Uint8Array;
  readonly partRoot?: Uint8Array;
  readonly isLastSegmentMissing?: boolean;
  readonly isLastSegmentShort?: boolean;
  readonly isFirstSealedOtherwise?: boolean;
}

async function postPart(
  part: MischiefPart,
  batches: readonly Uint8Array[],
  spoiled: Spoiled = {},
): Promise<PostedSegments> {
  const { network, participant, blockNumber } = part;
  const cutter = new SegmentCutter();
  const cut = [...batches.map((batch) => cutter.push(batch)), cutter.finish()];
  const segments = cut.filter((one) => one !== undefined);
  const blockKey = spoiled.blockKey ?? network.blockKey(blockNumber);
  const block = { channelId: fromHex(network.channelId), blockNumber, blockKey };
  const sealed = segments.map((one) => sealSegment(block, one));
  if (spoiled.isFirstSealedOtherwise) sealed[0] = sealedOtherwise(block, segments[0]);
  if (spoiled.isLastSegmentShort) {
    const { row } = sealed[sealed.length - 1];
    const short = new Uint8Array(15);
    row.set(sha256(short));
    sealed[sealed.length - 1] = { sealed: short, row };
  }
  if (spoiled.isLastSegmentMissing) sealed[sealed.length - 1].row.set(sha256(fromHex('0x09')));
  const rows = new Uint8Array(Buffer.concat(sealed.map((one) => one.row)));
  const { pages, index, commitment } = commitManifest(rows);
  await network.partStore.putMany([...sealed.map((one) => one.sealed), ...pages, index]);
  const outcome = await network.chain
    .participantActs(network.members[participant].secrets.operator.privateKey)
    .postPart(network.channelId, blockNumber, {
      partRoot: toHex(spoiled.partRoot ?? commitment.partRoot),
      segmentCount: commitment.segmentCount,
      indexHash: toHex(commitment.indexHash),
    });
  if (!outcome.ok) throw new Error(`the chain refused the bad part: ${outcome.code}`);
  return { commitment, rows, segments };
}

/** A byte of a record is another, under the root and so the key of what should have been sealed. */
function sealedOtherwise(
  { channelId, blockNumber, blockKey }: { channelId: Uint8Array; blockNumber: number; blockKey: Uint8Array },
  segment: Uint8Array,
): SealedSegment {
  const { row } = sealSegment({ channelId, blockNumber, blockKey }, segment);
  const changed = limits.batchHeaderBytes + recordAt.priceNano;
  const other = segment.map((byte, at) => (at === changed ? byte ^ 1 : byte));
  const sealed = seal(segmentKeyOf(blockKey, channelId, blockNumber, row.subarray(32)), other);
  row.set(sha256(sealed));
  return { sealed, row };
}

function cheaper(batch: Uint8Array): Uint8Array {
  const altered = batch.slice();
  altered[limits.batchHeaderBytes + recordAt.priceNano] ^= 1;
  return altered;
}

/** The altered records under their own root, with the old signature. */
function rerooted(batch: Uint8Array, { network, blockNumber }: MischiefPart): Uint8Array {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const again = encodeUnsignedBatch(
    new BatchHasher(domainSeparator(network.domain)),
    {
      channelId: network.channelId,
      blockNumber,
      author: batch[batchAt.author],
      sequence: view.getBigUint64(batchAt.sequence, true),
    },
    batch.subarray(limits.batchHeaderBytes),
  );
  again.set(batch.subarray(batchAt.signature, batchAt.padding), batchAt.signature);
  return again;
}

/** Records that another wrote, under a header that the dishonest one signs in its own name. */
function withWinsOfAnother({ network, participant, blockNumber, batches }: MischiefPart): Uint8Array {
  const another = batches.find((batch) => batch[batchAt.author] !== participant);
  if (another === undefined) throw new Error('nobody else wrote anything');
  return signBatch(
    new BatchHasher(domainSeparator(network.domain)),
    network.members[participant].secrets.record.privateKey,
    { channelId: network.channelId, blockNumber, author: participant, sequence: 2n ** 63n },
    another.subarray(limits.batchHeaderBytes),
  );
}

function byOrder(a: Uint8Array, b: Uint8Array): number {
  const sequence = (batch: Uint8Array): bigint =>
    new DataView(batch.buffer, batch.byteOffset).getBigUint64(batchAt.sequence, true);
  return a[batchAt.author] - b[batchAt.author] || (sequence(a) < sequence(b) ? -1 : 1);
}

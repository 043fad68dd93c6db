/** Parts of a rehearsal's blocks that lie in its part store, for tests of those who read them. */
import type { Chain } from '#chain';
import { sha256 } from '#crypto';
import { concatBytes, fromHex, toHex } from '#encoding';
import { commitManifest, type PostedPart, SegmentCutter, sealSegment } from '#protocol';
import { ChannelKeys } from '../channel-keys.js';
import type { Rehearsal } from './rehearsal.js';

export type StoredPart = Pick<PostedPart, 'partRoot' | 'segmentCount' | 'indexHash'> & {
  readonly sealed: readonly Uint8Array[];
  /** The opened segments, in order. */
  readonly segments: readonly Uint8Array[];
  readonly rows: Uint8Array;
};

/** As every participant has it. */
export async function blockKeysOf(
  rehearsal: Rehearsal,
  blockNumber: number,
  chain: Chain = rehearsal.chain.port(),
) {
  const ports = { chain, keyValue: rehearsal.keyValue(0) };
  const opened = await new ChannelKeys(rehearsal.participants[0], ports).of(rehearsal.channelId);
  if (!opened.ok) throw new Error(opened.code);
  const blockKey = opened.keys.blockKey(blockNumber);
  const proof = opened.keys.proof(blockNumber);
  if (blockKey === undefined || proof === undefined) throw new Error(`block ${blockNumber} has no key`);
  return { blockKey, keyCommitment: proof.commitment, keyPath: proof.path };
}

/** Cuts, seals and stores the batches; `change` may spoil what is sealed. */
export async function storePart(
  rehearsal: Rehearsal,
  batches: readonly Uint8Array[],
  change: (sealed: Uint8Array, at: number) => Uint8Array = (sealed) => sealed,
  chain?: Chain,
): Promise<StoredPart> {
  const { blockKey } = await blockKeysOf(rehearsal, 0, chain);
  const block = { channelId: fromHex(rehearsal.channelId), blockNumber: 0, blockKey };
  const cutter = new SegmentCutter();
  const segments = [...batches.map((one) => cutter.push(one)), cutter.finish()].filter(
    (one) => one !== undefined,
  );
  const made = segments.map((segment, at) => {
    const { sealed, row } = sealSegment(block, segment);
    const changed = change(sealed, at);
    return { sealed: changed, row: concatBytes(sha256(changed), row.subarray(32)) };
  });
  const sealed = made.map((one) => one.sealed);
  const rows = concatBytes(...made.map(({ row }) => row));
  const { pages, index, commitment } = commitManifest(rows);
  const store = rehearsal.partStore();
  const stored = [...sealed, ...pages, index];
  await store.hold('everyone', stored.map(sha256));
  await store.putMany(stored);
  const { partRoot, segmentCount, indexHash } = commitment;
  return { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash), sealed, segments, rows };
}

/** Posts a part for a participant. */
export async function postPart(
  { chain, participants, channelId }: Rehearsal,
  participant: number,
  { partRoot, segmentCount, indexHash }: Omit<StoredPart, 'sealed' | 'segments' | 'rows'>,
): Promise<void> {
  const actor = chain.port().participantActs(participants[participant].operatorKey);
  await actor.postPart(channelId, 0, { partRoot, segmentCount, indexHash });
}

/** Who posts parts that are none, and counts them. */
import { sha256 } from '#crypto';
import { concatBytes, fromHex, toHex } from '#encoding';
import {
  blockKeyOf,
  bondWei,
  commitManifest,
  type PartCommitment,
  SegmentCutter,
  sealSegment,
} from '#protocol';
import { rowPlace } from '#proofs';
import { answerFor, commitSeat, greedyLie, type Lie, lieOf, revealOwn, revealSeat } from './lie.js';
import type { Scene, Strategy } from './scene.js';

const [payer, seller, auditor] = [0, 1, 2];
const { part: partBond, seat } = bondWei;
/** A tenth of what a member of a panel has at stake, which is as much as a seat has. */
const panelSilence = seat / 10n;
/** Half of what six members get that spoke, of whom two are validators of those who are honest. */
const servedPanelShare = (6n * 15n * 10n ** 13n) / 2n;
const withoutSellers = 0b101;

interface Spoiled {
  readonly batches?: (batches: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly blockKey?: Uint8Array;
  readonly change?: (sealed: Uint8Array) => Uint8Array;
  /** The store is given nothing. */
  readonly isWithheld?: boolean;
}

interface Posted {
  readonly commitment: PartCommitment;
  readonly rows: Uint8Array;
  readonly segments: readonly Uint8Array[];
  /** What the store is to be given. */
  readonly stored: readonly Uint8Array[];
}

async function postSpoiled(scene: Scene, spoiled: Spoiled, by = scene.me): Promise<void> {
  const { rehearsal } = scene;
  const honest = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
  const blockKey = spoiled.blockKey ?? blockKeyOf(rehearsal.channelSecret);
  const block = { channelId: fromHex(rehearsal.channelId), blockNumber: 0, blockKey };
  const cutter = new SegmentCutter();
  const cut = [...(spoiled.batches?.(honest) ?? honest).map((one) => cutter.push(one)), cutter.finish()];
  const segments = cut.filter((one) => one !== undefined);
  const made = segments.map((segment) => {
    const { sealed, row } = sealSegment(block, segment);
    const changed = spoiled.change?.(sealed) ?? sealed;
    return { sealed: changed, row: concatBytes(sha256(changed), row.subarray(32)) };
  });
  const rows = concatBytes(...made.map(({ row }) => row));
  const { pages, index, commitment } = commitManifest(rows);
  const stored = [...made.map(({ sealed }) => sealed), ...pages, index];
  scene.memory.set('posted', { commitment, rows, segments, stored } satisfies Posted);
  if (spoiled.isWithheld !== true) await serve(scene);
  await post(scene, commitment, by);
}

async function serve({ rehearsal, memory }: Scene): Promise<void> {
  const { stored } = memory.get('posted') as Posted;
  const store = rehearsal.partStore();
  await store.hold('everyone', stored.map(sha256));
  await store.putMany(stored);
}

function post(
  scene: Scene,
  { partRoot, segmentCount, indexHash }: PartCommitment,
  by: number,
): Promise<boolean> {
  const { channelId, blockNumber } = scene.block;
  const part = { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash) };
  return scene.say('post-part', scene.operator(by).postPart(channelId, blockNumber, part));
}

/** The seller counts its part, and says that it earned more by it. */
function poster(
  { name, attacks }: Pick<Strategy, 'name' | 'attacks'>,
  spoiled: Spoiled,
  more: Partial<Strategy> = {},
): Strategy {
  return {
    ...{ name, attacks, culprits: [seller], pays: partBond, says: ['post-part', 'reveal-own'] },
    post: (scene) => postSpoiled(scene, spoiled),
    begin: async (scene) => {
      scene.memory.set('lie', greedyLie(scene));
      await revealOwn(scene, scene.me, scene.memory.get('lie') as Lie);
    },
    turn: (scene) => answerFor(scene, scene.me, scene.memory.get('lie') as Lie),
    ...more,
  };
}

/** No honest seat reveals, and by its own the seller counts a part that it serves to nobody. */
function withholder(
  { name, attacks }: Pick<Strategy, 'name' | 'attacks'>,
  more: Partial<Strategy> = {},
): Strategy {
  return {
    ...{ name, attacks, culprits: [seller], pays: partBond, isUnattended: true },
    says: ['post-part', 'commit', 'reveal'],
    post: (scene) => postSpoiled(scene, { isWithheld: true }),
    commit: async (scene) => {
      scene.memory.set('lie', greedyLie(scene));
      await commitSeat(scene, scene.me, scene.memory.get('lie') as Lie);
    },
    reveal: async (scene) => {
      await revealSeat(scene, scene.me, scene.memory.get('lie') as Lie);
    },
    turn: (scene) => answerFor(scene, scene.me, scene.memory.get('lie') as Lie),
    ...more,
  };
}

/** Publishes these bytes for the row that was asked about, once. */
async function publish(scene: Scene, of: (segment: Uint8Array) => Uint8Array): Promise<boolean> {
  const { dispute } = await scene.look();
  const row = dispute.parts
    .find(({ part }) => part === scene.me)
    ?.rows.find(({ isPublished }) => !isPublished);
  if (row === undefined || scene.memory.has('published')) return false;
  scene.memory.set('published', true);
  const { commitment, rows, segments } = scene.memory.get('posted') as Posted;
  const publication = {
    ...{ part: scene.me, commitment, row: rowPlace(rows, row.rowIndex) },
    segment: of(segments[row.rowIndex]),
  };
  return scene.say('publish', scene.acts(scene.me).publishRow(scene.block, publication));
}

const nobodysKey = sha256(Uint8Array.of(7));
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 200 ? byte ^ 1 : byte));

export const posters: readonly Strategy[] = [
  poster(
    { name: 'posts rubbish that only it counts, and takes the money', attacks: 'which parts count' },
    { blockKey: nobodysKey },
  ),
  poster(
    { name: 'publishes garbage when asked about its part', attacks: 'what contracts take for good bytes' },
    { blockKey: nobodysKey },
    {
      turn: (scene) => publish(scene, flipped),
      says: ['post-part', 'reveal-own', 'publish: segment-refused'],
    },
  ),
  poster(
    { name: 'publishes other bytes than it sealed', attacks: 'that sealed and opened bytes are apart' },
    { change: flipped },
    { turn: (scene) => publish(scene, (segment) => segment), says: ['post-part', 'reveal-own', 'publish'] },
  ),
  poster(
    { name: 'posts batches out of order', attacks: 'rules between segments' },
    { batches: (batches) => batches.toReversed() },
  ),
  poster(
    { name: 'withholds the part that it counts', attacks: 'what no contract can see' },
    { isWithheld: true },
    // Its validator was drawn for the panel and kept silent.
    { pays: partBond + panelSilence },
  ),
  withholder({
    name: 'withholds the part that only its seat counts, while no honest seat reveals',
    attacks: 'that who cannot have all parts keeps silent',
  }),
  withholder(
    {
      name: 'serves the part that it withheld once a panel was asked about it',
      attacks: 'bonds of who left it out, and panels',
    },
    {
      says: ['post-part', 'commit', 'reveal', 'open-node', 'open-leaf: leaf-mismatch'],
      // A part that is held was perhaps served late: who asked pays one half of the panel, its owner the other.
      pays: seat + servedPanelShare,
      costs: { participant: payer, wei: servedPanelShare },
      turn: async (scene) => {
        const { dispute } = await scene.look();
        if (dispute.parts.some(({ isPanelAsked }) => isPanelAsked)) await serve(scene);
        return answerFor(scene, scene.me, scene.memory.get('lie') as Lie);
      },
    },
  ),
  {
    name: 'payer and auditor post parts without what was sold and leave out the payee’s',
    attacks: 'a majority of parts',
    says: ['post-part', 'commit', 'reveal'],
    ...{ culprits: [payer, auditor], pays: 2n * seat },
    post: async (scene) => {
      for (const one of [payer, auditor])
        await postSpoiled(scene, { batches: (batches) => batches.slice(2) }, one);
    },
    commit: async (scene) => {
      for (const one of [payer, auditor]) await commitSeat(scene, one, lieOf(scene, [], withoutSellers));
    },
    reveal: async (scene) => {
      for (const one of [payer, auditor]) await revealSeat(scene, one, lieOf(scene, [], withoutSellers));
    },
  },
  {
    name: 'posts two parts',
    attacks: 'one part a participant',
    spoilers: [],
    ...{ culprits: [seller], pays: 0n },
    says: ['post-part', 'post-part: part-already-posted'],
    post: async (scene) => {
      await postSpoiled(scene, {});
      await postSpoiled(scene, { batches: (batches) => batches.slice(1) });
    },
  },
];

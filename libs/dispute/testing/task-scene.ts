/** A disputed block in which the payer's own result is true and another's is not, and what is due in it. */
import type { Address, Digest } from '#encoding';
import {
  type AccusationFacts,
  type BlockFacts,
  type ChannelTerms,
  type KnownResult,
  type QuestionedPartFacts,
  stageOf,
} from '#protocol';
import type { DisputeSeen, Player } from '../dispute-seen.js';
import { disputeTasks } from '../dispute-tasks.js';

export const me = 0;
export const [account, other, member] = ['0xaa', '0xbb', '0xcc'] as Address[];
export const [truth, lie] = ['0x01', '0x02'] as Digest[];
const terms = {
  ...{ participants: [account, other, '0xdd'], firstBlockStart: 0, blockDuration: 100, blocksMax: 9 },
  ...{ collectionGrace: 0, collationPeriod: 50, processingPeriod: 40, challengePeriod: 100 },
  ...{ answerPeriod: 20, disputeMax: 1_000 },
} as unknown as ChannelTerms;
/** Processing begins with the last part, and V is its end. */
export const processed = 150 + 40;
export const now = processed + 50;

export const result = (
  outputHash: Digest,
  validParts: number,
  more: Partial<KnownResult> = {},
): KnownResult => ({
  ...{ outputHash, validParts, settlementRoot: '0x00', impressionCount: 1n, amountWords: [outputHash] },
  ...{ firstRevealedAtSeconds: processed - 5, isGone: false, ...more },
});

/** The payer's own result is true, the other's is not. */
function facts(results: readonly KnownResult[], more: Partial<BlockFacts> = {}): BlockFacts {
  const parts = [0, 1, 2].map((participant) => ({
    ...{ participant, partRoot: truth, segmentCount: 1, indexHash: truth, postedAtSeconds: 150, height: 1 },
  }));
  const own = (participant: number, outputHash: Digest) => {
    return { participant, outputHash, revealedAtSeconds: processed };
  };
  return {
    ...{ parts, seats: [], acceptances: [], results, disputedAtSeconds: processed },
    ...{ ownResults: [own(0, truth), own(1, lie)], ...more },
  };
}

export interface Scene {
  readonly results?: readonly KnownResult[];
  readonly facts?: Partial<BlockFacts>;
  readonly accusations?: readonly AccusationFacts[];
  readonly parts?: readonly QuestionedPartFacts[];
  readonly now?: number;
  readonly player?: Partial<Player>;
}

export function seenOf({ now: nowSeconds = now, ...scene }: Scene): DisputeSeen {
  const found = facts(scene.results ?? [result(truth, 7), result(lie, 7)], scene.facts);
  const stage = stageOf(terms, 0, found, nowSeconds);
  const { accusations = [], parts = [] } = scene;
  const block = { terms, blockNumber: 0, facts: found, stage, nowSeconds };
  return { block, dispute: { accusations, parts }, height: 10 };
}

export function tasks(scene: Scene) {
  const own = { outputHash: truth, validParts: 7 };
  const player = { participant: me, account, own, views: [], compared: new Set<string>(), ...scene.player };
  return disputeTasks(seenOf(scene), player);
}

export const named = (scene: Scene): readonly string[] =>
  tasks(scene).map(({ task, game }) => `${task} ${game}`);

export const accusation = (more: Partial<AccusationFacts>): AccusationFacts => ({
  ...{ resultIndex: 1, slot: me, accuser: account, turn: 'opening', untilSeconds: now + 20 },
  result: { settlementRoot: new Uint8Array(32), impressionCount: 1n, validParts: 7 },
  ...{ nodes: [], leaves: [], named: { level: 0, index: 0 }, doubted: undefined, ...more },
});

/** The other's result leaves part 2 out, and so does the own one. */
export const partScene = {
  results: [result(truth, 3), result(lie, 7)],
  player: { own: { outputHash: truth, validParts: 3 } },
};
/** Nobody said anything itself. */
export const wordless = { facts: { ownResults: [] } };
export const asked: QuestionedPartFacts = {
  ...{ part: 2, isStruck: false, askedRows: 0, isPanelAsked: false, questions: [], rows: [] },
};
export const commitment = { partRoot: new Uint8Array(32), segmentCount: 1, indexHash: new Uint8Array(32) };

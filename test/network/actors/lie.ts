/** A result that is not true, and what its poster can say for it. */
import { take } from '#chain/testing/take-move';
import { type AccusedMove, HeldBlock } from '#dispute';
import { ForgedTree } from '#dispute/testing/forged-tree';
import type { GameLeaf } from '#dispute/testing/game-block';
import { concatBytes, type Hex, toHex } from '#encoding';
import {
  type AccusationFacts,
  amountWords,
  commitmentOf,
  delegationDigest,
  domainSeparator,
  keyCommitments,
  outputHashOf,
  type RevealedResult,
} from '#protocol';
import { merklePath, merkleRoot, sha256, signDigest } from '#crypto';
import { reductionTermsOf } from '#proofs';
import { owedFor, type Scene } from './scene.js';

export const everyPart = 0b111;
/** What a liar wants more than it has earned, nano. */
export const greed = 500n;
/** Whose liar it mostly is. */
const seller = 1;

export interface Lie {
  readonly result: RevealedResult;
  readonly opening: Hex | undefined;
  readonly forged: ForgedTree;
}

/** The result of a tree of these leaves. */
export function lieOf(scene: Scene, leaves: readonly GameLeaf[], validParts = everyPart): Lie {
  const { terms } = scene.rehearsal;
  const held = new HeldBlock(reductionTermsOf(terms), []);
  const forged = new ForgedTree(terms.roles.length, leaves, held);
  const { tree } = forged;
  const opening = tree.count === 0 ? undefined : tree.entryAt(tree.top).slice(0, 32);
  return { ...claimOf(scene, owedFor(leaves), opening, tree.count, validParts), forged };
}

/** What anybody can make up without a tree: amounts under any 32 bytes. */
export function claimOf(
  { block }: Scene,
  amounts: readonly bigint[],
  opening: Uint8Array | undefined,
  impressions = 3,
  validParts = everyPart,
): Omit<Lie, 'forged'> {
  const words = amountWords(amounts);
  const root =
    opening === undefined
      ? new Uint8Array(32)
      : sha256(concatBytes(opening, merkleRoot(concatBytes(...words))));
  const plain = { settlementRoot: toHex(root), impressionCount: BigInt(impressions), validParts };
  const result = { outputHash: outputHashOf({ ...block, amounts, ...plain }), ...plain };
  return { result: { ...result, amountWords: words.map(toHex) }, opening: opening && toHex(opening) };
}

/** So many nano more for the payee in the impression at `place`, which the payer is to pay. */
export function more(leaves: readonly GameLeaf[], payee: number, nano: bigint, place = 1): GameLeaf[] {
  const leaf = leaves[place];
  const isOf = (one: number): boolean => one === 0 || one === payee;
  return leaves.with(place, {
    ...leaf,
    amounts: leaf.amounts.map((amount, one) => (isOf(one) ? amount + nano : amount)),
  });
}

export const greedyLie = (scene: Scene): Lie => lieOf(scene, more(scene.leaves, seller, greed));

export function revealOwn(scene: Scene, participant: number, lie: Omit<Lie, 'forged'>): Promise<boolean> {
  const { channelId, blockNumber } = scene.block;
  const { result, opening } = lie;
  const outcome = scene.operator(participant).revealOwnResult(channelId, blockNumber, result, opening);
  return scene.say('reveal-own', outcome);
}

const salt = sha256(Uint8Array.of(1));
const workDigest = sha256(Uint8Array.of(2));

/** The culprit's validator takes its seat with this commitment, or one to the lie. */
export async function commitSeat(
  scene: Scene,
  participant: number,
  given: Lie | Hex,
  binding = true,
): Promise<boolean> {
  const { rehearsal, block } = scene;
  const { operatorKey, validator } = rehearsal.participants[participant];
  const leaves = keyCommitments(rehearsal.channelSecret, rehearsal.terms.blocksMax);
  const delegation = {
    ...{ ...block, participant, validator, binding, feeWei: 0n, nonce: 1n, notAfter: 1n << 40n },
    keyCommitment: toHex(leaves.slice(0, 32)),
  };
  const digest = delegationDigest(domainSeparator(await scene.chain.domain()), delegation);
  const signature = toHex(signDigest(digest, operatorKey));
  const commitment =
    typeof given === 'string' ? given : commitmentOf(given.result.outputHash, validator, workDigest, salt);
  const path = merklePath(leaves, 0).map(toHex);
  const seat = { ...delegation, signature };
  return scene.say('commit', scene.validator(participant).commitResult(seat, path, commitment));
}

export function revealSeat(scene: Scene, participant: number, { result, opening }: Omit<Lie, 'forged'>) {
  const { channelId, blockNumber } = scene.block;
  const secrets = [toHex(workDigest), toHex(salt)] as const;
  const outcome = scene
    .validator(participant)
    .revealResult(channelId, blockNumber, participant, result, opening, ...secrets);
  return scene.say('reveal', outcome);
}

/** The accusations of this result that wait for whoever answers for it. */
export async function openAgainst(
  scene: Scene,
  lie: Omit<Lie, 'forged'>,
): Promise<readonly AccusationFacts[]> {
  const { facts, dispute } = await scene.look();
  const { outputHash } = lie.result;
  return dispute.accusations.filter(
    ({ resultIndex, turn }) =>
      facts.results[resultIndex].outputHash === outputHash && (turn === 'opening' || turn === 'placing'),
  );
}

/** Says for the lie what can be said, but for `isLeftOut`; whether the chain took something. */
export async function answerFor(
  scene: Scene,
  participant: number,
  lie: Lie,
  isLeftOut: (move: AccusedMove['move']) => boolean = () => false,
): Promise<boolean> {
  const { now } = await scene.look();
  for (const seen of await openAgainst(scene, lie)) {
    const isEarly = scene.strategy.isLate === true && now < (seen.untilSeconds ?? 0) - 1;
    if (isEarly) continue;
    const { resultIndex, slot } = seen;
    for (const move of lie.forged.answers(seen)) {
      if (isLeftOut(move.move)) continue;
      const outcome = take(scene.acts(participant), { ...scene.block, resultIndex, slot }, move);
      if (await scene.say(move.move, outcome)) return true;
    }
  }
  return false;
}

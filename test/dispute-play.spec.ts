/** A participant's settlement service against a liar in a dispute, on the embedded chain. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blockSeconds, type Rehearsal } from '#block-watch/testing/rehearsal';
import { type StoredPart, storePart } from '#block-watch/testing/stored-part';
import type { DisputeActs, DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { take } from '#chain/testing/take-move';
import { type AccusedMove, HeldBlock, publicationOf, SumTree } from '#dispute';
import { eachRecord } from '#dispute/impression-records';
import { ForgedTree } from '#dispute/testing/forged-tree';
import { type GameLeaf, leavesOf } from '#dispute/testing/game-block';
import { type Address, fromHex, toHex } from '#encoding';
import { silentLog } from '#environment';
import { reductionTermsOf } from '#proofs';
import { type AccusationFacts, amountWords, bondWei, limits, outputHashOf } from '#protocol';
import { done, openOnChain } from './open-on-chain.js';
import { fillLogs, type Sweeper, startAll, sweepUntilStill } from './organisations.js';

const genesis = 1_700_000_000;
const deposit = 1_000_000n;
/** What the records of the block say that the seller earns. */
const earned = 3_000n;
const [payer, seller, auditor] = [0, 1, 2];
/** How long before the time for own results ends they are revealed where others said the same. */
const marginSeconds = blockSeconds.processing / 8;
const every = 0b111;

/** With what the seller makes of the block's true leaves, and the moves with which it is found out. */
const lies: readonly {
  readonly lie: string;
  readonly of: (leaves: readonly GameLeaf[]) => readonly GameLeaf[];
  readonly moves: readonly string[];
}[] = [
  {
    lie: 'that one impression paid more',
    of: (leaves) =>
      leaves.with(1, { ...leaves[1], amounts: leaves[1].amounts.map((one, at) => one + (at < 2 ? 7n : 0n)) }),
    moves: ['open-node'],
  },
  {
    lie: 'that the last impression was not there',
    of: (leaves) => leaves.slice(0, -1),
    moves: ['open-node', 'open-leaf'],
  },
  { lie: 'that nothing was sold', of: () => [], moves: [] },
];

describe('a participant whose counterparty lies, on the embedded chain', () => {
  let chain: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => chain.close());

  const latest = () => chain.snapshot({ finality: 'latest' });

  /** The payer's seat revealed what is true, then the seller its lie; nobody else is there. */
  async function begin(
    of: (leaves: readonly GameLeaf[]) => readonly GameLeaf[],
    { post, seat = payer, lieAfter = 0 }: Beginning = {},
  ): Promise<Lying> {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    const { validator, accountKey } = rehearsal.participants[seat];
    if (seat !== payer) await done(chain.participantActs(accountKey).nameValidator(validator, false));
    await fillLogs(rehearsal);
    const { channelId, terms, participants } = rehearsal;
    const all = startAll(rehearsal, undefined, [], chain);
    const collators = post === undefined ? all.slice(0, 3) : [all[0], all[2]];
    const start = rehearsal.collected(0);
    for (const later of [0, blockSeconds.processing / 2]) {
      await chain.advanceTo(start + later);
      if (later === 0) await post?.(rehearsal);
      await sweepUntilStill([...collators, all[3 + seat], all[6 + seat]]);
    }
    const reduction = reductionTermsOf(terms);
    const records = [0, 1, 2].flatMap((author) =>
      eachRecord(rehearsal.batch(0, author, 1).slice(limits.batchHeaderBytes)),
    );
    const leaves = of(leavesOf(reduction, records));
    const forged = new ForgedTree(participants.length, leaves, new HeldBlock(reduction, []));
    const { tree } = forged;
    const amounts = tree.count === 0 ? [0n, 0n, 0n] : tree.amountsAt(tree.top);
    const plain = {
      settlementRoot: toHex(tree.settlementRoot),
      ...{ impressionCount: BigInt(tree.count), validParts: every },
    };
    const outputHash = outputHashOf({ channelId, blockNumber: 0, amounts, ...plain });
    const result = { outputHash, amountWords: amountWords(amounts).map(toHex), ...plain };
    const opening = tree.count === 0 ? undefined : toHex(tree.entryAt(tree.top).subarray(0, 32));
    const { operatorKey } = participants[seller];
    if (lieAfter > 0) {
      await chain.advanceTo(start + blockSeconds.processing + blockSeconds.challenge - marginSeconds);
      await sweepUntilStill([startAll(rehearsal, undefined, [], chain)[9]]);
    }
    await chain.advanceTo(start + blockSeconds.processing + lieAfter);
    await done(chain.participantActs(operatorKey).revealOwnResult(channelId, 0, result, opening));
    expect(await (await latest()).stage(channelId, 0)).toBe('dispute');
    return { rehearsal, token, forged, acts: chain.disputeActs(operatorKey) };
  }

  /** The payer's, as after a restart. */
  const settlementOf = ({ rehearsal }: Lying): Sweeper => startAll(rehearsal, undefined, [], chain)[9];

  async function accusationIn({ rehearsal }: Lying): Promise<AccusationFacts> {
    const { accusations } = await (await latest()).disputeFacts(rehearsal.channelId, 0);
    expect(accusations).toHaveLength(1);
    return accusations[0];
  }

  /** Both sides say what they can, the honest one from a new process each time; what the liar said. */
  async function play(lying: Lying): Promise<string[]> {
    const moves: string[] = [];
    for (;;) {
      await sweepUntilStill([settlementOf(lying)]);
      const seen = await accusationIn(lying);
      const isAsked = seen.turn === 'opening' || seen.turn === 'placing';
      const move = isAsked ? await firstTaken(lying, seen) : undefined;
      if (move === undefined) return moves;
      moves.push(move.move);
    }
  }

  it.each(lies)('makes it fall where it says $lie, and is paid for it', async ({ of, moves }) => {
    const lying = await begin(of);
    const { rehearsal, token } = lying;
    const { channelId, participants, terms } = rehearsal;
    const weiOf = async (one: number) => (await latest()).weiAccount(participants[one].account);
    const [before, liarBefore] = [await weiOf(payer), await weiOf(seller)];
    expect(await play(lying)).toEqual(moves);
    const seen = await accusationIn(lying);
    if (seen.untilSeconds !== undefined) {
      await chain.advanceTo(seen.untilSeconds);
      await sweepUntilStill([settlementOf(lying)]);
    }
    expect((await accusationIn(lying)).end).toEqual({
      outcome: 'upheld',
      to: participants[payer].account,
    });
    const { results } = await (await latest()).blockFacts(channelId, 0);
    expect(results.map(({ isGone }) => isGone)).toEqual([false, true]);
    expect((await weiOf(payer)).freeWei - before.freeWei).toBe(bondWei.ownResult / 2n);
    expect(liarBefore.lockedWei - (await weiOf(seller)).lockedWei).toBe(bondWei.ownResult);

    await chain.advanceTo(rehearsal.collected(0) + blockSeconds.processing + terms.challengePeriod);
    await sweepUntilStill([settlementOf(lying)]);
    expect(await (await latest()).stage(channelId, 0)).toBe('settled');
    expect(await (await latest()).balance(token, participants[seller].account)).toBe(earned);
    expect((await weiOf(payer)).lockedWei).toBe(0n);
  });

  it('stands for what another revealed before a lie can come last, and wins after that other accepted it', async () => {
    const lying = await begin(lies[0].of, { seat: auditor, lieAfter: blockSeconds.challenge - 1 });
    const { rehearsal, token } = lying;
    const { channelId, participants, terms } = rehearsal;
    const { results, ownResults } = await (await latest()).blockFacts(channelId, 0);
    const [truth, lie] = results.map(({ outputHash }) => outputHash);
    expect(ownResults.map((one) => [one.participant, one.outputHash])).toEqual([
      [payer, truth],
      [seller, lie],
    ]);
    const turncoat = chain.participantActs(participants[auditor].accountKey);
    await done(turncoat.acceptResult(channelId, 0, auditor, lie));
    expect(await play(lying)).toEqual(lies[0].moves);
    const { untilSeconds = 0 } = await accusationIn(lying);
    await chain.advanceTo(untilSeconds);
    await sweepUntilStill([settlementOf(lying)]);
    expect((await accusationIn(lying)).end).toEqual({ outcome: 'upheld', to: participants[payer].account });
    await chain.advanceTo(rehearsal.collected(0) + blockSeconds.processing + 2 * terms.challengePeriod);
    await sweepUntilStill([settlementOf(lying)]);
    expect(await (await latest()).stage(channelId, 0)).toBe('settled');
    expect(await (await latest()).balance(token, participants[seller].account)).toBe(earned);
  });

  it('answers for what it computed itself, and is paid by whoever accuses it and has nothing to say', async () => {
    const lying = await begin((leaves) => leaves.slice(1));
    const { rehearsal, acts } = lying;
    const { channelId, participants } = rehearsal;
    const { results } = await (await latest()).blockFacts(channelId, 0);
    await done(acts.accuse({ channelId, blockNumber: 0 }, 0, results[0], seller));
    const against = async () => {
      const { accusations } = await (await latest()).disputeFacts(channelId, 0);
      return accusations.find(({ slot }) => slot === seller);
    };
    await sweepUntilStill([settlementOf(lying)]);
    const opened = await against();
    expect(opened).toMatchObject({ turn: 'accuser', named: { level: 2, index: 0 } });
    const { tree } = lying.forged;
    const id = { channelId, blockNumber: 0, resultIndex: 0, slot: seller };
    const [{ entries }] = opened?.nodes ?? [];
    const truth = SumTree.ofEntries(participants.length, entries);
    expect(truth.count).toBe(tree.count + 1);
    const entry = { level: 0, index: 2 };
    const path = truth.pathOf(entry);
    await done(acts.nameEntry(id, { entry, entryHash: truth.hashAt(entry), path }));
    await sweepUntilStill([settlementOf(lying)]);
    expect(await against()).toMatchObject({ turn: 'accuser', leaves: [{ index: 2 }] });
    await done(acts.doubtRecord(id, 0));
    await sweepUntilStill([settlementOf(lying)]);
    // The account of the service that answered is paid.
    const to = participants[payer].account;
    expect((await against())?.end).toEqual({ outcome: 'failed', to });
  });

  it('shows that a part holds something else than is published of it, and all that counts it falls', async () => {
    let part: StoredPart | undefined;
    /** The seller's first segment does not decrypt to what its row says. */
    const post = async (rehearsal: Rehearsal) => {
      const batches = [0, 1].map((author) => rehearsal.batch(0, author, 1));
      const spoil = (sealed: Uint8Array, at: number) =>
        at === 0 ? sealed.map((byte, index) => (index === 250 ? byte ^ 1 : byte)) : sealed;
      part = await storePart(rehearsal, batches, spoil, chain);
      const { partRoot, segmentCount, indexHash } = part;
      const operator = chain.participantActs(rehearsal.participants[seller].operatorKey);
      await done(operator.postPart(rehearsal.channelId, 0, { partRoot, segmentCount, indexHash }));
    };
    const lying = await begin((leaves) => leaves.slice(1), { post });
    const { rehearsal, acts } = lying;
    const { channelId, participants, terms } = rehearsal;
    const block = { channelId, blockNumber: 0 };
    const parts = async () => (await (await latest()).disputeFacts(channelId, 0)).parts;
    await sweepUntilStill([settlementOf(lying)]);
    expect(await parts()).toMatchObject([{ part: seller, questions: [{ participant: payer, rowIndex: 0 }] }]);

    const { rows, segments, ...posted } = part as unknown as StoredPart;
    const commitment = {
      partRoot: fromHex(posted.partRoot),
      ...{ segmentCount: posted.segmentCount, indexHash: fromHex(posted.indexHash) },
    };
    const publication = publicationOf({ part: seller, commitment }, rows, 0, segments[0]);
    await done(acts.publishRow(block, publication));
    const freeWei = async () => (await (await latest()).weiAccount(participants[payer].account)).freeWei;
    const published = await freeWei();
    await sweepUntilStill([settlementOf(lying)]);
    expect(await parts()).toMatchObject([{ isStruck: true, found: { fault: 'row-disproved' } }]);
    const disproved = await freeWei();
    expect(disproved - published).toBe(bondWei.question);

    const start = rehearsal.collected(0) + blockSeconds.processing;
    const decidedAt = start + 2 * terms.challengePeriod;
    await chain.advanceTo(decidedAt);
    await sweepUntilStill([settlementOf(lying)]);
    expect(await (await latest()).stage(channelId, 0)).toBe('dispute');
    await chain.advanceTo(decidedAt + blockSeconds.processing / 2);
    await sweepUntilStill([settlementOf(lying)]);
    expect(await (await latest()).stage(channelId, 0)).toBe('settled');
    // Its own result's bond is free again, and the struck part's owner has paid.
    expect((await freeWei()) - disproved).toBe(bondWei.ownResult + bondWei.part / 2n);
    const { results } = await (await latest()).blockFacts(channelId, 0);
    expect(results.map(({ isGone, validParts }) => [isGone, validParts])).toEqual([
      [false, 0b101],
      [true, every],
    ]);
    expect(await (await latest()).balance(lying.token, participants[seller].account)).toBe(earned);
  });
});

interface Beginning {
  /** The seller's part, where it is not what its collator posts. */
  readonly post?: (rehearsal: Rehearsal) => Promise<void>;
  /** Whose seat reveals what is true; only the payer's binds. */
  readonly seat?: number;
  /** When in the challenge period the lie comes; the payer's settlement service looked before. */
  readonly lieAfter?: number;
}

interface Lying {
  readonly rehearsal: Rehearsal;
  readonly token: Address;
  readonly forged: ForgedTree;
  readonly acts: DisputeActs;
}

/** The first of what the liar tries that the chain takes. */
async function firstTaken(lying: Lying, seen: AccusationFacts): Promise<AccusedMove | undefined> {
  for (const move of lying.forged.answers(seen)) {
    const id = {
      channelId: lying.rehearsal.channelId,
      blockNumber: 0,
      resultIndex: seen.resultIndex,
      slot: seen.slot,
    };
    if ((await take(lying.acts, id, move)).ok) return move;
  }
  return undefined;
}

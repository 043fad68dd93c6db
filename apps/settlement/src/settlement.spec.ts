import { describe, expect, it } from '@jest/globals';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Chain, ChainSnapshot } from '#chain';
import type { Hex } from '#encoding';
import { Fault, type Log, silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import type { BlockFacts, RevealedResult, Seat } from '#protocol';
import { Settlement } from './settlement.js';

const hash = (n: number): Hex => `0x${String(n).padStart(64, '0')}`;
const result = (n: number): RevealedResult => ({
  outputHash: hash(n),
  settlementRoot: hash(0),
  impressionCount: 1n,
  amountWords: [hash(0)],
  validParts: 1,
});

/** A block whose seats revealed the results of these numbers. */
function rehearsalWith(revealed: readonly number[]): { rehearsal: Rehearsal; chain: Chain; settled: Hex[] } {
  const rehearsal = new Rehearsal();
  const at = rehearsal.collected(0);
  const seats = revealed.map(
    (n, participant): Seat => ({
      participant,
      validator: rehearsal.participants[participant].validator,
      binding: true,
      nonce: 1n,
      feeWei: 0n,
      commitment: hash(9),
      committedAtSeconds: at + 50,
      outputHash: hash(n),
      revealedAtSeconds: at + 50,
    }),
  );
  const distinct = [...new Set(revealed)];
  const part = {
    participant: 0,
    partRoot: hash(0),
    segmentCount: 0,
    indexHash: hash(0),
    postedAtSeconds: at,
    height: 9,
  };
  const settled: Hex[] = [];
  let settledAtSeconds: number | undefined;
  const facts = (): BlockFacts => ({
    parts: [part],
    seats,
    ownResults: [],
    acceptances: [],
    results: distinct.map((n) => ({ ...result(n), firstRevealedAtSeconds: at + 50, isGone: false })),
    ...(distinct.length > 1 ? { disputedAtSeconds: at + 50 } : {}),
    ...(settledAtSeconds === undefined ? {} : { settledAtSeconds }),
  });
  const port = rehearsal.chain.port();
  const participantActs = (() => ({
    settle: async (_channel: Hex, _block: number, standing: readonly RevealedResult[]) => {
      if (settledAtSeconds !== undefined) return { ok: false, code: 'already-ended', message: '' };
      settled.push(...standing.map(({ outputHash }) => outputHash));
      settledAtSeconds = rehearsal.chain.nowSeconds;
      return { ok: true, height: 1, timestampSeconds: settledAtSeconds, gasUsed: 1n };
    },
  })) as unknown as Chain['participantActs'];
  const snapshot: Chain['snapshot'] = async (of) => ({
    ...(await port.snapshot(of)),
    blockFacts: async () => facts(),
  });
  return { rehearsal, settled, chain: { ...port, snapshot, participantActs } };
}

/** A seat of block 0 committed and never reveals: the block becomes void, and bonds lie on it. */
function withSilentSeat(rehearsal: Rehearsal, chain: Chain, releaseVoid: () => Promise<unknown>): Chain {
  const silent: Seat = {
    participant: 0,
    validator: rehearsal.participants[0].validator,
    binding: true,
    nonce: 1n,
    feeWei: 0n,
    commitment: hash(9),
    committedAtSeconds: rehearsal.collected(0) + 50,
  };
  return {
    ...chain,
    snapshot: async (of) => {
      const snapshot = await chain.snapshot(of);
      const blockFacts: ChainSnapshot['blockFacts'] = async (...block) => ({
        ...(await snapshot.blockFacts(...block)),
        seats: [silent],
      });
      return { ...snapshot, blockFacts };
    },
    participantActs: (() => ({ releaseVoid })) as unknown as Chain['participantActs'],
  };
}

function settlementOf(
  rehearsal: Rehearsal,
  chain: Chain,
  participant: number,
  log: Log = silentLog,
): Settlement {
  const options = { ...rehearsal.participants[participant], sweepIntervalMs: 1_000 };
  return new Settlement(options, { chain, jobQueue: openInProcessJobQueue({ log: silentLog }), log });
}

describe('the settlement service', () => {
  it('settles a block as soon as it is final, once, whoever of the participants is first', async () => {
    const { rehearsal, chain, settled } = rehearsalWith([3, 3]);
    const both = [0, 1].map((one) => settlementOf(rehearsal, chain, one));
    const sweepBoth = async () => Promise.all(both.map((one) => one.sweep()));
    const processingEnds = rehearsal.collected(0) + blockSeconds.collation + blockSeconds.processing;
    rehearsal.chain.advanceTo(processingEnds + blockSeconds.challenge - 1);
    expect(await sweepBoth()).toEqual([0, 0]);
    rehearsal.chain.advanceTo(processingEnds + blockSeconds.challenge);
    expect(await sweepBoth()).toEqual([1, 0]);
    expect(await sweepBoth()).toEqual([0, 0]);
    expect(settled).toEqual([hash(3)]);
  });

  it('settles a unanimous block without waiting for the challenge period', async () => {
    const { rehearsal, chain, settled } = rehearsalWith([3, 3, 3]);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation + 5);
    expect(await settlementOf(rehearsal, chain, 2).sweep()).toBe(1);
    expect(settled).toEqual([hash(3)]);
  });

  it('says loudly, once, that different results stand, and settles all that stand in the end', async () => {
    const { rehearsal, chain, settled } = rehearsalWith([5, 4]);
    const said: object[] = [];
    const log: Log = { ...silentLog, error: (fields) => said.push(fields) };
    const settlement = settlementOf(rehearsal, chain, 0, log);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation + 1);
    expect([await settlement.sweep(), await settlement.sweep()]).toEqual([0, 0]);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({
      stage: 'dispute',
      results: [{ outputHash: hash(5) }, { outputHash: hash(4) }],
    });
    rehearsal.chain.advanceTo(rehearsal.collected(0) + 50 + rehearsal.terms.disputeMax);
    expect(await settlement.sweep()).toBe(1);
    expect(settled).toEqual([hash(5), hash(4)]);
    const contested = { blockNumber: 0, stage: 'final', notice: 'contested' };
    expect(said.filter((one) => 'notice' in one && one.notice === 'contested')).toContainEqual(
      expect.objectContaining(contested),
    );
  });

  it('asks again for the bonds of a void block until they are free, whatever stood in the way', async () => {
    const { rehearsal, chain } = rehearsalWith([]);
    const answers = [
      new Fault('chain-unavailable', 'away', { retriable: true }),
      { ok: false, code: 'reverted', message: '' },
      { ok: true, height: 1, timestampSeconds: 1, gasUsed: 1n },
    ];
    const releaseVoid = async () => {
      const answer = answers.shift();
      if (answer instanceof Fault) throw answer;
      return answer;
    };
    const voided = withSilentSeat(rehearsal, chain, releaseVoid);
    const settlement = settlementOf(rehearsal, voided, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation + 2 * blockSeconds.processing);
    await expect(settlement.sweep()).rejects.toMatchObject({ code: 'chain-unavailable' });
    expect([await settlement.sweep(), await settlement.sweep(), await settlement.sweep()]).toEqual([0, 1, 0]);
    expect(answers).toEqual([]);
  });

  it('frees the bonds of a void block also where the node fails, or answers an older height, just then', async () => {
    const { rehearsal, chain } = rehearsalWith([]);
    let released = 0;
    const releaseVoid = async () => {
      released += 1;
      return { ok: true, height: 1, timestampSeconds: 1, gasUsed: 1n };
    };
    const voided = withSilentSeat(rehearsal, chain, releaseVoid);
    const end = rehearsal.collected(0) + blockSeconds.collation + 2 * blockSeconds.processing;
    rehearsal.chain.advanceTo(end - 1);
    const before = await voided.snapshot({ finality: 'latest' });
    rehearsal.chain.advanceTo(end);
    const away = new Fault('chain-unavailable', 'away', { retriable: true });
    // The watch takes two; the third is for what has ended.
    const third = [away, before];
    let taken = 0;
    const failing: Chain = {
      ...voided,
      snapshot: async (of) => {
        const answer = ++taken % 3 === 0 ? third.shift() : undefined;
        if (answer instanceof Fault) throw answer;
        return answer ?? voided.snapshot(of);
      },
    };
    const settlement = settlementOf(rehearsal, failing, 0);
    await expect(settlement.dues()).rejects.toThrow('away');
    await settlement.dues();
    expect(third).toEqual([]);
    await settlement.sweep();
    expect(released).toBe(1);
  });

  it('frees the bonds of a void block once, also when another was faster', async () => {
    const { rehearsal, chain } = rehearsalWith([]);
    let released = 0;
    const releaseVoid = async () => {
      released += 1;
      if (released > 1) return { ok: false, code: 'already-ended', message: '' };
      return { ok: true, height: 1, timestampSeconds: 1, gasUsed: 1n };
    };
    const voided = withSilentSeat(rehearsal, chain, releaseVoid);
    const both = [0, 1].map((one) => settlementOf(rehearsal, voided, one));
    const end = rehearsal.collected(0) + blockSeconds.collation + 2 * blockSeconds.processing;
    rehearsal.chain.advanceTo(end - 1);
    expect([await both[0].sweep(), released]).toEqual([0, 0]);
    rehearsal.chain.advanceTo(end);
    expect([await both[0].sweep(), await both[1].sweep(), released]).toEqual([1, 0, 2]);
    expect([await both[0].sweep(), await both[1].sweep(), released]).toEqual([0, 0, 2]);
  });
});

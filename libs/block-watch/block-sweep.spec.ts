import { describe, expect, it } from '@jest/globals';
import type {} from '#encoding';
import { DrivenTimers, Fault, silentLog } from '#environment';
import type { JobKind } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { watchJobQueue } from '#job-queue/testing/watched-job-queue';
import type { ChannelId } from '#protocol';
import { type BlockAct, type BlockLane, BlockSweep, type DueJob } from './block-sweep.js';

const channelId: ChannelId = `0x${'01'.repeat(32)}` as const;
const job = (kind: JobKind, blockNumber: number, untilSeconds?: number): DueJob => ({
  ...{ kind, channelId, blockNumber, due: { due: 'commit', untilSeconds } },
});
/** Lets every promise that is ready take its steps. */
const turn = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

function sweepOf(
  look: () => readonly DueJob[],
  acts: Partial<Record<JobKind, (blockNumber: number, signal: AbortSignal) => Promise<BlockAct>>>,
  tend?: () => Promise<void>,
) {
  const timers = new DrivenTimers();
  const jobQueue = watchJobQueue(openInProcessJobQueue({ log: silentLog, timers }));
  const wakes = new Set<() => void>();
  const subscribe = (wake: () => void) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  const lanes = Object.entries(acts).map(
    ([kind, act]): BlockLane => ({
      ...{ kind: kind as JobKind, concurrency: 2, lockMs: 1_000 },
      act: (_, blockNumber, signal) => act(blockNumber, signal),
    }),
  );
  const ports = { jobQueue, log: silentLog, timers, subscribe };
  const shell = { lanes, look: async () => look(), tend };
  return {
    sweep: new BlockSweep({ name: 'test', intervalMs: 60_000 }, ports, shell),
    timers,
    jobQueue,
    wakes,
  };
}

describe('a sweep over blocks that runs by itself', () => {
  it('names what is due and waits for none of it: a block that hangs holds up no other', async () => {
    const done: number[] = [];
    let looks = 0;
    const { sweep, wakes } = sweepOf(
      () => {
        looks++;
        return [1, 2, 3].map((n) => job('delegate', n));
      },
      {
        delegate: async (n) => {
          if (n === 1) return new Promise<never>(() => {});
          done.push(n);
          return 1;
        },
      },
    );
    sweep.start();
    await turn();
    expect([looks, done]).toEqual([1, [2, 3]]);
    for (const wake of wakes) wake();
    await turn();
    expect([looks, done]).toEqual([2, [2, 3, 2, 3]]);
  });

  it('tries a block again that could not be done yet, without being named anew', async () => {
    const named = [job('delegate', 1)];
    let acts = 0;
    const { sweep, timers } = sweepOf(() => named.splice(0), {
      delegate: async () => (++acts === 1 ? 'again' : 1),
    });
    sweep.start();
    await turn();
    expect(acts).toBe(1);
    for (let step = 0; step < 40; step++) {
      timers.advanceBy(250);
      await turn();
    }
    expect(acts).toBe(2);
  });

  it('gives each kind workers of its own, however slow another kind is', async () => {
    const done: number[] = [];
    const { sweep } = sweepOf(() => [1, 2, 3].flatMap((n) => [job('validate', n), job('reveal', n)]), {
      validate: () => new Promise<never>(() => {}),
      reveal: async (n) => done.push(n),
    });
    sweep.start();
    await turn();
    expect(done).toEqual([1, 2, 3]);
  });

  it('tells a block that takes too long to act no more, and takes it up again', async () => {
    const signals: AbortSignal[] = [];
    const { sweep, timers } = sweepOf(() => [job('validate', 1)], {
      validate: (_, signal) => {
        signals.push(signal);
        return new Promise<never>(() => {});
      },
    });
    sweep.start();
    await turn();
    timers.advanceBy(1_000);
    await turn();
    timers.advanceBy(30_000);
    await turn();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  it('waits for no erasing either, but when it stops: then as long as for a job', async () => {
    let looks = 0;
    const look = () => {
      looks++;
      return [];
    };
    const { sweep, wakes, timers } = sweepOf(look, {}, () => new Promise<never>(() => {}));
    sweep.start();
    await turn();
    for (const wake of wakes) wake();
    await turn();
    expect(looks).toBe(2);
    let isStopped = false;
    const stopped = sweep.stop().then(() => {
      isStopped = true;
    });
    await turn();
    timers.advanceBy(9_999);
    await turn();
    expect(isStopped).toBe(false);
    timers.advanceBy(1);
    await stopped;
  });

  it('erases at most once a minute, however often it is woken, and again at the next look after a failure', async () => {
    const tended: string[] = [];
    let isAway = true;
    const { sweep, wakes, timers } = sweepOf(
      () => [],
      {},
      async () => {
        tended.push(isAway ? 'failed' : 'erased');
        if (isAway) throw new Fault('key-value-unavailable', 'away', { retriable: true });
      },
    );
    const wake = async () => {
      for (const one of wakes) one();
      await turn();
    };
    sweep.start();
    await turn();
    isAway = false;
    await wake();
    expect(tended).toEqual(['failed', 'erased']);
    for (let at = 0; at < 5; at++) await wake();
    timers.advanceBy(59_999);
    await turn();
    expect(tended).toEqual(['failed', 'erased']);
    timers.advanceBy(1);
    await wake();
    expect(tended).toEqual(['failed', 'erased', 'erased']);
    await sweep.stop();
    sweep.start();
    await turn();
    expect(tended).toHaveLength(4);
    await sweep.stop();
  });

  it('names what remains when looking or erasing fails, and works again after it was stopped and started', async () => {
    let failures = 1;
    const done: number[] = [];
    const { sweep, jobQueue, wakes } = sweepOf(
      () => [job('settle', 1)],
      { settle: async (n) => done.push(n) },
      async () => {
        if (failures-- > 0) throw new Fault('key-value-unavailable', 'away', { retriable: true });
      },
    );
    sweep.start();
    await turn();
    await jobQueue.idle();
    expect(done).toEqual([1]);
    await sweep.stop();
    expect(wakes.size).toBe(0);
    sweep.start();
    await turn();
    expect(done).toEqual([1, 1]);
  });
});

describe('a sweep over blocks that is driven', () => {
  it('does lane after lane, the block that ends first first, and counts what was done', async () => {
    const seen: string[] = [];
    const act = (kind: string) => async (n: number) => {
      seen.push(`${kind} ${n}`);
      return n === 3 ? ('again' as const) : 1;
    };
    const waiting: DueJob = { ...job('validate', 5), due: { waitsFor: 'processing', untilSeconds: 9 } };
    const due = [
      ...[job('validate', 1, 20), job('validate', 2), job('reveal', 3, 9), waiting],
      // The same block twice, as two seats may be due in it: it is one job.
      ...[job('validate', 4, 10), job('validate', 4, 30)],
    ];
    const { sweep } = sweepOf(() => due, { reveal: act('reveal'), validate: act('validate') });
    expect(await sweep.sweep()).toBe(3);
    expect(seen).toEqual(['reveal 3', 'validate 4', 'validate 1', 'validate 2']);
  });

  it('does what it can for the others when one fails, and then fails with the bug rather than the fault', async () => {
    const seen: number[] = [];
    const due = [0, 1, 2, 3].map((n) => job('settle', n));
    const { sweep } = sweepOf(() => due, {
      settle: async (n) => {
        seen.push(n);
        if (n === 1) throw new Fault('chain-unavailable', 'away', { retriable: true });
        if (n === 2) throw new Error('a bug');
        return 1;
      },
    });
    await expect(sweep.sweep()).rejects.toThrow('a bug');
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

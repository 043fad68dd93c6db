import { describe, expect, it } from '@jest/globals';
import { DrivenTimers, Fault, silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { SweepLoop, sweepEach } from './sweep-loop.js';

function loopOf(sweep: () => Promise<number>) {
  const timers = new DrivenTimers();
  const jobQueue = openInProcessJobQueue({ log: silentLog, timers });
  const wakes = new Set<() => void>();
  const subscribe = (wake: () => void) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  const ports = { jobQueue, log: silentLog, timers, subscribe };
  const loop = new SweepLoop({ kind: 'test/one', intervalMs: 1_000 }, ports, sweep);
  return { loop, timers, jobQueue, wakes };
}

describe('the sweep loop', () => {
  it('sweeps at the start, at every wake and after every interval, until nothing is left to do', async () => {
    const left = [2, 1, 0, 0, 3, 0];
    let sweeps = 0;
    const { loop, timers, jobQueue, wakes } = loopOf(async () => left[sweeps++] ?? 0);
    loop.start();
    await jobQueue.idle();
    expect(sweeps).toBe(3);
    for (const wake of wakes) wake();
    await jobQueue.idle();
    expect(sweeps).toBe(4);
    timers.advanceBy(1_000);
    await jobQueue.idle();
    expect(sweeps).toBe(6);
    timers.advanceBy(1_000);
    await jobQueue.idle();
    expect(sweeps).toBe(7);
  });

  it('never sweeps twice at a time, and not after it was stopped', async () => {
    let running = 0;
    let most = 0;
    const { loop, timers, jobQueue, wakes } = loopOf(async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return 0;
    });
    loop.start();
    for (let i = 0; i < 5; i++) for (const wake of wakes) wake();
    await jobQueue.idle();
    await loop.stop();
    expect([most, wakes.size]).toEqual([1, 0]);
    const before = most;
    most = 0;
    timers.advanceBy(10_000);
    await jobQueue.idle();
    expect([before, most]).toEqual([1, 0]);
  });
});

describe('a sweep over many blocks', () => {
  it('does what it can for the others when one fails, and then fails with the bug rather than the fault', async () => {
    const seen: number[] = [];
    const act = async (n: number) => {
      seen.push(n);
      if (n === 1) throw new Fault('chain-unavailable', 'away', { retriable: true });
      if (n === 2) throw new Error('a bug');
      return 1;
    };
    await expect(sweepEach([0, 1, 2, 3], act)).rejects.toThrow('a bug');
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(await sweepEach([0, 3], act)).toBe(2);
  });
});

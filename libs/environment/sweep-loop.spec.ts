import { describe, expect, it } from '@jest/globals';
import { Fault } from './fault.js';
import { type Log, silentLog } from './log.js';
import { SweepLoop } from './sweep-loop.js';
import { deferred } from './testing/deferred.js';
import { DrivenTimers } from './timers.js';

/** Lets every promise that is ready take its steps. */
const turn = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

function loopOf(sweep: () => Promise<boolean>, log: Log = silentLog) {
  const timers = new DrivenTimers();
  const wakes = new Set<() => void>();
  const subscribe = (wake: () => void) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  const loop = new SweepLoop({ name: 'test', intervalMs: 1_000 }, { log, timers, subscribe }, sweep);
  return { loop, timers, wakes };
}

describe('the sweep loop', () => {
  it('sweeps at the start, at every wake and after every interval, until nothing is left to find', async () => {
    const more = [true, true, false, false, true, false];
    let sweeps = 0;
    const { loop, timers, wakes } = loopOf(async () => more[sweeps++] ?? false);
    loop.start();
    await turn();
    expect(sweeps).toBe(3);
    for (const wake of wakes) wake();
    await turn();
    expect(sweeps).toBe(4);
    timers.advanceBy(1_000);
    await turn();
    expect(sweeps).toBe(6);
    timers.advanceBy(1_000);
    await turn();
    expect(sweeps).toBe(7);
  });

  it('never sweeps twice at a time, once more after wakes that came meanwhile, and not after it was stopped', async () => {
    const gate = deferred();
    let running = 0;
    let most = 0;
    let sweeps = 0;
    const { loop, timers, wakes } = loopOf(async () => {
      most = Math.max(most, ++running);
      if (sweeps++ === 0) await gate.promise;
      running--;
      return false;
    });
    loop.start();
    await turn();
    for (let i = 0; i < 5; i++) for (const wake of wakes) wake();
    gate.resolve();
    await turn();
    expect([most, sweeps]).toEqual([1, 2]);
    await loop.stop();
    expect(wakes.size).toBe(0);
    loop.wake();
    timers.advanceBy(10_000);
    await turn();
    expect(sweeps).toBe(2);
  });

  it('is stopped only when the sweep that runs has ended', async () => {
    const gate = deferred();
    const { loop } = loopOf(async () => {
      await gate.promise;
      return false;
    });
    loop.start();
    await turn();
    let isStopped = false;
    const stopping = loop.stop().then(() => {
      isStopped = true;
    });
    await turn();
    expect(isStopped).toBe(false);
    gate.resolve();
    await stopping;
  });

  it('gives up a sweep that always finds more until the next interval', async () => {
    let sweeps = 0;
    const { loop, timers } = loopOf(async () => {
      sweeps++;
      return true;
    });
    loop.start();
    for (let turns = 0; turns < 150; turns++) await turn();
    expect(sweeps).toBe(1_001);
    timers.advanceBy(1_000);
    await turn();
    expect(sweeps).toBeGreaterThan(1_001);
    await loop.stop();
  });

  it('goes on after a failure: it warns of a port that is away, and calls anything else an error', async () => {
    const said: string[] = [];
    const note = (level: string) => () => void said.push(level);
    const log: Log = { ...silentLog, warn: note('warn'), error: note('error') };
    const failures = [new Fault('chain-unavailable', 'away', { retriable: true }), new Error('a bug')];
    let sweeps = 0;
    const { loop, timers } = loopOf(async () => {
      const failure = failures[sweeps++];
      if (failure !== undefined) throw failure;
      return false;
    }, log);
    loop.start();
    await turn();
    for (let interval = 0; interval < 2; interval++) {
      timers.advanceBy(1_000);
      await turn();
    }
    expect([said, sweeps]).toEqual([['warn', 'error'], 3]);
  });
});

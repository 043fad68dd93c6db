import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Chain } from '#chain';
import { DrivenClock, silentLog } from '#environment';
import { ChainClock } from './chain-clock.js';

let machine: DrivenClock;
let isAway: boolean;
let timestampSeconds: number;
/** Runs while an answer is on its way. */
let during: () => void;
let asked: number;
let wake: () => void;
let told: string[];
let clock: ChainClock;

beforeEach(() => {
  machine = new DrivenClock(0);
  isAway = false;
  timestampSeconds = 100;
  asked = 0;
  during = () => {};
  told = [];
  const time = async () => {
    asked++;
    if (isAway) throw new Error('away');
    during();
    return { height: 1, timestampSeconds };
  };
  const subscribe = (given: () => void) => {
    wake = given;
    return () => {};
  };
  const log = { ...silentLog, warn: (_: object, words: string) => told.push(words) };
  clock = new ChainClock(
    { heightIntervalMs: 15_000 },
    { chain: { time, subscribe } as unknown as Chain, clock: machine, log: log as typeof silentLog },
  );
});

const at = (latestSeconds: number) => ({ timestampSeconds, latestSeconds });

describe('the clock of the chain', () => {
  it('says how late the chain may be while it is away, by time that elapses, also when nothing woke it', async () => {
    expect(await clock.now()).toMatchObject(at(100));
    isAway = true;
    machine.advanceTo(9_500);
    expect(await clock.now()).toMatchObject(at(110));
    isAway = false;
    expect(await clock.now()).toMatchObject(at(100));
  });

  it('counts from when the chain rose, not from when it was asked last', async () => {
    await clock.now();
    machine.advanceTo(14_000);
    expect(await clock.now()).toMatchObject(at(100));
    expect(clock.isSurelyBefore(115)).toBe(true);
    expect(clock.isSurelyBefore(114)).toBe(false);
    isAway = true;
    machine.advanceTo(16_000);
    expect(await clock.now()).toMatchObject(at(116));
  });

  it('counts from before an answer was asked for: on its way it grows old', async () => {
    during = () => machine.advanceTo(5_000);
    expect(await clock.now()).toMatchObject(at(100));
    isAway = true;
    machine.advanceTo(10_000);
    expect(await clock.now()).toMatchObject(at(110));
  });

  it('takes an answer that a height overtook on its way for none of that height', async () => {
    during = () => wake();
    expect(await clock.now()).toMatchObject(at(100));
    expect(clock.isSurelyBefore(101)).toBe(false);
    during = () => {};
    timestampSeconds = 112;
    expect(await clock.now()).toMatchObject(at(112));
    expect(clock.isSurelyBefore(113)).toBe(true);
  });

  it('goes by elapsed time when a node gives one height for longer than heights take, and says so once', async () => {
    await clock.now();
    machine.advanceTo(15_000);
    expect(await clock.now()).toMatchObject(at(100));
    expect(told).toEqual([]);
    machine.advanceTo(15_001);
    expect(await clock.now()).toMatchObject(at(116));
    machine.advanceTo(300_000);
    expect(await clock.now()).toMatchObject(at(400));
    expect(told).toHaveLength(1);
    timestampSeconds = 350;
    wake();
    expect(await clock.now()).toMatchObject(at(350));
    machine.advanceTo(316_000);
    expect(await clock.now()).toMatchObject(at(366));
    expect(told).toHaveLength(2);
  });

  it('takes an older height than it knows, of a node that lags, for no news', async () => {
    await clock.now();
    machine.advanceTo(10_000);
    timestampSeconds = 112;
    wake();
    expect(await clock.now()).toMatchObject(at(112));
    timestampSeconds = 100;
    machine.advanceTo(26_000);
    wake();
    expect(await clock.now()).toMatchObject({ timestampSeconds: 112, latestSeconds: 128 });
  });

  it('asks once for all who want to know at a height, and again after a second', async () => {
    await Promise.all([clock.now(), clock.now()]);
    machine.advanceTo(999);
    await clock.now();
    expect(asked).toBe(1);
    machine.advanceTo(1_000);
    await clock.now();
    expect(asked).toBe(2);
    wake();
    await clock.now();
    expect(asked).toBe(3);
  });
});

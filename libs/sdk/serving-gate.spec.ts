import { expect, it } from '@jest/globals';
import type { ExposureView } from '#api';
import { DrivenClock, DrivenTimers } from '#environment';
import type { ChannelId } from '#protocol';
import { ServingGate, type ServingGateOptions } from '#sdk';

const channelId: ChannelId = `0x${'5a'.repeat(32)}` as const;

function gate(more: Partial<ServingGateOptions> = {}) {
  const clock = new DrivenClock(0);
  const timers = new DrivenTimers();
  const asked: string[] = [];
  let answer: () => Promise<ExposureView> = () => Promise.reject(new Error('away'));
  const client = {
    exposure: (id: ChannelId): Promise<ExposureView> => {
      asked.push(id);
      return answer();
    },
  };
  const opened = new ServingGate({
    client,
    channelId,
    now: () => clock.monotonicMs(),
    after: (delayMs, run) => timers.after(delayMs, run),
    ...more,
  });
  const answers = (exposedNano: bigint, isBeyondLimit = false, isBeyondCover = false): void => {
    const own = { channelId, participant: 1, exposedNano: String(exposedNano), blocks: [] };
    const view = { ...own, isBeyondLimit, isBeyondCover };
    answer = async () => view;
  };
  const fails = (): void => {
    answer = () => Promise.reject(new Error('away'));
  };
  return { gate: opened, clock, timers, asked, answers, fails, by: (next: typeof answer) => (answer = next) };
}

it('serves below the limits of the node and of its own, and stops at either', async () => {
  const one = gate({ limitNano: 100n });
  one.answers(99n);
  await one.gate.refresh();
  expect(one.gate.serving()).toEqual({ may: true, exposedNano: 99n });
  one.answers(100n);
  await one.gate.refresh();
  expect(one.gate.serving()).toEqual({ may: false, why: 'exposure-limit', exposedNano: 100n });
  one.answers(1n, true);
  await one.gate.refresh();
  expect(one.gate.serving()).toEqual({ may: false, why: 'exposure-limit', exposedNano: 1n });
  one.answers(1n);
  await one.gate.refresh();
  expect(one.gate.serving()).toMatchObject({ may: true });
});

it('stops where what is won now is not covered, and goes on in the next block', async () => {
  const one = gate();
  one.answers(7n, false, true);
  await one.gate.refresh();
  expect(one.gate.serving()).toEqual({ may: false, why: 'cover-limit', exposedNano: 7n });
  one.answers(7n);
  await one.gate.refresh();
  expect(one.gate.serving()).toEqual({ may: true, exposedNano: 7n });
});

it('stops when the node has not answered for a while, and before it ever did', async () => {
  const one = gate({ freshMs: 3_000 });
  expect(one.gate.serving()).toEqual({ may: false, why: 'unknown' });
  one.answers(1n);
  await one.gate.refresh();
  one.fails();
  one.clock.advanceTo(3_000);
  await one.gate.refresh();
  expect(one.gate.serving()).toMatchObject({ may: true });
  one.clock.advanceTo(3_001);
  expect(one.gate.serving()).toEqual({ may: false, why: 'unknown' });
});

it('counts an answer from when it was asked for, and none that was asked for before a newer one', async () => {
  const one = gate({ freshMs: 3_000 });
  let late: (view: ExposureView) => void = () => {};
  one.by(() => new Promise((resolve) => (late = resolve)));
  const asking = one.gate.refresh();
  one.clock.advanceTo(2_000);
  one.answers(5n);
  await one.gate.refresh();
  late({
    ...{ channelId, participant: 1, exposedNano: '1', isBeyondLimit: true },
    ...{ isBeyondCover: false, blocks: [] },
  });
  await asking;
  expect(one.gate.serving()).toEqual({ may: true, exposedNano: 5n });
});

it('asks at once and then every refreshMs, until it is stopped', async () => {
  const one = gate({ refreshMs: 500 });
  one.gate.start();
  one.gate.start();
  expect(one.asked).toEqual([channelId]);
  one.timers.advanceBy(1_000);
  expect(one.asked).toHaveLength(3);
  one.gate.stop();
  one.timers.advanceBy(1_000);
  expect(one.asked).toHaveLength(3);
});

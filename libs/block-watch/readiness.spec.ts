import { describe, expect, it } from '@jest/globals';
import type { Chain } from '#chain';
import type { Address } from '#encoding';
import { DrivenTimers, Fault } from '#environment';
import type { ChannelId, Due } from '#protocol';
import type { DueJob } from './block-sweep.js';
import { type ReadinessQuestions, readinessOf, workOf } from './readiness.js';

const account: Address = `0x${'0a'.repeat(20)}` as const;
const channelId: ChannelId = `0x${'01'.repeat(32)}` as const;
const job = (due: Due): DueJob => ({ kind: 'reveal', channelId, blockNumber: 3, due });

function asked(more: Partial<ReadinessQuestions> & { readonly balanceWei?: bigint } = {}) {
  const chain = {
    time: async () => ({ height: 1, timestampSeconds: 1_000 }),
    gasBalance: async () => ({ balanceWei: more.balanceWei ?? 1_000n, reserveWei: 10n }),
  };
  return readinessOf({ chain: chain as unknown as Chain, stores: [], due: async () => [], ...more }).then(
    ({ reasons }) => reasons,
  );
}
const codes = async (answer: ReturnType<typeof asked>) => (await answer).map(({ code }) => code);

describe('a service is ready', () => {
  it('when everything answers, nothing is late and the key has coins for ten acts', async () => {
    expect(await asked({ gasOf: account, balanceWei: 100n, stores: [async () => 1] })).toEqual([]);
  });

  it('not when its key is short of coins: with address and balance, before it is empty', async () => {
    const low = await asked({ gasOf: account, balanceWei: 99n });
    expect(low).toEqual([
      { code: 'operator-key-low-on-gas', detail: expect.stringContaining(`${account} has 99 wei`) },
    ]);
    expect(await codes(asked({ gasOf: account, balanceWei: 9n }))).toEqual(['operator-key-without-gas']);
    expect(await asked({ balanceWei: 0n })).toEqual([]);
  });

  it('not when a store or the chain is away, and each is said once', async () => {
    const away = (code: string) => async () => {
      throw new Fault(code, `${code}: gone`, { retriable: true });
    };
    const stores = [away('key-value-unavailable'), away('chain-unavailable')];
    const answer = await asked({ stores, due: away('chain-unavailable') });
    expect(answer).toEqual([
      { code: 'key-value-unavailable', detail: 'key-value-unavailable: gone' },
      { code: 'chain-unavailable', detail: 'chain-unavailable: gone' },
    ]);
    const bug = async () => {
      throw new Error('a bug');
    };
    expect(await asked({ due: bug })).toEqual([{ code: 'internal-error', detail: 'a bug' }]);
  });

  it('not when a port does not answer, and says so in time', async () => {
    const timers = new DrivenTimers();
    const answer = asked({ timers, stores: [() => new Promise<never>(() => {})] });
    timers.advanceBy(5_000);
    expect(await codes(answer)).toEqual(['no-answer']);
  });

  it('not when what is due ends within 30 seconds; what waits or has time is no reason', async () => {
    const due = [
      job({ due: 'reveal', untilSeconds: 1_030 }),
      job({ due: 'reveal', untilSeconds: 1_031 }),
      job({ waitsFor: 'reveal-time', untilSeconds: 1_001 }),
      job({ due: 'settle' }),
      job({ done: 'settled' }),
    ];
    expect(await asked({ due: async () => due })).toEqual([
      { code: 'deadline-near', detail: expect.stringContaining('reveal of block 3 of 0x01') },
    ]);
  });

  it('not for a reason that only the service knows', async () => {
    const more = async () => [{ code: 'too-many-requests', detail: 'full' }];
    expect(await codes(asked({ more }))).toEqual(['too-many-requests']);
  });
});

describe('the work of a service', () => {
  it('is what is due and what waits, by kind, with the first time at which each ends', () => {
    const looked: DueJob[] = [
      job({ due: 'reveal', untilSeconds: 1_060 }),
      job({ waitsFor: 'reveal-time', untilSeconds: 1_090 }),
      { ...job({ due: 'settle' }), kind: 'settle' },
      job({ due: 'reveal', untilSeconds: 1_040 }),
      job({ waitsFor: 'final-commits', untilSeconds: 1_080 }),
      { ...job({ waitsFor: 'finality' }), kind: 'settle' },
      job({ done: 'nothing-to-reveal' }),
      { ...job({ done: 'part-posted' }), kind: 'collate' },
    ];
    expect(workOf(looked)).toEqual([
      { kind: 'reveal', due: 2, dueBeforeSeconds: 1_040, waiting: 2, waitingUntilSeconds: 1_080 },
      { kind: 'settle', due: 1, dueBeforeSeconds: null, waiting: 1, waitingUntilSeconds: null },
    ]);
  });

  it('is told with the reasons, where it could be asked for', async () => {
    const chain = { time: async () => ({ height: 1, timestampSeconds: 1_000 }) } as unknown as Chain;
    const ask = (due: () => Promise<readonly DueJob[]>) => readinessOf({ chain, stores: [], due });
    expect(await ask(async () => [job({ due: 'reveal', untilSeconds: 1_020 })])).toMatchObject({
      reasons: [{ code: 'deadline-near' }],
      work: [{ kind: 'reveal', due: 1, dueBeforeSeconds: 1_020 }],
    });
    expect(await ask(async () => [])).toEqual({ reasons: [] });
    const away = new Fault('chain-unavailable', 'away', { retriable: true });
    expect(await ask(() => Promise.reject(away))).toEqual({
      reasons: [{ code: 'chain-unavailable', detail: 'away' }],
    });
  });
});

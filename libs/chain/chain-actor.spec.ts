import { expect, it } from '@jest/globals';
import type { Address, Hex } from '#encoding';
import { type ActReads, type ChainAct, PostingActor } from './chain-actor.js';
import { JsonRpcRefused } from './json-rpc.js';
import { away, refused } from './testing/fake-node.js';

const account: Address = `0x${'ab'.repeat(20)}` as const;
const token: Address = `0x${'70'.repeat(20)}` as const;
const channelId: Hex = `0x${'c1'.repeat(32)}` as const;

/** An actor whose token answers the question about its allowance by `answer`. */
function actorOf(answer: () => Promise<bigint>) {
  const posted: ChainAct[] = [];
  const post = async (act: ChainAct) => {
    posted.push(act);
    return { ok: true, height: 1, timestampSeconds: 2, gasUsed: 3n } as const;
  };
  const reads = {
    channel: async () => ({ terms: { token } }),
    allowance: answer,
    tokenBalance: async () => 10n,
  } as unknown as ActReads;
  const contracts = { Vault: `0x${'11'.repeat(20)}` } as never;
  const actor = new PostingActor({ address: account, post }, async () => reads, contracts);
  return { actor, posted };
}

it('a deposit approves what the Vault may not take yet, and no more than once', async () => {
  for (const [allowed, acts] of [
    [9n, 2],
    [10n, 1],
  ] as const) {
    const { actor, posted } = actorOf(async () => allowed);
    expect(await actor.deposit(channelId, 1, 10n)).toMatchObject({ ok: true });
    expect(posted.length).toBe(acts);
  }
});

it('a deposit of more than there is approves nothing', async () => {
  const { actor, posted } = actorOf(async () => 0n);
  const outcome = await actor.deposit(channelId, 1, 11n);
  expect([outcome, posted]).toMatchObject([{ ok: false, code: 'erc20-insufficient-balance' }, []]);
});

it('a deposit of a token that answers nobody is refused by name; a node that is away is a fault', async () => {
  const reverted = new JsonRpcRefused('eth_call', 3, 'execution reverted', undefined);
  const { actor, posted } = actorOf(() => Promise.reject(reverted));
  const outcome = await actor.deposit(channelId, 1, 10n);
  expect(outcome).toEqual({ ok: false, code: 'reverted', message: expect.stringContaining(token) });
  expect(posted).toEqual([]);
  for (const cause of [away(), refused('no state for you')]) {
    const other = actorOf(() => Promise.reject(cause)).actor;
    await expect(other.deposit(channelId, 1, 10n)).rejects.toBe(cause);
  }
});

/** A dry run finds what an act would find, and leaves no trace. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import { silentLog } from '#environment';
import { openAnvilChain } from './anvil-chain.js';
import type { Chain, DrivenChain } from './chain.js';
import { developmentContracts } from './deployment.js';
import { openChain } from './open-chain.js';
import type { RehearsedAct } from './rehearsing-poster.js';
import { keyOf } from './testing/example-channel.js';

describe('a rehearsing chain', () => {
  const contracts = developmentContracts();
  const account = addressOf(keyOf('rehearses'));
  let driver: DrivenChain;
  let chain: Chain;
  let told: RehearsedAct[] = [];

  beforeAll(async () => {
    const genesis = { chainId: 31_337, genesisTimestampSeconds: 1_370_000_000, mode: 'driven' } as const;
    driver = await openAnvilChain({ ...genesis, log: silentLog, dataFolder: undefined });
    await driver.fund(account, 10n ** 18n);
    chain = await openChain(driver.url, {
      ...{ lens: contracts.Lens, pollIntervalMs: 5, requestTimeoutMs: 5_000, inclusionTimeoutMs: 10_000 },
      ...{ log: silentLog, rehearse: (act) => void told.push(act) },
    });
  });
  afterAll(async () => {
    await chain.close();
    await driver.close();
  });

  const acts = () => chain.participantActs(keyOf('rehearses'));

  it('tells the call by name and field with the gas that it takes, and posts nothing', async () => {
    told = [];
    const before = await driver.time();
    const outcome = await acts().depositWei(account, 7n);
    expect(outcome).toEqual({ ok: true, ...timeOf(before), gasUsed: told[0].gas });
    expect(told).toEqual([
      {
        ...{ from: account, to: contracts.Vault, contract: 'Vault', call: 'depositWei', valueWei: 7n },
        ...{ fields: { account }, gas: expect.any(BigInt) },
      },
    ]);
    expect(told[0].gas).toBeGreaterThan(21_000n);
    expect(await driver.time()).toEqual(before);
    const { freeWei } = await (await driver.snapshot({ finality: 'latest' })).weiAccount(account);
    expect(freeWei).toBe(0n);
  });

  it('refuses what the contracts would refuse, and tells nothing of it', async () => {
    told = [];
    const channelId: Hex = `0x${'ab'.repeat(32)}`;
    expect(await acts().release(channelId, 1n)).toMatchObject({ ok: false, code: 'unknown-channel' });
    expect(told).toEqual([]);
  });

  it('refuses the largest act of a dispute by name', async () => {
    told = [];
    const channelId: Hex = `0x${'ab'.repeat(32)}`;
    const id = { channelId, blockNumber: 3, resultIndex: 1, slot: 16 };
    const acted = chain
      .disputeActs(keyOf('rehearses'))
      .openNode(id, { entries: new Uint8Array(40_960).fill(7) });
    expect(await acted).toMatchObject({ ok: false, code: 'wrong-turn' });
    expect(told).toEqual([]);
  });

  it('shows what rests on an act before it without its gas: that one was not posted', async () => {
    told = [];
    const token = await driver.deployToken('Euro', 'EUR', 6);
    const once = acts();
    expect(await once.depositWei(account, 1n)).toMatchObject({ ok: true });
    expect(await once.withdraw(token, account, 1n)).toMatchObject({ ok: true, gasUsed: 0n });
    expect(told.map(({ call, gas }) => [call, gas === undefined])).toEqual([
      ['depositWei', false],
      ['withdraw', true],
    ]);
    expect(told[1].fields).toEqual({ token, to: account, amount: 1n });
  });
});

function timeOf({ height, timestampSeconds }: { height: number; timestampSeconds: number }) {
  return { height, timestampSeconds };
}

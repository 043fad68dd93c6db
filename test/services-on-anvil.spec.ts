/** The services against the contracts on the embedded chain: one block from logs to balances. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import type { ChainOutcome, DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { registerKeys } from '#chain/testing/example-channel';
import { addressOf, signDigest } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import { silentLog } from '#environment';
import { fillLogs, startAll, sweepUntilStill } from './organisations.js';

const genesis = 1_700_000_000;
const deposit = 1_000_000n;

async function done(outcome: Promise<ChainOutcome>): Promise<void> {
  expect(await outcome).toMatchObject({ ok: true });
}

/** Registers the rehearsal's people with the contracts and opens their channel there. */
async function openOnChain(chain: DrivenChain): Promise<{ rehearsal: Rehearsal; token: Hex }> {
  // A token of its own, so that balances are those of this test.
  const token = await chain.deployToken(`Test ${(await chain.time()).height}`, 'TST', 9);
  const firstBlockStart = (await chain.time()).timestampSeconds + 100;
  const terms = { token, firstBlockStart };
  const rehearsal = new Rehearsal({ domain: await chain.domain(), terms });
  for (const one of rehearsal.participants) {
    const validator = chain.validatorActs(one.validatorKey);
    for (const address of [one.account, addressOf(one.operatorKey), validator.address]) {
      await chain.fund(address, 10n ** 20n);
    }
    await done(
      registerKeys(chain, one.accountKey, {
        recordKey: addressOf(one.recordKey),
        operatorKey: addressOf(one.operatorKey),
        encryptionKey: one.encryptionKey,
        endpoint: '',
        ...{ record: one.recordKey, operator: one.operatorKey },
      }),
    );
    const account = chain.participantActs(one.accountKey);
    await done(account.depositWei(one.account, 10n ** 18n));
    const encryptionKey = one.validatorEncryptionKey;
    await done(
      validator.registerValidator({
        encryptionKey,
        endpoint: `http://${one.validator}`,
        leastFeeWei: 0n,
        stakeWei: 10n ** 18n,
      }),
    );
    await done(account.nameValidator(one.validator, true));
  }
  const payer = rehearsal.participants[0];
  const signatures = rehearsal.participants.map((one) =>
    toHex(signDigest(fromHex(rehearsal.channelId), one.accountKey)),
  );
  await done(
    chain.participantActs(payer.accountKey).openChannel(rehearsal.terms, signatures, rehearsal.boxes),
  );
  await chain.mint(token, payer.account, 2n * deposit);
  for (const payee of [1, 2]) {
    await done(chain.participantActs(payer.accountKey).deposit(rehearsal.channelId, payee, deposit));
  }
  return { rehearsal, token };
}

describe('the services on the embedded chain', () => {
  let chain: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => chain.close());

  it('settle a block at once when every seat agrees, and move exactly what the records say', async () => {
    const { rehearsal, token } = await openOnChain(chain);
    await fillLogs(rehearsal);
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(startAll(rehearsal, undefined, [], chain));
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.stage(rehearsal.channelId, 0)).toBe('settled');
    const balances = await Promise.all(rehearsal.participants.map((one) => now.balance(token, one.account)));
    expect(balances).toEqual([0n, 3_000n, 0n]);
    const lines = (await now.channel(rehearsal.channelId))?.lines.map(({ amount }) => amount);
    expect(lines).toEqual([deposit - 3_000n, deposit]);
  });

  it('settle a block after the challenge period when one organisation is away, and pay once', async () => {
    const { rehearsal, token } = await openOnChain(chain);
    await fillLogs(rehearsal);
    const all = startAll(rehearsal, undefined, [0], chain);
    // Sweepers come kind by kind, without the absent collator: the validator of organisation 0 is away too.
    const services = all.filter((_, at) => at !== 5);
    const { collation, processing, challenge } = blockSeconds;
    const moments = [0, collation, collation + processing / 2, collation + processing];
    for (const moment of [...moments, collation + processing + challenge]) {
      await chain.advanceTo(rehearsal.collected(0) + moment);
      await sweepUntilStill(services);
    }
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.stage(rehearsal.channelId, 0)).toBe('settled');
    const { results, seats } = await now.blockFacts(rehearsal.channelId, 0);
    expect([results.length, results[0].validParts, seats.length]).toEqual([1, 6, 2]);
    expect(await now.balance(token, rehearsal.participants[1].account)).toBe(3_000n);
  });
});

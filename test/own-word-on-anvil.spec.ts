/** Services against a lying validator on the embedded chain: own results, acceptances, and what they end in. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReduceBlock } from '#block-reduction';
import { blockSeconds, type Rehearsal } from '#block-watch/testing/rehearsal';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import { bondWei } from '#protocol';
import { done, openOnChain } from './open-on-chain.js';
import { fillLogs, type Sweeper, startAll, sweepUntilStill } from './organisations.js';

const genesis = 1_700_000_000;
const deposit = 1_000_000n;
/** What the payer's, the seller's and the auditor's records of the block say that the seller earns. */
const earned = 3_000n;

/** As if nobody had posted anything. */
const liar =
  (honest: ReduceBlock): ReduceBlock =>
  (block) =>
    honest({ ...block, parts: [] });

interface Liars {
  readonly rehearsal: Rehearsal;
  readonly token: Address;
  readonly validators: readonly Sweeper[];
  readonly settlements: readonly Sweeper[];
}

describe('against a validator that lies, on the embedded chain', () => {
  let chain: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => chain.close());

  const latest = () => chain.snapshot({ finality: 'latest' });

  /**
   * The payer does not trust its validator, which alone commits and reveals: that nobody earns anything. The
   * others' validators took their requests and are away. The challenge period has begun.
   */
  async function afterTheLie(): Promise<Liars> {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    const [payer] = rehearsal.participants;
    await done(chain.participantActs(payer.accountKey).nameValidator(payer.validator, false));
    await fillLogs(rehearsal);
    const reduceOf = (index: number, honest: ReduceBlock) => (index === 0 ? liar(honest) : honest);
    const all = startAll(rehearsal, undefined, [], chain, { reduceOf });
    const [validators, settlements] = [all.slice(6, 9), all.slice(9)];
    const start = rehearsal.collected(0);
    for (const later of [0, blockSeconds.processing / 2]) {
      await chain.advanceTo(start + later);
      await sweepUntilStill([...all.slice(0, 6), validators[0], ...settlements]);
    }
    const { seats, results } = await (await latest()).blockFacts(rehearsal.channelId, 0);
    expect([seats.length, seats[0].binding, results.length]).toEqual([1, false, 1]);
    await chain.advanceTo(start + blockSeconds.processing);
    return { rehearsal, token, validators, settlements };
  }

  it('a participant reveals its own result, all accept it, and the dispute ends at once in what is true', async () => {
    const { rehearsal, token, validators, settlements } = await afterTheLie();
    const { channelId, participants } = rehearsal;
    await sweepUntilStill(settlements);
    const disputed = await (await latest()).blockFacts(channelId, 0);
    expect(await (await latest()).stage(channelId, 0)).toBe('dispute');
    // Whoever computes the same leaves time to accept it instead.
    expect(disputed.ownResults).toHaveLength(1);
    const [{ participant: revealer, outputHash }] = disputed.ownResults;
    const locked = async () => (await (await latest()).weiAccount(participants[revealer].account)).lockedWei;
    expect(await locked()).toBe(bondWei.part + bondWei.ownResult);

    await sweepUntilStill(validators.slice(1));
    const accepted = await (await latest()).blockFacts(channelId, 0);
    expect(accepted.acceptances.map((one) => [one.participant, one.outputHash])).toEqual([
      [1, outputHash],
      [2, outputHash],
    ]);
    expect(await (await latest()).stage(channelId, 0)).toBe('dispute');

    // The payer's validator is no own one: its account has to say it.
    const payer = chain.participantActs(participants[0].accountKey);
    await done(payer.acceptResult(channelId, 0, 0, outputHash));
    expect(await (await latest()).stage(channelId, 0)).toBe('final');
    await sweepUntilStill(settlements);
    expect(await (await latest()).stage(channelId, 0)).toBe('settled');
    expect(await (await latest()).balance(token, participants[1].account)).toBe(earned);
    expect(await locked()).toBe(0n);
  });

  it('an own result that not all accept is paid alone: nobody questions the parts that the lie leaves out', async () => {
    const { rehearsal, token, settlements } = await afterTheLie();
    const { channelId, participants } = rehearsal;
    const liarsWei = async () => (await latest()).weiAccount(participants[0].validator);
    const before = await liarsWei();
    await sweepUntilStill(settlements);
    const stageAt = async (at: number) => {
      await chain.advanceTo(at);
      await sweepUntilStill(settlements);
      return (await latest()).stage(channelId, 0);
    };
    const { processing, challenge } = blockSeconds;
    const decidedAt = rehearsal.collected(0) + processing + 2 * challenge;
    expect(await stageAt(decidedAt - 1)).toBe('dispute');
    expect(await stageAt(decidedAt + processing / 2 - 1)).toBe('dispute');
    expect(await stageAt(decidedAt + processing / 2)).toBe('settled');
    const now = await latest();
    const { results, ownResults, dispute } = await now.blockFacts(channelId, 0);
    // All came to stand for it: who stands for nothing accuses nothing.
    expect([results.map((one) => one.isGone), ownResults.length]).toEqual([[true, false], 3]);
    expect(dispute?.counted).toBe(0b111);
    expect(await now.balance(token, participants[1].account)).toBe(earned);
    const line = (await now.channel(channelId))?.lines.find(({ payee }) => payee === 1);
    expect(line?.amount).toBe(deposit - earned);
    // What the liar's validator had locked is lost: it left out what counts.
    expect(before.lockedWei).toBe(bondWei.seat);
    expect(await liarsWei()).toEqual({ ...before, lockedWei: 0n });
  });
});

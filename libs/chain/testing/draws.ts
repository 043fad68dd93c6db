/** What a chain promises to those who draw validators, as tests. */
import { expect, it } from '@jest/globals';
import { collectionEnd, drawValidators } from '#protocol';
import type { DrivenChain } from '../chain.js';
import { done, latest } from './answers.js';
import { ExampleChannel, keyOf, stakeWeiMin, zeroWord } from './example-channel.js';

const facts = { encryptionKey: zeroWord.replace('00', '07') as typeof zeroWord, endpoint: 'http://v' };

export function showsDraws(chain: () => DrivenChain): void {
  it('shows who was listed at a height with what weight, whatever they do afterwards', async () => {
    const [light, heavy] = [keyOf('light'), keyOf('heavy')].map((key) => chain().validatorActs(key));
    const weighs = async (at: number) => {
      const { candidates } = await chain().drawGround(at);
      const found = (account: string) => candidates.find((one) => one.account === account)?.weight;
      return [found(light.address), found(heavy.address)];
    };
    expect(await weighs((await chain().time()).height)).toEqual([undefined, undefined]);
    for (const { address } of [light, heavy]) await chain().fund(address, 10n ** 18n);
    done(await light.registerValidator({ ...facts, leastFeeWei: 0n, stakeWei: stakeWeiMin }));
    done(await heavy.registerValidator({ ...facts, leastFeeWei: 0n, stakeWei: 3n * stakeWeiMin }));
    const { height } = done(await heavy.announceExit(stakeWeiMin / 2n));
    const there = [stakeWeiMin, (5n * stakeWeiMin) / 2n];
    expect(await weighs(height)).toEqual(there);
    done(await light.announceExit(1n));
    done(await heavy.announceExit(stakeWeiMin));
    // Who vouches for less than the least stake stays listed and weighs nothing.
    expect(await weighs((await chain().time()).height)).toEqual([0n, 2n * stakeWeiMin]);
    expect(await weighs(height)).toEqual(there);
  });

  it('has another hash for each height, and says at which height a part came', async () => {
    const channel = await ExampleChannel.open(chain(), 'draw');
    const { channelId, participants, terms } = channel;
    await chain().advanceTo(collectionEnd(terms, 0));
    const posted = done(await participants[1].operator.postPart(channelId, 0, channel.part(1)));
    const [part] = (await (await latest(chain())).blockFacts(channelId, 0)).parts;
    expect(part.height).toBe(posted.height);
    const { heightHash, candidates } = await chain().drawGround(part.height);
    expect(await chain().heightHash(part.height)).toBe(heightHash);
    expect(await chain().heightHash(part.height - 1)).not.toBe(heightHash);
    const seed = { channelId, blockNumber: 0, participant: 1, heightHash };
    const drawn = drawValidators(seed, candidates);
    expect(drawn.length).toBe(candidates.filter(({ weight }) => weight > 0n).length);
    expect(drawn).toEqual(expect.arrayContaining(participants.map(({ validator }) => validator.address)));
  });

  it('shows the same of a height that is so long past that no node keeps its state', async () => {
    const keys = ['leaver', 'stayer', 'newcomer'].map(keyOf);
    const [leaver, stayer, newcomer] = keys.map((key) => chain().validatorActs(key));
    for (const { address } of [leaver, stayer, newcomer]) await chain().fund(address, 10n ** 18n);
    const entry = { ...facts, leastFeeWei: 0n, stakeWei: 2n * stakeWeiMin };
    for (const one of [leaver, stayer]) done(await one.registerValidator(entry));
    done(await stayer.announceExit(stakeWeiMin));
    done(await stayer.announceExit(stakeWeiMin / 2n));
    const { height } = done(await leaver.announceExit((3n * stakeWeiMin) / 2n));
    const sorted = async (at: number) => {
      const { heightHash, candidates } = await chain().drawGround(at);
      const byAccount = [...candidates].sort((a, b) => (a.account < b.account ? -1 : 1));
      return { heightHash, candidates: byAccount };
    };
    const there = await sorted(height);
    const weightOf = (account: string) => there.candidates.find((one) => one.account === account)?.weight;
    expect([leaver, stayer].map(({ address }) => weightOf(address))).toEqual([0n, (3n * stakeWeiMin) / 2n]);
    done(await newcomer.registerValidator(entry));
    for (let more = 0; more < 40; more++) {
      await chain().advanceTo((await chain().time()).timestampSeconds + 1);
    }
    expect(await sorted(height)).toEqual(there);
    await chain().advanceTo((await chain().time()).timestampSeconds + 90 * 86_400);
    done(await stayer.completeExit());
    const { height: left } = done(await leaver.completeExit());
    const gone = await sorted(left);
    const stays = { account: stayer.address, weight: (3n * stakeWeiMin) / 2n };
    expect(gone.candidates).toContainEqual(stays);
    expect(gone.candidates.map(({ account }) => account)).not.toContain(leaver.address);
    for (let more = 0; more < 40; more++) {
      await chain().advanceTo((await chain().time()).timestampSeconds + 1);
    }
    expect(await sorted(left)).toEqual(gone);
  });
}

/** What a settlement service says of a block of which parts cannot be had. */
import { describe, expect, it, jest } from '@jest/globals';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import { me, reduced, withheld } from './testing/own-results-stage.js';

const { processing, challenge } = blockSeconds;
/** Shortly before own results are taken no more. */
const lastMoment = processing + challenge - processing / 8;

describe('a participant that cannot have a part which a result counts', () => {
  it('reveals what the others give in the last moment, and says so', async () => {
    const stage = await withheld();
    await stage.at(processing);
    await stage.at(lastMoment - 1);
    expect([stage.facts.ownResults, stage.notices]).toEqual([[], ['own-result-incomplete']]);
    await stage.at(lastMoment);
    expect(stage.facts.ownResults).toMatchObject([{ participant: me }]);
    expect(stage.facts.results.map(({ validParts }) => validParts)).toEqual([5, 1]);
    expect(stage.notices).toContain('own-result-without-missing');
    await stage.at(lastMoment + 1);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('does so after a restart in the last moment, and where no store surely lacks it', async () => {
    const stage = await withheld();
    await stage.at(processing);
    stage.restart();
    stage.answer = () => reduced(50n, [], 1);
    await stage.at(processing + challenge - 1);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says instead what all give once the part comes', async () => {
    const stage = await withheld();
    await stage.at(processing);
    stage.answer = () => reduced(40n, [], 0, 5);
    await stage.at(processing + 1);
    expect(stage.facts.results.map(({ validParts }) => validParts)).toEqual([5, 5]);
    expect(stage.notices).not.toContain('own-result-without-missing');
  });

  it('says so in time after its chain was away, whose clock alone it goes by', async () => {
    const stage = await withheld();
    await stage.at(processing);
    stage.isChainAway = true;
    await expect(stage.at(lastMoment - 1)).rejects.toThrow('away');
    stage.isChainAway = false;
    const machine = jest.spyOn(Date, 'now').mockReturnValue(0);
    await stage.at(processing + challenge - 1);
    machine.mockRestore();
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says so once where two processes are at it', async () => {
    const stage = await withheld();
    await stage.at(processing);
    const first = stage.restart();
    await first.sweep();
    await Promise.all([stage.at(lastMoment), first.sweep()]);
    await Promise.all([stage.at(lastMoment), first.sweep()]);
    expect(stage.facts.ownResults).toHaveLength(1);
    const harmless = ['own-result-incomplete', 'own-result-without-missing', 'result-differs'];
    expect(stage.notices.filter((one) => !harmless.includes(one as string))).toEqual([]);
  });

  it('waits for no computation then that does not end', async () => {
    const stage = await withheld();
    await stage.at(processing);
    stage.hang();
    await stage.justNow(lastMoment);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('does not blame its own store where nobody posted but whose part cannot be had', async () => {
    const stage = await withheld();
    const { chain, channelId } = stage.rehearsal;
    // Of itself and of the payer nothing was stored.
    chain.put(channelId, 0, { parts: stage.facts.parts.filter(({ participant }) => participant === 2) });
    await stage.at(processing);
    expect(stage.notices).toEqual(['own-result-incomplete']);
  });

  it('says nothing at all where its own part cannot be had', async () => {
    const stage = await withheld(me);
    await stage.at(lastMoment);
    expect([stage.facts.ownResults, stage.notices]).toEqual([[], ['own-store-incomplete']]);
  });
});

/** Moves of a dispute by hand: which one it is, by what was said before. */
import { describe, expect, it } from '@jest/globals';
import type { AccusationFacts } from '#protocol';
import type { DisputedBlock, Speaker } from '../dispute/speaker.js';
import { accusing } from './dispute-move.js';

const me = 0;
const nowSeconds = 100;
const speaker = {
  ...{ acts: {}, participant: me },
  own: async () => ({ found: { outputHash: '0x01', validParts: 7 } }),
} as unknown as Speaker;

/** Result 1 differs from the own computation, and this was said against it. */
function accused(...accusations: Partial<AccusationFacts>[]): DisputedBlock {
  const results = ['0x01', '0x02'].map((outputHash) => ({ outputHash, validParts: 7, isGone: false }));
  const said = accusations.map((one) => ({ resultIndex: 1, slot: me, ...one }));
  const block = { channelId: '0x05', blockNumber: 0, participant: me, nowSeconds };
  return { ...block, facts: { results }, dispute: { accusations: said } } as unknown as DisputedBlock;
}

const saidBy = async (...accusations: Partial<AccusationFacts>[]): Promise<string> => {
  const saying = await accusing(1)(speaker, accused(...accusations));
  return 'reason' in saying ? saying.reason : saying.done;
};

describe('an accusation by hand', () => {
  const begins = 'accused a result that differs from the own computation';

  it('is made where there is none, whatever others said', async () => {
    expect(await saidBy()).toBe(begins);
    expect(await saidBy({ slot: 1, turn: 'opening', untilSeconds: nowSeconds })).toBe(begins);
    expect(await saidBy({ resultIndex: 0, turn: 'opening', untilSeconds: nowSeconds })).toBe(begins);
  });

  it('is made anew where the one before is over', async () => {
    expect(await saidBy({ turn: 'over', end: { outcome: 'returned', to: '0xaa' } })).toBe(begins);
  });

  it('is ended as soon as the time to answer is over, and not before', async () => {
    const ends = 'ended an accusation whose turn was over';
    expect(await saidBy({ turn: 'opening', untilSeconds: nowSeconds })).toBe(ends);
    expect(await saidBy({ turn: 'placing', untilSeconds: nowSeconds })).toBe(ends);
    await expect(saidBy({ turn: 'opening', untilSeconds: nowSeconds + 1 })).rejects.toThrow();
  });
});

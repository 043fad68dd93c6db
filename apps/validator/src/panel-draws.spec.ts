/** Where a validator's seats are found: on a long chain, and by a node that answers older heights. */
import { describe, expect, it } from '@jest/globals';
import type { Chain, ChainEvent, ChainEventPage, EventCursor } from '#chain';
import type { Hex } from '#encoding';
import { Fault, silentLog } from '#environment';
import { PanelDraws } from './panel-draws.js';

const pageHeights = 1_000;
const channelId: Hex = '0x0c';

/** A log that answers so many heights a page, with a draw for a block of its own at each of these heights. */
function chainOf(height: number, drawnAt: readonly number[]) {
  const asked: number[] = [];
  const events = async (from: EventCursor | undefined): Promise<ChainEventPage> => {
    const first = from === undefined ? 0 : from.height + 1;
    asked.push(first);
    const last = Math.min(height, first + pageHeights - 1);
    const found = drawnAt.flatMap((at, blockNumber): ChainEvent[] => {
      const cursor = { height: at, hash: '0x01' as const, logIndex: 0 };
      return at >= first && at <= last ? [{ kind: 'panel-drawn', channelId, blockNumber, at: cursor }] : [];
    });
    return { events: found, cursor: { height: last, hash: '0x01', logIndex: 9 }, isLast: last === height };
  };
  const chain: Partial<Chain> = {
    events,
    time: async () => ({ height, timestampSeconds: 0 }),
    heightHash: async () => '0x01',
  };
  return { asked, draws: new PanelDraws({ chain: chain as Chain, log: silentLog }), chain };
}

const numbersOf = ({ blocks }: PanelDraws) => blocks.map(({ blockNumber }) => blockNumber);

describe('finding the panels that were drawn', () => {
  it('finds those of the last days in its first look, however long the chain is, and then the older', async () => {
    const { asked, draws } = chainOf(20_000_000, [19_999_990, 19_960_000, 1_500]);
    await draws.find();
    expect(numbersOf(draws)).toEqual([1, 0]);
    expect(asked.length).toBeLessThan(70);
    await draws.find();
    expect(numbersOf(draws)).toEqual([1, 0, 2]);
  });

  it('reads a short chain from its beginning', async () => {
    const { draws } = chainOf(2_500, [0, 2_499]);
    await draws.find();
    expect(numbersOf(draws)).toEqual([0, 1]);
  });

  it('keeps a block that was read as of a height before its draw', async () => {
    const { draws } = chainOf(50, [40]);
    await draws.find();
    draws.forget({ channelId, blockNumber: 0, height: 39 });
    expect(numbersOf(draws)).toEqual([0]);
    draws.forget({ channelId, blockNumber: 0, height: 40 });
    expect(numbersOf(draws)).toEqual([]);
  });

  it('goes on where it was when the node did not answer', async () => {
    const { draws, chain } = chainOf(50, [40]);
    const { events } = chain;
    chain.events = async () => {
      throw new Fault('chain-unavailable', 'away', { retriable: true });
    };
    await draws.find();
    expect(numbersOf(draws)).toEqual([]);
    chain.events = events;
    await draws.find();
    expect(numbersOf(draws)).toEqual([0]);
  });
});

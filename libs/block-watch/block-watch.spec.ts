import { describe, expect, it } from '@jest/globals';
import type { Chain } from '#chain';
import type { Digest } from '#encoding';
import { BlockWatch } from './block-watch.js';
import { blockSeconds, Rehearsal } from './testing/rehearsal.js';

/** Counts the calls of the chain and of its snapshots by name. */
function counted(chain: Chain): { chain: Chain; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const count = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          calls[String(name)] = (calls[String(name)] ?? 0) + 1;
          const result: unknown = await member.apply(target, given);
          return name === 'snapshot' ? count(result as object) : result;
        };
      },
    });
  return { chain: count(chain), calls };
}

describe('the block watch', () => {
  it('shows the blocks that have left collection, by number, until they are over', async () => {
    const rehearsal = new Rehearsal();
    const watch = new BlockWatch(rehearsal.participants[1], { chain: rehearsal.chain.port() });
    const numbers = async () => (await watch.blocks()).map((block) => [block.blockNumber, block.stage.stage]);
    expect(await numbers()).toEqual([]);
    rehearsal.chain.advanceTo(rehearsal.collected(0) - 1);
    expect(await numbers()).toEqual([]);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await numbers()).toEqual([[0, 'collation']]);
    // Nobody posts a part of block 0, so it is void when block 1 has left collection.
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    expect(await numbers()).toEqual([[1, 'collation']]);
    expect(watch.lowestUnfinished(rehearsal.channelId)).toBe(1);
    // No seat, no bond to release: nobody has to remember the block.
    expect(watch.takeEnded()).toEqual([]);
  });

  it('counts a block that is over once, however many look at the same time', async () => {
    const rehearsal = new Rehearsal();
    const { chain, channelId, participants } = rehearsal;
    const watch = new BlockWatch(participants[1], { chain: chain.port() });
    chain.advanceTo(rehearsal.collected(0));
    const nothing: Digest = rehearsal.terms.keysRoot;
    const part = { participant: 0, partRoot: nothing, segmentCount: 0, indexHash: nothing };
    chain.put(channelId, 0, { parts: [{ ...part, postedAtSeconds: chain.nowSeconds, height: 1 }] });
    chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation + 3 * blockSeconds.processing);
    expect(chain.stage(channelId, 0).stage).toBe('void');
    await Promise.all([watch.blocks(), watch.blocks(), watch.blocks()]);
    const known = [watch.lowestUnfinished(channelId), watch.unfinishedAmong(channelId, 9)];
    expect(watch.takeEnded().map(({ blockNumber }) => blockNumber)).toEqual([0]);
    // Block 1, of which nobody posted a part, is over too.
    expect(known).toEqual([2, 7]);
  });

  it('shows nothing to those who take no part', async () => {
    const rehearsal = new Rehearsal();
    const watch = new BlockWatch({ account: rehearsal.terms.salt }, { chain: rehearsal.chain.port() });
    rehearsal.chain.advanceTo(rehearsal.collected(3));
    expect(await watch.blocks()).toEqual([]);
  });

  it('asks for the time only while the chain has not moved, and never again for blocks that are over', async () => {
    const rehearsal = new Rehearsal();
    const { chain, calls } = counted(rehearsal.chain.port());
    const watch = new BlockWatch(rehearsal.participants[0], { chain });
    rehearsal.chain.advanceTo(rehearsal.collected(5));
    await watch.blocks();
    const { blockFacts, channel } = calls;
    expect(blockFacts).toBe(6);
    await watch.blocks();
    expect([calls.blockFacts, calls.channel]).toEqual([blockFacts, channel]);
    rehearsal.chain.advanceTo(rehearsal.collected(5) + 1);
    await watch.blocks();
    expect(calls.blockFacts).toBe(7);
  });

  it('lets go of a block only when a finalized height has it over, and looks at it until then', async () => {
    const rehearsal = new Rehearsal();
    rehearsal.chain.finalizedBelow = 2;
    const watch = new BlockWatch(rehearsal.participants[1], { chain: rehearsal.chain.port() });
    const collationEnds = rehearsal.collected(0) + blockSeconds.collation;
    const lowest: number[] = [];
    for (const second of [-1, 0, 1, 2, 3]) {
      rehearsal.chain.advanceTo(collationEnds + second);
      const blocks = await watch.blocks();
      expect(blocks.map((block) => block.blockNumber)).toEqual(second < 0 ? [0] : []);
      lowest.push(watch.lowestUnfinished(rehearsal.channelId));
    }
    // Void from second 0 on, which is final two heights later.
    expect(lowest).toEqual([0, 0, 0, 1, 1]);
  });

  it('looks again when only more of the chain became final', async () => {
    const rehearsal = new Rehearsal();
    rehearsal.chain.finalizedBelow = 2;
    const watch = new BlockWatch(rehearsal.participants[1], { chain: rehearsal.chain.port() });
    const collationEnds = rehearsal.collected(0) + blockSeconds.collation;
    for (const second of [-2, -1, 0]) rehearsal.chain.advanceTo(collationEnds + second);
    await watch.blocks();
    expect(watch.lowestUnfinished(rehearsal.channelId)).toBe(0);
    rehearsal.chain.finalizedBelow = 0;
    await watch.blocks();
    expect(watch.lowestUnfinished(rehearsal.channelId)).toBe(1);
  });

  it('tells of no bonds to be released where a block was settled', async () => {
    const rehearsal = new Rehearsal();
    const port = rehearsal.chain.port();
    const { snapshot } = port;
    const facts = { parts: [{}], seats: [{}], ownResults: [], acceptances: [], results: [{ validParts: 1 }] };
    port.snapshot = async (options) => {
      const taken = await snapshot(options);
      return { ...taken, blockFacts: async () => ({ ...facts, settledAtSeconds: 1 }) as never };
    };
    const watch = new BlockWatch(rehearsal.participants[1], { chain: port });
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await watch.blocks()).toEqual([]);
    expect(watch.lowestUnfinished(rehearsal.channelId)).toBe(1);
    expect(watch.takeEnded()).toEqual([]);
  });

  it('looks for no block that starts after the channel was closed or beyond blocksMax', async () => {
    const rehearsal = new Rehearsal();
    const { chain, calls } = counted(rehearsal.chain.port());
    const watch = new BlockWatch(rehearsal.participants[0], { chain });
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    rehearsal.chain.closeChannel(rehearsal.channelId);
    rehearsal.chain.advanceTo(rehearsal.collected(99));
    expect(await watch.blocks()).toEqual([]);
    expect(calls.blockFacts).toBe(3);
    expect(await watch.block(rehearsal.channelId, 9)).toBeUndefined();
    expect((await watch.block(rehearsal.channelId, 3))?.stage.stage).toBe('void');
  });
});

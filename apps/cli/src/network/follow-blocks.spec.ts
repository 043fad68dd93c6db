import { describe, expect, it } from '@jest/globals';
import { Fault } from '#environment';
import { followBlocks } from './follow-blocks.js';
import type { Network } from './open-network.js';

const seconds = { collectionGrace: 1, collationPeriod: 10, processingPeriod: 10, challengePeriod: 10 };
const terms = { firstBlockStart: 100, blockDuration: 10, blocksMax: 3, participants: ['0x01'], ...seconds };

/** A chain without parts: its blocks end void when their collation is over. */
function chainAt(start: number) {
  let timestampSeconds = start;
  let isBroken = false;
  const wakes = new Set<() => void>();
  const chain = {
    time: async () => {
      if (isBroken) throw new Fault('chain-unavailable', 'the chain is away', { retriable: true });
      return { height: 1, timestampSeconds };
    },
    snapshot: async () => ({
      ...(await chain.time()),
      channel: async () => ({ terms }),
      blockFacts: async () => ({ parts: [], seats: [], results: [] }),
    }),
    subscribe: (wake: () => void) => {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
  };
  const told: string[] = [];
  const network = { chain, channelId: '0x00', terms } as unknown as Network;
  const following = followBlocks(network, (block, stage) => told.push(`${block} ${stage}`));
  return {
    following,
    /** What was told since the last time, once the height at `seconds` was looked at. */
    async hear(at: number, { broken = false } = {}): Promise<string[]> {
      timestampSeconds = at;
      isBroken = broken;
      for (const wake of wakes) wake();
      await new Promise((resolve) => setImmediate(resolve));
      return told.splice(0);
    },
  };
}

describe('following blocks', () => {
  it('tells each stage once, no block before its time and none beyond the last', async () => {
    const { following, hear } = chainAt(90);
    following.start();
    expect(await hear(99)).toEqual([]);
    expect(await hear(100)).toEqual(['0 collection']);
    expect(await hear(105)).toEqual([]);
    expect(await hear(111)).toEqual(['0 collation', '1 collection']);
    expect(await hear(121)).toEqual(['0 void', '1 collation', '2 collection']);
    expect(await hear(500)).toEqual(['1 void', '2 void']);
    expect(await hear(600)).toEqual([]);
    await following.stop();
  });

  it('goes on after a chain that was away, and is still after its end', async () => {
    const { following, hear } = chainAt(90);
    following.start();
    expect(await hear(100, { broken: true })).toEqual([]);
    expect(await hear(101)).toEqual(['0 collection']);
    await following.stop();
    expect(await hear(111)).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { heightOf } from './finality.js';
import { away, FakeNode, refused } from './testing/fake-node.js';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});

const byTag = (heights: Record<string, number | undefined>) => (at: unknown) => {
  const height = heights[String(at)];
  return height === undefined ? null : node.block(height);
};

describe('the height that counts as final', () => {
  it('is the one that the node names', async () => {
    node.answers.eth_getBlockByNumber = byTag({ latest: 100, safe: 68, finalized: 36 });
    expect((await heightOf(node, 'tags', 'finalized')).height).toBe(36);
    expect((await heightOf(node, 'tags', 'safe')).height).toBe(68);
    expect((await heightOf(node, 'tags', 'latest')).height).toBe(100);
  });

  it('lies as many heights below the latest as was configured, never below the first', async () => {
    const rule = { confirmations: 12 };
    expect((await heightOf(node, rule, 'finalized')).height).toBe(88);
    expect((await heightOf(node, rule, 'safe')).height).toBe(94);
    expect((await heightOf(node, rule, 'latest')).height).toBe(100);
    // Of an odd number the larger half.
    expect((await heightOf(node, { confirmations: 5 }, 'safe')).height).toBe(97);
    node.height = 5;
    expect((await heightOf(node, rule, 'finalized')).height).toBe(0);
  });

  it('is never guessed where the node names none: the fault says what to set', async () => {
    const unknown = {
      code: 'chain-finality-unknown',
      retriable: true,
      message: expect.stringContaining('CHAIN_CONFIRMATIONS'),
    };
    node.answers.eth_getBlockByNumber = byTag({ latest: 100 });
    await expect(heightOf(node, 'tags', 'finalized')).rejects.toMatchObject(unknown);
    node.answers.eth_getBlockByNumber = () => {
      throw refused('invalid argument 0: hex string without 0x prefix');
    };
    await expect(heightOf(node, 'tags', 'safe')).rejects.toMatchObject(unknown);
  });

  it('is not taken for unknown while the node is away', async () => {
    node.answers.eth_getBlockByNumber = () => {
      throw away();
    };
    await expect(heightOf(node, 'tags', 'finalized')).rejects.toMatchObject({ code: 'chain-unavailable' });
  });
});

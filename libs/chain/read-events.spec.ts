import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Address, Hex } from '#encoding';
import type { ChannelId } from '#protocol';
import { eventTopics } from './contract-codec.js';
import { pageEventsMax, pageHeights, readEvents } from './read-events.js';
import { FakeNode, hashOf } from './testing/fake-node.js';

const address = (byte: string): Address => `0x${byte.repeat(20)}` as const;
const contracts = {
  Channels: address('c0'),
  Vault: address('c1'),
  Blocks: address('c2'),
  ValidatorRegistry: address('c3'),
  Adjudicator: address('c4'),
  Questions: address('c5'),
  Panel: address('c6'),
};
const channelId: ChannelId = `0x${'ab'.repeat(32)}` as const;
const closedTopic = eventTopics().get('channel-closed');
const behindAll = Number.MAX_SAFE_INTEGER;

let node: FakeNode;
/** Which of the blocks that were rolled back the node still knows. */
let knowsOrphans: boolean;
/** Heights with a closed channel, each as often as it is named. */
let closings: number[];
beforeEach(() => {
  node = new FakeNode();
  knowsOrphans = true;
  closings = [];
  node.answers.eth_getBlockByHash = (hash) => {
    const height = Number(`0x${(hash as string).slice(10)}`);
    const branch = Number((hash as string).slice(0, 10));
    return knowsOrphans ? orphan(height, branch) : null;
  };
  node.answers.eth_getLogs = (filter) => {
    const { fromBlock, toBlock } = filter as { fromBlock: Hex; toBlock: Hex };
    return closings
      .filter((height) => height >= Number(fromBlock) && height <= Number(toBlock))
      .map((height, at) => ({
        topics: [closedTopic, channelId, `0x${'00'.repeat(32)}`],
        data: `0x${'00'.repeat(32)}`,
        blockNumber: `0x${height.toString(16)}`,
        blockHash: node.block(height).hash,
        logIndex: `0x${at.toString(16)}`,
      }));
  };
});

/** Branches share the heights up to 90. */
function orphan(height: number, branch: number) {
  const block = node.block(height, branch);
  return height === 91 ? { ...block, parentHash: hashOf(90, 0) } : block;
}

const read = (from?: Parameters<typeof readEvents>[1]) => readEvents({ rpc: node, contracts }, from, {});

describe('reading events', () => {
  it('takes a bounded span of heights a page, and says where it ends', async () => {
    node.height = 2 * pageHeights + 5;
    closings = [7, pageHeights + 1, 2 * pageHeights + 5];
    const heights: number[][] = [];
    for (let page = await read(); ; page = await read(page.cursor)) {
      heights.push(page.events.map((event) => ('at' in event ? event.at.height : -1)));
      if (page.isLast) break;
    }
    expect(heights.flat()).toEqual(closings);
    expect(heights.length).toBe(3);
  });

  it('asks for no more heights than that, and for the hash of the last before what happened there', async () => {
    node.height = 3 * pageHeights;
    const asked: unknown[] = [];
    const logs = node.answers.eth_getLogs;
    node.answers.eth_getLogs = (filter) => {
      const { fromBlock, toBlock } = filter as { fromBlock: Hex; toBlock: Hex };
      asked.push(Number(toBlock) - Number(fromBlock) + 1);
      return logs(filter);
    };
    node.answers.eth_getBlockByNumber = (at) => {
      asked.push(at);
      return node.block(at === 'latest' ? node.height : Number(at));
    };
    await read();
    expect(asked).toEqual(['latest', `0x${(pageHeights - 1).toString(16)}`, pageHeights]);
  });

  it('takes a bounded number of events a page, also from the middle of a height', async () => {
    closings = Array.from({ length: pageEventsMax + 3 }, () => 50);
    const first = await read();
    expect([first.events.length, first.isLast]).toEqual([pageEventsMax, false]);
    expect(first.cursor).toMatchObject({ height: 50, logIndex: pageEventsMax - 1 });
    const rest = await read(first.cursor);
    expect([rest.events.length, rest.isLast]).toEqual([3, true]);
  });

  it('tells nothing twice and nothing new where the chain has not moved', async () => {
    closings = [100];
    const page = await read();
    expect(page.events).toHaveLength(1);
    expect(await read(page.cursor)).toEqual({ events: [], cursor: page.cursor, isLast: true });
  });

  it('tells of a rollback down to the last height that stayed, then what happened instead', async () => {
    // What was read up to height 95 lay on a branch that left the chain after height 90.
    node.branch = 0;
    const told = { height: 95, hash: hashOf(95, 1), logIndex: behindAll };
    const page = await read(told);
    expect(page).toEqual({
      events: [{ kind: 'rolled-back', toHeight: 90 }],
      cursor: { height: 90, hash: hashOf(90, 0), logIndex: behindAll },
      isLast: false,
    });
    closings = [90, 93];
    const next = await read(page.cursor);
    expect(next.events).toMatchObject([{ kind: 'channel-closed', at: { height: 93 } }]);
  });

  it('goes back as far as a rollback may reach where the node forgot what it rolled back', async () => {
    knowsOrphans = false;
    const page = await read({ height: 95, hash: hashOf(95, 1), logIndex: 0 });
    expect(page.events).toEqual([{ kind: 'rolled-back', toHeight: 95 - 64 }]);
  });

  it('tells of a rollback to fewer heights than were read', async () => {
    node.height = 92;
    const page = await read({ height: 99, hash: hashOf(99, 0), logIndex: 0 });
    expect(page.events).toEqual([{ kind: 'rolled-back', toHeight: 92 }]);
  });

  it('names a rollback that reaches deeper than a base chain may', async () => {
    node.height = 300;
    await expect(read({ height: 250, hash: hashOf(250, 1), logIndex: 0 })).rejects.toMatchObject({
      code: 'chain-rolled-back-finality',
      retriable: false,
    });
  });
});

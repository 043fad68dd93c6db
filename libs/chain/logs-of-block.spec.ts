/** The log of a block of which a node says no more than so much at once. */
import { describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import { Fault } from '#environment';
import { AnswerTooLarge, JsonRpcRefused, type RpcCalls, unavailable } from './json-rpc.js';
import { logsOfBlock } from './logs-of-block.js';

const id = { channelId: '0x0c' as const, blockNumber: 3 };

/** A node with one entry a height, that answers for so many heights at most and else with this. */
function nodeOf(heightsMax: number, no: Error) {
  const asked: number[] = [];
  const call = async (_: string, filter: { readonly fromBlock: Hex; readonly toBlock: Hex }) => {
    const [from, to] = [Number(filter.fromBlock), Number(filter.toBlock)];
    asked.push(to - from + 1);
    if (to - from + 1 > heightsMax) throw no;
    return Array.from({ length: to - from + 1 }, (_, at) => ({ blockNumber: from + at }));
  };
  return { asked, rpc: { call } as unknown as RpcCalls };
}

const large = unavailable('the node does not answer', new AnswerTooLarge('more than that'));
const refused = new JsonRpcRefused('eth_getLogs', -32_005, 'query returned more than 10000 results', null);

describe('the log of a block', () => {
  it.each([
    ['is longer than an answer may be', large],
    ['is longer than the node likes', refused],
  ])('is read in pieces, in order, where it %s', async (_, no) => {
    const { rpc, asked } = nodeOf(3, no);
    const found = await logsOfBlock(rpc, [], id, 10, 25);
    expect(found.map(({ blockNumber }) => Number(blockNumber))).toEqual(
      Array.from({ length: 16 }, (_, at) => 10 + at),
    );
    expect(asked[0]).toBe(16);
  });

  it('is not read where the node says no to a single height, and that is known soon', async () => {
    const { rpc, asked } = nodeOf(0, refused);
    await expect(logsOfBlock(rpc, [], id, 0, 999)).rejects.toBe(refused);
    expect(asked.length).toBeLessThan(12);
  });

  it('is asked for once where the node is away', async () => {
    const away = new Fault('chain-unavailable', 'away', { retriable: true });
    const { rpc, asked } = nodeOf(0, away);
    await expect(logsOfBlock(rpc, [], id, 0, 999)).rejects.toBe(away);
    expect(asked).toEqual([1_000]);
  });
});

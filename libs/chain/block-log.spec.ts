/** What a block's contract stores and what its log tells are one block, or nothing is said. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import { DrivenTimers, silentLog, type Timers } from '#environment';
import type { BlockFacts } from '#protocol';
import { collectionEnd } from '#protocol';
import { openAnvilChain } from './anvil-chain.js';
import { BlockLog } from './block-log.js';
import type { DrivenChain } from './chain.js';
import type { BlockWordsTuple } from './contract-tuples.js';
import { ContractViews } from './contract-views.js';
import { developmentContracts } from './deployment.js';
import { JsonRpc, type RpcCalls } from './json-rpc.js';
import { done, latest } from './testing/answers.js';
import { ExampleChannel, periods } from './testing/example-channel.js';

interface Log {
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockTimestamp?: Hex;
}

const at = developmentContracts();
const atOnce: Timers = {
  after: (_, run) => {
    setImmediate(run);
    return () => {};
  },
};

describe('the log of a block', () => {
  let chain: DrivenChain;
  let channel: ExampleChannel;
  let rpc: JsonRpc;
  let words: BlockWordsTuple;
  let expected: BlockFacts;
  let height: number;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: 1_370_000_000 };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
    channel = await ExampleChannel.open(chain, 'log');
    rpc = new JsonRpc(chain.url, 5_000);
    const { channelId, participants, terms } = channel;
    await chain.advanceTo(collectionEnd(terms, 0));
    for (const index of [0, 1]) {
      done(await participants[index].operator.postPart(channelId, 0, channel.part(index)));
    }
    await chain.advanceTo(collectionEnd(terms, 0) + periods.collationPeriod);
    const given = channel.result(0, 1, 0b011);
    done(await channel.commit(0, 0, given));
    done(await channel.commit(0, 1, given));
    const now = (await chain.time()).timestampSeconds;
    await chain.advanceTo(now + periods.processingPeriod / 2);
    done(await channel.reveal(0, 0, given));
    const seen = await latest(chain);
    height = seen.height;
    expected = await seen.blockFacts(channelId, 0);
    words = await new ContractViews(rpc, at).view('latest' as Hex, 'Lens', 'blockWords', [channelId, 0]);
  });
  afterAll(async () => {
    rpc.close();
    await chain.close();
  });

  /** The node, whose answers to `eth_getLogs` the test changes; `asked` counts those questions. */
  function nodeWith(change: (logs: readonly Log[], asked: number) => readonly Log[]) {
    const counted = { asked: 0 };
    const call = async (method: string, ...given: unknown[]): Promise<unknown> => {
      const answer = await rpc.call(method, ...given);
      return method === 'eth_getLogs' ? change(answer as Log[], ++counted.asked) : answer;
    };
    return Object.assign(counted, { rpc: { call } as RpcCalls });
  }
  const read = (node: RpcCalls, timers: Timers = atOnce): Promise<BlockFacts> =>
    new BlockLog(node, at.Blocks, timers).facts(
      { channelId: channel.channelId, blockNumber: 0 },
      words,
      height,
    );
  const gone = { code: 'chain-snapshot-gone', retriable: true };

  it('is waited for where the node answers state before it has the log of it', async () => {
    const late = nodeWith((logs, asked) => (asked < 4 ? logs.slice(0, -1) : logs));
    expect(await read(late.rpc)).toEqual(expected);
    expect(late.asked).toBe(4);
  });

  it.each([
    ['part-posted of participant 0', 0],
    ['part-posted of participant 1', 1],
    ['result-committed of participant 0', 2],
    ['result-committed of participant 1', 3],
    ['result ', 4],
  ])('that lacks %s for good is a named fault, and its height is read no more', async (what, left) => {
    const without = nodeWith((logs) => logs.filter((_, index) => index !== left));
    await expect(read(without.rpc)).rejects.toMatchObject({
      ...gone,
      message: expect.stringContaining(what),
    });
    expect(without.asked).toBe(8);
  });

  it('is not believed where it says another thing than what is stored', async () => {
    for (const index of [0, 4]) {
      const forged = nodeWith((logs) =>
        logs.map((log, which) => (which === index ? { ...log, data: changed(log.data) } : log)),
      );
      await expect(read(forged.rpc)).rejects.toMatchObject(gone);
    }
  });

  it('tells times also where the node leaves them out of it', async () => {
    const bare = nodeWith((logs) => logs.map(({ blockTimestamp: _, ...log }) => log));
    expect(await read(bare.rpc)).toEqual(expected);
  });

  it('is read once for one answer of the contract', async () => {
    const node = nodeWith((logs) => logs);
    const log = new BlockLog(node.rpc, at.Blocks, new DrivenTimers());
    const id = { channelId: channel.channelId, blockNumber: 0 };
    const first = await log.facts(id, words, height);
    expect(await log.facts(id, words, height)).toBe(first);
    expect(node.asked).toBe(1);
  });
});

/** Another digit in the middle of the first word. */
function changed(data: Hex): Hex {
  const digit = data[20] === '0' ? '1' : '0';
  return `0x${data.slice(2, 20)}${digit}${data.slice(21)}`;
}

/** What the contracts of disputes store and what their log tells are one dispute, or nothing is said. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accuserMove, publicationsDue } from '#dispute';
import type { Hex } from '#encoding';
import { lastingTimers, silentLog, type Timers } from '#environment';
import type { DisputeFacts } from '#protocol';
import { openAnvilChain } from './anvil-chain.js';
import { BlockLog } from './block-log.js';
import type { DrivenChain } from './chain.js';
import { decodeEvent } from './contract-codec.js';
import { ContractSnapshot } from './contract-snapshot.js';
import { ContractViews } from './contract-views.js';
import { developmentContracts } from './deployment.js';
import { DisputeLog } from './dispute-log.js';
import { JsonRpc, type RpcCalls } from './json-rpc.js';
import { done } from './testing/answers.js';
import { DisputedBlock } from './testing/disputed-block.js';
import { periods } from './testing/example-channel.js';

interface Log {
  readonly topics: readonly Hex[];
  readonly data: Hex;
}
interface Filter {
  readonly fromBlock: Hex;
}

const at = developmentContracts();
const atOnce: Timers = {
  ...lastingTimers,
  after: (_, run) => {
    setImmediate(run);
    return () => {};
  },
};
const gone = { code: 'chain-snapshot-gone', retriable: true };
const kindOf = ({ topics, data }: Log): string => decodeEvent(topics, data)?.kind ?? '';

describe('the log of a dispute', () => {
  let chain: DrivenChain;
  let rpc: JsonRpc;
  /** How a test has the node answer. */
  let change: (logs: readonly Log[], asked: Filter) => readonly Log[];
  let asked: Filter[];
  /** Another hash of a height, as after a rollback. */
  let isOtherBranch: boolean;
  const node: RpcCalls = {
    call: async <Result>(method: string, ...given: readonly unknown[]): Promise<Result> => {
      const answer = await rpc.call<Result>(method, ...given);
      if (method === 'eth_getBlockByNumber' && isOtherBranch) {
        return { ...answer, hash: `0x${'ab'.repeat(32)}` };
      }
      if (method !== 'eth_getLogs') return answer;
      asked.push(given[0] as Filter);
      return change(answer as readonly Log[], given[0] as Filter) as Result;
    },
  };
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: 1_370_000_000 };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
    rpc = new JsonRpc(chain.url, 5_000);
  });
  afterAll(async () => {
    rpc.close();
    await chain.close();
  });
  beforeEach(() => {
    change = (logs) => logs;
    asked = [];
    isOtherBranch = false;
  });

  const open = () => new DisputeLog(node, at, atOnce);
  const read = async ({ id }: DisputedBlock, disputes: DisputeLog): Promise<DisputeFacts> => {
    const { height, timestampSeconds } = await chain.time();
    const tag: Hex = `0x${height.toString(16)}`;
    const logs = { blocks: new BlockLog(rpc, at.Blocks), disputes };
    const seen = new ContractSnapshot(new ContractViews(rpc, at), logs, { height, timestampSeconds, tag });
    return seen.disputeFacts(id.channelId, id.blockNumber);
  };

  /**
   * The kinds of events that are told, and those of them without which nothing is told. Of what is over nothing
   * is stored but that it is: not all of it may be shown.
   */
  async function needed(block: DisputedBlock, isOver = false): Promise<{ told: string[]; needed: string[] }> {
    const facts = await read(block, open());
    const told: string[] = [];
    change = (logs) => {
      told.splice(0, told.length, ...logs.map(kindOf));
      return logs;
    };
    await read(block, open());
    const necessary: string[] = [];
    for (const [left, kind] of [...told].entries()) {
      change = (logs) => logs.filter((_, index) => index !== left);
      const without = await read(block, open()).catch((cause: unknown) => cause);
      if (without instanceof Error) {
        expect(without).toMatchObject(gone);
        necessary.push(kind);
      } else if (!isOver) expect(without).toEqual(facts);
    }
    return { told, needed: necessary };
  }

  it('has every event behind an accusation that stands, or is not used', async () => {
    const block = await accused('standing', 20);
    await play(block, 4);
    const { told, needed: found } = await needed(block);
    expect(told).toEqual(['accused', 'node-opened', 'entry-named', 'leaf-opened']);
    expect(found).toEqual(told);
  });

  it('has the end of an accusation that is over, or is not used', async () => {
    const block = await accused('over', 2);
    await play(block, 1);
    await block.pass(periods.answerPeriod);
    done(await block.acts[0].timeOut({ ...block.id, resultIndex: 1, slot: 0 }));
    const { told, needed: found } = await needed(block, true);
    expect(told).toEqual(['accused', 'leaf-opened', 'accusation-ended']);
    expect(found).toEqual(['accusation-ended']);
  });

  it('has every event behind questions, or is not used', async () => {
    const block = await questioned('asked');
    const row = ['row-asked', 'row-published'];
    expect(await needed(block)).toEqual({ told: row, needed: row });
    change = (logs) => logs;
    done(await block.acts[1].askPanel(block.id, 2));
    // One of them is enough to look at the part: the rest is stored.
    expect(await needed(block)).toEqual({
      ...{ told: [...row, 'panel-asked', 'panel-height-named'], needed: ['row-published'] },
    });
  });

  it('is not believed where it shows other bytes than those that were opened or published', async () => {
    const block = await accused('forged', 20);
    await play(block, 4);
    for (const kind of ['accused', 'node-opened', 'leaf-opened']) {
      change = (logs) => logs.map((log) => (kindOf(log) === kind ? changed(log) : log));
      await expect(read(block, open())).rejects.toMatchObject(gone);
    }
    const asking = await questioned('forged row');
    change = (logs) => logs.map((log) => (kindOf(log) === 'row-published' ? changed(log) : log));
    await expect(read(asking, open())).rejects.toMatchObject(gone);
  });

  it('is waited for where the node answers state before it has the log of it', async () => {
    const block = await accused('late', 20);
    await play(block, 2);
    const facts = await read(block, open());
    asked = [];
    change = (logs) => (asked.length < 4 ? logs.slice(0, -1) : logs);
    expect(await read(block, open())).toEqual(facts);
    expect(asked.length).toBe(4);
  });

  it('is read on from where it was read, and anew where that height was rolled back', async () => {
    const block = await accused('on', 20);
    const log = open();
    expect((await read(block, log)).accusations[0].turn).toBe('opening');
    const first = Number(asked[0].fromBlock);
    const { height } = await chain.time();
    await play(block, 1);
    expect((await read(block, log)).accusations[0].nodes.length).toBe(1);
    expect((await read(block, log)).accusations[0].nodes.length).toBe(1);
    expect(asked.map(({ fromBlock }) => Number(fromBlock))).toEqual([first, height + 1]);
    isOtherBranch = true;
    await read(block, log);
    expect(Number(asked.at(-1)?.fromBlock)).toBe(first);
  });

  async function accused(name: string, impressions: number): Promise<DisputedBlock> {
    const block = await DisputedBlock.begin(chain, { name, impressions, lie: omit });
    done(await block.acts[0].accuse(block.id, 1, block.results[1].result, 0));
    return block;
  }

  /** So many moves of both sides. */
  async function play({ acts, game, forged, id, ...block }: DisputedBlock, moves: number): Promise<void> {
    for (let made = 0; made < moves; made++) {
      const [seen] = (await read({ id, ...block } as DisputedBlock, new DisputeLog(rpc, at))).accusations;
      const accusation = { ...id, resultIndex: 1, slot: 0 };
      const move =
        seen.turn === 'accuser'
          ? game.held.made(accuserMove(game.terms, game.held.own, seen))
          : forged.answers(seen)[0];
      if (move?.move === 'name-entry') done(await acts[0].nameEntry(accusation, move));
      if (move?.move === 'open-node') done(await acts[1].openNode(accusation, move));
      if (move?.move === 'open-leaf') done(await acts[1].openLeaf(accusation, move));
    }
  }

  async function questioned(name: string): Promise<DisputedBlock> {
    const scene = { name, impressions: 5, sellersParts: 0b011, lie: omit };
    const block = await DisputedBlock.begin(chain, scene);
    const { acts, id, parts } = block;
    const { commitment } = parts[2];
    done(await acts[1].askRow(id, { part: 2, commitment, rowIndex: 0 }));
    const [{ rows }] = (await block.facts()).parts;
    done(await acts[0].publishRow(id, publicationsDue(rows, parts)[0]));
    return block;
  }
});

const omit = (leaves: DisputedBlock['game']['leaves']) => leaves.slice(1);

/** Another digit at the end of what it says. */
function changed({ data, ...log }: Log): Log {
  const place = data.length - 10;
  const digit = data[place] === '0' ? '1' : '0';
  return { ...log, data: `0x${data.slice(2, place)}${digit}${data.slice(place + 1)}` };
}

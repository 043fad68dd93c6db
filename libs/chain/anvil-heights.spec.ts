/** What the journal is told of heights, and in which order, when disk or anvil fail in between. */
import { beforeEach, expect, it } from '@jest/globals';
import { addressOf } from '#crypto';
import { diskError } from '#environment/testing/watched-files';
import { AnvilHeights } from './anvil-heights.js';
import { type JournalHeight, memoryJournal } from './anvil-journal.js';
import type { JsonRpc } from './json-rpc.js';
import { keyOf } from './testing/example-channel.js';

let told: JournalHeight[];
let isFull: (height: JournalHeight) => boolean;
let broke: number;
let mined: number;
let answers: Record<string, (...given: unknown[]) => unknown>;
let heights: AnvilHeights;

beforeEach(() => {
  told = [];
  isFull = () => false;
  broke = 0;
  mined = 0;
  answers = {
    evm_mine: () => mined++,
    eth_getBlockByNumber: () => ({ transactions: [] }),
    eth_getRawTransactionByHash: (hash) => `${hash}ff`,
  };
  const head = { version: 1, chainId: 1, genesisTimestampSeconds: 100 } as const;
  const append = async (height: JournalHeight): Promise<void> => {
    if (isFull(height)) throw diskError('ENOSPC', 'heights');
    told.push(height);
  };
  heights = new AnvilHeights({
    rpc: { call: async (method: string, ...given: unknown[]) => answers[method](...given) } as JsonRpc,
    journal: { ...memoryJournal(head), append },
    chainId: 1,
    nextTimestamp: (last) => last,
    reached: async () => {},
    broke: () => broke++,
  });
});

it('a height into which others posted is told as it was mined before any other is told', async () => {
  answers.eth_getBlockByNumber = () => ({ transactions: mined === 1 ? ['0xaa'] : [] });
  isFull = ({ replacesLast }) => replacesLast === true;
  await expect(heights.advanceTo(101)).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(heights.advanceTo(102)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(told).toEqual([{ at: 101, transactions: [] }]);
  isFull = () => false;
  await heights.advanceTo(102);
  expect(told).toEqual([
    { at: 101, transactions: [] },
    { at: 101, transactions: ['0xaaff'], replacesLast: true },
    { at: 102, transactions: [] },
  ]);
});

it('a height that the disk refused is not mined, and one that is told and not mined stops the chain', async () => {
  isFull = () => true;
  await expect(heights.advanceTo(101)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect([mined, broke, heights.last.height]).toEqual([0, 0, 0]);
  isFull = () => false;
  answers.evm_mine = () => {
    throw new Error('away');
  };
  const stopped = { code: 'chain-unavailable', retriable: true };
  await expect(heights.advanceTo(101)).rejects.toMatchObject(stopped);
  expect(broke).toBe(1);
  await expect(heights.advanceTo(102)).rejects.toMatchObject(stopped);
  expect(told).toEqual([{ at: 101, transactions: [] }]);
});

it('an act whose height the disk refused is dropped: it must not slip into a later height untold', async () => {
  const called: string[] = [];
  answers.eth_call = () => '0x';
  answers.eth_getTransactionCount = () => '0x0';
  for (const name of ['eth_sendRawTransaction', 'anvil_dropAllTransactions', 'evm_mine']) {
    answers[name] = () => called.push(name);
  }
  isFull = ({ transactions }) => transactions.length > 0;
  const key = keyOf('refused');
  const act = { to: `0x${'11'.repeat(20)}`, data: '0x', valueWei: 0n } as const;
  const posted = heights.posterOf(key, addressOf(key)).post(act);
  await expect(posted).rejects.toMatchObject({ code: 'ENOSPC' });
  await heights.advanceTo(101);
  expect(called).toEqual(['eth_sendRawTransaction', 'anvil_dropAllTransactions', 'evm_mine']);
});

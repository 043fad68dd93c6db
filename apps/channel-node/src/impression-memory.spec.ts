import { describe, expect, it } from '@jest/globals';
import { Fault } from '#environment';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { type ImpressionHolder, ImpressionMemory, impressionMemories } from './impression-memory.js';
import { start } from './testing/test-channel.js';
import { appendingBy, TestNode } from './testing/test-node.js';

class Holder implements ImpressionHolder {
  readonly channelId = 'c';
  readonly blockNumber: number;
  forgotten = 0;

  constructor(blockNumber: number) {
    this.blockNumber = blockNumber;
  }

  forget(): void {
    this.forgotten++;
  }
}

const holders = (count: number): Holder[] => Array.from({ length: count }, (_, at) => new Holder(at));

describe('the memory of impressions', () => {
  it('lets the oldest forget for those who need room, never the one who asks, and says who forgot', () => {
    const told: (readonly [number, readonly number[]])[] = [];
    const memory = new ImpressionMemory(100, (holder, forgotten) =>
      told.push([holder.blockNumber, forgotten.map((one) => one.blockNumber)]),
    );
    const [a, b, c] = holders(3);
    expect([memory.take(a, 40), memory.take(b, 30), memory.take(c, 30)]).toEqual([true, true, true]);
    expect(told).toEqual([]);
    expect(memory.take(a, 20)).toBe(true);
    expect([a.forgotten, b.forgotten, c.forgotten]).toEqual([0, 1, 0]);
    expect(memory.bytes).toBe(90);
    expect(memory.take(c, 70)).toBe(true);
    expect([a.forgotten, c.forgotten]).toEqual([1, 0]);
    expect(memory.bytes).toBe(100);
    expect(told).toEqual([
      [0, [1]],
      [2, [0]],
    ]);
  });

  it('forgets nothing for one who would not fit alone, and says so once', () => {
    const told: number[] = [];
    const memory = new ImpressionMemory(100, (_, forgotten) => told.push(forgotten.length));
    const [a, b] = holders(2);
    memory.take(a, 60);
    expect([memory.take(b, 101), memory.take(b, 101)]).toEqual([false, false]);
    expect(a.forgotten).toBe(0);
    expect(told).toEqual([0]);
  });

  it('takes back a part or all', () => {
    const memory = new ImpressionMemory(100, () => {});
    const [a, b] = holders(2);
    memory.take(a, 60);
    memory.release(a, 20);
    expect(memory.bytes).toBe(40);
    memory.take(b, 60);
    memory.release(b);
    memory.release(b);
    expect(memory.bytes).toBe(40);
    memory.release(a);
    expect(memory.bytes).toBe(0);
  });

  it('keeps a quarter for what the own participant named and a half for its exposure', () => {
    const { own, others, exposure } = impressionMemories(100, () => {});
    const [mine, theirs] = holders(2);
    expect([own.take(mine, 25), others.take(theirs, 25), others.take(theirs, 1)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([exposure.take(mine, 50), exposure.take(mine, 1)]).toEqual([true, false]);
    expect(mine.forgotten).toBe(0);
  });

  it('is one for all blocks of a node', async () => {
    const node = await TestNode.open({ blockDuration: 60, collectionGrace: 3_600 });
    await node.close();
    await node.reopen(undefined, { options: { impressionBytesMax: 4 * 20_000 } });
    const named = (blockNumber: number): string[] =>
      Array.from({ length: 200 }, (_, at) => `${blockNumber}/${at}`);
    const post = (blockNumber: number, sequence: bigint, impressions: readonly string[]) =>
      node.post(node.chain.batch({ blockNumber, sequence, impressions }));
    node.chain.moveTo(start + 600);
    for (let blockNumber = 0; blockNumber < 4; blockNumber++) {
      expect(await post(blockNumber, 0n, named(blockNumber))).toMatchObject({ status: 202 });
    }
    expect(new Set(node.told)).toEqual(
      new Set(['the memory for impressions is used up: those of old blocks are forgotten']),
    );
    const wrong = { status: 409, body: { code: 'wrong-block' } };
    expect(await post(4, 0n, ['3/7'])).toMatchObject(wrong);
    expect(await post(4, 1n, ['0/7'])).toMatchObject({ status: 202 });
    await node.close();
  });

  it('has room again for what blocks held that are over, or that were read anew after the log failed', async () => {
    const node = await TestNode.open({ blockDuration: 60, collectionGrace: 0 });
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let fails = false;
    const flaky = appendingBy(inner, async (...given) => {
      if (fails) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
      return inner.append(...given);
    });
    const options = { impressionBytesMax: 4 * 20_000, rememberSeconds: 0 };
    await node.reopen(flaky, { options });
    for (let blockNumber = 0; blockNumber < 8; blockNumber++) {
      node.chain.moveTo(start + 60 * blockNumber);
      await node.app.node.sweep();
      const impressions = Array.from({ length: 200 }, (_, at) => `${blockNumber}/${at}`);
      const batch = node.chain.batch({ blockNumber, impressions });
      fails = true;
      expect(await node.post(batch)).toMatchObject({ status: 503 });
      fails = false;
      expect(await node.post(batch)).toMatchObject({ status: 202 });
    }
    expect(node.told.filter((words) => words.includes('memory'))).toEqual([]);
    await node.close();
  });
});

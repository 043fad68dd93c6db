import { beforeEach, describe, expect, it } from '@jest/globals';
import { DrivenTimers, type Log, silentLog } from '#environment';
import { HeightWatch } from './height-watch.js';
import { away, FakeNode, settled } from './testing/fake-node.js';

let node: FakeNode;
let timers: DrivenTimers;
let asked: number;
beforeEach(() => {
  node = new FakeNode();
  timers = new DrivenTimers();
  asked = 0;
  node.answers.eth_getBlockByNumber = () => {
    asked++;
    return node.block(node.height);
  };
});

const watchOf = (log: Log = silentLog) => new HeightWatch(node, { intervalMs: 100, timers, log });
const pass = async (ms: number): Promise<void> => {
  timers.advanceBy(ms);
  await settled();
};

describe('the watch of heights', () => {
  it('wakes after the first look and after each new height, and asks at its interval only', async () => {
    let wakes = 0;
    watchOf().subscribe(() => {
      wakes++;
    });
    await pass(0);
    expect([wakes, asked]).toEqual([1, 1]);
    await pass(99);
    expect(asked).toBe(1);
    await pass(1);
    expect([wakes, asked]).toEqual([1, 2]);
    node.height++;
    await pass(100);
    expect([wakes, asked]).toEqual([2, 3]);
  });

  it('wakes for another block of the same height', async () => {
    let wakes = 0;
    watchOf().subscribe(() => {
      wakes++;
    });
    await pass(0);
    node.branch = 1;
    await pass(100);
    expect(wakes).toBe(2);
  });

  it('asks nothing while nobody listens, and once at a time after any coming and going', async () => {
    const watch = watchOf();
    watch.subscribe(() => {})();
    await pass(1_000);
    expect(asked).toBe(0);
    const stop = watch.subscribe(() => {});
    timers.advanceBy(0);
    // Away and back in the middle of a look.
    stop();
    watch.subscribe(() => {});
    await settled();
    await pass(0);
    asked = 0;
    for (let interval = 0; interval < 10; interval++) await pass(100);
    expect(asked).toBe(10);
  });

  it('says once that the node is away, and goes on asking', async () => {
    const said: string[] = [];
    const watch = watchOf({ ...silentLog, warn: (_, message) => said.push(String(message)) });
    let wakes = 0;
    watch.subscribe(() => {
      wakes++;
    });
    const answer = node.answers.eth_getBlockByNumber;
    node.answers.eth_getBlockByNumber = () => {
      throw away();
    };
    for (let interval = 0; interval < 5; interval++) await pass(100);
    expect(said).toHaveLength(1);
    node.answers.eth_getBlockByNumber = answer;
    await pass(100);
    expect(wakes).toBe(1);
  });

  it('takes half an answer for none', async () => {
    let wakes = 0;
    watchOf().subscribe(() => {
      wakes++;
    });
    node.answers.eth_getBlockByNumber = () => ({ number: '0x7' });
    await pass(0);
    expect(wakes).toBe(0);
  });
});

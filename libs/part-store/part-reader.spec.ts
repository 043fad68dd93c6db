/** Where the blocks of parts come from when a store is wrong, late, damaged or away. */
import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { DrivenTimers, Fault, silentLog } from '#environment';
import { commitManifest } from '#protocol';
import { type BlockDrawer, blockDrawer, openMemoryPartStore } from './memory-part-store.js';
import { PartReader } from './part-reader.js';
import { type PartStore, storedBlockBytesMax } from './part-store.js';

const bytes = new Uint8Array(Buffer.from('the block'));
const other = new Uint8Array(Buffer.from('other bytes'));
const digest = sha256(bytes);
const options = { askMs: 1_000, log: silentLog };

function drawerOf(...blocks: (readonly [Uint8Array, Uint8Array])[]): BlockDrawer {
  const drawer = blockDrawer();
  for (const [name, stored] of blocks) drawer.blocks.set(Buffer.from(name).toString('hex'), stored);
  return drawer;
}

const storeOf = (...blocks: (readonly [Uint8Array, Uint8Array])[]): PartStore =>
  openMemoryPartStore(drawerOf(...blocks));

async function read(reader: PartReader, ...digests: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
  const found: (Uint8Array | undefined)[] = [];
  for await (const one of reader.checkedBlocks(digests)) found.push(one);
  return found;
}

/** A clock that only moves while somebody waits. */
function drivenTime() {
  let nowMs = 0;
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  return { pass, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } };
}

/** A store whose `get` fails. */
function failing(fault: Error): PartStore {
  const store = openMemoryPartStore();
  store.get = () => Promise.reject(fault);
  return store;
}

const damaged = new Fault('part-damaged', 'parts/AB/x.data is damaged', { retriable: true });

describe('reading the blocks of parts', () => {
  it('gives what the own store has, in order, and undefined for what it surely lacks', async () => {
    const reader = new PartReader([storeOf([digest, bytes])], options);
    expect(await read(reader, sha256(other), digest, digest)).toEqual([undefined, bytes, bytes]);
    expect(reader.unsureBlocks).toBe(0);
  });

  it('asks for wrong bytes again, from the same store first', async () => {
    const drawer = drawerOf([digest, other]);
    const store = openMemoryPartStore(drawer);
    const get = store.get.bind(store);
    let asked = 0;
    store.get = (...given) => {
      if (++asked === 2) drawer.blocks.set(Buffer.from(digest).toString('hex'), bytes);
      return get(...given);
    };
    const reader = new PartReader([store], options);
    expect(await read(reader, digest)).toEqual([bytes]);
    expect(asked).toBe(2);
    expect(reader.unsureBlocks).toBe(0);
  });

  it('takes from a counterparty what the own store lacks or gives wrongly', async () => {
    for (const own of [storeOf(), storeOf([digest, other])]) {
      const reader = new PartReader([own, storeOf(), storeOf([digest, bytes])], options);
      expect(await read(reader, digest)).toEqual([bytes]);
      expect(reader.unsureBlocks).toBe(0);
    }
  });

  it('is not sure of a block of which only wrong bytes can be had, and gives those', async () => {
    const reader = new PartReader([storeOf([digest, other]), storeOf([digest, other])], options);
    expect(await read(reader, digest)).toEqual([other]);
    expect(reader.unsureBlocks).toBe(1);
  });

  it('takes what is larger than any stored block for none', async () => {
    const huge = new Uint8Array(storedBlockBytesMax + 1);
    const reader = new PartReader([storeOf([digest, huge]), storeOf([digest, bytes])], options);
    expect(await read(reader, digest)).toEqual([bytes]);
    expect(await read(new PartReader([storeOf([digest, huge])], options), digest)).toEqual([undefined]);
  });

  it('is not sure of a block that a store could not find in time', async () => {
    const timers = new DrivenTimers();
    const drawer = drawerOf([digest, bytes]);
    drawer.slowness = new Promise(() => {});
    const late = openMemoryPartStore(drawer, { timers });
    for (const stores of [[late], [late, storeOf()], [storeOf(), late]] as [PartStore, ...PartStore[]][]) {
      const reader = new PartReader(stores, options);
      const found = read(reader, digest);
      await new Promise(setImmediate);
      timers.advanceBy(1_000);
      expect(await found).toEqual([undefined]);
      expect(reader.unsureBlocks).toBe(1);
    }
    const reader = new PartReader([late, storeOf([digest, bytes])], options);
    const found = read(reader, digest);
    await new Promise(setImmediate);
    timers.advanceBy(1_000);
    expect(await found).toEqual([bytes]);
    expect(reader.unsureBlocks).toBe(0);
  });

  it('never takes damage of the own store for a fault of the part', async () => {
    await expect(read(new PartReader([failing(damaged)], options), digest)).rejects.toBe(damaged);
    const helped = new PartReader([failing(damaged), storeOf([digest, bytes])], options);
    expect(await read(helped, digest)).toEqual([bytes]);
    const helpless = new PartReader([failing(damaged), storeOf()], options);
    await expect(read(helpless, digest)).rejects.toBe(damaged);
  });

  it('does without a counterparty that fails, and is not sure then', async () => {
    const away = new Fault('part-store-unavailable', 'away', { retriable: true });
    const reader = new PartReader([storeOf(), failing(away)], options);
    expect(await read(reader, digest)).toEqual([undefined]);
    expect(reader.unsureBlocks).toBe(1);
    const bug = new Error('a bug');
    await expect(read(new PartReader([storeOf(), failing(bug)], options), digest)).rejects.toBe(bug);
  });

  it('does not wait its whole time for each block of a store that is late again and again', async () => {
    const timers = new DrivenTimers();
    const drawer = blockDrawer();
    drawer.slowness = new Promise(() => {});
    const reader = new PartReader([openMemoryPartStore(drawer, { timers })], options);
    const first = read(reader, ...Array.from({ length: 8 }, (_, at) => sha256(Uint8Array.of(at))));
    await new Promise(setImmediate);
    timers.advanceBy(1_000);
    await first;
    const next = read(reader, digest);
    await new Promise(setImmediate);
    timers.advanceBy(250);
    expect(await next).toEqual([undefined]);
  });

  it('walks a manifest over whatever stores have its blocks', async () => {
    const rows = new Uint8Array(64).fill(7);
    const { index, pages, commitment } = commitManifest(rows);
    const [own, theirs] = [storeOf([commitment.indexHash, index]), openMemoryPartStore()];
    await theirs.putMany(pages);
    const seen: Uint8Array[] = [];
    const reader = new PartReader([own, theirs], options);
    expect(await reader.manifest(commitment, (_, block) => seen.push(block))).toEqual({ rows });
    expect(seen).toEqual([index, ...pages]);
    expect(await new PartReader([own], options).manifest(commitment)).toEqual({ reason: 'unavailable' });
    const empty = commitManifest(new Uint8Array(0)).commitment;
    expect(await new PartReader([storeOf()], options).manifest(empty)).toEqual({ rows: new Uint8Array(0) });
  });

  it('ends in the time that it has, however many blocks come however slowly, with what is at hand', async () => {
    const blocks = Array.from({ length: 50 }, (_, at) => Uint8Array.of(at));
    const names = blocks.map(sha256);
    const timed = drivenTime();
    // Each comes just before the store would be late.
    const trickling = storeOf(...blocks.map((one, at) => [names[at], one] as const));
    const get = trickling.get.bind(trickling);
    let asked = 0;
    trickling.get = async (...given) => {
      asked++;
      await timed.pass(990);
      return get(...given);
    };
    const own = storeOf([names[49], blocks[49]]);
    const reader = new PartReader([own, trickling], { ...options, patienceMs: 3_000, clock: timed.clock });
    const found = await read(reader, ...names);
    const had = found.filter((one) => one !== undefined).length;
    expect(had).toBeGreaterThan(1);
    expect(had).toBeLessThan(50);
    expect(asked).toBeLessThan(50);
    expect(found[49]).toEqual(blocks[49]);
    expect(reader.unsureBlocks).toBe(50 - had);
  });

  it('no longer asks its own store, once time is up, where that hangs', async () => {
    const timed = drivenTime();
    const hanging = openMemoryPartStore();
    let asked = 0;
    hanging.get = async (_, { deadlineMs = 0 } = {}) => {
      asked++;
      await timed.pass(deadlineMs);
      return 'not-found-in-time';
    };
    const reader = new PartReader([hanging], { ...options, patienceMs: 1_500, clock: timed.clock });
    const many = Array.from({ length: 200 }, (_, at) => sha256(Uint8Array.of(at)));
    for (const one of many) expect(await read(reader, one)).toEqual([undefined]);
    expect(asked).toBe(8);
    expect(reader.unsureBlocks).toBe(200);
  });
});

/** The shared ground of the LMDB adapters: commits are shared, but acts stay apart. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { builtFile } from './built-file.js';
import { Fault } from './fault.js';
import { LmdbStore, storeKeyBytesMax } from './lmdb-store.js';

const key = (at: number) => Uint8Array.of(1, at);

describe('an LMDB store', () => {
  let folder: string;
  let store: LmdbStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'papyrus.lmdb-'));
    store = new LmdbStore({ path: folder, faultCode: 'test-unavailable' });
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('goes on reading and writing when it has read so much that it opens its file anew', async () => {
    const large = new Uint8Array(1_048_576).fill(7);
    const put = (at: number): Promise<void> => store.write((txn) => txn.put(key(at), large), large.length);
    for (let at = 0; at < 200; at++) await put(at);
    let last: Promise<void> = Promise.resolve();
    for (let at = 0; at < 600; at++) {
      // Now and then a write is under way: the pages have to wait.
      if (at % 100 === 50) last = put(201);
      if (at % 100 === 60) await last;
      const found = store.read((view) => view.get(key(at % 200)));
      expect([at, found?.length, found?.[at]]).toEqual([at, large.length, 7]);
    }
    await put(202);
    expect(store.read((view) => view.get(key(202)))).toEqual(large);
  });

  it('undoes an act that throws and keeps those that share its commit', async () => {
    const acts = Array.from({ length: 9 }, (_, at) =>
      store.write((txn) => {
        txn.put(key(at), Uint8Array.of(at));
        if (at % 4 === 1) throw new Error(`act ${at} thinks better of it`);
        return at;
      }, 1),
    );
    const settled = await Promise.allSettled(acts);
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
      0,
      'act 1 thinks better of it',
      2,
      3,
      4,
      'act 5 thinks better of it',
      6,
      7,
      8,
    ]);
    const found = store.read((view) => view.range(key(0), key(255), 100));
    expect(found.map((entry) => entry.value[0])).toEqual([0, 2, 3, 4, 6, 7, 8]);
  });

  it('shows an act what earlier acts wrote', async () => {
    const counts = Array.from({ length: 300 }, () =>
      store.write((txn) => {
        const count = (txn.get(key(0))?.[0] ?? 0) + (txn.get(key(0))?.[1] ?? 0) * 256 + 1;
        txn.put(key(0), Uint8Array.of(count & 0xff, count >> 8));
        return count;
      }, 2),
    );
    expect(await Promise.all(counts)).toEqual(counts.map((_, at) => at + 1));
  });

  it('sees what another process committed, within the same turn of the event loop', () => {
    const look = () => store.read((view) => view.get(key(1)));
    expect(look()).toBeUndefined();
    const program = `
      import { LmdbStore } from '${builtFile('libs/environment/lmdb-store.js')}';
      const store = new LmdbStore({ path: '${folder}', faultCode: 'test-unavailable' });
      await store.write((txn) => txn.put(Uint8Array.of(1, 1), Uint8Array.of(7)), 1);
      await store.close();`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(look()).toEqual(Uint8Array.of(7));
  });

  it('removes, says whether something was there, and ranges end before `to`', async () => {
    await store.write((txn) => [1, 2, 3].forEach((at) => void txn.put(key(at), Uint8Array.of(at))), 3);
    expect(await store.write((txn) => [txn.remove(key(2)), txn.remove(key(2))], 1)).toEqual([true, false]);
    expect(store.read((view) => view.range(key(1), key(3), 9)).map((entry) => entry.key)).toEqual([key(1)]);
    expect(store.read((view) => view.range(key(0), key(9), 1))).toHaveLength(1);
  });

  it('takes a key without bytes or with too many for a bug of the caller', async () => {
    for (const bad of [new Uint8Array(), new Uint8Array(storeKeyBytesMax + 1)]) {
      await expect(store.write((txn) => txn.put(bad, key(1)), 1)).rejects.toThrow('a store key of');
    }
    await store.write((txn) => txn.put(new Uint8Array(storeKeyBytesMax), key(1)), 1);
  });

  it('faults with the code of its adapter when the folder cannot be opened', () => {
    const open = () => new LmdbStore({ path: '/dev/null/nothing', faultCode: 'test-unavailable' });
    expect(open).toThrow(Fault);
    expect(open).toThrow(expect.objectContaining({ code: 'test-unavailable', retriable: true }));
  });
});

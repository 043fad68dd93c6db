/** The files of a key-value store on disk: the order in which they are written, flushed and replaced. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  diskError,
  type FileCall,
  type WatchedFiles,
  watchedFiles,
} from '#environment/testing/watched-files';
import { type FileKeyValueOptions, openFileKeyValue } from './file-key-value.js';
import type { KeyValue } from './key-value.js';
import { headerBytes, parseHeader, parseMarks, parseStoreNote } from './state-format.js';

let folder: string;
let opened: KeyValue[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus-key-value-'));
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close().catch(() => {});
  await rm(folder, { recursive: true });
});

async function openStore(options?: FileKeyValueOptions): Promise<KeyValue> {
  const store = await openFileKeyValue(folder, options);
  opened.push(store);
  return store;
}

const put = (key: string, text: string) => ({ key, value: new Uint8Array(new TextEncoder().encode(text)) });
const statePath = () => join(folder, 'state');
const valueAt = async (store: KeyValue, key: string) => {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.value);
};
const callsOf = (watched: WatchedFiles, ...acts: FileCall['act'][]) =>
  watched.calls.filter(({ act }) => acts.includes(act)).map(({ act, path }) => `${act} ${path}`.trim());

describe('a state file', () => {
  it('is flushed before its mark, and the mark is written before a write is told', async () => {
    await (await openStore()).close();
    const files = watchedFiles(folder);
    const store = await openStore({ files });
    files.calls.length = 0;
    await store.write([put('a', '1')]);
    expect(callsOf(files, 'write', 'datasync')).toEqual([
      'write state',
      'datasync state',
      'write store-id',
      'write state',
    ]);
  });

  it('is begun and compacted aside, flushed, renamed, and the folder is flushed', async () => {
    const files = watchedFiles(folder);
    const store = await openStore({ files });
    const begun = callsOf(files, 'open', 'write', 'datasync', 'rename', 'syncFolder');
    expect(begun).toEqual([
      'open state.next',
      'write state.next',
      'datasync state.next',
      'rename state.next',
      'open state',
      'syncFolder',
      'syncFolder ..',
      'open store-id.next',
      'write store-id.next',
      'datasync store-id.next',
      'rename store-id.next',
      'syncFolder',
    ]);
    await store.write([put('a', '1')]);
    files.calls.length = 0;
    await store.write([{ ...put('a', '2'), erases: true }]);
    expect(callsOf(files, 'write', 'datasync', 'rename', 'syncFolder')).toEqual([
      'write state',
      'datasync state',
      'write store-id.next',
      'write state',
      'write store-id.next',
      'datasync store-id.next',
      'write state.next',
      'datasync state.next',
      'rename state.next',
      'syncFolder',
      'syncFolder ..',
    ]);
  });

  it('has its marks written in turn, never over the one that says most: a torn one leaves the other', async () => {
    const sizes: number[] = [];
    for (const text of ['1', '22', '333', '4444', '55555']) {
      const store = await openStore();
      // Another key each time: nothing is compacted.
      await store.write([put(text, text)]);
      const bytes = new Uint8Array(await readFile(statePath()));
      const storeId = parseHeader(bytes.subarray(0, headerBytes)) as Uint8Array;
      sizes.push(bytes.length);
      // A start goes on in turn too.
      if (sizes.length === 3) await store.close();
      const marks = [...parseMarks(storeId, bytes.subarray(0, headerBytes))];
      expect(marks.sort((a, b) => Number(a) - Number(b))).toEqual(
        sizes.length === 1 ? [headerBytes, bytes.length] : sizes.slice(-2),
      );
    }
  });

  it('has the note of what it was before an erasing written beside that of the erasing before', async () => {
    const revisions: number[] = [];
    for (const text of ['1', '2', '3', '4']) {
      const store = await openStore();
      await store.write([{ ...put('secret', text), erases: true }]);
      revisions.push((await store.get('secret'))?.revision ?? 0);
      const noted = parseStoreNote(new Uint8Array(await readFile(join(folder, 'store-id'))));
      if (revisions.length > 2) expect([...noted.kept].sort()).toEqual(revisions.slice(-2));
    }
  });

  it('that another put in place and did not get to flush has its name flushed before a write', async () => {
    const files = watchedFiles(folder);
    const killed = await openStore({ files });
    const beside = watchedFiles(folder);
    const store = await openStore({ files: beside });
    files.before = ({ act, path }) => {
      if (act === 'syncFolder') throw diskError('EIO', path);
    };
    await expect(killed.write([{ ...put('a', '1'), erases: true }])).rejects.toMatchObject({
      retriable: true,
    });
    beside.calls.length = 0;
    await store.write([put('b', '1')]);
    expect(callsOf(beside, 'syncFolder', 'write').slice(0, 3)).toEqual([
      'syncFolder',
      'syncFolder ..',
      'write state',
    ]);
  });

  it('does not tell a write after a compaction while its name is not on disk', async () => {
    const files = watchedFiles(folder);
    const store = await openStore({ files });
    files.before = ({ act, path }) => {
      if (act === 'syncFolder') throw diskError('EIO', path);
    };
    await expect(store.write([{ ...put('a', '1'), erases: true }])).rejects.toMatchObject({
      retriable: true,
    });
    await expect(store.write([put('b', '1')])).rejects.toMatchObject({ code: 'key-value-unavailable' });
    files.before = () => {};
    files.calls.length = 0;
    await store.write([put('b', '2')]);
    expect(callsOf(files, 'syncFolder', 'write')[0]).toBe('syncFolder');
  });

  it('holds no byte of a value that was erased, and not many times what stands in it', async () => {
    const store = await openStore();
    const texts = async () => {
      const names = await readdir(folder, { withFileTypes: true });
      const read = names
        .filter((one) => one.isFile())
        .map((one) => readFile(join(folder, one.name), 'latin1'));
      return (await Promise.all(read)).join('');
    };
    await store.write([put('secret', 'the old secret')]);
    await store.write([put('secret', 'the new secret')]);
    expect(await texts()).toContain('the old secret');
    // Whatever else is written with it.
    await store.write([{ ...put('secret', 'the last secret'), erases: true }, put('other', '1')]);
    expect(await texts()).not.toMatch(/the (old|new) secret/);
    expect(await valueAt(store, 'secret')).toBe('the last secret');
    const large = new Uint8Array(100_000);
    for (let at = 0; at < 50; at++) await store.write([{ key: 'large', value: large.fill(at) }]);
    expect((await readFile(statePath())).length).toBeLessThan(700_000);
    expect((await store.get('large'))?.value[99_999]).toBe(49);
  });

  it('lets no secret stay that a killed process had still to erase', async () => {
    const files = watchedFiles(folder);
    const store = await openStore({ files });
    await store.write([put('secret', 'the old secret')]);
    files.before = ({ act, path }) => {
      if (act === 'rename') throw diskError('ENOSPC', path);
    };
    await expect(store.write([{ ...put('secret', 'new'), erases: true }])).rejects.toMatchObject({
      code: 'key-value-unavailable',
      retriable: true,
    });
    const next = await openStore();
    expect(await valueAt(next, 'secret')).toBe('new');
    expect(await readFile(statePath(), 'latin1')).not.toContain('the old secret');
  });

  it('lets none stay either where a start has no room to write the file anew: a later write does', async () => {
    const killed = await openStore();
    await killed.write([put('secret', 'the old secret')]);
    await killed.write([put('secret', 'new')]);
    const files = watchedFiles(folder);
    files.before = ({ act, path }) => {
      if (act === 'rename') throw diskError('ENOSPC', path);
    };
    const store = await openStore({ files });
    await store.write([put('other', '1')]);
    expect(await readFile(statePath(), 'latin1')).toContain('the old secret');
    files.before = () => {};
    await store.write([put('other', '2')]);
    expect(await readFile(statePath(), 'latin1')).not.toContain('the old secret');
    expect(await valueAt(store, 'secret')).toBe('new');
  });
});

/** The key-value store on disk keeps the promises of the port, through a SIGKILL too. */
import { cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { diskError, type WatchedFiles, watchedFiles } from '#environment/testing/watched-files';
import { type FileKeyValueOptions, openFileKeyValue } from './file-key-value.js';
import { inspectFileKeyValue } from './inspect-state.js';
import { keyValueConformance } from './key-value.conformance.js';
import type { KeyValue } from './key-value.js';
import { looseNoteOffset, parseStoreNote } from './state-format.js';

keyValueConformance('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'papyrus-key-value-'));
  let port: KeyValue = await openFileKeyValue(folder);
  return {
    port,
    async reopen() {
      await port.close();
      port = await openFileKeyValue(folder);
      return port;
    },
    openBeside: () => openFileKeyValue(folder),
    async destroy() {
      await port.close();
      await rm(folder, { recursive: true });
    },
  };
});

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

const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const put = (key: string, value: string) => ({ key, value: bytesOf(value) });
const statePath = () => join(folder, 'state');
const valueAt = async (store: KeyValue, key: string) => {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.value);
};

const callsBefore = (watched: WatchedFiles, last: string) => {
  const calls = watched.calls.map(({ act, path }) => `${act} ${path}`);
  return calls.slice(0, calls.lastIndexOf(last));
};

describe('a disk that is full', () => {
  for (const act of ['write', 'datasync'] as const) {
    it(`is told with path and code when it refuses a ${act}, and writes go on when there is room`, async () => {
      const files = watchedFiles(folder);
      const store = await openStore({ files });
      await store.write([put('a', '1')]);
      files.before = (call) => {
        // What was not written needs no room to be taken back.
        if (files.calls.some((one) => one.act === 'truncate')) return;
        if (call.act === act) throw diskError('ENOSPC', call.path);
      };
      const refused = store.write([put('a', '2')]);
      await expect(refused).rejects.toMatchObject({ code: 'key-value-unavailable', retriable: true });
      await expect(refused).rejects.toThrow(`${statePath()} cannot be used now: ENOSPC`);
      expect(await valueAt(store, 'a')).toBe('1');
      files.before = () => {};
      await store.write([put('a', '3')]);
      expect(await valueAt(await openStore(), 'a')).toBe('3');
    });
  }

  it('takes what fits and no half of what does not, in a process of its own', async () => {
    const lines = await runAndKill({
      fileKibibytesMax: 256,
      source: `
        import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
        const store = await openFileKeyValue('${folder}');
        const value = new Uint8Array(60_000);
        for (let at = 0; at < 8; at++) {
          const write = store.write([{ key: 'large' + at, value }, { key: 'count', value: Uint8Array.of(at) }]);
          await write.then(() => console.log(at), (cause) => console.log(cause.code, cause.message));
        }
        await store.write([{ key: 'large0', value: undefined }, { key: 'large1', value: undefined }]).catch(() => {});
        await store.close();`,
    });
    expect(lines.slice(0, 4)).toEqual(['0', '1', '2', '3']);
    expect(lines.slice(4)).toHaveLength(4);
    for (const line of lines.slice(4)) {
      expect(line).toContain('key-value-unavailable');
      expect(line).toContain(`${statePath()} cannot be used now: EFBIG`);
    }
    const store = await openStore();
    expect((await store.get('count'))?.value).toEqual(Uint8Array.of(3));
    expect(await store.get('large4')).toBeUndefined();
  });

  it('is another matter than a store that is just full: it takes its last byte', async () => {
    // A key of one character, ten bytes, and what an entry takes beside them.
    const store = await openStore({ memoryBytesMax: 2 + 10 + 128 });
    await expect(store.write([{ key: 'a', value: new Uint8Array(11) }])).rejects.toMatchObject({
      code: 'key-value-full',
    });
    expect(await store.write([{ key: 'a', value: new Uint8Array(10) }])).toBe('written');
  });

  it('is another matter than a store that is full, which takes back and refuses by name', async () => {
    const store = await openStore({ memoryBytesMax: 10_000 });
    const value = new Uint8Array(4_000);
    await store.write([{ key: 'a', value }]);
    await store.write([{ key: 'b', value }]);
    const full = { code: 'key-value-full', retriable: false };
    const together = [
      store.write([{ key: 'c', value }]),
      store.write([{ key: 'd', value: Uint8Array.of(1) }]),
    ];
    await expect(together[0]).rejects.toMatchObject(full);
    expect(await together[1]).toBe('written');
    await expect(store.write([{ key: 'c', value }])).rejects.toThrow('of at most 10000 bytes');
    await store.write([{ key: 'a', value: undefined }]);
    expect(await store.write([{ key: 'c', value }])).toBe('written');
  });
});

describe('what was damaged', () => {
  const damaged = { code: 'key-value-damaged', retriable: false };
  const filled = async () => {
    const store = await openStore();
    for (let at = 0; at < 5; at++) await store.write([put(`key${at}`, `value${at}`)]);
    await store.close();
    return readFile(statePath());
  };

  it('is named with path and offset, wherever a bit is flipped, or has no effect', async () => {
    const good = await filled();
    let named = 0;
    for (let at = 0; at < good.length; at++) {
      const bad = Uint8Array.from(good);
      bad[at] ^= 1 << (at % 8);
      await writeFile(statePath(), bad);
      try {
        const store = await openFileKeyValue(folder);
        for (let key = 0; key < 5; key++) expect(await valueAt(store, `key${key}`)).toBe(`value${key}`);
        await store.close();
      } catch (cause) {
        expect(cause).toMatchObject(damaged);
        expect(String(cause)).toContain(`${statePath()} is damaged at byte `);
        named++;
      }
    }
    // Four bytes of the header mean nothing, and either of its marks can be missed.
    expect(named).toBe(good.length - 4 - 24);
  });

  it('is named when neither mark is whole, and a store that is open mends one', async () => {
    const good = await filled();
    const store = await openStore();
    for (const spoiled of [[45], [57], [45, 57]]) {
      const bad = Uint8Array.from(good);
      for (const at of spoiled) bad[at] ^= 1;
      await writeFile(statePath(), bad);
      if (spoiled.length > 1) await expect(store.get('key4')).rejects.toMatchObject(damaged);
      else expect(await valueAt(store, 'key4')).toBe('value4');
    }
    await writeFile(statePath(), good);
    expect(await store.write([put('key5', 'value5')])).toBe('written');
  });

  it('is named when the file was cut anywhere, emptied, removed, or is another store’s', async () => {
    const good = await filled();
    for (let length = good.length - 1; length >= 0; length--) {
      await truncate(statePath(), length);
      await expect(openFileKeyValue(folder)).rejects.toMatchObject(damaged);
    }
    await rm(statePath());
    await expect(openFileKeyValue(folder)).rejects.toThrow('the file is gone');
    const other = await mkdtemp(join(tmpdir(), 'papyrus-key-value-'));
    await (await openFileKeyValue(other)).close();
    await writeFile(statePath(), await readFile(join(other, 'state')));
    await rm(other, { recursive: true });
    await expect(openFileKeyValue(folder)).rejects.toThrow('belongs to another store');
    await writeFile(statePath(), good);
    expect(await valueAt(await openStore(), 'key4')).toBe('value4');
  });

  it('is no matter where it is the file beside: it is written again', async () => {
    await filled();
    const idPath = join(folder, 'store-id');
    const good = await readFile(idPath);
    const noted = parseStoreNote(good);
    expect(noted).toMatchObject({ isWhole: true, revision: 5 });
    const spoiled = Uint8Array.from(good);
    spoiled[3] ^= 4;
    for (const bad of [spoiled, good.subarray(0, 7), new Uint8Array()]) {
      await writeFile(idPath, bad);
      await (await openStore()).close();
      expect(parseStoreNote(await readFile(idPath))).toEqual({ ...noted, kept: [5, 5] });
    }
    await rm(idPath);
    await (await openStore()).close();
    expect(parseStoreNote(await readFile(idPath))).toEqual({ ...noted, kept: [5, 5] });
  });

  it('is named while the store is open, and never answered from memory', async () => {
    const store = await openStore();
    await store.write([put('a', '1')]);
    const other = await openStore();
    await other.write([put('b', '2'), put('c', '3')]);
    const bytes = await readFile(statePath());
    bytes[bytes.length - 1] ^= 1;
    await writeFile(statePath(), bytes);
    await expect(store.get('b')).rejects.toMatchObject(damaged);
    await expect(store.write([put('d', '4')])).rejects.toMatchObject(damaged);
    await rm(statePath());
    await expect(other.get('a')).rejects.toThrow('the file is gone');
  });

  it('is cut where only a write was torn that nobody was told of', async () => {
    const good = await filled();
    await writeFile(statePath(), Buffer.concat([good, good.subarray(-40, -10)]));
    const store = await openStore();
    expect((await readFile(statePath())).length).toBe(good.length);
    await store.write([put('key5', 'value5')]);
    await store.close();
    const longer = await readFile(statePath());
    // The mark of before: as after a power cut between the flush of a record and that of its mark.
    longer.set(good.subarray(0, 64));
    await writeFile(statePath(), longer);
    expect(await valueAt(await openStore(), 'key5')).toBe('value5');
  });
});

describe('an older state of the same store', () => {
  const older = { code: 'key-value-older', retriable: false };
  const copyPath = () => join(folder, 'copy');
  const takeCopy = () => cp(statePath(), copyPath());
  /** In place of the file, or over its bytes. */
  const putBack = {
    'moved to its name': () => rename(copyPath(), statePath()),
    'written over it': async () => writeFile(statePath(), await readFile(copyPath())),
  };

  for (const [how, put] of Object.entries(putBack)) {
    it(`is refused while the store is open, ${how}, and after it was closed`, async () => {
      const store = await openStore();
      const beside = await openStore();
      await store.write([{ key: 'a', value: bytesOf('1') }]);
      await takeCopy();
      await store.write([{ key: 'a', value: bytesOf('2') }]);
      expect(await valueAt(beside, 'a')).toBe('2');
      await put();
      for (const one of [store, beside]) {
        await expect(one.get('a')).rejects.toMatchObject(older);
        await expect(one.write([{ key: 'b', value: bytesOf('1') }])).rejects.toThrow(statePath());
        await expect(one.get('a')).rejects.toMatchObject(older);
      }
      await store.close();
      await expect(openFileKeyValue(folder)).rejects.toMatchObject(older);
      expect(await inspectFileKeyValue(folder, 'state')).toMatchObject([{ isGood: false }]);
      await rm(join(folder, 'store-id'));
      expect(await valueAt(await openStore(), 'a')).toBe('1');
    });
  }

  it('is refused that has the same length, as all that was written between was compacted', async () => {
    const store = await openStore();
    await store.write([{ ...put('a', '1'), erases: true }]);
    await takeCopy();
    await store.write([{ ...put('a', '2'), erases: true }]);
    const bytes = await readFile(copyPath());
    expect(bytes.length).toBe((await readFile(statePath())).length);
    await writeFile(statePath(), bytes);
    await expect(store.write([put('b', '1')])).rejects.toMatchObject(older);
  });

  it('is refused at a start after a SIGKILL, and nothing of it was changed', async () => {
    const lines = await runAndKill({
      lines: 3,
      source: `
        import { copyFileSync } from 'node:fs';
        import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
        const store = await openFileKeyValue('${folder}');
        for (let at = 0; ; at++) {
          await store.write([{ key: 'a', value: Uint8Array.of(at) }]);
          if (at === 0) copyFileSync('${statePath()}', '${copyPath()}');
          console.log(at);
        }`,
    });
    expect(lines.length).toBeGreaterThanOrEqual(3);
    const copy = await readFile(copyPath());
    await putBack['moved to its name']();
    await expect(openFileKeyValue(folder)).rejects.toMatchObject(older);
    expect(await readFile(statePath())).toEqual(copy);
  });

  it('does not bring back a secret that was erased, though a power cut took what was not flushed', async () => {
    await (await openStore()).close();
    const files = watchedFiles(folder);
    const store = await openStore({ files });
    await store.write([put('secret', 'the old secret')]);
    await takeCopy();
    let flushed = Buffer.alloc(0);
    files.before = async ({ act, path }) => {
      if (act === 'rename' && path === 'state.next') flushed = await readFile(join(folder, 'store-id'));
    };
    await store.write([{ ...put('secret', 'new'), erases: true }]);
    expect(callsBefore(files, 'rename state.next')).toContain('datasync store-id');
    await store.write([put('b', '1')]);
    await store.close();
    await writeFile(join(folder, 'store-id'), flushed);
    await putBack['moved to its name']();
    await expect(openFileKeyValue(folder)).rejects.toMatchObject(older);
    // Either of the flushed notes may be torn while it is written: the other stands.
    const torn = Uint8Array.from(flushed);
    torn.fill(0xff, looseNoteOffset);
    await writeFile(join(folder, 'store-id'), torn);
    await expect(openFileKeyValue(folder)).rejects.toMatchObject(older);
  });
});

it('keeps writes whole through a SIGKILL', async () => {
  const promised = await runAndKill({
    lines: 100,
    source: `
      import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
      const store = await openFileKeyValue('${folder}');
      for (let at = 0; ; at++) {
        const value = new TextEncoder().encode(String(at));
        const erases = at % 10 === 0;
        await store.write([{ key: 'left', value, erases }, { key: 'list/' + at, value }, { key: 'right', value }]);
        console.log(at);
      }`,
  });
  const store = await openStore();
  const left = Number(await valueAt(store, 'left'));
  expect(await valueAt(store, 'right')).toBe(String(left));
  expect(left).toBeGreaterThanOrEqual(Number(promised.at(-1)));
  let listed = 0;
  for await (const page of store.list('list/')) listed += page.length;
  expect(listed).toBe(left + 1);
});

it('waits only so long for another process that holds the lock', async () => {
  const files = watchedFiles(folder);
  const slow = await openStore({ files });
  const waiting = await openStore({ lockMsMax: 1 });
  let goOn = () => {};
  const isInside = new Promise<void>((inside) => {
    files.before = async ({ act }) => {
      if (act !== 'datasync') return;
      inside();
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
  });
  const held = slow.write([put('a', '1')]);
  await isInside;
  await expect(waiting.write([put('a', '2')])).rejects.toMatchObject({
    code: 'key-value-unavailable',
    retriable: true,
  });
  goOn();
  files.before = () => {};
  expect(await held).toBe('written');
});

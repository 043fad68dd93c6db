/** The part store on files keeps the promises of the port, through a SIGKILL and a full disk too. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FsBlockstore } from 'blockstore-fs';
import { NextToLast } from 'blockstore-fs/sharding';
import { toHex } from '#encoding';
import { silentLog } from '#environment';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { diskError, type WatchedFiles, watchedFiles } from '#environment/testing/watched-files';
import { cidOf } from './cid.js';
import { openFilePartStore } from './file-part-store.js';
import { partStoreConformance } from './part-store.conformance.js';
import type { PartStore } from './part-store.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'papyrus-part-store-'));

function fileOf(folder: string, digest: Uint8Array): string {
  const { dir, file } = new NextToLast().encode(cidOf(digest));
  return join(folder, dir, file);
}

partStoreConformance('files', async (timers) => {
  const folder = await newFolder();
  const files = watchedFiles(folder);
  const port = openFilePartStore(folder, { files, timers });
  const opened = [port];
  return {
    port,
    async another() {
      opened.push(openFilePartStore(folder, { timers }));
      return opened[opened.length - 1];
    },
    async damage(digest, bytes) {
      if (bytes === undefined) await rm(fileOf(folder, digest));
      else await writeFile(fileOf(folder, digest), bytes);
    },
    slowDown() {
      let goOn = (): void => {};
      const wait = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      files.before = ({ act }) => (act === 'read' ? wait : undefined);
      return goOn;
    },
    async takeAway() {
      await rename(folder, `${folder}-away`);
      return () => rename(`${folder}-away`, folder);
    },
    async destroy() {
      for (const one of opened) await one.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('the part store on files', () => {
  it('names raw blocks as Kubo does', () => {
    const digest = createHash('sha256').update('hello world\n').digest();
    expect(cidOf(digest).toString()).toBe('bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4');
  });

  it('shares its folder with blockstore-fs, both ways', async () => {
    const folder = await newFolder();
    const store = openFilePartStore(folder);
    const theirs = new FsBlockstore(folder);
    const ours = await store.put(Buffer.from('put by us'));
    expect(Buffer.concat(await collected(theirs.get(cidOf(ours)))).toString()).toBe('put by us');
    const digest = createHash('sha256').update('put by them').digest();
    await theirs.put(cidOf(digest), Buffer.from('put by them'));
    expect(await store.get(digest)).toEqual(new Uint8Array(Buffer.from('put by them')));
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('loses no block to a SIGKILL and never shows a part of one', async () => {
    const folder = await newFolder();
    const promised = await runAndKill({ source: putting(folder, 20_000), lines: 200 });
    const store = openFilePartStore(folder);
    for (const hex of promised) {
      expect(((await store.get(Buffer.from(hex, 'hex'))) as Uint8Array).length).toBe(20_000);
    }
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.data')) continue;
      const bytes = await collected(new FsBlockstore(folder).get(new NextToLast().decode(name)));
      expect(Buffer.concat(bytes).length).toBe(20_000);
    }
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('answers a full disk with a fault and leaves no rubbish', async () => {
    const folder = await newFolder();
    // Files may grow to 8 KiB: the first blocks fit, the later ones do not.
    const printed = await runAndKill({ source: putting(folder, 4_000, 10), fileKibibytesMax: 8 });
    expect(printed.at(-1)).toBe('part-store-unavailable');
    expect(printed.length).toBeGreaterThan(1);
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
    const store = openFilePartStore(folder);
    for (const hex of printed.slice(0, -1)) {
      expect(await store.get(Buffer.from(hex, 'hex'))).not.toBe('absent');
    }
    await store.close();
    await rm(folder, { recursive: true });
  });
});

describe('a part store on a disk that fails', () => {
  let folder = '';
  let files: WatchedFiles;
  let store: PartStore;
  const errors: object[] = [];
  const log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
  const bytes = new Uint8Array(Buffer.from('some block'));
  const digest = new Uint8Array(createHash('sha256').update(bytes).digest());

  beforeEach(async () => {
    folder = await newFolder();
    files = watchedFiles(folder);
    store = openFilePartStore(folder, { files, log });
    errors.length = 0;
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const actsOn = (pattern: RegExp): string[] =>
    files.calls.filter(({ path }) => pattern.test(path)).map(({ act }) => act);

  it('flushes a block before it gets its name, and its folder before the put resolves', async () => {
    await store.put(Buffer.from('before'));
    files.calls.length = 0;
    await store.put(bytes);
    expect(actsOn(/^\.incoming/)).toEqual(['open', 'append', 'datasync', 'close', 'rename']);
    const acts = files.calls.map(({ act }) => act);
    const shard = dirname(fileOf('', digest));
    expect(files.calls.at(-1)).toEqual({ act: 'syncFolder', path: shard });
    expect(acts.indexOf('datasync')).toBeLessThan(acts.indexOf('rename'));
    expect(acts.lastIndexOf('syncFolder')).toBeGreaterThan(acts.indexOf('rename'));
    // The shard folder is new: its own name is flushed before a block lies in it.
    const made = files.calls.findIndex(({ act, path }) => act === 'makeFolder' && path === shard);
    expect(files.calls[made + 1]).toEqual({ act: 'syncFolder', path: '' });
    expect(made + 1).toBeLessThan(acts.indexOf('rename'));
  });

  it('flushes the folder of a block that is there already: its name may not be on the disk yet', async () => {
    await store.put(bytes);
    files.calls.length = 0;
    await store.put(bytes);
    expect(actsOn(/^\.incoming/)).toEqual([]);
    expect(files.calls.at(-1)).toEqual({ act: 'syncFolder', path: dirname(fileOf('', digest)) });
  });

  it('changes nothing where it was opened for reading', async () => {
    await store.put(bytes);
    await store.hold('owner', [digest]);
    const reader = openFilePartStore(folder, { access: 'read' });
    const refused = 'was opened for reading only';
    await expect(reader.put(bytes)).rejects.toThrow(refused);
    await expect(reader.hold('other', [digest])).rejects.toThrow(refused);
    await expect(reader.release('owner')).rejects.toThrow(refused);
    expect(await reader.get(digest)).toEqual(bytes);
    await reader.close();
  });

  it('flushes a hold and its folder before the hold resolves', async () => {
    await store.put(Buffer.from('before'));
    files.calls.length = 0;
    await store.hold('owner', [digest]);
    expect(actsOn(/^\.incoming/)).toEqual(['open', 'append', 'datasync', 'close', 'rename']);
    expect(files.calls.at(-1)).toEqual({ act: 'syncFolder', path: '.holds' });
  });

  it.each(['ENOSPC', 'EFBIG', 'EIO'] as const)('names disk path and %s, and leaves nothing', async (code) => {
    const path = fileOf(folder, digest);
    for (const act of ['open', 'append', 'datasync', 'rename'] as const) {
      files.before = (call) => {
        if (call.act === act && call.path.startsWith('.incoming')) throw diskError(code, call.path);
      };
      await expect(store.put(bytes)).rejects.toMatchObject({
        code: 'part-store-unavailable',
        retriable: true,
        message: expect.stringContaining(`could not write ${path}: ${code}: `),
      });
      expect(await readdir(join(folder, '.incoming'))).toEqual([]);
      expect(await store.get(digest)).toBe('absent');
    }
    files.before = () => {};
    await store.put(bytes);
    expect(await store.get(digest)).toEqual(bytes);
  });

  it('removes what it could not remove at once before it writes again, and at its next start', async () => {
    files.before = ({ act, path }) => {
      if (path.startsWith('.incoming') && /append|remove/.test(act)) throw diskError('ENOSPC', path);
    };
    await expect(store.put(bytes)).rejects.toMatchObject({ code: 'part-store-unavailable' });
    expect(await readdir(join(folder, '.incoming'))).toHaveLength(1);
    files.before = () => {};
    await store.put(bytes);
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
    for (const left of ['1073741824-abcdef01-x', `${process.pid}-abcdef01-x`, 'of-an-older-version']) {
      await writeFile(join(folder, '.incoming', left), bytes);
    }
    await store.close();
    store = openFilePartStore(folder, { files, log });
    await store.close();
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });

  it('names a damaged block with path and digest, and never gives other bytes', async () => {
    await store.put(bytes);
    const path = fileOf(folder, digest);
    for (const damaged of [Buffer.from('some blokk'), Buffer.from('some bloc'), Buffer.alloc(0)]) {
      await writeFile(path, damaged);
      errors.length = 0;
      await expect(store.get(digest)).rejects.toMatchObject({
        code: 'part-damaged',
        retriable: true,
        message: expect.stringContaining(path),
      });
      expect(errors).toEqual([expect.objectContaining({ path, digest: toHex(digest) })]);
    }
    await store.put(bytes);
    expect(await store.get(digest)).toEqual(bytes);
  });

  it('takes a block that is held and gone for damaged, not for absent', async () => {
    await store.hold('owner', [digest]);
    await store.put(bytes);
    await rm(fileOf(folder, digest));
    await expect(store.get(digest)).rejects.toMatchObject({
      code: 'part-damaged',
      message: expect.stringContaining('is gone though it is held'),
    });
    await store.release('owner');
    expect(await store.get(digest)).toBe('absent');
  });

  it('takes nothing for absent in another folder than it opened, as after an unmount', async () => {
    await store.put(bytes);
    await rename(folder, `${folder}-away`);
    await mkdir(folder);
    await expect(store.get(digest)).rejects.toMatchObject({
      code: 'part-store-unavailable',
      message: expect.stringContaining('is not the folder that was opened'),
    });
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    expect(await store.get(digest)).toEqual(bytes);
  });

  it('reads who holds what once, however often a block is asked for that is not there', async () => {
    for (let at = 0; at < 5; at++) await store.hold(`owner/${at}`, [digest]);
    expect(await store.get(new Uint8Array(32))).toBe('absent');
    files.calls.length = 0;
    expect(await store.get(new Uint8Array(32))).toBe('absent');
    expect(actsOn(/^\.holds\//)).toEqual([]);
    const other = openFilePartStore(folder);
    await other.release('owner/0');
    await other.hold('owner/5', [new Uint8Array(32)]);
    await expect(store.get(new Uint8Array(32))).rejects.toMatchObject({ code: 'part-damaged' });
    expect(actsOn(/^\.holds\//)).toEqual(['read']);
    await other.close();
  });

  it('removes no block while a hold is damaged, and says which', async () => {
    await store.hold('one', [digest]);
    await store.hold('two', [digest]);
    await store.put(bytes);
    const [name] = (await readdir(join(folder, '.holds'))).filter((one) => one.startsWith('two.'));
    const path = join(folder, '.holds', name);
    const whole = await readFile(path);
    for (const damaged of [
      whole.subarray(1),
      Buffer.alloc(0),
      whole.map((byte, at) => (at === 3 ? ~byte : byte)),
    ]) {
      await writeFile(path, damaged);
      await expect(store.release('one')).rejects.toMatchObject({
        code: 'part-hold-damaged',
        retriable: true,
        message: expect.stringContaining(path),
      });
      expect(await store.get(digest)).toEqual(bytes);
      // Nobody knows who needs what, so nobody surely knows of a missing block that it is absent.
      await expect(store.get(new Uint8Array(32))).rejects.toMatchObject({ code: 'part-hold-damaged' });
      await store.hold('one', [digest]);
      await store.hold('two', [digest]);
    }
    // Who holds again is counted, beside the damaged file; and who is done takes it along.
    await store.release('two');
    expect(await store.get(digest)).toEqual(bytes);
    await store.release('one');
    expect(await store.get(digest)).toBe('absent');
  });

  it('brings a block back that another held and found just before it was moved aside', async () => {
    const other = openFilePartStore(folder);
    await store.hold('leaving', [digest]);
    await store.put(bytes);
    let isMet = false;
    files.before = async ({ act, path }) => {
      if (isMet || act !== 'rename' || path !== fileOf('', digest)) return;
      isMet = true;
      await other.hold('coming', [digest]);
      await other.put(bytes);
    };
    files.calls.length = 0;
    await store.release('leaving');
    expect(isMet).toBe(true);
    expect(await other.get(digest)).toEqual(bytes);
    // On the disk under its name before it is on the disk that it left.
    const flushed = files.calls.filter(({ act }) => act === 'syncFolder').map(({ path }) => path);
    expect(flushed).toEqual(['.holds', '.released', dirname(fileOf('', digest)), '.leaving']);
    await other.release('coming');
    expect(await other.get(digest)).toBe('absent');
    await other.close();
  });

  it('has on the disk that holds are let go before a block goes: none comes back and is missed', async () => {
    await store.hold('leaving', [digest]);
    await store.put(bytes);
    files.calls.length = 0;
    await store.release('leaving');
    const acts = files.calls.filter(({ act }) => act === 'rename' || act === 'syncFolder');
    const moved = acts.findIndex(({ act, path }) => act === 'rename' && path === fileOf('', digest));
    expect(acts.slice(0, moved).map(({ act, path }) => `${act} ${dirname(join(path, 'x'))}`)).toEqual([
      expect.stringMatching(/^rename \.holds\//),
      'syncFolder .holds',
      'syncFolder .released',
    ]);
  });

  it('does not replace a block that was put again meanwhile by the one that was moved aside', async () => {
    const other = openFilePartStore(folder);
    await store.hold('leaving', [digest]);
    await store.put(bytes);
    await writeFile(fileOf(folder, digest), 'damaged');
    let isMet = false;
    files.before = async ({ act, path }) => {
      if (isMet || act !== 'list' || path !== '.leaving') return;
      isMet = true;
      await other.hold('coming', [digest]);
      await other.put(bytes);
    };
    await store.release('leaving');
    expect(isMet).toBe(true);
    expect(await other.get(digest)).toEqual(bytes);
    await other.close();
  });

  it('ends at its next start what a crash left of a release, whatever step it fell on', async () => {
    const kept = new Uint8Array(Buffer.from('held by another'));
    const keptDigest = new Uint8Array(createHash('sha256').update(kept).digest());
    for (let step = 0; ; step++) {
      await store.hold('leaving', [digest, keptDigest]);
      await store.hold('staying', [keptDigest]);
      await store.putMany([bytes, kept]);
      let left = step;
      files.before = ({ act, path }) => {
        if (/^(rename|remove|syncFolder)$/.test(act) && left-- <= 0) throw diskError('EIO', path);
      };
      const isDone = await store.release('leaving').then(
        () => true,
        () => false,
      );
      files.before = () => {};
      await store.close();
      store = openFilePartStore(folder, { files, log });
      await store.release('leaving');
      expect(await store.get(digest)).toBe('absent');
      expect(await store.get(keptDigest)).toEqual(kept);
      for (const rest of ['.released', '.leaving']) expect(await readdir(join(folder, rest))).toEqual([]);
      if (isDone) {
        expect(step).toBeGreaterThan(4);
        break;
      }
    }
  });
});

/** Puts four blocks at a time, each `growth` bytes longer than the one before, and prints their digests. */
const putting = (folder: string, length: number, growth = 0) => `
  import { openFilePartStore } from '${builtFile('libs/part-store/file-part-store.js')}';
  const store = openFilePartStore('${folder}');
  try {
    for (let at = 0; ; at += 4) {
      const blocks = [0, 1, 2, 3].map((n) => Buffer.alloc(${length} + (at + n) * ${growth}, String(at + n)));
      for (const digest of await store.putMany(blocks)) console.log(Buffer.from(digest).toString('hex'));
    }
  } catch (fault) { console.log(fault.code); process.exit(0); }
`;

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return found;
}

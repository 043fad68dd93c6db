/** What a store acknowledged outlives power cuts, and disks that fail, at any call. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeOf, type Entropy, type FileSystem, seededEntropy } from '#environment';
import { type CutDisk, cutDisk } from '#environment/testing/cut-disk';
import { diskError, type FileCall, watchedFiles } from '#environment/testing/watched-files';
import { openFileKeyValue } from './file-key-value.js';
import type { KeyValue, Revision } from './key-value.js';
import { encodeRecord } from './state-format.js';

let folder: string;
beforeEach(async () => {
  // Only the locks lie in it.
  folder = await mkdtemp(join(tmpdir(), 'papyrus-key-value-'));
});
afterEach(() => rm(folder, { recursive: true }));

const pick = (entropy: Entropy, below: number) => Buffer.from(entropy.bytes(4)).readUInt32BE(0) % below;
const hex = (value: Uint8Array | undefined) => value && Buffer.from(value).toString('hex');
const unavailable = { code: 'key-value-unavailable', retriable: true };

it('a first start that loses its power at any call leaves a folder that opens', async () => {
  let cuts = 0;
  for (let seed = 0; seed < 20; seed++) {
    for (let calls = 0; ; calls++) {
      const entropy = seededEntropy(`first start ${seed} ${calls}`);
      const disk = cutDisk(entropy);
      disk.cutAfter(calls);
      const store = await openFileKeyValue(folder, { files: disk, entropy }).catch(() => undefined);
      await store?.close().catch(() => {});
      const again = await openFileKeyValue(folder, { files: disk.restored(), entropy });
      expect(await again.write([{ key: 'a', value: Uint8Array.of(1) }])).toBe('written');
      await again.close();
      if (!disk.isCut) break;
      cuts++;
    }
  }
  expect(cuts).toBeGreaterThan(20 * 15);
});

/** Of each key what may be read: what was acknowledged last, and since then refused, until it was looked at. */
class Allowed {
  readonly #values = new Map<string, readonly (string | undefined)[]>();

  /** Without an acknowledgement it may stand or not. */
  begin(key: string, value: Uint8Array): void {
    this.#values.set(key, [...(this.#values.get(key) ?? [undefined]), hex(value)]);
  }

  acknowledge(key: string, value: Uint8Array): void {
    this.#values.set(key, [hex(value)]);
  }

  /** What was found once stays: nothing that was refused comes back. */
  async look(store: KeyValue, run: string): Promise<void> {
    for (const [key, values] of this.#values) {
      const found = hex((await store.get(key))?.value);
      expect([run, key, values.includes(found)]).toEqual([run, key, true]);
      this.#values.set(key, [found]);
    }
  }
}

/** Writes and looks until the power goes; returns how much was acknowledged. */
async function work(disk: CutDisk, files: FileSystem, entropy: Entropy, allowed: Allowed, run: string) {
  let acknowledged = 0;
  let store: KeyValue | undefined;
  while (!disk.isCut) {
    try {
      store ??= await openFileKeyValue(folder, { files, entropy });
      if (pick(entropy, 2) === 0) await allowed.look(store, run);
      const key = `key${pick(entropy, 6)}`;
      const value = entropy.bytes(pick(entropy, 900));
      allowed.begin(key, value);
      await store.write([{ key, value, erases: pick(entropy, 8) === 0 }]);
      allowed.acknowledge(key, value);
      acknowledged++;
    } catch (cause) {
      if (codeOf(cause) === undefined) throw cause;
      expect(cause).toMatchObject(unavailable);
    }
    if (store === undefined || pick(entropy, 20) > 0) continue;
    await store.close().catch(() => {});
    store = undefined;
  }
  await store?.close().catch(() => {});
  return acknowledged;
}

/** `fails` says of each call whether the disk fails at it. */
async function cutAgainAndAgain(name: string, fails: (entropy: Entropy, call: FileCall) => boolean) {
  const entropy = seededEntropy(name);
  const allowed = new Allowed();
  let acknowledged = 0;
  let disk = cutDisk(entropy);
  for (let cut = 0; cut < 5; cut++) {
    const files = watchedFiles(folder, disk);
    files.before = (call) => {
      if (fails(entropy, call)) throw diskError('EIO', call.path);
    };
    disk.cutAfter(pick(entropy, 200));
    acknowledged += await work(disk, files, entropy, allowed, `${name}, cut ${cut}`);
    disk = disk.restored();
    const store = await openFileKeyValue(folder, { files: disk, entropy });
    await allowed.look(store, `${name}, after cut ${cut}`);
    await store.close();
  }
  return acknowledged;
}

it('a power cut at any call takes nothing that was acknowledged, and the store opens again', async () => {
  let acknowledged = 0;
  for (let run = 0; run < 30; run++) acknowledged += await cutAgainAndAgain(`power cut ${run}`, () => false);
  expect(acknowledged).toBeGreaterThan(500);
});

it('a disk that also fails at any call brings nothing back that was refused and read as absent', async () => {
  let acknowledged = 0;
  for (let run = 0; run < 50; run++) {
    const rate = 3 + (run % 30);
    acknowledged += await cutAgainAndAgain(`EIO ${run}`, (entropy) => pick(entropy, rate) === 0);
  }
  expect(acknowledged).toBeGreaterThan(200);
});

it('a disk that only fails at writing, flushing and cutting neither', async () => {
  const acts = ['write', 'datasync', 'truncate'];
  let acknowledged = 0;
  for (let run = 0; run < 50; run++) {
    const fails = (entropy: Entropy, { act }: FileCall) => acts.includes(act) && pick(entropy, 3) === 0;
    acknowledged += await cutAgainAndAgain(`EIO of writes ${run}`, fails);
  }
  expect(acknowledged).toBeGreaterThan(200);
});

describe('a write whose flush failed', () => {
  const value = (at: number) => Uint8Array.of(at);

  it('stays out of memory as long as it is not flushed and marked, and no later write is lost', async () => {
    const files = watchedFiles(folder);
    const store = await openFileKeyValue(folder, { files });
    await store.write([{ key: 'a', value: value(1) }]);
    const failing = new Set<FileCall['act']>();
    files.before = ({ act, path }) => {
      if (failing.delete(act)) throw diskError('EIO', path);
    };
    failing.add('datasync').add('truncate');
    await expect(store.write([{ key: 'a', value: value(2) }])).rejects.toMatchObject(unavailable);
    failing.add('datasync');
    await expect(store.get('a')).rejects.toMatchObject(unavailable);
    failing.add('datasync');
    await expect(store.write([{ key: 'b', value: value(1) }])).rejects.toMatchObject(unavailable);
    await store.write([{ key: 'b', value: value(2) }]);
    const open = await store.get('a');
    const beside = await openFileKeyValue(folder);
    expect(await beside.get('a')).toEqual(open);
    await beside.close();
    await store.close();
    const again = await openFileKeyValue(folder);
    expect(await again.get('a')).toEqual(open);
    expect((await again.get('b'))?.value).toEqual(value(2));
    await again.close();
  });

  it('is written again before it is flushed again: a disk tries bytes that it failed to flush once only', async () => {
    const files = watchedFiles(folder);
    const store = await openFileKeyValue(folder, { files });
    files.before = ({ act, path }) => {
      if (act === 'datasync' || act === 'truncate') throw diskError('EIO', path);
    };
    await expect(store.write([{ key: 'a', value: value(1) }])).rejects.toMatchObject(unavailable);
    files.before = () => {};
    files.calls.length = 0;
    expect((await store.get('a'))?.value).toEqual(value(1));
    const acts = files.calls.filter(({ act }) => act === 'write' || act === 'datasync');
    expect(acts.map(({ act, path }) => `${act} ${path}`)).toEqual([
      'write state',
      'datasync state',
      'write state',
    ]);
    await store.close();
  });

  it('is read by nobody until the disk says what became of it', async () => {
    const files = watchedFiles(folder);
    const store = await openFileKeyValue(folder, { files });
    files.before = ({ act, path }) => {
      if (act === 'datasync') throw diskError('EIO', path);
    };
    await expect(store.write([{ key: 'a', value: value(1) }])).rejects.toMatchObject(unavailable);
    await expect(store.get('a')).rejects.toMatchObject(unavailable);
    files.before = () => {};
    expect(await store.get('a')).toBeUndefined();
    await store.close();
  });
});

it('a tail is taken up whose revisions do not follow on those before it', async () => {
  const store = await openFileKeyValue(folder);
  await store.write([{ key: 'a', value: Uint8Array.of(1) }]);
  await store.close();
  const path = join(folder, 'state');
  const bytes = await readFile(path);
  const tail = encodeRecord(bytes.length, {
    revision: 7 as Revision,
    entries: [{ key: 'a', value: Uint8Array.of(2) }],
  });
  await writeFile(path, Buffer.concat([bytes, tail]));
  const again = await openFileKeyValue(folder);
  expect(await again.get('a')).toEqual({ value: Uint8Array.of(2), revision: 7 });
  await again.close();
});

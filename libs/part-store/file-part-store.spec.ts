/** The part store on files keeps the promises of the port, through a SIGKILL and a full disk too. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FsBlockstore } from 'blockstore-fs';
import { NextToLast } from 'blockstore-fs/sharding';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { cidOf } from './cid.js';
import { openFilePartStore } from './file-part-store.js';
import { partStoreConformance } from './part-store.conformance.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'papyrus-part-store-'));

partStoreConformance('files', async () => {
  const folder = await newFolder();
  let port = openFilePartStore(folder);
  return {
    port,
    async reopen() {
      await port.close();
      port = openFilePartStore(folder);
      return port;
    },
    async damage(digest, bytes) {
      const { dir, file } = new NextToLast().encode(cidOf(digest));
      await writeFile(join(folder, dir, file), bytes);
    },
    async destroy() {
      await port.close();
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
    for (const hex of promised) expect((await store.get(Buffer.from(hex, 'hex')))?.length).toBe(20_000);
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
    for (const hex of printed.slice(0, -1)) expect(await store.has(Buffer.from(hex, 'hex'))).toBe(true);
    await store.close();
    await rm(folder, { recursive: true });
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

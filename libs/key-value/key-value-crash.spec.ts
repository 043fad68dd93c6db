/** What a store acknowledged outlives power cuts at any call to the disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Entropy, seededEntropy } from '#environment';
import { type CutDisk, cutDisk } from '#environment/testing/cut-disk';
import { openFileKeyValue } from './file-key-value.js';
import type { KeyValue } from './key-value.js';

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

/** Writes until the power goes, and keeps of each key what may be read. */
async function work(disk: CutDisk, entropy: Entropy, allowed: Map<string, (string | undefined)[]>) {
  let store: KeyValue | undefined;
  let acknowledged = 0;
  try {
    store = await openFileKeyValue(folder, { files: disk, entropy });
    for (;;) {
      const key = `key${pick(entropy, 6)}`;
      const value = entropy.bytes(pick(entropy, 900));
      const before = allowed.get(key) ?? [undefined];
      allowed.set(key, [...before, hex(value)]);
      await store.write([{ key, value, erases: pick(entropy, 8) === 0 }]);
      allowed.set(key, [hex(value)]);
      acknowledged++;
    }
  } catch (cause) {
    expect(cause).toMatchObject(unavailable);
  }
  expect(disk.isCut).toBe(true);
  await store?.close().catch(() => {});
  return acknowledged;
}

it('a power cut at any call takes nothing that was acknowledged, and the store opens again', async () => {
  let acknowledged = 0;
  for (let run = 0; run < 60; run++) {
    const entropy = seededEntropy(`power cut ${run}`);
    const allowed = new Map<string, (string | undefined)[]>();
    let disk = cutDisk(entropy);
    for (let cut = 0; cut < 5; cut++) {
      disk.cutAfter(pick(entropy, 150));
      acknowledged += await work(disk, entropy, allowed);
      disk = disk.restored();
      const store = await openFileKeyValue(folder, { files: disk, entropy });
      for (const [key, values] of allowed) {
        const found = hex((await store.get(key))?.value);
        expect([run, cut, key, values.includes(found)]).toEqual([run, cut, key, true]);
        allowed.set(key, [found]);
      }
      await store.close();
    }
  }
  expect(acknowledged).toBeGreaterThan(500);
});

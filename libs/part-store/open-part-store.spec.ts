import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { silentLog } from '#environment';
import { openPartStore } from './open-part-store.js';

describe('the part store of a URL', () => {
  const ownProcess = { log: silentLog };

  it('is the folder that follows file:', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'papyrus-part-store-'));
    const store = openPartStore(`file:${folder}`, ownProcess);
    const digest = await store.put(Buffer.from('kept'));
    await store.close();
    const again = openPartStore(`file:${folder}`, ownProcess);
    expect(await again.get(digest)).toEqual(new Uint8Array(Buffer.from('kept')));
    await again.close();
    await rm(folder, { recursive: true });
  });

  it('refuses what it does not know and names what it knows', () => {
    for (const url of ['kubo:http://127.0.0.1:5001', 'memory:', 'file', 'file:', '']) {
      expect(() => openPartStore(url, ownProcess)).toThrow('there is file:FOLDER');
    }
  });
});

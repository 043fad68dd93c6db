import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openKeyValue } from './open-key-value.js';

describe('the URL of a key-value store', () => {
  it('names a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'papyrus-key-value-'));
    const url = `file:${join(folder, 'a', 'state')}`;
    const store = await openKeyValue(url);
    await store.write([{ key: 'a', value: new Uint8Array() }]);
    await store.close();
    const again = await openKeyValue(url);
    expect(await again.get('a')).toBeDefined();
    await again.close();
    await rm(folder, { recursive: true });
  });

  it('is refused with the known ones where it is another', async () => {
    for (const url of ['lmdb:./state', 'etcd://host', 'file:', 'memory:', './state', '']) {
      await expect(openKeyValue(url)).rejects.toThrow('there is file:FOLDER');
    }
  });
});

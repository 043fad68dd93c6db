/** The key-value store on LMDB keeps the promises of the port, through a SIGKILL too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { keyValueConformance } from './key-value.conformance.js';
import type { KeyValue } from './key-value.js';
import { openLmdbKeyValue } from './lmdb-key-value.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'papyrus.key-value-'));

keyValueConformance('lmdb', async () => {
  const folder = await newFolder();
  let port: KeyValue = openLmdbKeyValue(folder);
  return {
    port,
    async reopen() {
      await port.close();
      port = openLmdbKeyValue(folder);
      return port;
    },
    openBeside: async () => openLmdbKeyValue(folder),
    async destroy() {
      await port.close();
      await rm(folder, { recursive: true });
    },
  };
});

it('keeps writes whole through a SIGKILL', async () => {
  const folder = await newFolder();
  const promised = await runAndKill({
    lines: 100,
    source: `
      import { openLmdbKeyValue } from '${builtFile('libs/key-value/lmdb-key-value.js')}';
      const store = openLmdbKeyValue('${folder}');
      for (let at = 0; ; at++) {
        const value = new TextEncoder().encode(String(at));
        await store.write([{ key: 'left', value }, { key: 'list/' + at, value }, { key: 'right', value }]);
        console.log(at);
      }`,
  });
  const store = openLmdbKeyValue(folder);
  const left = Number(new TextDecoder().decode(await store.get('left')));
  expect(await store.get('right')).toEqual(await store.get('left'));
  expect(left).toBeGreaterThanOrEqual(Number(promised.at(-1)));
  let listed = 0;
  for await (const _ of store.list('list/')) listed++;
  expect(listed).toBe(left + 1);
  await store.close();
  await rm(folder, { recursive: true });
});

/** A snapshot is in its place whole and flushed, or the one before still is. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FileSystem, systemFiles } from '#environment';
import { type AnvilSnapshot, readSnapshot, writeSnapshot } from './anvil-snapshot.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus.snapshot-'));
  file = join(folder, 'snapshot');
});
afterEach(() => rm(folder, { recursive: true }));

const place = { height: 3, bytes: 900, entryFrom: 700, entryChecksum: '0badc0de' };
const first: AnvilSnapshot = { place, timestampSeconds: 1_000, state: '0x010a02' };
const second: AnvilSnapshot = { place: { ...place, height: 4 }, timestampSeconds: 1_001, state: '0x0b' };

/** Notes the calls and breaks at one of them. */
function disk(breaksAt?: string) {
  const calls: string[] = [];
  const note = (call: string): void => {
    calls.push(call);
    if (call === breaksAt) throw new Error(`no ${call}`);
  };
  const files: FileSystem = {
    ...systemFiles,
    open: async (path, how) => {
      const opened = await systemFiles.open(path, how);
      return {
        ...opened,
        append: async (bytes) => {
          await opened.append(bytes.subarray(0, 10));
          note('append');
          await opened.append(bytes.subarray(10));
        },
        datasync: async () => {
          note('datasync');
          await opened.datasync();
        },
      };
    },
    rename: async (from, to) => {
      note('rename');
      await systemFiles.rename(from, to);
    },
    syncFolder: async (path) => {
      note('sync folder');
      await systemFiles.syncFolder(path);
    },
  };
  return { calls, files };
}

describe('writing a snapshot', () => {
  it('flushes it before it takes the place of the one before, and the folder after', async () => {
    const { calls, files } = disk();
    await writeSnapshot(file, first, files);
    expect(calls).toEqual(['append', 'datasync', 'rename', 'sync folder']);
    expect(await readSnapshot(file)).toEqual(first);
  });

  it.each(['append', 'datasync', 'rename'])('leaves the one before when %s fails', async (call) => {
    await writeSnapshot(file, first);
    await expect(writeSnapshot(file, second, disk(call).files)).rejects.toThrow(`no ${call}`);
    expect(await readSnapshot(file)).toEqual(first);
    expect(await readdir(folder)).toEqual(['snapshot']);
  });

  it('takes no notice of what a crash left of another', async () => {
    await (await systemFiles.open(`${file}.new`, 'create')).close();
    await writeSnapshot(file, second);
    expect(await readSnapshot(file)).toEqual(second);
  });
});

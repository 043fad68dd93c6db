/** A snapshot is in its place whole and flushed, or the one before still is. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fromHex, type Hex, toHex } from '#encoding';
import { type FileSystem, systemFiles } from '#environment';
import { type AnvilSnapshot, readSnapshot, withLastHeights, writeSnapshot } from './anvil-snapshot.js';

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

describe('what a start takes of a snapshot', () => {
  /** Heights 0 to 99, with transactions in those named. */
  const dump = (heights: readonly number[]): Hex =>
    toHex(
      gzipSync(
        JSON.stringify({
          blocks: Array.from({ length: 100 }, (_, at) => ({ header: { number: `0x${at.toString(16)}` } })),
          transactions: heights.map((height) => ({ block_number: height })),
          other: 'kept',
        }),
      ),
    );
  const taken = (heights: readonly number[], kept: Parameters<typeof withLastHeights>[1]) => {
    const state = JSON.parse(gunzipSync(fromHex(withLastHeights(dump(heights), kept))).toString());
    expect(state.other).toBe('kept');
    return [state.blocks.length, state.transactions.length];
  };
  const many = Array.from({ length: 30 }, (_, at) => 3 * at);

  it.each([
    ['its last heights', many, { heights: 20, heightsMax: 90, transactions: 2 }, [20, 3]],
    [
      'as many more as hold the last transactions',
      many,
      { heights: 5, heightsMax: 90, transactions: 10 },
      [40, 10],
    ],
    ['all of a few transactions', [50, 60], { heights: 5, heightsMax: 90, transactions: 10 }, [50, 2]],
    ['no more heights than it may', many, { heights: 5, heightsMax: 30, transactions: 20 }, [30, 6]],
    ['the last heights where nothing happened', [], { heights: 5, heightsMax: 90, transactions: 9 }, [5, 0]],
  ])('is %s', (_, heights, kept, expected) => {
    expect(taken(heights, kept)).toEqual(expected);
  });
});

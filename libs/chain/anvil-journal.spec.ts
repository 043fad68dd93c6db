/** The journal on a disk that refuses, writes by halves, or flips bits. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import { type FileSystem, systemFiles } from '#environment';
import { type JournalHeight, openAnvilJournal, readAnvilJournal } from './anvil-journal.js';

const head = { version: 1, chainId: 7, genesisTimestampSeconds: 1_000 } as const;
const heightAt = (at: number, transactions: readonly Hex[] = ['0x0102']): JournalHeight => ({
  at,
  transactions,
});

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus.journal-'));
  file = join(folder, 'heights');
});
afterEach(() => rm(folder, { recursive: true }));

/** A disk that notes what it is asked for, and breaks in the middle of a call when `breaks` says so. */
function disk(breaks: (call: string) => boolean = () => false) {
  const calls: string[] = [];
  const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const files: FileSystem = {
    ...systemFiles,
    open: async (path, how) => {
      const file = await systemFiles.open(path, how);
      const ask = (call: string): void => {
        calls.push(call);
        if (breaks(call)) throw full();
      };
      return {
        ...file,
        append: async (bytes) => {
          if (breaks('append')) await file.append(bytes.subarray(0, bytes.length >> 1));
          ask('append');
          await file.append(bytes);
        },
        datasync: async () => {
          ask('datasync');
          await file.datasync();
        },
        truncate: async (length) => {
          ask('truncate');
          await file.truncate(length);
        },
      };
    },
    syncFolder: async (path) => {
      calls.push('sync folder');
      await systemFiles.syncFolder(path);
    },
  };
  return { calls, files };
}

const heightsIn = async (): Promise<unknown> => (await readAnvilJournal(file))?.heightsAfter(undefined);

describe('the journal', () => {
  it('answers an append only after the flush that follows the write', async () => {
    const { calls, files } = disk();
    const journal = await openAnvilJournal(file, head, { files });
    expect(calls).toEqual(['append', 'datasync', 'sync folder']);
    await journal.append(heightAt(1_001));
    expect(calls.slice(3)).toEqual(['append', 'datasync']);
    await journal.close();
  });

  it.each(['append', 'datasync', 'truncate'])(
    'names file and code when the disk is full and %s fails, keeps nothing of it, and goes on',
    async (call) => {
      let isFull = false;
      const broken = call === 'truncate' ? ['append', 'truncate'] : [call];
      const { files } = disk((asked) => isFull && broken.includes(asked));
      const journal = await openAnvilJournal(file, head, { files });
      await journal.append(heightAt(1_001));
      const before = await readFile(file);
      isFull = true;
      const refused = journal.append(heightAt(1_002));
      await expect(refused).rejects.toMatchObject({ code: 'chain-unavailable', retriable: true });
      await expect(refused).rejects.toThrow(`the journal ${file} cannot be written: ENOSPC`);
      if (call !== 'truncate') expect((await readFile(file)).equals(before)).toBe(true);
      isFull = false;
      await journal.append(heightAt(1_003));
      await journal.close();
      expect(await heightsIn()).toEqual([heightAt(1_001), heightAt(1_003)]);
    },
  );

  it('leaves the flush of hurried heights to a later one, of which there is one in 33', async () => {
    const { calls, files } = disk();
    const journal = await openAnvilJournal(file, head, { files });
    calls.length = 0;
    for (let at = 1_001; at <= 1_032; at++) await journal.append(heightAt(at, []), true);
    expect([journal.end.height, journal.flushed.height]).toEqual([32, 0]);
    await journal.append(heightAt(1_033, []), true);
    expect(journal.flushed).toEqual(journal.end);
    expect(calls.filter((call) => call === 'datasync')).toHaveLength(1);
    expect(calls.at(-1)).toBe('datasync');
    await journal.append(heightAt(1_034, []), true);
    await journal.append(heightAt(1_035));
    expect(calls.slice(-3)).toEqual(['append', 'append', 'datasync']);
    await journal.close();
  });

  it('names every flipped bit, or loses nothing but what was not acknowledged', async () => {
    const journal = await openAnvilJournal(file, head);
    for (let at = 1_001; at <= 1_006; at++) await journal.append(heightAt(at));
    const known = journal.end;
    await journal.close();
    const whole = await readFile(file);
    for (let bit = 0; bit < whole.length * 8; bit += 5) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      await writeFile(file, bytes);
      const opened = openAnvilJournal(file, head, { known });
      await expect(opened).rejects.toMatchObject({
        code: expect.stringMatching(/^chain-journal-(damaged|older)$/),
      });
      expect((await readFile(file)).equals(bytes)).toBe(true);
    }
  });

  it('knows a place again, and only that place', async () => {
    const journal = await openAnvilJournal(file, head);
    await journal.append(heightAt(1_001));
    const place = journal.end;
    await journal.append(heightAt(1_002));
    expect(await journal.heightsAfter(place)).toEqual([heightAt(1_002)]);
    expect(await journal.heightsAfter({ ...place, entryChecksum: '00000000' })).toBeUndefined();
    expect(await journal.heightsAfter({ ...journal.end, bytes: journal.end.bytes + 1 })).toBeUndefined();
    await journal.append({ ...heightAt(1_002, ['0x03']), replacesLast: true });
    expect(journal.end.height).toBe(2);
    expect(await journal.heightsAfter(place)).toEqual([{ ...heightAt(1_002, ['0x03']), replacesLast: true }]);
    await journal.close();
  });
});

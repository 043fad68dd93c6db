/** The journal on a disk that refuses, writes by halves, or flips bits. */
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import { type JournalFile, type JournalHeight, openAnvilJournal, readAnvilJournal } from './anvil-journal.js';

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

/** A disk that notes what it is asked for, takes `chunkBytes` a write, and breaks when `breaks` says so. */
function disk(chunkBytes: number, breaks: (call: string) => boolean = () => false) {
  const calls: string[] = [];
  const ask = (call: string): void => {
    calls.push(call);
    if (breaks(call)) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
  const openFile = async (path: string, flags: string): Promise<JournalFile> => {
    const handle = await open(path, flags);
    return {
      write: async (bytes, offset, length, at) => {
        ask('write');
        return handle.write(bytes, offset, Math.min(length, chunkBytes), at);
      },
      datasync: async () => {
        ask('datasync');
        await handle.datasync();
      },
      truncate: async (bytes) => {
        calls.push('truncate');
        await handle.truncate(bytes);
      },
      close: () => handle.close(),
    };
  };
  return { calls, openFile };
}

const heightsIn = async (): Promise<unknown> => (await readAnvilJournal(file))?.heightsAfter(undefined);

describe('the journal', () => {
  it('answers an append only after the flush that follows the write', async () => {
    const { calls, openFile } = disk(1_000_000);
    const journal = await openAnvilJournal(file, head, { openFile });
    expect(calls).toEqual(['truncate', 'write', 'datasync']);
    await journal.append(heightAt(1_001));
    expect(calls.slice(3)).toEqual(['write', 'datasync']);
    await journal.close();
  });

  it('writes what a write left over', async () => {
    const { openFile } = disk(7);
    const journal = await openAnvilJournal(file, head, { openFile });
    await journal.append(heightAt(1_001));
    await journal.close();
    expect(await heightsIn()).toEqual([heightAt(1_001)]);
  });

  it.each(['write', 'datasync'])(
    'names file and code when %s fails, keeps nothing of it, and goes on',
    async (call) => {
      let isFull = false;
      const { openFile } = disk(16, (asked) => isFull && asked === call);
      const journal = await openAnvilJournal(file, head, { openFile });
      await journal.append(heightAt(1_001));
      const before = await readFile(file);
      isFull = true;
      const refused = journal.append(heightAt(1_002));
      await expect(refused).rejects.toMatchObject({ code: 'chain-unavailable', retriable: true });
      await expect(refused).rejects.toThrow(`the journal ${file} cannot be written: ENOSPC`);
      expect((await readFile(file)).equals(before)).toBe(true);
      isFull = false;
      await journal.append(heightAt(1_003));
      await journal.close();
      expect(await heightsIn()).toEqual([heightAt(1_001), heightAt(1_003)]);
    },
  );

  it('is an error when a write takes nothing', async () => {
    const { openFile } = disk(0);
    await expect(openAnvilJournal(file, head, { openFile })).rejects.toMatchObject({
      code: 'chain-unavailable',
      retriable: true,
    });
  });

  it('leaves the flush of hurried heights to a later one, of which there is one in 33', async () => {
    const { calls, openFile } = disk(1_000_000);
    const journal = await openAnvilJournal(file, head, { openFile });
    calls.length = 0;
    for (let at = 1_001; at <= 1_033; at++) await journal.append(heightAt(at, []), true);
    expect(calls.filter((call) => call === 'datasync')).toHaveLength(1);
    expect(calls.at(-1)).toBe('datasync');
    await journal.append(heightAt(1_034, []), true);
    await journal.append(heightAt(1_035));
    expect(calls.slice(-3)).toEqual(['write', 'write', 'datasync']);
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

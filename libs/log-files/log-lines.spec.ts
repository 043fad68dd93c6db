/** Lines of a log that is longer than what is read at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type LogLine, readLines } from './log-lines.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, bytes: Uint8Array): Promise<{ lines: LogLine[]; seen: number }> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const lines: LogLine[] = [];
  let seen = 0;
  const onBytes = (chunk: Uint8Array): void => {
    seen += chunk.length;
  };
  for await (const some of readLines(path, onBytes)) lines.push(...some);
  return { lines, seen };
}

describe('lines', () => {
  it('are those of the file, whatever is read into the place of what was read before', async () => {
    // 5 MB: five chunks, each of which cuts a line; some lines reach over a whole chunk.
    const texts = Array.from({ length: 60_000 }, (_, at) => `line ${at} ${'x'.repeat(at % 150)}`);
    for (const at of [9_000, 30_000]) texts[at] = `${at}${'é'.repeat(500_000)}`;
    const bytes = Buffer.from(texts.join('\r\n'));
    const expected = texts.map((text, at) => ({ line: at + 1, text }));
    for (const [name, file] of [
      ['plain.txt', bytes],
      ['packed.txt.gz', gzipSync(bytes)],
    ] as const) {
      const { lines, seen } = await read(name, file);
      expect(seen).toBe(bytes.length);
      expect(lines.length).toBe(expected.length);
      expect(lines.findIndex(({ line, text }, at) => line !== at + 1 || text !== texts[at])).toBe(-1);
    }
  });

  it.each([
    ['Parquet', Buffer.from('PAR1 and more')],
    ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0)],
  ])('are refused by name where the file is %s', async (name, bytes) => {
    await expect(read('other', bytes)).rejects.toMatchObject({
      code: 'packing-not-supported',
      message: expect.stringContaining(name),
    });
  });

  it('are no text where they are longer than any row, and the next is read again', async () => {
    const long = 'x'.repeat(5_000_000);
    const { lines } = await read('long.txt', Buffer.from(`a\n${long}\nb\n`));
    expect(lines).toEqual([
      { line: 1, text: 'a' },
      { line: 2, text: undefined },
      { line: 3, text: 'b' },
    ]);
  });
});

/** One log in every format and packing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readRows } from './read-rows.js';
import { writeParquet } from './write-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = [
  ['a1', '1.10'],
  ['a,"2', '0.000003'],
  ['é3', '7'],
];
const csv = 'id,price,more\n"a1",1.10,x\n"a,""2",0.000003,x\né3,7,x\n';
const tsv = 'id\tprice\tmore\na1\t1.10\tx\na,"2\t0.000003\tx\né3\t7\tx\n';
const ndjson = '{"id":"a1","price":1.10}\n{"price":0.000003,"id":"a,\\"2"}\n{"id":"é3","price":"7"}\n';
/** "id,price\na1,1.10\n" by bzip2. */
const bzip2 = Buffer.from(
  'QlpoOTFBWSZTWdn0W9UAAAdZgAAQAAVgAC4gUAAgADEDQNAgBpoZNYyCwCh6K7xdyRThQkNn0W9U',
  'base64',
);

async function read(name: string, bytes: Uint8Array | undefined): Promise<string[][]> {
  const path = join(folder, name);
  if (bytes !== undefined) writeFileSync(path, bytes);
  const found: string[][] = [];
  await readRows(
    path,
    {
      choose: ({ fields, areNames }) => ({
        columns: ['id', 'price'].map((one) => fields.indexOf(one)),
        hasHeader: !areNames,
      }),
    },
    (block) => {
      for (let row = 0; row < block.rows; row++) {
        const text = (field: number): string => {
          const at = row * block.fields + field;
          return Buffer.from(block.bytes.subarray(block.starts[at], block.ends[at])).toString();
        };
        found.push([text(0), text(1)]);
      }
    },
  );
  return found;
}

describe('a log', () => {
  it('reads the same as CSV, TSV and NDJSON', async () => {
    for (const [name, text] of Object.entries({ csv, tsv, ndjson })) {
      expect([name, await read(`log.${name}`, Buffer.from(text))]).toEqual([name, rows]);
    }
    expect(await read('mark.csv', Buffer.from(`\ufeff${csv.replaceAll('\n', '\r\n')}`))).toEqual(rows);
  });

  it('reads the same as Parquet, decimals as decimals', async () => {
    const columns = [{ name: 'more' }, { name: 'price', scale: 6 }, { name: 'id' }];
    const decimals = [1_100_000n, 3n, 7_000_000n];
    const made = rows.map(([id], at) => ({ id, more: undefined, price: decimals[at] }));
    writeParquet(join(folder, 'log.parquet'), columns, made);
    expect(await read('log.parquet', undefined)).toEqual([
      ['a1', '1.100000'],
      ['a,"2', '0.000003'],
      ['é3', '7.000000'],
    ]);
  });

  it('is known by its first bytes to be packed by gzip, zstd or bzip2, whatever its name', async () => {
    expect(await read('log-of-gzip', zlib.gzipSync(csv))).toEqual(rows);
    const two = Buffer.concat([zlib.gzipSync(csv.slice(0, 20)), zlib.gzipSync(csv.slice(20))]);
    expect(await read('log-of-two.csv', two)).toEqual(rows);
    expect(await read('log.bz2', bzip2)).toEqual([['a1', '1.10']]);
    const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };
    if (zstdCompressSync === undefined) {
      await expect(read('log.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).rejects.toMatchObject({
        code: 'packing-not-supported',
      });
    } else {
      expect(await read('log.zst', zstdCompressSync(Buffer.from(csv)))).toEqual(rows);
    }
  });

  it('is refused where it is cut, empty, packed otherwise, no UTF-8 or not there', async () => {
    const cut = zlib.gzipSync(csv).subarray(0, 40);
    await expect(read('cut.gz', cut)).rejects.toMatchObject({ code: 'log-not-readable' });
    await expect(read('cut.bz2', bzip2.subarray(0, 30))).rejects.toMatchObject({ code: 'log-not-readable' });
    await expect(read('cut.parquet', Buffer.from('PAR1'))).rejects.toMatchObject({
      code: 'log-not-readable',
    });
    await expect(read('empty.csv', Buffer.alloc(0))).rejects.toMatchObject({ code: 'log-without-rows' });
    await expect(read('log.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))).rejects.toMatchObject({
      code: 'packing-not-supported',
    });
    await expect(read('wide.csv', Buffer.from(`\ufeff${csv}`, 'utf16le'))).rejects.toMatchObject({
      code: 'log-not-readable',
    });
    await expect(read('not-there.csv', undefined)).rejects.toMatchObject({ code: 'log-not-found' });
  });
});

/** Reads columns of a Parquet file as text, a row group at a time; the only file that knows hyparquet. */
import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf } from '#environment';
import { LogRefused } from './log-refused.js';
import { type RowBlock, RowBlockBuilder, rowFault } from './row-block.js';

/** Texts of timestamps as `iso` and `auto` read them; bytes stay bytes, whether they are UTF-8 or not. */
const parsers = {
  timestampFromMilliseconds: (ms: bigint) => isoText(Number(ms)),
  timestampFromMicroseconds: (us: bigint) => isoText(Number(us / 1_000n)),
  timestampFromNanoseconds: (ns: bigint) => isoText(Number(ns / 1_000_000n)),
  dateFromDays: (days: number) => isoText(days * 86_400_000),
  stringFromBytes: (bytes: Uint8Array) => bytes,
};

const blockRows = 8_192;
const encoder = new TextEncoder();

export interface ParquetRows {
  /** Names of the columns that are no lists and hold no others. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** `onRead` is told the bytes of the file that were read. */
  read(
    wanted: readonly number[],
    take: (block: RowBlock) => void,
    onRead: (bytes: number) => void,
  ): Promise<void>;
  close(): Promise<void>;
}

export async function openParquet(path: string): Promise<ParquetRows> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const file = bufferOf(handle, size);
    const metadata = await parquetMetadataAsync(file);
    const [, ...elements] = metadata.schema;
    const leaves = elements.filter((one) => one.num_children === undefined);
    const columns = leaves.map((one) => one.name);
    // Decimals arrive as the nearest double, which has at most 17 digits.
    const scales = leaves.map((one) => (one.converted_type === 'DECIMAL' ? (one.scale ?? 0) : undefined));
    const readGroup = async (
      names: string[],
      rowStart: number,
      rowEnd: number,
    ): Promise<Map<string, Column>> => {
      const found = new Map<string, Column>();
      const onChunk = (chunk: { columnName: string; columnData: Column; rowStart: number }): void => {
        const there = found.get(chunk.columnName);
        const data = Array.from(chunk.columnData as unknown[]);
        found.set(chunk.columnName, there === undefined ? data : [...(there as unknown[]), ...data]);
      };
      await parquetRead({ file, metadata, columns: names, rowStart, rowEnd, compressors, parsers, onChunk });
      return found;
    };
    return {
      columns,
      rows: Number(metadata.num_rows),
      read: async (wanted, take, onRead) => {
        const block = new RowBlockBuilder(wanted.length);
        const names = wanted.map((at) => columns[at]);
        let row = 0;
        for (const group of metadata.row_groups) {
          const rows = Number(group.num_rows);
          const found = await readGroup([...new Set(names)], row, row + rows);
          const data = wanted.map((at) => ({ values: found.get(columns[at])!, scale: scales[at] }));
          fillBlocks(block, data, row, rows, take);
          row += rows;
          onRead(Math.floor((size * row) / Math.max(1, Number(metadata.num_rows))));
        }
      },
      close: () => handle.close(),
    };
  } catch (cause) {
    await handle.close();
    throw new LogRefused('log-not-readable', `cannot read ${path} as Parquet: ${messageOf(cause)}`);
  }
}

type Column = ArrayLike<unknown>;

interface ColumnValues {
  readonly values: Column;
  /** Digits behind the point of a decimal. */
  readonly scale: number | undefined;
}

function bufferOf(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer.slice(0, bytesRead) as ArrayBuffer;
    },
  };
}

function fillBlocks(
  block: RowBlockBuilder,
  columns: readonly ColumnValues[],
  firstRow: number,
  rows: number,
  take: (block: RowBlock) => void,
): void {
  let bytes = new Uint8Array(blockRows * 64);
  for (let from = 0; from < rows; from += blockRows) {
    block.begin(bytes);
    let to = 0;
    for (let row = from; row < Math.min(rows, from + blockRows); row++) {
      block.reserveRow();
      for (const [field, { values, scale }] of columns.entries()) {
        const text = textOf(values[row], scale);
        if (text === undefined) continue;
        if (to + text.length > bytes.length) {
          const larger = new Uint8Array((to + text.length) * 2);
          larger.set(bytes);
          bytes = larger;
          block.bytes = larger;
        }
        bytes.set(text, to);
        const at = block.rows * block.fields + field;
        block.starts[at] = to;
        to += text.length;
        block.ends[at] = to;
      }
      block.endRow(firstRow + row + 1, rowFault.none);
    }
    take(block);
  }
}

function textOf(value: unknown, scale: number | undefined): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'number') return encoder.encode(String(value));
  return encoder.encode(scale === undefined ? numberText(value) : value.toFixed(scale));
}

/** The shortest decimal text of the number, without an exponent. */
function numberText(value: number): string {
  const text = String(Math.fround(value) === value ? shortestOfSingle(value) : value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = '', exponent] = match;
  const digits = whole + fraction;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0').replace(new RegExp(`^(\\d{${point}})(?=\\d)`), '$1.');
}

const singleDigitsMax = 9;

/** A number of 32 bits that was 1.1 is 1.100000023841858 in 64: what was meant is its shortest text. */
function shortestOfSingle(value: number): number {
  if (Number.isInteger(value)) return value;
  for (let digits = 1; digits <= singleDigitsMax; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function isoText(ms: number): string {
  return new Date(ms).toISOString();
}

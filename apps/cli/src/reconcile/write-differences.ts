/** Writes the list of impressions: CSV as it is, or Parquet with exact decimals. */
import { closeSync, existsSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '#environment';
import { makeFolders } from '#environment/make-folders';
import { csvRows, type ParquetRow, writeParquet } from '#log-files';
import { CommandRefused } from '../report/command-refused.js';
import { type DifferencePart, decimalColumns, differenceColumns } from './difference-lines.js';
import type { LogInput } from './log-input.js';
import { readFully } from './temporary-file.js';

const nanoDigits = 9;
const pieceBytes = 1 << 20;

/** Whether the list can be written so, before any log is read. */
export function checkOut(path: string, inputs: readonly LogInput[]): void {
  if (!/\.(csv|parquet)$/.test(path)) {
    throw new CommandRefused('usage', `--out ends in .csv or .parquet, and ${path} does not`);
  }
  refuseInput(path, inputs);
}

export function refuseInput(path: string, inputs: readonly LogInput[]): void {
  const isInput = inputs.some(
    (log) => existsSync(log.path) && existsSync(path) && realpathSync(log.path) === realpathSync(path),
  );
  if (isInput) throw new CommandRefused('usage', `${path} is one of the logs: it is not overwritten`);
}

/** What was there before stays until the new file is whole. */
export function writeDifferences(path: string, parts: readonly DifferencePart[]): void {
  const beside = `${path}.part`;
  try {
    makeFolders(dirname(path));
    if (path.endsWith('.csv')) writeCsv(beside, parts);
    else writeParquet(beside, columns, rowsOf(parts));
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new CommandRefused('out-unavailable', `${path}: ${messageOf(cause)}`, { cause });
  }
}

function writeCsv(path: string, parts: readonly DifferencePart[]): void {
  const file = openSync(path, 'w');
  try {
    writeSync(file, `${differenceColumns.join(',')}\n`);
    for (const bytes of piecesOf(parts)) writeSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function* piecesOf(parts: readonly DifferencePart[]): Generator<Uint8Array> {
  for (const { descriptor, offset, length } of parts) {
    for (let at = 0; at < length; at += pieceBytes) {
      const bytes = new Uint8Array(Math.min(pieceBytes, length - at));
      readFully(descriptor, bytes, offset + at);
      yield bytes;
    }
  }
}

const columns = differenceColumns.map((name) =>
  decimalColumns.has(name) ? { name, scale: nanoDigits } : { name },
);

function* rowsOf(parts: readonly DifferencePart[]): Generator<ParquetRow> {
  for (const fields of csvRows(piecesOf(parts), columns.length)) {
    yield Object.fromEntries(
      columns.map(({ name, scale }, at) => {
        const text = fields[at];
        if (text === '') return [name, undefined];
        return [name, scale === undefined ? text : BigInt(text.replace('.', ''))];
      }),
    );
  }
}

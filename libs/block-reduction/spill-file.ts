/** Rows that memory does not hold: files sorted by bucket, written and read by worker threads. Never
 *  durable, never shared. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Fault } from '#environment';
import { type RowScatter, rowBytes, rowQuads } from '#reduction';
import type { Spill, SpilledRows } from './reduction-tasks.js';

const stagingRows = 16_384;
let staging = new BigUint64Array(0);
const openFiles = new Map<string, number>();

/** Writes all rows of the scatter to `file`, bucket after bucket, and forgets them. The file's old bytes
 *  are overwritten. */
export function spillScatter(scatter: RowScatter, file: string): Spill {
  scatter.seal();
  const starts = new Uint32Array(scatter.buckets + 1);
  const descriptor = attempt(() => openSync(file, 'a+'), file);
  closeSync(descriptor);
  const target = attempt(() => openSync(file, 'r+'), file);
  let written = 0;
  let staged = 0;
  const flush = (): void => {
    writeAll(target, staging, staged, written, file);
    written += staged;
    staged = 0;
  };
  for (let bucket = 0; bucket < scatter.buckets; bucket++) {
    const rows = scatter.rowsOf(bucket);
    starts[bucket] = written + staged;
    if (staged + rows > stagingRows) flush();
    if (staging.length < Math.max(rows, stagingRows) * rowQuads) {
      staging = new BigUint64Array(Math.max(rows, stagingRows) * rowQuads);
    }
    staged = scatter.copyBucket(bucket, staging, staged);
  }
  flush();
  starts[scatter.buckets] = written;
  closeSync(target);
  scatter.clear();
  return { file, starts };
}

/** Reads the rows to row `at` of `into`. */
export function readSpilled(spilled: SpilledRows, into: BigUint64Array, at: number): void {
  let descriptor = openFiles.get(spilled.file);
  if (descriptor === undefined) {
    descriptor = attempt(() => openSync(spilled.file, 'r'), spilled.file);
    openFiles.set(spilled.file, descriptor);
  }
  const bytes = new Uint8Array(into.buffer, at * rowBytes, spilled.rows * rowBytes);
  for (let done = 0; done < bytes.length; ) {
    const position = spilled.start * rowBytes + done;
    const from = descriptor;
    const read = attempt(() => readSync(from, bytes, done, bytes.length - done, position), spilled.file);
    if (read === 0) throw spillFault(spilled.file, new Error('it is shorter than what was written'));
    done += read;
  }
}

function writeAll(target: number, rows: BigUint64Array, count: number, row: number, file: string): void {
  const bytes = new Uint8Array(rows.buffer, 0, count * rowBytes);
  for (let done = 0; done < bytes.length; ) {
    const position = row * rowBytes + done;
    done += attempt(() => writeSync(target, bytes, done, bytes.length - done, position), file);
  }
}

function attempt<T>(act: () => T, file: string): T {
  try {
    return act();
  } catch (cause) {
    throw spillFault(file, cause);
  }
}

function spillFault(file: string, cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Fault('spill-unavailable', `rows of a block could not be kept in ${file}: ${why}`, {
    retriable: true,
    cause,
  });
}

/** Reads one log into statements. */
import { LogRefused, type RowBlock, readRows } from '#log-files';
import {
  chooseColumns,
  type LogMapping,
  type RowCode,
  type StatementCounts,
  type StatementNames,
  StatementReader,
  type StatementSink,
} from '#reconciliation';
import type { LogInput } from './log-input.js';

/** Listed in full; beyond them rows are counted. */
const listedMax = 1_000;

/** A statement about the id that is to be explained: where it stands and what it says. */
export interface WatchedStatement {
  readonly line: number;
  readonly head: Uint32Array;
  readonly imp: string;
}

export interface ScannedLog extends StatementCounts {
  readonly path: string;
  readonly mapping: LogMapping;
  readonly unusable: ReadonlyMap<RowCode, number>;
  /** The first of them. */
  readonly listed: readonly { readonly line: number; readonly code: RowCode }[];
  readonly watched: readonly WatchedStatement[];
}

export interface ScanOptions {
  readonly explain?: string;
  readonly onRead?: (bytes: number) => void;
}

const headWords = 8;

export async function scanLog(
  log: LogInput,
  names: StatementNames,
  take: StatementSink['take'],
  options: ScanOptions,
): Promise<ScannedLog> {
  const { role, path, seller } = log;
  const unusable = new Map<RowCode, number>();
  const listed: { line: number; code: RowCode }[] = [];
  const watched: WatchedStatement[] = [];
  let pending: { place: number; line: number; imp: string }[] = [];
  let reader: StatementReader | undefined;
  let mapping: LogMapping | undefined;
  let impField = -1;
  const sink: StatementSink = {
    take: (heads, tails, count) => {
      for (const { place, line, imp } of pending) {
        watched.push({ line, imp, head: heads.slice(place * headWords, (place + 1) * headWords) });
      }
      pending = [];
      take(heads, tails, count);
    },
    unusable: (line, code) => {
      unusable.set(code, (unusable.get(code) ?? 0) + 1);
      if (listed.length < listedMax) listed.push({ line, code });
    },
    watched: (place, block, row) => {
      pending.push({
        place,
        line: block.lines[row],
        imp: impField < 0 ? '1' : fieldText(block, row, impField),
      });
    },
  };
  const choose = (firstLine: readonly string[]) => {
    if (log.mapping === undefined) throw new LogRefused('log-without-header', `name the columns of ${path}`);
    const chosen = chooseColumns(log.mapping, firstLine, role !== 'auditor');
    if (!chosen.ok) throw new LogRefused('column-not-found', `${path}: ${chosen.detail}`);
    const watchedId = options.explain === undefined ? undefined : new TextEncoder().encode(options.explain);
    const { fields, wanted, hasHeader } = chosen;
    mapping = chosen.mapping;
    impField = fields.imp;
    reader = new StatementReader({ role, mapping, fields, seller, watchedId }, names, sink);
    return { columns: wanted, hasHeader };
  };
  await readRows(path, { choose, onRead: options.onRead }, (block) => reader!.read(block));
  return { path, mapping: mapping!, ...reader!.counts, unusable, listed, watched };
}

function fieldText({ bytes, starts, ends, fields }: RowBlock, row: number, field: number): string {
  const at = row * fields + field;
  return new TextDecoder().decode(bytes.subarray(starts[at], ends[at]));
}

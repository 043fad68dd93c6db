/** Reads one log into statements. */
import { type LogColumns, LogRefused, type RowBlock, readRows } from '#log-files';
import {
  chooseColumns,
  findMapping,
  headWords,
  type LogMapping,
  type RowCode,
  type StatementCounts,
  type StatementNames,
  StatementReader,
  type StatementSink,
  type Statements,
} from '#reconciliation';
import type { LogInput } from './log-input.js';

/** Of each log so many are listed; beyond them rows are counted. */
const listedMax = 1_000;

/** A statement about the id that is to be explained: where it stands and what it says. */
export interface WatchedStatement {
  readonly line: number;
  readonly head: Uint32Array;
  readonly imp: string;
}

export interface ScannedLog extends StatementCounts {
  readonly mapping: LogMapping;
  /** As it was given, its name, or as the header was understood. */
  readonly mappingText: string;
  readonly unusable: ReadonlyMap<RowCode, number>;
  /** The first of them. */
  readonly listed: readonly { readonly line: number; readonly code: RowCode }[];
  readonly watched: readonly WatchedStatement[];
}

export interface LogScan {
  readonly names: StatementNames;
  readonly tailWords: number;
  readonly explain: string | undefined;
  readonly onRead: (bytes: number) => void;
  /** Where id and imp stand in the block; imp below zero where there is none. */
  readonly take: (statements: Statements, idField: number, impField: number) => void;
}

export async function scanLog(log: LogInput, scan: LogScan): Promise<ScannedLog> {
  const { role, path, seller } = log;
  const unusable = new Map<RowCode, number>();
  const listed: { line: number; code: RowCode }[] = [];
  const watched: WatchedStatement[] = [];
  const watchedId = scan.explain === undefined ? undefined : new TextEncoder().encode(scan.explain);
  let opened:
    | { readonly reader: StatementReader; readonly mapping: LogMapping; readonly text: string }
    | undefined;
  const choose = ({ fields: found, areNames }: LogColumns) => {
    const needsPrice = role !== 'auditor';
    const given = mappingOf(log, found, areNames, needsPrice);
    const chosen = chooseColumns(given.mapping, found, areNames, needsPrice);
    if (!chosen.ok) throw new LogRefused(chosen.code, `${path}: ${chosen.detail}`);
    const { fields, mapping } = chosen;
    const sink: StatementSink = {
      take: (statements) => {
        if (watchedId !== undefined) watch(watchedId, statements, fields.id, fields.imp, watched);
        scan.take(statements, fields.id, fields.imp);
      },
      unusable: (line, code) => {
        unusable.set(code, (unusable.get(code) ?? 0) + 1);
        if (listed.length < listedMax) listed.push({ line, code });
      },
    };
    const reader = new StatementReader({ role, mapping, fields, seller }, scan.names, scan.tailWords, sink);
    opened = { reader, mapping, text: given.text };
    return { columns: chosen.wanted, hasHeader: chosen.hasHeader };
  };
  await readRows(path, { choose, onRead: scan.onRead }, (block) => opened!.reader.read(block));
  const { reader, mapping, text } = opened!;
  return { mapping, mappingText: text, ...reader.counts, unusable, listed, watched };
}

function mappingOf(
  log: LogInput,
  found: readonly string[],
  areNames: boolean,
  needsPrice: boolean,
): { readonly mapping: LogMapping; readonly text: string } {
  if (log.mapping !== undefined) return { mapping: log.mapping, text: log.mappingText ?? '' };
  const given = findMapping(found, areNames, needsPrice);
  if (!given.ok) throw new LogRefused(given.code, `${log.path}: ${given.detail}`);
  return given;
}

function watch(
  watchedId: Uint8Array,
  { count, heads, rows, block }: Statements,
  idField: number,
  impField: number,
  watched: WatchedStatement[],
): void {
  const { bytes, starts, ends, fields, lines } = block;
  for (let at = 0; at < count; at++) {
    const id = rows[at] * fields + idField;
    if (ends[id] - starts[id] !== watchedId.length) continue;
    if (!watchedId.every((byte, one) => bytes[starts[id] + one] === byte)) continue;
    watched.push({
      line: lines[rows[at]],
      imp: impField < 0 ? '1' : fieldText(block, rows[at], impField),
      head: heads.slice(at * headWords, (at + 1) * headWords),
    });
  }
}

function fieldText({ bytes, starts, ends, fields }: RowBlock, row: number, field: number): string {
  const at = row * fields + field;
  return new TextDecoder().decode(bytes.subarray(starts[at], ends[at]));
}

/**
 * Reads an auction log in the format of iPinYou's season 2: tab-separated, with a header line, plain or gzip.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { isAcceptableId } from '#protocol';
import type { Impression } from './impression.js';

/** A row that says nothing usable; `line` counts from 1, the header. */
export interface UnusableRow {
  readonly line: number;
  readonly code:
    | 'column-count'
    | 'unknown-source'
    | 'id-refused'
    | 'timestamp-not-parsable'
    | 'exchange-not-parsable'
    | 'price-not-an-integer'
    | 'price-too-large'
    | 'impression-in-another-block'
    | 'click-without-impression';
}

export interface ReadLog {
  /** Ascending ids as the log writes them; exchange k is participant k + 1. */
  readonly exchanges: readonly string[];
  /** Start of the first day in the log's own time zone, seconds. */
  readonly firstDayStart: number;
  readonly days: number;
  /** In the order of the file. */
  readonly impressions: readonly Impression[];
  readonly unusable: readonly UnusableRow[];
  readonly rows: number;
}

/** A log that is not of this format at all, or empty. */
export class LogRefused extends Error {
  readonly code:
    | 'log-not-found'
    | 'log-not-readable'
    | 'log-without-header'
    | 'log-without-impressions'
    | 'too-many-exchanges';

  constructor(code: LogRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const columns = [
  'source',
  'bid_id',
  'timestamp',
  'log_type',
  'ad_exchange',
  'slot_id',
  'slot_w',
  'slot_h',
  'floor_fen_cpm',
  'creative',
  'bid_fen_cpm',
  'pay_fen_cpm',
  'advertiser',
] as const;
type Column = (typeof columns)[number];

const daySeconds = 86_400;
const chinaOffsetSeconds = 8 * 3_600;
/** 1 fen (0.01 CNY) per thousand impressions is 10,000 nano-CNY an impression. */
const nanoPerFenCpm = 10_000n;
/** A payer, an auditor, and exchanges up to the limit of 16 participants. */
const exchangesMax = 14;

interface Row {
  readonly line: number;
  readonly text: string;
  readonly bidId: string;
  readonly timestampMs: number;
  readonly exchange: string;
  readonly slot: string;
  readonly payFenCpm: bigint;
  readonly advertiser: string;
  /** imp.* before old_impressions: the order in which the control totals read them. */
  readonly isOld: boolean;
}

export async function readIpinyou(path: string, priceNanoMax: bigint): Promise<ReadLog> {
  const unusable: UnusableRow[] = [];
  const impressions: Row[] = [];
  const evidence: { line: number; bidId: string }[] = [];
  let rows = 0;
  for await (const text of linesOf(path)) {
    rows += 1;
    if (rows === 1) {
      if (text !== columns.join('\t')) {
        throw new LogRefused(
          'log-without-header',
          `the first line must name the columns ${columns.join(', ')}`,
        );
      }
      continue;
    }
    const parsed = parseRow(text, rows, priceNanoMax);
    if ('code' in parsed) unusable.push(parsed);
    else if (parsed.isEvidence) evidence.push({ line: rows, bidId: parsed.row.bidId });
    else impressions.push(parsed.row);
  }
  if (impressions.length === 0)
    throw new LogRefused('log-without-impressions', 'the log holds no impression row');
  const exchanges = [...new Set(impressions.map((row) => row.exchange))].sort(
    (a, b) => Number(a) - Number(b),
  );
  if (exchanges.length > exchangesMax) {
    throw new LogRefused('too-many-exchanges', `a channel takes at most ${exchangesMax} exchanges`);
  }
  return arrange(impressions, evidence, exchanges, unusable, rows - 1);
}

function arrange(
  rows: readonly Row[],
  evidence: readonly { line: number; bidId: string }[],
  exchanges: readonly string[],
  unusable: UnusableRow[],
  count: number,
): ReadLog {
  const days = rows.map((row) => dayOf(row.timestampMs));
  const first = days.reduce((low, day) => Math.min(low, day), Number.MAX_SAFE_INTEGER);
  const last = days.reduce((high, day) => Math.max(high, day), 0);
  const ordered = [...rows.filter((row) => !row.isOld), ...rows.filter((row) => row.isOld)];
  const blockOf = new Map<string, number>();
  const seen = new Set<string>();
  const clicked = new Set(evidence.map((one) => one.bidId));
  const impressions: Impression[] = [];
  for (const row of ordered) {
    const blockNumber = dayOf(row.timestampMs) - first;
    const known = blockOf.get(row.bidId);
    if (known !== undefined && known !== blockNumber) {
      unusable.push({ line: row.line, code: 'impression-in-another-block' });
      continue;
    }
    blockOf.set(row.bidId, blockNumber);
    const pair = `${row.bidId} ${row.exchange}`;
    impressions.push({
      auctionId: row.bidId,
      impId: '1',
      seller: 1 + exchanges.indexOf(row.exchange),
      blockNumber,
      timestampMs: row.timestampMs,
      priceNano: row.payFenCpm * nanoPerFenCpm,
      campaign: row.advertiser,
      placement: row.slot,
      line: row.text.slice(row.text.indexOf('\t') + 1),
      isClicked: clicked.has(row.bidId),
      isRepetition: seen.has(pair),
    });
    seen.add(pair);
  }
  for (const { line, bidId } of evidence) {
    if (!blockOf.has(bidId)) unusable.push({ line, code: 'click-without-impression' });
  }
  unusable.sort((a, b) => a.line - b.line);
  const firstDayStart = first * daySeconds - chinaOffsetSeconds;
  return { exchanges, firstDayStart, days: last - first + 1, impressions, unusable, rows: count };
}

function parseRow(
  text: string,
  line: number,
  priceNanoMax: bigint,
): UnusableRow | { readonly row: Row; readonly isEvidence: boolean } {
  const refuse = (code: UnusableRow['code']): UnusableRow => ({ line, code });
  const values = text.split('\t');
  if (values.length !== columns.length) return refuse('column-count');
  const of = (column: Column): string => values[columns.indexOf(column)];
  const source = /^(old_impressions\/imp|imp|clk|conv)\.\d{8}\.txt$/.exec(of('source'));
  if (source === null) return refuse('unknown-source');
  if (!isAcceptableId(of('bid_id'))) return refuse('id-refused');
  const timestampMs = timeOf(of('timestamp'));
  if (timestampMs === undefined) return refuse('timestamp-not-parsable');
  if (!/^\d{1,6}$/.test(of('ad_exchange'))) return refuse('exchange-not-parsable');
  const isEvidence = source[1] === 'clk' || source[1] === 'conv';
  if (!isEvidence && !/^\d{1,15}$/.test(of('pay_fen_cpm'))) return refuse('price-not-an-integer');
  const payFenCpm = isEvidence ? 0n : BigInt(of('pay_fen_cpm'));
  if (payFenCpm * nanoPerFenCpm > priceNanoMax) return refuse('price-too-large');
  return {
    isEvidence,
    row: {
      line,
      text,
      bidId: of('bid_id'),
      timestampMs,
      exchange: of('ad_exchange'),
      slot: of('slot_id'),
      payFenCpm,
      advertiser: of('advertiser'),
      isOld: source[1] !== 'imp',
    },
  };
}

/** yyyyMMddHHmmssSSS in China time, as milliseconds since the epoch. */
function timeOf(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number);
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const isReal = new Date(utc).toISOString().replace(/\D/g, '') === text;
  return isReal ? utc - chinaOffsetSeconds * 1_000 : undefined;
}

function dayOf(timestampMs: number): number {
  return Math.floor((timestampMs / 1_000 + chinaOffsetSeconds) / daySeconds);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const opened = new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve());
    file.once('error', reject);
  });
  await opened.catch((cause: Error) => {
    throw new LogRefused('log-not-found', `cannot read ${path}: ${cause.message}`);
  });
  const unpacked = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // Not readline: it lets errors of its source pass unheard.
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of unpacked) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield line.replace(/\r$/, '');
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new LogRefused('log-not-readable', `cannot unpack ${path}: ${message}`);
  }
  if (rest !== '') yield rest;
}

/**
 * Reads the files of a log once: which rows can be used, which exchanges and days they are of, and in which
 * block each impression lies. The order of files and lines changes none of it.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { toHex } from '#encoding';
import {
  dayOf,
  eventOfName,
  type IpinyouLayout,
  IpinyouReader,
  ipinyouLayouts,
  type LogLine,
  LogRefused,
  layoutOf,
  nanoPerFenCpm,
  readLines,
} from '#log-files';
import { impressionKeyOf, limits, shortHash } from '#protocol';
import { DayRows } from './day-rows.js';
import { ImpressionTable } from './impression-table.js';
import { UnusableRows } from './unusable-rows.js';

export type LayoutName = IpinyouLayout['name'];

/** One id that stands for many records of one exchange. */
export interface Flood {
  readonly auctionId: string;
  readonly exchange: string;
  readonly records: number;
}

export interface LogSurvey {
  /** Rows of all files, headers left out. */
  readonly rows: number;
  /** Ascending; exchange k is participant k + 1. */
  readonly exchanges: readonly string[];
  /** Days since 1970-01-01 in the log's own time that have impressions, ascending: day k is block k. */
  readonly days: readonly number[];
  readonly table: ImpressionTable;
  readonly dayRows: DayRows;
  readonly unusable: UnusableRows;
  /** At most 100 of them. */
  readonly floods: readonly Flood[];
  /** What all rows of one exchange of one day cost at most, and of one exchange over all days. */
  readonly dearest: { readonly ofDay: bigint; readonly ofAll: bigint };
  /** Impression rows by day. */
  readonly rowsByDay: ReadonlyMap<number, number>;
  /** Of what was read, whatever the order of the files. */
  readonly digest: string;
}

/** `impId` of every impression of these logs: a bid request of theirs has one. */
export const impId = '1';
/** A payer, an auditor, and exchanges up to the limit of participants. */
const exchangesMax = limits.participantsMax - 2;
/** Lines before the first that has a layout, which were cut or are of nobody. */
const linesWithoutLayoutMax = 100;
const floodsMax = 100;

/** `folder` is empty and takes the rows by day; `priceNanoMax` is of one impression. Throws LogRefused. */
export async function surveyLog(
  paths: readonly string[],
  options: { readonly folder: string; readonly priceNanoMax: bigint; readonly layout?: LayoutName },
): Promise<LogSurvey> {
  const survey = new Survey(paths, options.folder);
  for (const [file, path] of paths.entries()) await survey.read(file, path, options);
  return survey.end();
}

class Survey {
  readonly #table = new ImpressionTable();
  readonly #dayRows: DayRows;
  readonly #unusable: UnusableRows;
  readonly #exchanges = new Map<string, bigint>();
  /** By day and exchange. */
  readonly #byDay = new Map<string, bigint>();
  readonly #rowsByDay = new Map<number, number>();
  readonly #floods = new Map<string, { auctionId: string; exchange: string; records: number }>();
  readonly #evidence: { readonly file: number; readonly line: number; readonly key: Uint8Array }[] = [];
  readonly #digests: string[] = [];
  #rows = 0;

  constructor(paths: readonly string[], folder: string) {
    this.#dayRows = new DayRows(folder);
    this.#unusable = new UnusableRows(paths.map((path) => basename(path)));
  }

  async read(
    file: number,
    path: string,
    { priceNanoMax, layout }: { readonly priceNanoMax: bigint; readonly layout?: LayoutName },
  ): Promise<void> {
    const hash = createHash('sha256');
    const named = layout === undefined ? undefined : layoutNamed(layout);
    let reader: IpinyouReader | undefined;
    const before: LogLine[] = [];
    for await (const lines of readLines(path, (bytes) => hash.update(bytes))) {
      for (const one of lines) {
        if (reader !== undefined) {
          this.#take(file, one, reader);
          continue;
        }
        const found = named ?? (one.text === undefined ? undefined : layoutOf(one.text));
        if (found === undefined) {
          before.push(one);
          if (before.length > linesWithoutLayoutMax) throw unknownLayout(path, before);
          continue;
        }
        requireNoBids(path, found);
        reader = new IpinyouReader(found, basename(path), priceNanoMax);
        for (const earlier of before) this.#take(file, earlier, reader);
        const isHeader = found.hasHeader && one.line === 1 && one.text === found.columns.join('\t');
        if (!isHeader) this.#take(file, one, reader);
      }
    }
    if (reader === undefined) throw unknownLayout(path, before);
    this.#digests.push(hash.digest('hex'));
  }

  end(): LogSurvey {
    this.#dayRows.close();
    const exchanges = [...this.#exchanges.keys()].sort((a, b) => Number(a) - Number(b));
    for (const { file, line, key } of this.#evidence) {
      const places = exchanges.map((exchange) => this.#table.find(key, Number(exchange)));
      for (const place of places) if (place !== undefined) this.#table.click(place);
      if (places.every((place) => place === undefined)) {
        this.#unusable.add(file, line, 'click-without-impression');
      }
    }
    const most = (all: Iterable<bigint>): bigint =>
      [...all].reduce((high, one) => (one > high ? one : high), 0n);
    return {
      rows: this.#rows,
      exchanges,
      days: this.#table.days(),
      table: this.#table,
      dayRows: this.#dayRows,
      unusable: this.#unusable,
      floods: [...this.#floods.values()],
      dearest: {
        ofDay: most(this.#byDay.values()),
        ofAll: most(this.#exchanges.values()),
      },
      rowsByDay: this.#rowsByDay,
      digest: createHash('sha256').update(this.#digests.sort().join()).digest('hex'),
    };
  }

  #take(file: number, { line, text }: LogLine, reader: IpinyouReader): void {
    this.#rows += 1;
    if (text === undefined) {
      this.#unusable.add(file, line, 'not-utf-8');
      return;
    }
    const row = reader.read(text);
    if ('fault' in row) {
      this.#unusable.add(file, line, row.fault);
      return;
    }
    const key = impressionKeyOf(row.bidId, impId);
    if (row.event !== 'imp') {
      this.#evidence.push({ file, line, key });
      return;
    }
    const { bidId, timestampMs, exchange, payFenCpm, advertiser, slot } = row;
    const day = dayOf(timestampMs);
    const place = this.#table.add(key, Number(exchange), day);
    this.#noteFlood(this.#table.rowsOf(place), bidId, exchange);
    this.#noteCost(day, exchange, BigInt(payFenCpm) * nanoPerFenCpm);
    const winReference = toHex(shortHash(row.line)).slice(2);
    const auditReference = toHex(shortHash(`audit ${row.line}`)).slice(2);
    const kept = { file, line, bidId, exchange, timestampMs, payFenCpm, advertiser, slot };
    this.#dayRows.add(day, { ...kept, winReference, auditReference });
  }

  #noteFlood(rows: number, auctionId: string, exchange: string): void {
    if (rows <= limits.usualRecordsMax) return;
    const name = `${auctionId}\t${exchange}`;
    const known = this.#floods.get(name);
    if (known !== undefined) known.records += 1;
    else if (this.#floods.size < floodsMax) this.#floods.set(name, { auctionId, exchange, records: rows });
  }

  #noteCost(day: number, exchange: string, nano: bigint): void {
    const all = this.#exchanges.get(exchange);
    if (all === undefined && this.#exchanges.size === exchangesMax) {
      throw new LogRefused('too-many-exchanges', `a channel takes at most ${exchangesMax} exchanges`);
    }
    this.#exchanges.set(exchange, (all ?? 0n) + nano);
    const name = `${day} ${exchange}`;
    this.#byDay.set(name, (this.#byDay.get(name) ?? 0n) + nano);
    this.#rowsByDay.set(day, (this.#rowsByDay.get(day) ?? 0) + 1);
  }
}

function layoutNamed(name: LayoutName): IpinyouLayout {
  return ipinyouLayouts.find((one) => one.name === name) as IpinyouLayout;
}

function requireNoBids(path: string, layout: IpinyouLayout): void {
  if (!layout.isBids && eventOfName(basename(path)) !== 'bid') return;
  const message = `${path} holds bids (${layout.name}): nobody is billed for a bid; name files of imp, clk, conv`;
  throw new LogRefused('log-of-bids', message);
}

function unknownLayout(path: string, lines: readonly LogLine[]): LogRefused {
  const first = lines.find(({ text }) => text !== undefined && text !== '')?.text;
  const wanted = ipinyouLayouts
    .filter(({ isBids }) => !isBids)
    .map(({ name, columns, hasHeader }) =>
      hasHeader
        ? `${name} (a first line ${columns.join(', ')})`
        : `${name} (${columns.length} columns without a header, the second a time of 17 digits)`,
    );
  const found =
    first === undefined
      ? 'no line of text'
      : `${first.split('\t').length} columns that begin ${JSON.stringify(first.slice(0, 60))}`;
  const message = `${path} has none of the layouts ${wanted.join('; ')}; found: ${found}`;
  return new LogRefused('log-layout-unknown', message);
}

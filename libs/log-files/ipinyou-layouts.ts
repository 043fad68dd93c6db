/**
 * The layouts in which iPinYou's logs come, found by their columns, and one reading of a row for all of them.
 *
 * Published: Liao, Peng, Liu, Shen, "iPinYou Global RTB Bidding Algorithm Competition Dataset", ADKDD 2014;
 * Zhang, Yuan, Wang, Shen, "Real-Time Bidding Benchmarking with iPinYou Dataset", arXiv:1407.7073, section 2.
 */
import { auctionIdFault, parsePrice } from '#protocol';

/** What a row is: an impression that was bought, or what came of one. */
export type IpinyouEvent = 'imp' | 'clk' | 'conv';

export interface IpinyouLayout {
  readonly name: 'season-3' | 'season-2' | 'joined' | 'season-3-bids' | 'season-2-bids';
  readonly columns: readonly string[];
  readonly hasHeader: boolean;
  /** Bids say what was offered, not what was bought: nothing can be billed by them. */
  readonly isBids: boolean;
}

/** Why a row cannot be used. */
export type RowFault =
  | 'column-count'
  | 'not-utf-8'
  | 'unknown-source'
  | 'log-type-contradicts-source'
  | 'log-type-unknown'
  | 'id-refused'
  | 'unresolved-macro'
  | 'timestamp-not-parsable'
  | 'timestamp-out-of-range'
  | 'exchange-not-parsable'
  | 'price-not-an-integer'
  | 'price-too-large';

export type IpinyouRow =
  | { readonly fault: RowFault }
  /** Of a click or conversion the id alone is read: it is evidence that an impression was shown. */
  | { readonly event: 'clk' | 'conv'; readonly bidId: string }
  | {
      readonly event: 'imp';
      readonly bidId: string;
      /** Since the epoch; the log's own time is China's. */
      readonly timestampMs: number;
      /** Decimal, without leading zeros. */
      readonly exchange: string;
      readonly slot: string;
      readonly payFenCpm: number;
      readonly advertiser: string;
      /** The row without the column that names its file: the same row of two files is the same line. */
      readonly line: string;
    };

const published = [
  ...['bid_id', 'timestamp', 'log_type', 'ipinyou_id', 'user_agent', 'ip', 'region', 'city', 'ad_exchange'],
  ...['domain', 'url', 'anonymous_url_id', 'slot_id', 'slot_w', 'slot_h', 'slot_visibility', 'slot_format'],
  ...['floor_fen_cpm', 'creative', 'bid_fen_cpm', 'pay_fen_cpm', 'key_page_url', 'advertiser', 'user_tags'],
];
/** Bid logs lack what only a bought impression has. */
const ofBids = published.filter((name) => !['log_type', 'pay_fen_cpm', 'key_page_url'].includes(name));
const withoutTags = (columns: readonly string[]): readonly string[] => columns.slice(0, -1);
/** One log of several files, each row with the name of its file before it. */
const joined = [
  ...['source', 'bid_id', 'timestamp', 'log_type', 'ad_exchange', 'slot_id', 'slot_w', 'slot_h'],
  ...['floor_fen_cpm', 'creative', 'bid_fen_cpm', 'pay_fen_cpm', 'advertiser'],
];

export const ipinyouLayouts: readonly IpinyouLayout[] = [
  { name: 'season-3', columns: published, hasHeader: false, isBids: false },
  { name: 'season-2', columns: withoutTags(published), hasHeader: false, isBids: false },
  { name: 'joined', columns: joined, hasHeader: true, isBids: false },
  { name: 'season-3-bids', columns: ofBids, hasHeader: false, isBids: true },
  { name: 'season-2-bids', columns: withoutTags(ofBids), hasHeader: false, isBids: true },
];

const chinaOffsetMs = 8 * 3_600_000;
/** No auction of these logs was held outside; a clock that says so is wrong. */
const [timeMinMs, timeEndMs] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)];
const dayMs = 86_400_000;
const exchangeDigitsMax = 6;
/** 1 fen (0.01 CNY) per thousand impressions is 10,000 nano-CNY an impression. */
export const nanoPerFenCpm = 10_000n;

/**
 * The layout that a line has: the header of the joined log, or as many columns as a published one has, with
 * the time second. Undefined where it is none of them.
 */
export function layoutOf(line: string): IpinyouLayout | undefined {
  const values = line.split('\t');
  if (line === joined.join('\t')) return ipinyouLayouts.find(({ hasHeader }) => hasHeader);
  return ipinyouLayouts.find(
    ({ hasHeader, columns }) => !hasHeader && columns.length === values.length && /^\d{17}$/.test(values[1]),
  );
}

/** What the name of a file says of its rows, as iPinYou names them: `imp.20130606.txt.bz2`. */
export function eventOfName(name: string): IpinyouEvent | 'bid' | undefined {
  return /^(imp|clk|conv|bid)\.\d{8}\b/.exec(name)?.[1] as IpinyouEvent | 'bid' | undefined;
}

/** Whole days since 1970-01-01 in the log's own time. */
export function dayOf(timestampMs: number): number {
  return Math.floor((timestampMs + chinaOffsetMs) / dayMs);
}

/** Seconds of the day's beginning; 2013-06-06 as its name. */
export function dayStart(day: number): number {
  return (day * dayMs - chinaOffsetMs) / 1_000;
}

export function dayName(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** Reads rows of one layout, from a file whose name may say what they are. */
export class IpinyouReader {
  readonly #at: Readonly<Record<string, number>>;
  readonly #count: number;
  readonly #isJoined: boolean;
  readonly #fileEvent: IpinyouEvent | undefined;
  readonly #fenMax: bigint;

  /** `priceNanoMax`: of one impression. */
  constructor(layout: IpinyouLayout, fileName: string, priceNanoMax: bigint) {
    this.#at = Object.fromEntries(layout.columns.map((name, at) => [name, at]));
    this.#count = layout.columns.length;
    this.#isJoined = layout.name === 'joined';
    const event = eventOfName(fileName);
    this.#fileEvent = this.#isJoined || event === 'bid' ? undefined : event;
    this.#fenMax = priceNanoMax / nanoPerFenCpm;
  }

  read(text: string): IpinyouRow {
    const at = this.#at;
    const values = text.split('\t');
    if (values.length !== this.#count) return { fault: 'column-count' };
    const event = this.#eventOf(values[at.source], values[at.log_type]);
    if (typeof event !== 'string') return event;
    const bidId = values[at.bid_id];
    const idFault = auctionIdFault(bidId);
    if (idFault !== undefined) return { fault: idFault === 'unresolved-macro' ? idFault : 'id-refused' };
    if (event !== 'imp') return { event, bidId };
    const timestampMs = chinaTime(values[at.timestamp]);
    if (timestampMs === undefined) return { fault: 'timestamp-not-parsable' };
    if (timestampMs < timeMinMs || timestampMs >= timeEndMs) return { fault: 'timestamp-out-of-range' };
    const exchange = values[at.ad_exchange];
    if (!/^\d+$/.test(exchange)) return { fault: 'exchange-not-parsable' };
    const number = exchange.replace(/^0+(?=\d)/, '');
    if (number.length > exchangeDigitsMax) return { fault: 'exchange-not-parsable' };
    const price = parsePrice(values[at.pay_fen_cpm], 0);
    if (!price.ok) return { fault: priceFaults[price.code] };
    if (price.value > this.#fenMax) return { fault: 'price-too-large' };
    return {
      event,
      bidId,
      timestampMs,
      exchange: number,
      slot: values[at.slot_id],
      payFenCpm: Number(price.value),
      advertiser: values[at.advertiser],
      line: this.#isJoined ? text.slice(text.indexOf('\t') + 1) : text,
    };
  }

  /** What a row calls itself must not contradict the file that it is from. */
  #eventOf(source: string | undefined, logType: string): IpinyouEvent | { readonly fault: RowFault } {
    const event = this.#isJoined ? eventOfSource(source ?? '') : this.#fileEvent;
    if (this.#isJoined && event === undefined) return { fault: 'unknown-source' };
    if (event === undefined) return eventOfType[logType] ?? { fault: 'log-type-unknown' };
    return typesOf[event].includes(logType) ? event : { fault: 'log-type-contradicts-source' };
  }
}

const eventOfType: Readonly<Record<string, IpinyouEvent>> = { 1: 'imp', 2: 'clk', 3: 'conv' };
/** The joined log writes 2 for conversions too. */
const typesOf: Readonly<Record<IpinyouEvent, readonly string[]>> = {
  imp: ['1'],
  clk: ['2'],
  conv: ['2', '3'],
};

const priceFaults = {
  'unresolved-macro': 'unresolved-macro',
  'price-not-a-number': 'price-not-an-integer',
  'price-negative': 'price-not-an-integer',
  'price-too-precise': 'price-not-an-integer',
  'price-too-large': 'price-too-large',
} as const;

function eventOfSource(source: string): IpinyouEvent | undefined {
  const match = /^(?:old_impressions\/(imp)|(imp|clk|conv))\.\d{8}\.txt$/.exec(source);
  return (match?.[1] ?? match?.[2]) as IpinyouEvent | undefined;
}

/** yyyyMMddHHmmssSSS in China time, as milliseconds since the epoch; undefined for what no calendar has. */
function chinaTime(text: string): number | undefined {
  if (!/^\d{17}$/.test(text)) return undefined;
  const of = (from: number, to: number): number => Number(text.slice(from, to));
  const [year, month, day] = [of(0, 4), of(4, 6), of(6, 8)];
  const [hour, minute, second] = [of(8, 10), of(10, 12), of(12, 14)];
  const isClock = hour < 24 && minute < 60 && second < 60;
  const midnight = Date.UTC(year, month - 1, day);
  const isDay = new Date(midnight).getUTCDate() === day && month >= 1 && month <= 12 && year >= 1_000;
  if (!isClock || !isDay) return undefined;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + of(14, 17) - chinaOffsetMs;
}

/**
 * A mapping says which column of a log means what. It is written as text,
 * `id=auction_id,price=pay:cpm:EUR`, or kept in a file as a JSON object of the same keys.
 */

/** A column by its name in the header, `name?` where it may be absent, or by its number from 1, `#3`. */
export type Column = { readonly name: string; readonly isOptional?: boolean } | { readonly number: number };

export interface PriceColumn {
  readonly column: Column;
  /** What the price is for: a thousand impressions, or one. */
  readonly per: 'cpm' | 'each';
  readonly currency: string;
  /** A price of 1 in the log is 10^-digits of the currency. */
  readonly digits: number;
}

export interface TimeColumn {
  readonly column: Column;
  /** `auto`, `iso`, `epoch`, `epoch_ms`, or directives such as %Y%m%d%H%M%S%L. */
  readonly format: string;
  /** East of UTC, where the text itself does not say. */
  readonly offsetMinutes: number;
}

export interface SellerColumn {
  readonly column: Column;
  /** Whether names are numbers, so that 1 and 01 are one seller. */
  readonly isNumber: boolean;
}

/** A column and the texts that it may have. */
export interface Condition {
  readonly column: Column;
  readonly values: readonly string[];
}

export interface LogMapping {
  readonly id: Column;
  /** Without it every impression id is '1'. */
  readonly imp?: Column;
  readonly price?: PriceColumn;
  readonly time?: TimeColumn;
  readonly seller?: SellerColumn;
  readonly campaign?: Column;
  readonly placement?: Column;
  readonly viewable?: Condition;
  readonly invalid?: Condition;
  /** Rows that do not meet every one are left out, and counted. */
  readonly where: readonly Condition[];
  /** Whether the first line names the columns; where it is not said, it does if a column is named. */
  readonly hasHeader: boolean;
  /** How many columns a row must have, where the layout says so. */
  readonly columnCount?: number;
}

export type ParsedMapping =
  | { readonly ok: true; readonly mapping: LogMapping }
  | { readonly ok: false; readonly detail: string };

const keys = [
  'id',
  'imp',
  'price',
  'time',
  'seller',
  'campaign',
  'placement',
  'viewable',
  'invalid',
  'where',
  'header',
  'columns',
] as const;
type Key = (typeof keys)[number];

type Entries = ReadonlyMap<Key, readonly string[]>;

/** Numbers of truth in logs. */
const yes = ['1', 'true', 'TRUE', 'True', 'yes', 'y', 't'];
/** Where a log does not say in which currency its prices are. */
export const noCurrency = 'units';
const nanoDigits = 9;
const cpmDigits = 3;

/** Reads `key=value,key=value`, or the JSON object of a mapping file. */
export function parseMapping(text: string): ParsedMapping {
  try {
    return {
      ok: true,
      mapping: mappingOf(text.trimStart().startsWith('{') ? jsonEntries(text) : textEntries(text)),
    };
  } catch (error) {
    if (error instanceof NotAMapping) return { ok: false, detail: error.message };
    throw error;
  }
}

class NotAMapping extends Error {}

function textEntries(text: string): Entries {
  const entries = new Map<Key, string[]>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at < 1) throw new NotAMapping(`"${part}" is not key=column`);
    add(entries, part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return entries;
}

function jsonEntries(text: string): Entries {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotAMapping('it is not JSON');
  }
  const entries = new Map<Key, string[]>();
  for (const [key, given] of Object.entries(value as object)) {
    for (const one of Array.isArray(given) ? given : [given]) {
      if (typeof one === 'object') throw new NotAMapping(`${key} is text, or a list of texts`);
      add(entries, key, String(one));
    }
  }
  return entries;
}

function add(entries: Map<Key, string[]>, name: string, value: string): void {
  const key = keys.find((one) => one === name);
  if (key === undefined) throw new NotAMapping(`there is no key "${name}", only ${keys.join(', ')}`);
  if (value === '') throw new NotAMapping(`${key} names no column`);
  const there = entries.get(key);
  if (there !== undefined && key !== 'where') throw new NotAMapping(`${key} is there twice`);
  entries.set(key, [...(there ?? []), value]);
}

function mappingOf(entries: Entries): LogMapping {
  const one = (key: Key): string | undefined => entries.get(key)?.[0];
  const column = (key: Key): Column | undefined => {
    const text = one(key);
    return text === undefined ? undefined : columnOf(text);
  };
  const condition = (key: Key): Condition | undefined => {
    const text = one(key);
    return text === undefined ? undefined : conditionOf(text);
  };
  const id = column('id');
  if (id === undefined) throw new NotAMapping('id is missing: the column with the id of the auction');
  const price = one('price');
  const time = one('time');
  const seller = one('seller');
  const found = {
    id,
    imp: column('imp'),
    price: price === undefined ? undefined : priceOf(price),
    time: time === undefined ? undefined : timeOf(time),
    seller: seller === undefined ? undefined : sellerOf(seller),
    campaign: column('campaign'),
    placement: column('placement'),
    viewable: condition('viewable'),
    invalid: condition('invalid'),
    where: (entries.get('where') ?? []).map(conditionOf),
  };
  const header = one('header');
  if (header !== undefined && !/^(yes|no|true|false)$/.test(header)) {
    throw new NotAMapping('header is yes or no');
  }
  const named = columnsOf(found).some((at) => 'name' in at);
  const columns = one('columns');
  return {
    ...found,
    hasHeader: header === undefined ? named : /yes|true/.test(header),
    columnCount: columns === undefined ? undefined : wholeNumber(columns, 'columns'),
  };
}

/** All columns that a mapping names. */
function columnsOf(mapping: Omit<LogMapping, 'hasHeader'>): Column[] {
  const { id, imp, price, time, seller, campaign, placement, viewable, invalid, where } = mapping;
  const holders = [price, time, seller, viewable, invalid, ...where].map((one) => one?.column);
  return [id, imp, campaign, placement, ...holders].filter((one) => one !== undefined);
}

function columnOf(text: string): Column {
  const number = /^#(\d{1,4})$/.exec(text)?.[1];
  if (number === undefined && text.endsWith('?')) return { name: text.slice(0, -1), isOptional: true };
  if (number === undefined) return { name: text };
  if (Number(number) === 0) throw new NotAMapping('columns count from #1');
  return { number: Number(number) };
}

/** `pay_fen_cpm:cpm:CNY/100`: the column, what it is for, the currency and how many of it make one. */
function priceOf(text: string): PriceColumn {
  const [name, per = 'cpm', money = noCurrency, more] = text.split(':');
  if (per !== 'cpm' && per !== 'each')
    throw new NotAMapping('a price is for a thousand (cpm) or for one (each)');
  const match = /^([A-Za-z]{1,12})(?:\/(10*))?$/.exec(money);
  if (match === null || more !== undefined) {
    throw new NotAMapping(
      `"${money}" is not a currency such as EUR, or a power of ten of it such as CNY/100`,
    );
  }
  const digits = (match[2] ?? '1').length - 1;
  if (digits + (per === 'cpm' ? cpmDigits : 0) > nanoDigits) {
    throw new NotAMapping(`a price of 1 in ${money} ${per} is less than a nano-unit`);
  }
  return {
    column: columnOf(name),
    per,
    currency: match[1] === noCurrency ? noCurrency : match[1].toUpperCase(),
    digits,
  };
}

function timeOf(text: string): TimeColumn {
  const at = text.indexOf(':');
  const [name, given] = at < 0 ? [text, 'auto'] : [text.slice(0, at), text.slice(at + 1)];
  const match = /^(.*?)(?:@([+-])(\d\d):?(\d\d))?$/.exec(given);
  const [, format = 'auto', sign, hours, minutes] = match ?? [];
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
  const unknown = /%[^YmdHMSLfj%]|%$/.exec(format);
  if (unknown !== null) throw new NotAMapping(`"${unknown[0]}" is not one of %Y %m %d %H %M %S %L`);
  return { column: columnOf(name), format: format === '' ? 'auto' : format, offsetMinutes: offset };
}

function sellerOf(text: string): SellerColumn {
  const [name, kind, more] = text.split(':');
  if ((kind !== undefined && kind !== 'number') || more !== undefined) {
    throw new NotAMapping('seller is a column, or a column and :number');
  }
  return { column: columnOf(name), isNumber: kind === 'number' };
}

/** `viewable:1|true`: the column, and the texts it may have; what usually means yes where none is given. */
function conditionOf(text: string): Condition {
  const at = text.indexOf(':');
  if (at < 0) return { column: columnOf(text), values: yes };
  return { column: columnOf(text.slice(0, at)), values: text.slice(at + 1).split('|') };
}

function wholeNumber(text: string, key: Key): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0)
    throw new NotAMapping(`${key} is a whole number above 0`);
  return Number(text);
}

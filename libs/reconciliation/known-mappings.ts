/**
 * Mappings that need not be written: of logs that many people have, and of headers that say what they
 * mean.
 */
import { type IpinyouLayout, ipinyouLayouts, layoutOf } from '#log-files/ipinyou-layouts';
import { type LogMapping, parseMapping } from './mapping.js';

const ipinyouNames = {
  'season-2': 'ipinyou-2',
  'season-3': 'ipinyou-3',
  joined: 'ipinyou-joined',
} as const;

/** Columns of a layout that has prices: by name where a header has these, else by number. */
function ipinyouMapping(name: keyof typeof ipinyouNames): string {
  const { columns, hasHeader } = layoutNamed(name);
  const at = (column: string): string => (hasHeader ? column : `#${columns.indexOf(column) + 1}`);
  return [
    `id=${at('bid_id')}`,
    `time=${at('timestamp')}:%Y%m%d%H%M%S%L@+08:00`,
    `seller=${at('ad_exchange')}:number`,
    `placement=${at('slot_id')}`,
    `price=${at('pay_fen_cpm')}:cpm:CNY/100`,
    `campaign=${at('advertiser')}`,
    `where=${at('log_type')}:1`,
    `columns=${columns.length}`,
  ].join(',');
}

function layoutNamed(name: IpinyouLayout['name']): IpinyouLayout {
  return ipinyouLayouts.find((layout) => layout.name === name)!;
}

/** By the name that `--map` takes. */
export const knownMappings: ReadonlyMap<string, string> = new Map([
  ['ipinyou-2', ipinyouMapping('season-2')],
  ['ipinyou-3', ipinyouMapping('season-3')],
  ['ipinyou-joined', ipinyouMapping('joined')],
  ['openrtb', 'id=auction_id,imp=imp_id?,price=price:cpm:USD,time=timestamp?,placement=tagid?,campaign=cid?'],
]);

export type FoundMapping =
  | { readonly ok: true; readonly mapping: LogMapping; readonly text: string }
  | {
      readonly ok: false;
      readonly code: 'log-of-bids' | 'log-without-header' | 'column-not-found';
      readonly detail: string;
    };

/**
 * The mapping of a log that none is given for. `fields` are those of its first line, or names
 * (`areNames`), as in JSON and Parquet.
 */
export function findMapping(fields: readonly string[], areNames: boolean, needsPrice: boolean): FoundMapping {
  const layout = areNames ? undefined : layoutOf(fields.join('\t'));
  if (layout?.isBids) {
    const detail = `its ${fields.length} columns are those of an iPinYou log of bids, which says no price that was paid`;
    return { ok: false, code: 'log-of-bids', detail };
  }
  const name = layout?.name;
  if (name === 'season-2' || name === 'season-3') return known(ipinyouNames[name]);
  // By names, so that their order is free, as it is in JSON and Parquet.
  const isJoined = layoutNamed('joined').columns.every((column) => fields.includes(column));
  return isJoined ? known(ipinyouNames.joined) : byHeader(fields, areNames, needsPrice);
}

function known(name: string): FoundMapping {
  const text = knownMappings.get(name)!;
  const parsed = parseMapping(text);
  if (!parsed.ok) throw new Error(`the mapping ${name} is none: ${parsed.detail}`);
  return { ok: true, mapping: parsed.mapping, text: name };
}

/**
 * Names that columns have in logs, without case and without marks between words; the first that is there
 * counts.
 */
const namesOf = {
  id: ['auctionid', 'requestid', 'bidrequestid', 'bidid', 'impressionid', 'id'],
  imp: ['impid'],
  price: ['pricecpm', 'clearingprice', 'winprice', 'paidprice', 'price', 'cpm'],
  time: ['timestamp', 'time', 'ts', 'datetime', 'eventtime'],
  seller: ['adexchange', 'exchange', 'seller', 'ssp', 'sellerid'],
  campaign: ['campaign', 'campaignid', 'cid', 'advertiser', 'advertiserid'],
  placement: ['placement', 'placementid', 'tagid', 'slotid', 'slot'],
  viewable: ['viewable', 'isviewable'],
  invalid: ['invalid', 'invalidtraffic', 'isinvalid', 'ivt', 'isivt'],
} as const;

/**
 * Prices of one impression rather than of a thousand, in parts of the currency: `price_nano`,
 * `price_micros`.
 */
const partNames: readonly (readonly [string, string])[] = [
  ['pricenano', '1000000000'],
  ['pricemicros', '1000000'],
];

function byHeader(fields: readonly string[], areNames: boolean, needsPrice: boolean): FoundMapping {
  const plain = fields.map((field) => field.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const column = (key: keyof typeof namesOf): string | undefined => {
    const name = namesOf[key].find((one) => plain.includes(one));
    return name === undefined ? undefined : fields[plain.indexOf(name)];
  };
  const entries: Record<string, string | undefined> = {
    id: column('id'),
    imp: column('imp'),
    price: needsPrice ? priceOf(fields, plain, column('price')) : undefined,
    time: column('time'),
    seller: column('seller'),
    campaign: column('campaign'),
    placement: column('placement'),
    viewable: needsPrice ? undefined : column('viewable'),
    invalid: needsPrice ? undefined : column('invalid'),
  };
  const missing = ['id', ...(needsPrice ? ['price'] : [])].filter((key) => entries[key] === undefined);
  if (missing.length > 0) {
    const looked = missing
      .map((key) => `${key} (${namesOf[key as 'id' | 'price'].join(', ')})`)
      .join(' and ');
    const found = fields
      .slice(0, 30)
      .map((field) => field.slice(0, 30))
      .join(', ');
    return {
      ok: false,
      code: areNames ? 'column-not-found' : 'log-without-header',
      detail: `no column is named for ${looked}; found are ${found}. Name them, as in --map id=COLUMN,price=COLUMN:cpm:EUR`,
    };
  }
  const given = Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
  const parsed = parseMapping(JSON.stringify(given));
  if (!parsed.ok) return { ok: false, code: 'column-not-found', detail: parsed.detail };
  const text = Object.entries(given).map(([key, value]) => `${key}=${value}`);
  return { ok: true, mapping: parsed.mapping, text: text.join(',') };
}

function priceOf(
  fields: readonly string[],
  plain: readonly string[],
  cpm: string | undefined,
): string | undefined {
  for (const [name, parts] of partNames) {
    const at = plain.indexOf(name);
    if (at >= 0) return `${fields[at]}:each:units/${parts}`;
  }
  return cpm === undefined ? undefined : `${cpm}:cpm`;
}

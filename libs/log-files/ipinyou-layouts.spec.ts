import { describe, expect, it } from '@jest/globals';
import { type IpinyouLayout, IpinyouReader, ipinyouLayouts, layoutOf } from './ipinyou-layouts.js';

const priceNanoMax = 10_000_000_000n;
const good = {
  ...{ source: 'imp.20130606.txt', bid_id: 'a1', timestamp: '20130606124417888', log_type: '1' },
  ...{ ad_exchange: '1', slot_id: 'slot', advertiser: '1458', pay_fen_cpm: '70', bid_fen_cpm: '300' },
};
type Columns = Readonly<Record<string, string>>;

const layout = (name: IpinyouLayout['name']): IpinyouLayout =>
  ipinyouLayouts.find((one) => one.name === name) as IpinyouLayout;

function rowIn(name: IpinyouLayout['name'], change: Columns = {}): string {
  const values: Columns = { ...good, ...change };
  return layout(name)
    .columns.map((column) => values[column] ?? 'x')
    .join('\t');
}

function read(name: IpinyouLayout['name'], change: Columns = {}, file = 'log.txt') {
  return new IpinyouReader(layout(name), file, priceNanoMax).read(rowIn(name, change));
}

describe('a layout', () => {
  it('is found by the columns of a row', () => {
    const found = ipinyouLayouts.map(({ name, columns, hasHeader }) =>
      layoutOf(hasHeader ? columns.join('\t') : rowIn(name)),
    );
    expect(found).toEqual(ipinyouLayouts);
    expect(ipinyouLayouts.map(({ columns }) => columns.length)).toEqual([24, 23, 13, 21, 20]);
  });

  it('is not found where columns lack, or the second is no time', () => {
    for (const line of ['', 'a,b,c', rowIn('joined'), `${rowIn('season-3')}\tmore`]) {
      expect(layoutOf(line)).toBeUndefined();
    }
    expect(layoutOf(rowIn('season-3', { timestamp: '2013-06-06' }))).toBeUndefined();
  });
});

describe.each(['season-3', 'season-2', 'joined'] as const)('a row of %s', (name) => {
  it('gives an impression with its price, day and exchange', () => {
    expect(read(name)).toMatchObject({
      ...{ event: 'imp', bidId: 'a1', exchange: '1', slot: 'slot', payFenCpm: 70, advertiser: '1458' },
      timestampMs: Date.UTC(2013, 5, 6, 4, 44, 17, 888),
    });
  });

  it('of a click counts by its id alone', () => {
    const broken = { ad_exchange: 'null', timestamp: 'bad', pay_fen_cpm: '', log_type: '2' };
    const change = { ...broken, source: 'clk.20130606.txt' };
    expect(read(name, change, 'clk.20130606.txt')).toEqual({ event: 'clk', bidId: 'a1' });
  });

  it.each([
    [{ ad_exchange: '01' }, '1'],
    [{ ad_exchange: '000' }, '0'],
    [{ ad_exchange: '0000000000010' }, '10'],
  ])('writes an exchange one way: %j', (change, exchange) => {
    expect(read(name, change)).toMatchObject({ exchange });
  });

  it.each([
    [{ bid_id: '' }, 'id-refused'],
    [{ bid_id: 'NULL' }, 'id-refused'],
    [{ bid_id: ' ' }, 'id-refused'],
    [{ bid_id: 'x'.repeat(257) }, 'id-refused'],
    [{ bid_id: '%%BID_ID%%' }, 'unresolved-macro'],
    [{ timestamp: '20130631000000000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20130606240000000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20130606126000000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20130606125960000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20130006125959000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20131306125959000' }, 'timestamp-not-parsable'],
    [{ timestamp: '20130229125959000' }, 'timestamp-not-parsable'],
    [{ timestamp: '00000000000000000' }, 'timestamp-not-parsable'],
    [{ timestamp: '1370493857888' }, 'timestamp-not-parsable'],
    [{ timestamp: '2013-06-06 12:44:17' }, 'timestamp-not-parsable'],
    [{ timestamp: '19700101000000000' }, 'timestamp-out-of-range'],
    [{ timestamp: '20000101000000000' }, 'timestamp-out-of-range'],
    [{ timestamp: '21000101080000000' }, 'timestamp-out-of-range'],
    [{ timestamp: '99990606000000000' }, 'timestamp-out-of-range'],
    [{ ad_exchange: 'A' }, 'exchange-not-parsable'],
    [{ ad_exchange: '' }, 'exchange-not-parsable'],
    [{ ad_exchange: '-1' }, 'exchange-not-parsable'],
    [{ ad_exchange: '1.0' }, 'exchange-not-parsable'],
    [{ ad_exchange: '1234567' }, 'exchange-not-parsable'],
    [{ pay_fen_cpm: '1.5' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: '-3' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: '' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: 'null' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: '7e1' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: '1,000' }, 'price-not-an-integer'],
    [{ pay_fen_cpm: '${AUCTION_PRICE}' }, 'unresolved-macro'],
    [{ pay_fen_cpm: '1000001' }, 'price-too-large'],
    [{ pay_fen_cpm: '99999999999999999999999999' }, 'price-too-large'],
  ])('cannot be used with %j: %s', (change, fault) => {
    expect(read(name, change)).toEqual({ fault });
  });
});

describe('what a row calls itself', () => {
  it.each([
    ['imp.20131021.txt.bz2', '1', 'imp'],
    ['clk.20131021.txt', '2', 'clk'],
    ['conv.20131021.txt', '3', 'conv'],
    ['conv.20131021.txt', '2', 'conv'],
    ['log.txt', '1', 'imp'],
    ['log.txt', '2', 'clk'],
    ['log.txt', '3', 'conv'],
  ])('goes together with %s as log type %s', (file, log_type, event) => {
    expect(read('season-3', { log_type }, file)).toMatchObject({ event });
  });

  it.each([
    ['imp.20131021.txt', '2', 'log-type-contradicts-source'],
    ['clk.20131021.txt', '1', 'log-type-contradicts-source'],
    ['conv.20131021.txt', '1', 'log-type-contradicts-source'],
    ['log.txt', '0', 'log-type-unknown'],
    ['log.txt', '', 'log-type-unknown'],
    ['log.txt', 'x', 'log-type-unknown'],
    ['log.txt', '01', 'log-type-unknown'],
  ])('is listed where %s has log type %s', (file, log_type, fault) => {
    expect(read('season-3', { log_type }, file)).toEqual({ fault });
  });

  it('is the name before the row in a joined log', () => {
    expect(read('joined', { source: 'old_impressions/imp.20130606.txt' })).toMatchObject({ event: 'imp' });
    expect(read('joined', { source: 'bid.20130606.txt' })).toEqual({ fault: 'unknown-source' });
    for (const log_type of ['0', '2', '3', 'x', '']) {
      expect(read('joined', { log_type })).toEqual({ fault: 'log-type-contradicts-source' });
    }
  });
});

/** The blocks of a log as traffic: a block a day that has impressions, planned as its rows are read again. */
import { fromHex } from '#encoding';
import { dayOf, nanoPerFenCpm } from '#log-files';
import { impressionKeyOf } from '#protocol';
import type { BlockTraffic } from '../network/submit-traffic.js';
import type { DayRow } from './day-rows.js';
import type { Impression } from './impression.js';
import { type BlockPlan, type Choose, planRecords, type Roster } from './plan-records.js';
import { impId, type LogSurvey } from './survey-log.js';

/** Win of the seller, win of the payer, audit. */
const recordsPerRow = 3;

/** Block k is the k-th day. Each block is read once, one after the other. */
export function blockTraffic(survey: LogSurvey, roster: Roster, choose: Choose): BlockTraffic[] {
  return survey.days.map((day, blockNumber) => ({
    blockNumber,
    records: (survey.rowsByDay.get(day) ?? 0) * recordsPerRow,
    plans: () => plansOf(survey, blockNumber, roster, choose),
  }));
}

async function* plansOf(
  survey: LogSurvey,
  blockNumber: number,
  roster: Roster,
  choose: Choose,
): AsyncGenerator<BlockPlan> {
  for await (const impressions of impressionsOf(survey, blockNumber)) {
    yield planRecords(blockNumber, impressions, roster, choose);
  }
}

/** Some at a time, in the order of the files; lists the rows that are of another block's impressions. */
export async function* impressionsOf(survey: LogSurvey, blockNumber: number): AsyncGenerator<Impression[]> {
  const { dayRows, days, rowsByDay } = survey;
  const day = new DayReading(survey, blockNumber);
  // Days all of whose impressions lie in blocks of earlier days are no blocks; their rows are listed first.
  const others = [...rowsByDay.keys()].filter((one) => !days.includes(one));
  for (const other of blockNumber === 0 ? others : []) {
    for await (const rows of dayRows.read(other)) for (const row of rows) day.impressionOf(row);
  }
  for await (const rows of dayRows.read(days[blockNumber])) {
    yield rows.flatMap((row) => day.impressionOf(row) ?? []);
  }
}

class DayReading {
  readonly #survey: LogSurvey;
  readonly #blockNumber: number;
  readonly #sellers: ReadonlyMap<string, number>;
  /** Prices after the first one, of the few impressions that have more. */
  readonly #morePrices = new Map<number, Set<number>>();

  constructor(survey: LogSurvey, blockNumber: number) {
    this.#survey = survey;
    this.#blockNumber = blockNumber;
    this.#sellers = new Map(survey.exchanges.map((exchange, at) => [exchange, at + 1]));
  }

  /** Undefined for a row whose impression lies in the block of an earlier day. */
  impressionOf(row: DayRow): Impression | undefined {
    const { table, unusable } = this.#survey;
    const { bidId, exchange, timestampMs, payFenCpm } = row;
    const key = impressionKeyOf(bidId, impId);
    const place = table.find(key, Number(exchange));
    if (place === undefined) throw new Error('a row that was surveyed is not in the table');
    if (table.dayOf(place) !== dayOf(timestampMs)) {
      unusable.add(row.file, row.line, 'impression-in-another-block');
      return undefined;
    }
    const first = table.firstPrice(place, payFenCpm);
    return {
      auctionId: bidId,
      impId,
      seller: this.#sellers.get(exchange) as number,
      blockNumber: this.#blockNumber,
      timestampMs,
      priceNano: BigInt(payFenCpm) * nanoPerFenCpm,
      campaign: row.advertiser,
      placement: row.slot,
      winReference: fromHex(`0x${row.winReference}`),
      auditReference: fromHex(`0x${row.auditReference}`),
      isClicked: table.isClicked(place),
      again: first === undefined ? undefined : this.#againOf(place, first, payFenCpm),
      hasOthers: table.rowsOf(place) > 1,
    };
  }

  #againOf(place: number, first: number, price: number): Impression['again'] {
    const more = this.#morePrices.get(place);
    if (price === first || more?.has(price)) return 'repeated';
    if (more !== undefined) {
      more.add(price);
      return 'repriced';
    }
    this.#morePrices.set(place, new Set([price]));
    return 'contradictory';
  }
}

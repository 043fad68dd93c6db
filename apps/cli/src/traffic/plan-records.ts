/**
 * From impressions to what each participant will say: the records by block and author, with seeded
 * disagreement injected.
 */
import { viewOf } from '#encoding';
import {
  encodeRecord,
  impressionKeyOf,
  limits,
  type RecordFields,
  recordFlag,
  recordKind,
  shortHash,
} from '#protocol';
import type { Disagreement, Impression, Tally } from './impression.js';
import { disagreements, emptyTally, isPaid } from './impression.js';
import { seededRandom } from './random.js';

export interface Roster {
  readonly names: readonly string[];
  /** The index of the one auditor. */
  readonly auditor: number;
}

/** One participant's records of one block, count × 64 bytes each. */
export interface AuthorRecords {
  readonly author: number;
  /** Sent in time. */
  readonly records: Uint8Array;
  /** Sent after the block no longer accepts: every one is to be refused. */
  readonly late: Uint8Array;
}

/** A row of a party's own log, kept for recomputation by other means. */
export interface LoggedRecord {
  readonly author: number;
  readonly auctionId: string;
  readonly fields: RecordFields;
  readonly isLate: boolean;
}

export interface BlockPlan {
  readonly blockNumber: number;
  readonly authors: readonly AuthorRecords[];
  readonly injected: Tally;
  readonly logged: readonly LoggedRecord[];
}

const viewed = recordFlag.measurable | recordFlag.viewable;

/** About which impression the parties differ, and how; undefined where they agree. */
export type Choose = (impression: Impression) => Disagreement | undefined;

/** `disagreePpm`: the share of impressions, in a million, over which the parties differ; 0 for none. */
export function planBlock(
  blockNumber: number,
  impressions: readonly Impression[],
  roster: Roster,
  options: { seed: string; disagreePpm: number },
): BlockPlan {
  const random = seededRandom(`${options.seed}/disagreement/${blockNumber}`);
  return planRecords(blockNumber, impressions, roster, () =>
    random.chance(options.disagreePpm) ? random.pick(disagreements) : undefined,
  );
}

/** Chosen by what the impression is and not by where it stands: the order of a log changes nothing. */
export function chooseById(seed: string, disagreePpm: number): Choose {
  return ({ auctionId, seller }) => {
    if (disagreePpm === 0) return undefined;
    const view = viewOf(shortHash(`${seed}/disagreement/${seller}/${auctionId}`));
    if (view.getUint32(0, true) % 1_000_000 >= disagreePpm) return undefined;
    return disagreements[view.getUint32(4, true) % disagreements.length];
  };
}

/** What all participants say of some impressions of a block. */
export function planRecords(
  blockNumber: number,
  impressions: readonly Impression[],
  roster: Roster,
  choose: Choose,
): BlockPlan {
  const injected = emptyTally();
  const logged: LoggedRecord[] = [];
  for (const impression of impressions) {
    if (impression.again !== undefined) {
      logged.push(...winsOf(impression));
      if (impression.again === 'repeated') injected.repeated += 1;
      if (impression.again !== 'contradictory') continue;
      injected.contradictory += 1;
      // Of two prices the seller's lower and the payer's higher count.
      injected['price-differs'] += 1;
      continue;
    }
    // A row that comes again would heal what is injected into the first, so only impressions that come once
    // disagree.
    const disagreement = impression.hasOthers ? undefined : choose(impression);
    const said = statementsOf(impression, disagreement, roster);
    logged.push(...said);
    tally(injected, disagreement, said.length);
  }
  const authors = roster.names.map((_, author) => ({
    author,
    records: encodeAll(logged.filter((one) => one.author === author && !one.isLate)),
    late: encodeAll(logged.filter((one) => one.author === author && one.isLate)),
  }));
  return { blockNumber, authors, injected, logged };
}

function tally(injected: Tally, disagreement: Disagreement | undefined, records: number): void {
  if (disagreement !== undefined) injected[disagreement] += disagreement === 'late' ? records : 1;
  if (isPaid(disagreement)) injected.matched += 1;
}

/** What all parties say of one impression. */
function statementsOf(
  impression: Impression,
  disagreement: Disagreement | undefined,
  roster: Roster,
): LoggedRecord[] {
  const [seller, payer] = winsOf(impression);
  const isLate = disagreement === 'late';
  const wins: LoggedRecord[] = [];
  if (disagreement !== 'missing-ssp') wins.push({ ...seller, isLate });
  const said = disagreement === 'price-differs' ? dearer(payer) : payer;
  if (disagreement !== 'missing-dsp') wins.push({ ...said, isLate });
  if (disagreement === 'repeated') wins.push(seller);
  if (disagreement === 'contradictory') wins.push(dearer(seller));
  if (disagreement === 'missing-audit') return wins;
  return [...wins, { ...auditOf(impression, disagreement, roster), isLate }];
}

/** A price one tenth and one nano above what the other party says; the higher of the two never counts. */
function dearer(record: LoggedRecord): LoggedRecord {
  const priceNano = record.fields.priceNano + record.fields.priceNano / 10n + 1n;
  return { ...record, fields: { ...record.fields, priceNano } };
}

function winsOf(impression: Impression): [seller: LoggedRecord, payer: LoggedRecord] {
  const { auctionId, seller } = impression;
  const win = {
    kind: recordKind.win,
    flags: 0,
    timestampMs: BigInt(impression.timestampMs),
    impressionKey: impressionKeyOf(auctionId, impression.impId),
    priceNano: impression.priceNano,
    campaign: shortHash(impression.campaign),
    placement: shortHash(impression.placement),
    reference: impression.winReference,
  };
  return [
    { author: seller, auctionId, isLate: false, fields: { ...win, author: seller, counterparty: 0 } },
    { author: 0, auctionId, isLate: false, fields: { ...win, author: 0, counterparty: seller } },
  ];
}

function auditOf(
  impression: Impression,
  disagreement: Disagreement | undefined,
  { auditor }: Roster,
): LoggedRecord {
  const seen = disagreement === 'not-viewable' ? recordFlag.measurable : viewed;
  const invalid = disagreement === 'invalid-traffic' ? recordFlag.generalInvalidTraffic : 0;
  const clicked = impression.isClicked ? recordFlag.click : 0;
  const fields: RecordFields = {
    kind: recordKind.audit,
    author: auditor,
    counterparty: impression.seller,
    flags: seen | invalid | clicked,
    timestampMs: BigInt(impression.timestampMs) + 1_000n,
    impressionKey: impressionKeyOf(impression.auctionId, impression.impId),
    priceNano: 0n,
    campaign: shortHash(impression.campaign),
    placement: shortHash(impression.placement),
    reference: impression.auditReference,
  };
  return { author: auditor, auctionId: impression.auctionId, isLate: false, fields };
}

function encodeAll(records: readonly LoggedRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.length * limits.recordBytes);
  for (const [at, record] of records.entries()) encodeRecord(record.fields, bytes, at * limits.recordBytes);
  return bytes;
}

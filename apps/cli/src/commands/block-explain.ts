/** `papyrus block explain CHANNEL N`: the impressions behind an amount, the records of each, and the rule. */
import { fromHex, type Hex, toHex } from '#encoding';
import { auctionIdFault, decodeRecord, idFault, impressionKeyOf, recordFlag, recordKind } from '#protocol';
import { type ExplainedImpression, explainImpressions } from '#reduction';
import { type BlockSource, type SourceOptions, withBlock } from '../network/block-source.js';
import { blockState } from '../network/drive.js';
import { distinctBatches, type OpenedBlock, openBlock } from '../network/open-block.js';
import { keptRecords } from '../proof/kept-records.js';
import { ruleOf } from '../proof/rules.js';
import { recordText } from '../proof/proven-tables.js';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import { formatCount, formatNano, type Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';

export interface BlockExplainOptions extends SourceOptions {
  /** Name or index of a participant that gets or pays something. */
  readonly payee?: string;
  readonly reason?: string;
  readonly key?: Hex;
  readonly auction?: string;
  readonly imp?: string;
  /** How many impressions the table shows; with --json all are written. */
  readonly show: number;
}

/** Impressions whose records are held at a time. */
const pageImpressions = 10_000;

export function runBlockExplain(
  channel: string,
  number: string,
  options: BlockExplainOptions,
  output: Output,
): Promise<ExitCode> {
  const named = parseBlockName(channel, number);
  return withBlock(options, named, async (source, blockNumber) => {
    const wants = filterOf(options, source);
    const state = await blockState(source.chain, source.channelId, blockNumber);
    const block = await openBlock(source, { ...source, ...state, blockKey: source.blockKey(blockNumber) });
    const explanation = new Explanation(source, block, options.show, output);
    for (const impression of explainImpressions(block.terms, block.opened)) {
      explanation.add(impression, wants(impression));
    }
    const found = explanation.end();
    if (found.impressions === 0 && isNamed(options)) {
      throw new CommandRefused('not-in-block', `block ${blockNumber} has no such impression`);
    }
    const isVoid = state.stage.stage === 'void';
    if (isVoid) output.line('The block is void: nothing of this is paid.');
    output.result({ channelId: source.channelId, blockNumber, stage: state.stage.stage, ...found });
    return exitCode.ok;
  });
}

function isNamed({ key, auction, imp }: BlockExplainOptions): boolean {
  return key !== undefined || auction !== undefined || imp !== undefined;
}

type Wants = (impression: ExplainedImpression) => boolean;

function filterOf(options: BlockExplainOptions, source: BlockSource): Wants {
  const { payee, reason } = options;
  const key = isNamed(options) ? toHex(keyOf(options)) : undefined;
  const participant = payee === undefined ? undefined : participantOf(payee, source);
  return ({ impressionKey, amounts, outcomes }) =>
    (key === undefined || toHex(impressionKey) === key) &&
    (participant === undefined || amounts[participant] !== 0n) &&
    (reason === undefined || outcomes.some((one) => one.reason === reason));
}

function keyOf({ key, auction, imp }: BlockExplainOptions): Uint8Array {
  if (key !== undefined) return fromHex(key);
  if (auction === undefined || imp === undefined) {
    throw new CommandRefused('usage', 'name the impression: --key, or --auction and --imp');
  }
  const fault = auctionIdFault(auction) ?? idFault(imp);
  if (fault !== undefined) throw new CommandRefused('usage', `no id of an impression: ${fault}`);
  return impressionKeyOf(auction, imp);
}

function participantOf(payee: string, { terms, nameOf }: BlockSource): number {
  const found = terms.roles.findIndex((_, index) => nameOf(index) === payee || String(index) === payee);
  if (found >= 0) return found;
  const names = terms.roles.map((_, index) => `${index} ${nameOf(index)}`).join(', ');
  throw new CommandRefused('participant-unknown', `the channel has no ${payee}: it has ${names}`);
}

/** Writes what is wanted page by page, sums it up, and holds the sum of all against what the block owes. */
class Explanation {
  readonly #source: BlockSource;
  readonly #block: OpenedBlock;
  readonly #batches: readonly Uint8Array[];
  readonly #output: Output;
  #left: number;
  #page: ExplainedImpression[] = [];
  #impressions = 0;
  readonly #all: bigint[];
  readonly #sums: bigint[];
  readonly #reasons = new Map<string, { impressions: number; nano: bigint }>();

  constructor(source: BlockSource, block: OpenedBlock, show: number, output: Output) {
    this.#source = source;
    this.#block = block;
    this.#batches = distinctBatches(block.opened);
    this.#output = output;
    this.#left = show;
    this.#all = block.terms.roles.map(() => 0n);
    this.#sums = block.terms.roles.map(() => 0n);
  }

  add(impression: ExplainedImpression, isWanted: boolean): void {
    for (const [at, nano] of impression.amounts.entries()) this.#all[at] += nano;
    if (!isWanted) return;
    this.#impressions += 1;
    for (const [at, nano] of impression.amounts.entries()) this.#sums[at] += nano;
    for (const { reason, nano } of impression.outcomes) {
      const sum = this.#reasons.get(reason) ?? { impressions: 0, nano: 0n };
      this.#reasons.set(reason, { impressions: sum.impressions + 1, nano: sum.nano + nano });
    }
    if (!this.#output.isJson && this.#left === 0) return;
    if (!this.#output.isJson) this.#left -= 1;
    this.#page.push(impression);
    if (this.#page.length === pageImpressions) this.#tell();
  }

  end() {
    this.#tell();
    const owed = this.#block.output.amounts;
    if (this.#all.some((nano, at) => nano !== owed[at])) {
      throw new Error('the impressions of a block sum up to another amount than it owes');
    }
    const found = {
      impressions: this.#impressions,
      reasons: Object.fromEntries(
        [...this.#reasons].map(([reason, { impressions, nano }]) => [
          reason,
          { impressions, nano: `${nano}` },
        ]),
      ),
      amountsNano: this.#sums.map(String),
      blockAmountsNano: owed.map(String),
    };
    this.#print(found.impressions);
    return found;
  }

  #tell(): void {
    const records = keptRecords(this.#page, this.#batches);
    for (const [at, impression] of this.#page.entries()) {
      this.#output.event('impression', impressionJson(impression, records[at]));
      this.#printOne(impression, records[at]);
    }
    this.#page = [];
  }

  #printOne({ impressionKey, outcomes, amounts }: ExplainedImpression, records: readonly Uint8Array[]): void {
    const { nameOf } = this.#source;
    const { output, terms } = { output: this.#output, terms: this.#block.terms };
    output.line(`Impression ${toHex(impressionKey)}`);
    for (const record of records) output.line(`  ${recordText(record, terms.roles, nameOf)}`);
    for (const { seller, reason, nano } of outcomes) {
      const of = seller === undefined ? '' : `${nameOf(seller)}: `;
      output.line(`  ${of}${reason} at ${formatNano(nano)}: ${ruleOf(reason)}`);
    }
    const paid = amounts.flatMap((nano, at) => (nano === 0n ? [] : [`${nameOf(at)} ${formatNano(nano)}`]));
    const [payer, ...payees] = paid;
    output.line(paid.length === 0 ? '  nothing is paid' : `  ${payer} to ${payees.join(', ')}`);
  }

  #print(impressions: number): void {
    const { nameOf } = this.#source;
    const output = this.#output;
    output.line();
    output.table(
      ['came to', 'impressions', 'amount'],
      [...this.#reasons].map(([reason, one]) => [reason, formatCount(one.impressions), formatNano(one.nano)]),
    );
    output.line();
    output.table(
      ['participant', 'of these', 'whole block'],
      this.#sums.map((nano, at) => [
        ...[nameOf(at), formatNano(at === 0 ? -nano : nano)],
        formatNano(at === 0 ? -this.#all[at] : this.#all[at]),
      ]),
    );
    const shown = `${formatCount(impressions)} impressions`;
    output.line(`${shown}; their amounts and those of all others sum up to what the block owes.`);
  }
}

function impressionJson(impression: ExplainedImpression, records: readonly Uint8Array[]) {
  const { impressionKey, outcomes, amounts, contradictory, flooding } = impression;
  return {
    impressionKey: toHex(impressionKey),
    outcomes: outcomes.map(({ seller, reason, nano }) => ({
      ...{ seller: seller ?? null, reason, nano: String(nano), rule: ruleOf(reason) },
    })),
    amountsNano: amounts.map(String),
    recordsDistinct: impression.records,
    records: records.map(recordJson),
    contradictory,
    flooding,
  };
}

function recordJson(bytes: Uint8Array) {
  const { kind, author, counterparty, flags, timestampMs, priceNano, reference } = decodeRecord(bytes);
  const named = Object.entries(recordFlag).filter(([, bit]) => (flags & bit) !== 0);
  return {
    ...{ kind: kind === recordKind.win ? 'win' : 'audit', author, counterparty },
    ...{ priceNano: String(priceNano), flags: named.map(([name]) => name) },
    ...{ timestampMs: String(timestampMs), referenceKey: toHex(reference), record: toHex(bytes) },
  };
}

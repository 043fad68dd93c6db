/** Terms as people read them before they sign. */
import type { TokenFacts } from '#chain';
import { roleName, type ChannelTerms } from '#protocol';
import { onMissing, onPriceMismatch } from '#reduction';
import { formatNano, type Output } from '../report/output.js';
import { policiesOf } from './draft.js';

export function printTerms(
  terms: ChannelTerms,
  signed: readonly boolean[],
  token: TokenFacts,
  output: Output,
): void {
  output.table(
    ['participant', 'account', 'signed', 'most of a block'],
    terms.participants.map((account, index) => [
      `${index} ${roleName(terms.roles[index])}`,
      account,
      signed[index] ? 'yes' : 'no',
      index === 0 ? 'pays' : formatNano(terms.blockMaxNano[index]),
    ]),
    3,
  );
  output.line();
  output.table(['term', 'value'], [...termRows(terms, token), ...policyRows(terms)], 2);
  output.line();
  if (token.decimals !== undefined && terms.tokenPerUnit !== 10n ** BigInt(token.decimals)) {
    const whole = 10n ** BigInt(token.decimals);
    output.line(
      `BEWARE: the token has ${token.decimals} decimals, so ${whole} base units are one of it, and the`,
    );
    output.line(`terms count ${terms.tokenPerUnit} for one unit of their currency.`);
    output.line();
  }
}

function termRows(terms: ChannelTerms, token: TokenFacts): string[][] {
  const last = terms.firstBlockStart + terms.blocksMax * terms.blockDuration;
  return [
    ['token', terms.token],
    ['which calls itself', printable(token.symbol)],
    ['base units of one', String(terms.tokenPerUnit)],
    ['first block starts', timeOf(terms.firstBlockStart)],
    ['last block ends', timeOf(last)],
    ['block', lastingOf(terms.blockDuration)],
    ['grace for late records', lastingOf(terms.collectionGrace)],
    ['time to post parts', lastingOf(terms.collationPeriod)],
    ['time to compute', lastingOf(terms.processingPeriod)],
    ['time to challenge', lastingOf(terms.challengePeriod)],
    ['time for a turn', lastingOf(terms.answerPeriod)],
    ['dispute ends after', lastingOf(terms.disputeMax)],
    ['notice of withdrawal', lastingOf(terms.withdrawalNotice)],
    ['records kept for', lastingOf(terms.retentionPeriod)],
    ['most of an impression', formatNano(terms.priceNanoMax)],
    ['bytes of an author', String(terms.authorBytesMax)],
  ];
}

function policyRows(terms: ChannelTerms): string[][] {
  const policies = policiesOf(terms);
  const missing = (value: number): string => nameIn(onMissing, value);
  const shares = policies.shares.map(({ participant, ppm }) => `${participant}: ${ppm} ppm`).join(', ');
  return [
    ['price tolerance', `${policies.priceTolerancePpm} ppm`],
    ['prices differ', nameIn(onPriceMismatch, policies.onPriceMismatch)],
    ["the payer's is missing", missing(policies.onMissingDsp)],
    ["the seller's is missing", missing(policies.onMissingSsp)],
    ['the audit is missing', missing(policies.onMissingAudit)],
    ['must be viewable', policies.requireViewable ? 'yes' : 'no'],
    ['fee of an audit', formatNano(policies.auditorFeeNano)],
    ['shares', shares || 'none'],
    ['discrepancy limit', `${policies.discrepancyLimitPpm} ppm`],
  ];
}

/** A token may call itself anything. */
function printable(symbol: string | undefined): string {
  return symbol === undefined ? 'nothing' : JSON.stringify(symbol.slice(0, 20));
}

function nameIn(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1_000);
  // Terms may hold any number of seconds, a calendar not.
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString().replace('.000', '');
}

function lastingOf(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  return `${seconds} s`;
}

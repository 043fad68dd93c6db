/** The rules that terms obey for a channel to open (wire-formats.md 2), as the contracts check them. */
import type { ChannelTerms } from './channel-terms.js';
import { isPayerRole, roleOf } from './ids.js';
import {
  authorBatchBytesMin,
  batchRecordsMax,
  blockRecordsMax,
  blocksMaxLimit,
  endingSecondsMax,
  participantsMax,
  participantsMin,
  rowBudgetBytes,
  unfinishedBlocksMax,
} from './limits.js';

/** `auditorFeeNano`: of the reducer's parameters; `openedAtSeconds`: chain time when it would open. */
export interface OpeningFacts {
  readonly auditorFeeNano: bigint;
  readonly openedAtSeconds: number;
}

const reducerKnown = 'rtb-impression/1';
const zeroAddress = `0x${'00'.repeat(20)}`;
/** Far above any token; keeps every product of nano and rate below 2^256. */
const tokenPerUnitMax = (1n << 128n) - 1n;
/** Of what a block pays one payee, in base units. */
const blockMaxUnitsEnd = 1n << 96n;
const uint64End = 1n << 64n;
const amountsEnd = 1n << 63n;
const nanoPerUnit = 1_000_000_000n;

/**
 * The first rule that the terms break, as a sentence that says what they say and what they may; undefined for
 * terms that open. Left to others: whether accounts are registered, whether the token is a contract, and the
 * reducer's parameters, which the reducer checks.
 */
export function termsFault(terms: ChannelTerms, opening: OpeningFacts): string | undefined {
  return (
    participantsFault(terms) ??
    numbersFault(terms) ??
    blocksFault(terms, opening.openedAtSeconds) ??
    periodsFault(terms) ??
    moneyFault(terms) ??
    amountsFault(terms, opening.auditorFeeNano)
  );
}

/** Segments of one author in a part, at most. */
export function rowsMaxOf({ authorBytesMax }: Pick<ChannelTerms, 'authorBytesMax'>): number {
  return Math.floor(authorBytesMax / rowBudgetBytes) + 1;
}

/** Records of all parts of a block, at most. */
export function recordsMaxOf(terms: Pick<ChannelTerms, 'participants' | 'authorBytesMax'>): number {
  return terms.participants.length ** 2 * rowsMaxOf(terms) * batchRecordsMax;
}

/** The least disputeMax: every turn of a dispute fits into it, so that its end cuts nobody off. */
export function disputeSecondsMin(
  terms: Pick<ChannelTerms, 'challengePeriod' | 'processingPeriod' | 'answerPeriod'>,
): number {
  return 3 * terms.challengePeriod + 5 * terms.processingPeriod + 24 * terms.answerPeriod;
}

function participantsFault({ participants, roles }: ChannelTerms): string | undefined {
  const count = participants.length;
  if (count < participantsMin || count > participantsMax) {
    return `a channel has 2 to 16 participants, not ${count}`;
  }
  if (roles.length !== count) return `${count} participants have as many roles, not ${roles.length}`;
  const accounts = participants.map((one) => one.toLowerCase());
  for (const [index, account] of accounts.entries()) {
    if (account === zeroAddress) return `participant ${index} is the zero address, which is nobody's`;
    const before = accounts.indexOf(account);
    if (before < index) return `participants ${before} and ${index} are one account, ${account}`;
  }
  for (const [index, role] of roles.entries()) {
    if (role < roleOf.dsp || role > roleOf.operator)
      return `participant ${index} has role ${role}, not 1 to 6`;
    if (isPayerRole(role) !== (index === 0)) {
      return `participant 0, and nobody else, is the payer: a dsp or an advertiser; ${index} has role ${role}`;
    }
  }
  return undefined;
}

const numberFields = [
  'firstBlockStart',
  'blockDuration',
  'blocksMax',
  'collectionGrace',
  'collationPeriod',
  'processingPeriod',
  'challengePeriod',
  'answerPeriod',
  'disputeMax',
  'withdrawalNotice',
  'retentionPeriod',
  'authorBytesMax',
] as const;

/** Beyond 2^53 this program would hash another number than was meant. */
function numbersFault(terms: ChannelTerms): string | undefined {
  for (const field of numberFields) {
    if (!Number.isSafeInteger(terms[field]) || terms[field] < 0) {
      return `${field} is ${terms[field]}, not an integer of 0 to 2^53 - 1`;
    }
  }
  return undefined;
}

function blocksFault(terms: ChannelTerms, openedAtSeconds: number): string | undefined {
  const { blockPolicy, blocksMax, firstBlockStart, blockDuration } = terms;
  if (blockPolicy !== 0) return `blockPolicy is ${blockPolicy}: channels open by time, 0`;
  if (openedAtSeconds > firstBlockStart) {
    return `firstBlockStart is ${firstBlockStart} and it is ${openedAtSeconds}: a channel opens before it`;
  }
  const end = BigInt(firstBlockStart) + BigInt(blocksMax) * BigInt(blockDuration);
  return (
    rangeFault('blocksMax', blocksMax, 1, blocksMaxLimit) ??
    rangeFault('blockDuration', blockDuration, 1) ??
    (end >= uint64End ? `the last block ends at ${end}, not below 2^64` : undefined)
  );
}

function periodsFault(terms: ChannelTerms): string | undefined {
  const { collectionGrace, collationPeriod, processingPeriod, challengePeriod, disputeMax } = terms;
  const ending = collectionGrace + collationPeriod + 2 * processingPeriod + challengePeriod + disputeMax;
  const few = unfinishedBlocksMax * terms.blockDuration;
  const sum = 'collectionGrace + collationPeriod + 2 × processingPeriod + challengePeriod + disputeMax';
  return (
    rangeFault('collationPeriod', collationPeriod, 1) ??
    // Two halves, one to commit and one to reveal.
    rangeFault('processingPeriod', processingPeriod, 2) ??
    rangeFault('challengePeriod', challengePeriod, 1) ??
    rangeFault('answerPeriod', terms.answerPeriod, 1) ??
    rangeFault('disputeMax', disputeMax, disputeSecondsMin(terms)) ??
    rangeFault(sum, ending, 0, Math.min(few, endingSecondsMax)) ??
    rangeFault('withdrawalNotice', terms.withdrawalNotice, 2 * terms.blockDuration)
  );
}

function moneyFault({ participants, blockMaxNano, tokenPerUnit }: ChannelTerms): string | undefined {
  if (tokenPerUnit < 1n || tokenPerUnit > tokenPerUnitMax) {
    return `tokenPerUnit is ${tokenPerUnit}, not 1 to 2^128 - 1`;
  }
  if (blockMaxNano.length !== participants.length) {
    return `blockMaxNano has ${blockMaxNano.length} entries for ${participants.length} participants`;
  }
  if (blockMaxNano[0] !== 0n) return `blockMaxNano of the payer is ${blockMaxNano[0]}, not 0`;
  for (const [index, nano] of blockMaxNano.entries()) {
    if (nano < 0n || nano >= uint64End)
      return `blockMaxNano of participant ${index} is ${nano}, not a uint64`;
    if ((nano * tokenPerUnit) / nanoPerUnit >= blockMaxUnitsEnd) {
      return `blockMaxNano of participant ${index} at ${tokenPerUnit} a unit reaches 2^96 base units`;
    }
  }
  return undefined;
}

/** What keeps every sum of a block below 2^63. */
function amountsFault(terms: ChannelTerms, auditorFeeNano: bigint): string | undefined {
  const { reducer, priceNanoMax, authorBytesMax, participants } = terms;
  if (reducer !== reducerKnown) return `reducer is ${JSON.stringify(reducer)}, not ${reducerKnown}`;
  if (priceNanoMax < 1n || priceNanoMax >= uint64End) {
    return `priceNanoMax is ${priceNanoMax}, not 1 to 2^64 - 1`;
  }
  const small = rangeFault('authorBytesMax', authorBytesMax, authorBatchBytesMin);
  if (small !== undefined) return small;
  const records = recordsMaxOf(terms);
  if (records > blockRecordsMax) {
    return `a block could hold ${records} records, more than 2^40: authorBytesMax is too large`;
  }
  const bound = BigInt(records) * (priceNanoMax + BigInt(participants.length) * auditorFeeNano);
  return bound < amountsEnd
    ? undefined
    : `a block could owe ${bound} nano, 2^63 or more: authorBytesMax, priceNanoMax or auditorFeeNano is too large`;
}

function rangeFault(what: string, given: number, least: number, most?: number): string | undefined {
  if (given >= least && (most === undefined || given <= most)) return undefined;
  return `${what} is ${given}, ${most === undefined ? `not at least ${least}` : `not ${least} to ${most}`}`;
}

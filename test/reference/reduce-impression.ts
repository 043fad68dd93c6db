/**
 * The reducer rtb-impression/1 for one group of records (wire-formats.md 7), as plain as the page states it.
 */
import { audit, everySeller, flag, isSeller, type ReferenceRecord, win } from './record.js';

export interface ReducerParameters {
  readonly priceTolerancePpm: number;
  readonly onPriceMismatch: number;
  readonly onMissingDsp: number;
  readonly onMissingSsp: number;
  readonly onMissingAudit: number;
  /** Vectors write 0 or 1. */
  readonly requireViewable: number | boolean;
  readonly auditorFeeNano: number | string | bigint;
  readonly shares: readonly { readonly participant: number; readonly ppm: number }[];
  readonly discrepancyLimitPpm: number;
}

export interface ReferenceOutcome {
  /** Undefined for `audit-only`. */
  readonly seller: number | undefined;
  readonly reason: string;
  readonly nano: bigint;
}

export interface Verdict {
  /** Nano by participant; entry 0 is the sum of the others. */
  readonly amounts: bigint[];
  /** By seller, `price-differs` before what came of it. */
  readonly outcomes: ReferenceOutcome[];
  readonly contradictory: number[];
  readonly flooding: number[];
}

const million = 1_000_000n;
const invalid = flag.generalInvalid | flag.sophisticatedInvalid;

/** Of one impression's distinct records without the test flag, those that can decide. */
export function keptOf(records: readonly ReferenceRecord[]): ReferenceRecord[] {
  return records.filter((one) => {
    const alike = records.filter(
      (other) =>
        other.kind === one.kind && other.author === one.author && other.counterparty === one.counterparty,
    );
    const isLowestOf = (some: readonly ReferenceRecord[]): boolean =>
      some.includes(one) && some.every((other) => Buffer.compare(one.hash, other.hash) <= 0);
    if (one.kind === win) {
      const prices = alike.map((other) => other.priceNano);
      const ends = [greatest(prices), least(prices)];
      return ends.some((price) => isLowestOf(alike.filter((other) => other.priceNano === price)));
    }
    const invalidOnes = alike.filter((other) => (other.flags & invalid) !== 0);
    const hiddenOnes = alike.filter((other) => (other.flags & flag.viewable) === 0);
    if (invalidOnes.length + hiddenOnes.length === 0) return isLowestOf(alike);
    return isLowestOf(invalidOnes) || isLowestOf(hiddenOnes);
  });
}

/** Authors of more records than anybody has reason to write of one impression. */
export function floodingIn(records: readonly ReferenceRecord[]): number[] {
  const authors = records.map((one) => one.author);
  return ascending(authors.filter((author) => authors.filter((one) => one === author).length > 16));
}

/** `kept`: of one impression, as `keptOf` gives them. */
export function reduceImpression(
  kept: readonly ReferenceRecord[],
  roles: readonly number[],
  parameters: ReducerParameters,
): Omit<Verdict, 'flooding'> {
  const amounts = roles.map(() => 0n);
  const outcomes: ReferenceOutcome[] = [];
  const contradictory = new Set<number>();

  for (const [seller, role] of roles.entries()) {
    if (!isSeller(role)) continue;
    const said = pricesOf(kept, seller, 0);
    const paid = pricesOf(kept, 0, seller);
    if (said.length > 1) contradictory.add(seller);
    if (paid.length > 1) contradictory.add(0);
    if (said.length + paid.length === 0) continue;
    const s = said.length === 0 ? undefined : least(said);
    const d = paid.length === 0 ? undefined : greatest(paid);
    // Who contradicts itself cannot reject.
    const softened = paid.length > 1 && parameters.onPriceMismatch === 3;
    const policy = softened ? { ...parameters, onPriceMismatch: 0 } : parameters;
    reducePair(seller, s, d, kept, { amounts, outcomes, parameters: policy });
  }
  if (!kept.some((one) => one.kind === win)) {
    outcomes.push({ seller: undefined, reason: 'audit-only', nano: 0n });
  }
  amounts[0] = amounts.reduce((sum, one) => sum + one, 0n);
  return { amounts, outcomes, contradictory: ascending(contradictory) };
}

interface Books {
  readonly amounts: bigint[];
  readonly outcomes: ReferenceOutcome[];
  readonly parameters: ReducerParameters;
}

function reducePair(
  seller: number,
  s: bigint | undefined,
  d: bigint | undefined,
  kept: readonly ReferenceRecord[],
  { amounts, outcomes, parameters }: Books,
): void {
  const note = (reason: string, nano: bigint): void => {
    outcomes.push({ seller, reason, nano });
  };
  const price = priceOf(s, d, parameters);
  if (typeof price === 'string') {
    note(price, greatest([s ?? 0n, d ?? 0n]));
    return;
  }
  if (s !== undefined && d !== undefined && s !== d) note('price-differs', price);

  const heard = kept.filter(
    (one) => one.kind === audit && (one.counterparty === everySeller || one.counterparty === seller),
  );
  for (const auditor of new Set(heard.map((one) => one.author))) {
    amounts[auditor] += BigInt(parameters.auditorFeeNano);
  }
  const verdict = verdictOf(heard, parameters);
  note(verdict, price);
  if (verdict !== 'matched') return;
  let rest = price;
  for (const { participant, ppm } of parameters.shares) {
    const share = (price * BigInt(ppm)) / million;
    amounts[participant] += share;
    rest -= share;
  }
  amounts[seller] += rest;
}

/** What the auditors that speak for the seller let happen to an agreed price. */
function verdictOf(heard: readonly ReferenceRecord[], parameters: ReducerParameters): string {
  if (heard.some((one) => (one.flags & invalid) !== 0)) return 'invalid-traffic';
  if (heard.length === 0) return parameters.onMissingAudit === 1 ? 'matched' : 'missing-audit';
  const isViewable = heard.every((one) => (one.flags & flag.viewable) !== 0);
  return parameters.requireViewable && !isViewable ? 'not-viewable' : 'matched';
}

/** The price that stands, or the reason why none does. */
function priceOf(
  s: bigint | undefined,
  d: bigint | undefined,
  parameters: ReducerParameters,
): bigint | string {
  if (s === undefined) return parameters.onMissingSsp === 1 ? (d ?? 0n) : 'missing-ssp';
  if (d === undefined) return parameters.onMissingDsp === 1 ? s : 'missing-dsp';
  const low = least([s, d]);
  const high = greatest([s, d]);
  if ((high - low) * million <= BigInt(parameters.priceTolerancePpm) * high) return low;
  return [low, s, d, 'price-mismatch'][parameters.onPriceMismatch];
}

/** The different prices that the author states towards the counterparty. */
function pricesOf(records: readonly ReferenceRecord[], author: number, counterparty: number): bigint[] {
  const wins = records.filter(
    (one) => one.kind === win && one.author === author && one.counterparty === counterparty,
  );
  return [...new Set(wins.map((one) => one.priceNano))];
}

function least(prices: readonly bigint[]): bigint {
  return sorted(prices)[0];
}

function greatest(prices: readonly bigint[]): bigint {
  return sorted(prices)[prices.length - 1];
}

function sorted(prices: readonly bigint[]): bigint[] {
  return [...prices].sort((a, b) => (a < b ? -1 : Number(a > b)));
}

function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

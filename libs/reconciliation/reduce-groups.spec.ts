/** Reconciled groups against the network's own reduction of the same records. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord, limits, recordKind, roleOf } from '#protocol';
import {
  defaultParameters,
  encodeParameters,
  explainRecords,
  openReducer,
  type ReductionTerms,
} from '#reduction';
import { GroupReduction, type Pair } from './reduce-groups.js';
import { makeReport } from './report.js';
import { StatementOrder } from './statement-order.js';
import { headWords, plainTailWords } from './statement-pages.js';

interface Said {
  readonly impression: number;
  /** 0 the payer, 1 and 2 sellers, 3 the auditor. */
  readonly author: number;
  readonly seller: number;
  readonly price: number;
  readonly flags: number;
}

const roles = [roleOf.dsp, roleOf.ssp, roleOf.ssp, roleOf.auditor];
const names = ['dsp', 'a', 'b', 'auditor'];
const participants = { roles, names, auditor: 3 };
const none = Uint32Array.of(0);

const said: fc.Arbitrary<Said[]> = fc.array(
  fc.record({
    impression: fc.nat(5),
    author: fc.nat(3),
    seller: fc.integer({ min: 1, max: 2 }),
    price: fc.constantFrom(0, 70, 90, 2 ** 33 + 5),
    flags: fc.constantFrom(1, 3, 8, 10),
  }),
  { maxLength: 40 },
);
const policy = fc.record({
  priceTolerancePpm: fc.constantFrom(0, 300_000),
  onPriceMismatch: fc.nat(3),
  onMissingDsp: fc.nat(1),
  onMissingSsp: fc.nat(1),
  onMissingAudit: fc.nat(1),
  requireViewable: fc.boolean(),
  auditorFeeNano: fc.constantFrom(0n, 7n),
});

const isAudit = (one: Said): boolean => one.author === 3;
const counterpartyOf = (one: Said): number =>
  one.author === 0 ? one.seller : isAudit(one) ? (one.price === 0 ? limits.everySeller : one.seller) : 0;
const keyOf = (impression: number): Uint8Array => new Uint8Array(16).fill(impression + 1);

function recordsOf(statements: readonly Said[]): Uint8Array {
  const records = new Uint8Array(statements.length * 64);
  for (const [at, one] of statements.entries()) {
    const fields = {
      kind: isAudit(one) ? recordKind.audit : recordKind.win,
      author: one.author,
      counterparty: counterpartyOf(one),
      flags: isAudit(one) ? one.flags : 0,
      timestampMs: BigInt(at),
      impressionKey: keyOf(one.impression),
      priceNano: isAudit(one) ? 0n : BigInt(one.price),
      campaign: new Uint8Array(8),
      placement: new Uint8Array(8),
      reference: new Uint8Array(8),
    };
    encodeRecord(fields, records, at * 64);
  }
  return records;
}

function orderOf(statements: readonly Said[]): StatementOrder {
  const order = new StatementOrder(plainTailWords);
  for (const one of statements) {
    const words = new Uint32Array(headWords + plainTailWords);
    words.set(new Uint32Array(keyOf(one.impression).buffer));
    const price = isAudit(one) ? 0 : one.price;
    words[4] = price % 2 ** 32;
    words[5] = Math.floor(price / 2 ** 32);
    const kind = isAudit(one) ? recordKind.audit : recordKind.win;
    words[6] =
      kind | (one.author << 8) | (counterpartyOf(one) << 16) | ((isAudit(one) ? one.flags : 0) << 24);
    order.add(words, 0, headWords, 1, (statement) => statement, none, none);
  }
  order.sort();
  return order;
}

function reduced(terms: ReductionTerms, statements: readonly Said[]) {
  const pairs: Pair[] = [];
  const reduction = new GroupReduction(openReducer(terms), roles.length, (pair) => pairs.push(pair), true);
  reduction.reduce(orderOf(statements));
  const report = makeReport(
    [reduction.totals()],
    participants,
    { campaigns: [''], placements: [''] },
    100_000,
  );
  return { report, pairs };
}

describe('a reconciliation', () => {
  it('pays what a channel pays, by the same reasons, whatever the logs say and under every policy', () => {
    fc.assert(
      fc.property(said, policy, (statements, chosen) => {
        const parameters = encodeParameters({ ...defaultParameters, ...chosen });
        const terms = { roles, reducer: 'rtb-impression/1', parameters };
        const { report } = reduced(terms, statements);
        const expected = [...explainRecords(terms, recordsOf(statements))];
        const sum = (participant: number): bigint =>
          expected.reduce((all, { amounts }) => all + amounts[participant], 0n);
        expect(report.payerOwesNano).toBe(sum(0));
        expect(report.counterparties.map((one) => one.earnedNano)).toEqual([sum(1), sum(2)]);
        expect(report.auditorEarnedNano).toBe(sum(3));
        expect(report.impressions).toBe(expected.length);
        const outcomes = expected.flatMap((one) => one.outcomes);
        for (const { reason, impressions, nano } of report.reasons) {
          const same = outcomes.filter((one) => one.reason === reason);
          expect([reason, impressions, nano]).toEqual([
            reason,
            same.length,
            same.reduce((all, one) => all + one.nano, 0n),
          ]);
        }
        expect(report.reasons.reduce((all, one) => all + one.impressions, 0)).toBe(outcomes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order of statements', () => {
    const shuffled = said.chain((statements) =>
      fc.tuple(fc.constant(statements), fc.shuffledSubarray(statements, { minLength: statements.length })),
    );
    const parameters = encodeParameters(defaultParameters);
    const terms = { roles, reducer: 'rtb-impression/1', parameters };
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(reduced(terms, other).report).toEqual(reduced(terms, one).report);
      }),
    );
  });

  it('tells what the sides have apart from what is paid, and the rates by which they differ', () => {
    const parameters = encodeParameters({ ...defaultParameters, onMissingAudit: 1, requireViewable: false });
    const win = (impression: number, author: number, price: number): Said => ({
      ...{ impression, author, seller: 1, price, flags: 0 },
    });
    const { report, pairs } = reduced({ roles, reducer: 'rtb-impression/1', parameters }, [
      win(0, 0, 100),
      win(0, 1, 100),
      win(1, 0, 80),
      win(1, 1, 100),
      win(1, 1, 100),
      win(2, 1, 50),
      win(3, 0, 30),
    ]);
    expect(report.difference).toEqual([
      { kind: 'same', impressions: 1 },
      { kind: 'other-price', impressions: 1 },
      { kind: 'only-seller', impressions: 1 },
      { kind: 'only-buyer', impressions: 1 },
    ]);
    expect(report.counterparties[0]).toMatchObject({
      impressions: 4,
      differing: 3,
      sellerNano: 250n,
      buyerNano: 210n,
      gapNano: 100n,
      earnedNano: 210n,
      differingPpm: 750_000,
      countPpm: 0,
      moneyPpm: 160_000,
      discrepancyPpm: 750_000,
      isAboveLimit: true,
    });
    expect(report.repeated).toEqual([
      { name: 'dsp', count: 0 },
      { name: 'a', count: 1 },
      { name: 'b', count: 0 },
      { name: 'auditor', count: 0 },
    ]);
    expect(pairs).toHaveLength(4);
  });

  it('takes of several prices the one against its author, and rounds rates up', () => {
    const parameters = encodeParameters({ ...defaultParameters, onMissingAudit: 1, requireViewable: false });
    const win = (impression: number, author: number, price: number): Said => ({
      ...{ impression, author, seller: 1, price, flags: 0 },
    });
    const { report } = reduced({ roles, reducer: 'rtb-impression/1', parameters }, [
      ...[win(0, 0, 70), win(0, 0, 90), win(0, 1, 90), win(0, 1, 80), win(0, 1, 100)],
      ...[win(1, 0, 1), win(1, 1, 1), win(2, 0, 1), win(2, 1, 1)],
    ]);
    const [{ sellerNano, buyerNano, differingPpm }] = report.counterparties;
    expect([sellerNano, buyerNano, differingPpm]).toEqual([82n, 92n, 333_334]);
  });

  it('counts who contradicts itself and who floods', () => {
    const terms = { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(defaultParameters) };
    const flood = Array.from({ length: 17 }, () => ({
      impression: 0,
      author: 1,
      seller: 1,
      price: 70,
      flags: 0,
    }));
    const { report } = reduced(terms, [
      ...flood,
      { impression: 0, author: 1, seller: 1, price: 90, flags: 0 },
    ]);
    expect(report.contradictory[1].count).toBe(1);
    expect(report.counterparties[0].sellerNano).toBe(70n);
    expect(report.flooding[1].count).toBe(1);
  });
});

/**
 * The laws of protocol.md 10 that hold for any records, on the reference; the generators here serve the
 * product too.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  flood,
  packBlock,
  packingArbitrary,
  recordArbitrary,
  type Scenario,
  scenarioArbitrary,
} from './arbitraries.js';
import { invalidityOf, readBatches, sealPart } from './block-part.js';
import { hex, isEqual } from './bytes.js';
import { audit, flag, parseRecord, readRecord } from './record.js';
import type { ReferenceBatch } from './record-batch.js';
import { type ReferenceReduction, referenceReduce } from './reduce-records.js';
import { opensSettlementRoot, referenceBlock } from './reference-block.js';

const reduce = ({ records, roles, parameters }: Scenario): ReferenceReduction =>
  referenceReduce(records, roles, parameters);
const summary = (one: ReferenceReduction): unknown => [
  hex(one.settlementRoot),
  one.amounts,
  one.reasons,
  one.contradictory,
  one.flooding,
  one.recordHashes.map(hex),
];

describe('any records', () => {
  it('are valid for their roles', () => {
    fc.assert(
      fc.property(scenarioArbitrary, ({ records, roles }) => {
        for (const one of records) expect(typeof parseRecord(one, roles)).toBe('object');
      }),
    );
  });

  it('give the payer what the payees earn, in every leaf and at the root', () => {
    fc.assert(
      fc.property(scenarioArbitrary, (scenario) => {
        const reduction = reduce(scenario);
        for (const { amounts } of [reduction, ...reduction.groups]) {
          expect(amounts.slice(1).reduce((sum, one) => sum + one, 0n)).toBe(amounts[0]);
          expect(amounts[0]).toBeLessThan(2n ** 63n);
        }
        expect(opensSettlementRoot(reduction)).toBe(true);
      }),
    );
  });

  it('give the same whatever their order and repetition', () => {
    const pairs = scenarioArbitrary.chain((scenario) =>
      fc
        .tuple(
          fc.shuffledSubarray([...scenario.records], { minLength: scenario.records.length }),
          fc.subarray([...scenario.records]),
        )
        .map(([shuffled, again]) => [scenario, { ...scenario, records: [...again, ...shuffled] }]),
    );
    fc.assert(
      fc.property(pairs, ([scenario, other]) => {
        expect(summary(reduce(other))).toEqual(summary(reduce(scenario)));
      }),
    );
  });

  it('of another seller never change what a seller and the payer owe each other', () => {
    fc.assert(
      fc.property(scenarioArbitrary, (scenario) => {
        const shares = { ...scenario.parameters, shares: [], auditorFeeNano: 0 };
        const all = reduce({ ...scenario, parameters: shares });
        const seller = scenario.roles.findIndex((role) => role === 3 || role === 4);
        const own = scenario.records.filter((bytes) => {
          const { author, counterparty, kind } = readRecord(bytes);
          return kind === audit || author === seller || (author === 0 && counterparty === seller);
        });
        expect(reduce({ ...scenario, parameters: shares, records: own }).amounts[seller]).toBe(
          all.amounts[seller],
        );
      }),
    );
  });
});

describe('saying more', () => {
  const scenarioAndMore = scenarioArbitrary.chain((scenario) =>
    fc.tuple(fc.constant(scenario), fc.array(recordArbitrary(scenario.roles), { maxLength: 30 })),
  );
  const withRecords = (scenario: Scenario, records: readonly Uint8Array[]): ReferenceReduction =>
    reduce({ ...scenario, records });
  const isTest = (bytes: Uint8Array): boolean => (readRecord(bytes).flags & flag.test) !== 0;

  it('of what was said changes no amount and no reason', () => {
    fc.assert(
      fc.property(scenarioArbitrary, fc.integer({ min: 1, max: 20 }), fc.nat(), (scenario, count, at) => {
        const { records } = scenario;
        fc.pre(records.length > 0);
        const [before, after] = [
          reduce(scenario),
          withRecords(scenario, [...records, ...flood(records[at % records.length], count)]),
        ];
        expect([after.amounts, after.reasons]).toEqual([before.amounts, before.reasons]);
        expect(after.contradictory).toEqual(before.contradictory);
      }),
    );
  });

  it('in tests changes nothing that is settled', () => {
    fc.assert(
      fc.property(scenarioAndMore, ([scenario, more]) => {
        const real = scenario.records.filter((one) => !isTest(one));
        const tests = more.filter(isTest);
        const [before, after] = [withRecords(scenario, real), withRecords(scenario, [...real, ...tests])];
        expect(hex(after.settlementRoot)).toBe(hex(before.settlementRoot));
        expect([after.reasons, after.flooding]).toEqual([before.reasons, before.flooding]);
      }),
    );
  });

  it('takes back nothing of what a payer or an auditor has signed', () => {
    fc.assert(
      fc.property(scenarioAndMore, ([scenario, more]) => {
        const real = scenario.records.filter((one) => !isTest(one));
        const before = withRecords(scenario, real);
        const payers = more.filter((one) => readRecord(one).author === 0);
        const audits = more.filter((one) => readRecord(one).kind === audit);
        const paid = withRecords(scenario, [...real, ...payers]);
        const audited = withRecords(scenario, [...real, ...audits]);
        for (const { impressionKey, amounts, outcomes } of before.groups) {
          const same = (one: { readonly impressionKey: string }) => one.impressionKey === impressionKey;
          // The payer has signed towards each seller of the impression: what it owes does not fall.
          const signed = real.map(readRecord).filter((one) => same(one) && one.author === 0);
          const sides = new Set(signed.map((one) => one.counterparty));
          const sellers = outcomes.flatMap(({ seller }) => (seller === undefined ? [] : [seller]));
          if (sellers.every((one) => sides.has(one))) {
            expect(paid.groups.find(same)?.amounts[0]).toBeGreaterThanOrEqual(amounts[0]);
          }
          const invalidOf = (some: typeof outcomes) =>
            some.filter(({ reason }) => reason === 'invalid-traffic').map(({ seller }) => seller);
          const found = invalidOf(audited.groups.find(same)?.outcomes ?? []);
          expect(found).toEqual(expect.arrayContaining(invalidOf(outcomes)));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('any packing of the same records into batches and parts', () => {
  const packed = scenarioArbitrary.chain((scenario) =>
    fc.tuple(
      fc.constant(scenario),
      packingArbitrary(scenario),
      packingArbitrary(scenario, { conflicts: true }),
    ),
  );

  it('makes valid parts, the same settlement and the same sealed bytes for the same batches', () => {
    fc.assert(
      fc.property(packed, ([scenario, one, other]) => {
        const [first, second] = [packBlock(scenario, one), packBlock(scenario, other)];
        const [a, b] = [referenceBlock(first), referenceBlock(second)];
        expect(a.report.invalidParts).toEqual([]);
        expect(summary(a)).toEqual(summary(reduce(scenario)));
        expect(summary(b)).toEqual(summary(a));
        expect(isEqual(a.outputHash, b.outputHash)).toBe(true);
        const [part] = first.parts.values();
        const batches = readBatches(part, first) as ReferenceBatch[];
        const seal = (): string[] => sealPart(batches, first, first.blockKey).rows.map(hex);
        expect(seal()).toEqual(seal());
      }),
      { numRuns: 25 },
    );
  });

  it('is refused once a byte of a part is another', () => {
    const changed = fc.tuple(packed, fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(changed, ([[scenario, packing], at, change]) => {
        const block = packBlock(scenario, packing);
        const part = [...block.parts.values()].find((one) => one.length > 0);
        fc.pre(part !== undefined);
        const broken = (part as Uint8Array).slice();
        broken[at % broken.length] ^= change;
        expect(invalidityOf(broken, block)).toBeDefined();
      }),
      { numRuns: 25 },
    );
  });
});

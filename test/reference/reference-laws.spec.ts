/**
 * The laws of protocol.md 10 that hold for any records, on the reference; the generators here serve the
 * product too.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packBlock, packingArbitrary, type Scenario, scenarioArbitrary } from './arbitraries.js';
import { invalidityOf, readBatches, sealPart } from './block-part.js';
import { hex, isEqual } from './bytes.js';
import { audit, parseRecord, readRecord } from './record.js';
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
    // Only while the payer is not flooding: its flood silences it towards everybody.
    fc.assert(
      fc.property(scenarioArbitrary, (scenario) => {
        const shares = { ...scenario.parameters, shares: [], auditorFeeNano: 0 };
        const all = reduce({ ...scenario, parameters: shares });
        const seller = scenario.roles.findIndex((role) => role === 3 || role === 4);
        const own = scenario.records.filter((bytes) => {
          const { author, counterparty, kind } = readRecord(bytes);
          return kind === audit || author === seller || (author === 0 && counterparty === seller);
        });
        fc.pre(all.flooding.every(([author]) => author !== 0));
        expect(reduce({ ...scenario, parameters: shares, records: own }).amounts[seller]).toBe(
          all.amounts[seller],
        );
      }),
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

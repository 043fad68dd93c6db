/**
 * The product's reduction against the independent reference on records alone: in batches whose headers nobody reads,
 * so that many blocks are compared in a second.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import { explainImpressions, reduceBlock } from '#reduction';
import { parametersArbitrary, type Scenario, scenarioArbitrary } from './reference/arbitraries.js';
import { audit, encodeRecord, win } from './reference/record.js';
import { type ReferenceReduction, referenceReduce } from './reference/reduce-records.js';
import { workDigestOf } from './reference/reference-block.js';
import { encodeParameters } from './reference/typed-data.js';
import { unsignedPart } from './unsigned-part.js';

const validator: Hex = '0x00112233445566778899aabbccddeeff00112233';

/** What the product makes of the records, which lie in turn in one of the parts. */
function reduced({ roles, parameters, records }: Scenario, batchRecords: number, partCount: number): unknown {
  const terms = { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(parameters) };
  const parts = Array.from({ length: partCount }, (_, participant) => {
    const own = records.filter((__, at) => at % partCount === participant);
    return { participant, plaintext: unsignedPart(own, batchRecords) };
  });
  const output = reduceBlock(terms, parts, validator);
  const { reasons, contradictory, flooding, records: distinct, impressions } = output.report;
  return {
    settlementRoot: toHex(output.settlementRoot),
    amounts: output.amounts,
    rootOpening: output.x && toHex(output.x),
    workDigest: output.workDigest && toHex(output.workDigest),
    reasons,
    contradictory,
    flooding,
    distinct,
    impressions,
    groups: [...explainImpressions(terms, parts)].map(({ keptHashes, ...one }) => ({
      ...one,
      kept: keptHashes.length,
      impressionKey: toHex(one.impressionKey),
      leaf: toHex(one.leaf),
    })),
  };
}

function expected({ roles, parameters, records }: Scenario): unknown {
  const reference = referenceReduce(records, roles, parameters);
  const counts = (some: ReferenceReduction['flooding']) =>
    some.map(([author, count]) => [author, BigInt(count)]);
  return {
    settlementRoot: toHex(reference.settlementRoot),
    amounts: reference.amounts,
    rootOpening: reference.rootOpening && toHex(reference.rootOpening),
    workDigest: toHex(workDigestOf(fromHex(validator), [...reference.recordHashes])),
    reasons: Object.fromEntries(
      Object.entries(reference.reasons).map(([reason, [count, nano]]) => [reason, [BigInt(count), nano]]),
    ),
    contradictory: counts(reference.contradictory),
    flooding: counts(reference.flooding),
    distinct: BigInt(reference.recordHashes.length),
    impressions: BigInt(reference.groups.length),
    groups: reference.groups.map(({ groupRoot: _, ...one }) => ({
      ...one,
      impressionKey: toHex(fromHex(one.impressionKey as Hex)),
      leaf: toHex(one.leaf),
    })),
  };
}

/** Records of chance: of a few impressions most, of most impressions one to five. */
function manyRecords(seed: number, roles: readonly number[], count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => {
    const chance = sha256(Buffer.from(`${seed} ${at}`));
    const isAudit = chance[0] < 80;
    const seller = 1 + (chance[1] % (roles.length - 2));
    const isPayers = chance[2] < 128;
    const impression = chance[3] < 64 ? chance[4] % 4 : chance[4];
    const price = [1n, 2n, 3n][chance[5] % 3] * 3n ** BigInt(chance[4] % 30);
    return encodeRecord({
      kind: isAudit ? audit : win,
      version: 1,
      author: isAudit ? roles.length - 1 : isPayers ? 0 : seller,
      counterparty: isAudit || isPayers ? seller : 0,
      flags: isAudit ? [3, 3, 3, 1, 11][chance[6] % 5] : 0,
      timestampMs: 1_370_489_410_000n,
      impressionKey: toHex(sha256(Uint8Array.of(impression)).subarray(0, 16)),
      priceNano: isAudit ? 0n : price,
      campaign: '0x0000000000000000',
      placement: '0x0000000000000000',
      reference: toHex(chance.subarray(8, 16)),
    });
  });
}

/** The price of seller 1 as it says it, or as the payer, author 0, does. */
function winOf(author: number, priceNano: bigint): Uint8Array {
  return encodeRecord({
    kind: win,
    version: 1,
    author,
    counterparty: author === 0 ? 1 : 0,
    flags: 0,
    timestampMs: 1_370_489_410_000n,
    impressionKey: `0x${'22'.repeat(16)}`,
    priceNano,
    campaign: '0x0000000000000000',
    placement: '0x0000000000000000',
    reference: '0x0000000000000000',
  });
}

describe('the reduction of any records', () => {
  it('equals the reference, impression by impression', () => {
    fc.assert(
      fc.property(scenarioArbitrary, fc.integer({ min: 1, max: 9 }), (scenario, batchRecords) => {
        expect(reduced(scenario, batchRecords, 2)).toEqual(expected(scenario));
      }),
      { numRuns: 100 },
    );
  });

  it('equals the reference for prices at the very limit of the tolerance, below and above it', () => {
    const roles = [1, 3, 3, 3, 5];
    const price = fc
      .bigInt({ min: 0n, max: 2n ** 57n })
      .chain((most) => fc.constantFrom(most, most >> 20n, most >> 34n));
    const limit = fc.record({
      price,
      tolerancePpm: fc.constantFrom(1, 10, 250_000, 500_000, 999_999, 1_000_000, 2_000_000),
      beyond: fc.constantFrom(-1n, 0n, 1n),
      isSellLower: fc.boolean(),
    });
    fc.assert(
      fc.property(limit, parametersArbitrary(roles), (drawn, others) => {
        const { tolerancePpm, isSellLower } = drawn;
        // A multiple of a million differs from the lower price by exactly its tolerance.
        const higher = drawn.price - (drawn.price % 1_000_000n);
        const lowest =
          higher - (higher * BigInt(Math.min(tolerancePpm, 1_000_000))) / 1_000_000n - drawn.beyond;
        const lower = lowest < 0n ? 0n : lowest;
        const scenario = {
          roles,
          parameters: { ...others, priceTolerancePpm: tolerancePpm },
          records: [
            winOf(1, isSellLower ? lower : higher),
            winOf(0, isSellLower ? higher : lower),
            ...manyRecords(0, roles, 2),
          ],
        };
        expect(reduced(scenario, 100, 1)).toEqual(expected(scenario));
      }),
      { numRuns: 80 },
    );
  });

  it('equals the reference for many impressions, of one record and of hundreds', () => {
    const block = fc.record({
      seed: fc.nat(),
      sellers: fc.constantFrom(1, 3, 6, 9, 14),
      records: fc.nat(900),
    });
    const scenario = block.chain((drawn) => {
      const roles = [1, ...Array<number>(drawn.sellers).fill(3), 5];
      return parametersArbitrary(roles).map((parameters) => {
        return { roles, parameters, records: manyRecords(drawn.seed, roles, drawn.records) };
      });
    });
    fc.assert(
      fc.property(scenario, fc.constantFrom(1, 3), (one, partCount) => {
        expect(reduced(one, 100, partCount)).toEqual(expected(one));
      }),
      { numRuns: 8 },
    );
  });
});

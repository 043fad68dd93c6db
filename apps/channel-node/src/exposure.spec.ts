import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toHex, viewOf } from '#encoding';
import {
  encodeRecord,
  impressionKeyOf,
  limits,
  type RecordFields,
  recordFlag,
  recordKind,
  roleOf,
} from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';
import { Exposure, type ExposureRules, exposureOf, exposureRulesOf } from './exposure.js';
import { ImpressionMemory } from './impression-memory.js';
import { testTerms } from './testing/test-channel.js';

const about = { channelId: `0x${'c3'.repeat(32)}`, blockNumber: 7 };
const seller = 1;
const anotherSeller = 2;
const strict: ExposureRules = { seller, needsPayer: true, needsAudit: true };

interface Said {
  readonly impression: number;
  readonly by:
    | 'seller'
    | 'payer'
    | 'another seller'
    | 'payer to another'
    | 'auditor'
    | 'auditor of another'
    | 'auditor of all';
  readonly priceNano: bigint;
  readonly isTest: boolean;
}

/** Keys that differ in their last byte alone, as who wants two to be taken for one would make them. */
function keyOf(impression: number): Uint8Array {
  const key = impressionKeyOf('auction', '1');
  key[15] = impression;
  return key;
}

const written: Record<Said['by'], Pick<RecordFields, 'kind' | 'author' | 'counterparty'>> = {
  seller: { kind: recordKind.win, author: seller, counterparty: 0 },
  payer: { kind: recordKind.win, author: 0, counterparty: seller },
  'another seller': { kind: recordKind.win, author: anotherSeller, counterparty: 0 },
  'payer to another': { kind: recordKind.win, author: 0, counterparty: anotherSeller },
  auditor: { kind: recordKind.audit, author: 3, counterparty: seller },
  'auditor of another': { kind: recordKind.audit, author: 3, counterparty: anotherSeller },
  'auditor of all': { kind: recordKind.audit, author: 3, counterparty: limits.everySeller },
};

function recordsOf(said: readonly Said[]): DataView {
  const bytes = new Uint8Array(1 + said.length * limits.recordBytes);
  const none = new Uint8Array(8);
  for (const [index, { impression, by, priceNano, isTest }] of said.entries()) {
    const fields: RecordFields = {
      ...written[by],
      flags: isTest ? recordFlag.test : 0,
      timestampMs: 1n,
      impressionKey: keyOf(impression),
      priceNano: written[by].kind === recordKind.win ? priceNano : 0n,
      ...{ campaign: none, placement: none, reference: none },
    };
    encodeRecord(fields, bytes, 1 + index * limits.recordBytes);
  }
  return viewOf(bytes);
}

/** As slow and plain as can be. */
function slowly(said: readonly Said[], rules: ExposureRules) {
  const wins = new Map<number, bigint>();
  const counting = said.filter((one) => !one.isTest);
  for (const { impression, priceNano } of counting.filter(({ by }) => by === 'seller')) {
    const known = wins.get(impression);
    wins.set(impression, known === undefined || priceNano < known ? priceNano : known);
  }
  const has = (impression: number, by: readonly Said['by'][]): boolean =>
    counting.some((one) => one.impression === impression && by.includes(one.by));
  const exposed = [...wins].filter(
    ([impression]) =>
      (rules.needsPayer && !has(impression, ['payer'])) ||
      (rules.needsAudit && !has(impression, ['auditor', 'auditor of all'])),
  );
  const sum = (amounts: Iterable<readonly [number, bigint]>): bigint =>
    [...amounts].reduce((all, [, nano]) => all + nano, 0n);
  return {
    deliveredNano: sum(wins),
    exposedNano: sum(exposed),
    impressions: wins.size,
    exposedImpressions: exposed.length,
    isExact: true,
  };
}

const said: fc.Arbitrary<Said> = fc.record({
  impression: fc.nat(30),
  by: fc.constantFrom(...(Object.keys(written) as Said['by'][])),
  priceNano: fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n ** 63n - 1n)),
  isTest: fc.boolean(),
});
const open = (rules: ExposureRules, bytesMax = 2 ** 20): Exposure =>
  new Exposure(rules, new ImpressionMemory(bytesMax, () => {}), about);
const win = (impression: number, priceNano: bigint): Said => ({
  impression,
  by: 'seller',
  priceNano,
  isTest: false,
});

describe('the exposure of a block', () => {
  it('is what a slow reading of the same records finds, in whatever batches they come', () => {
    const rules = fc.record({
      seller: fc.constant(seller),
      needsPayer: fc.boolean(),
      needsAudit: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(fc.array(said, { maxLength: 60 }), { maxLength: 6 }), rules, (batches, asked) => {
        const exposure = open(asked);
        for (const batch of batches) exposure.addAll(recordsOf(batch), 1, batch.length);
        expect(exposure.sums).toEqual(slowly(batches.flat(), asked));
      }),
      { numRuns: 200 },
    );
  });

  it('stays what it is for many impressions of the highest price', () => {
    const exposure = open({ ...strict, needsAudit: false });
    const price = 2n ** 63n - 1n;
    const all = Array.from({ length: 256 }, (_, impression) => win(impression, price));
    exposure.addAll(recordsOf(all), 1, all.length);
    expect(exposure.sums).toMatchObject({ exposedNano: 256n * price, deliveredNano: 256n * price });
    exposure.addAll(recordsOf(all.map((one) => ({ ...one, by: 'payer' as const }))), 1, all.length);
    expect(exposure.sums).toMatchObject({
      exposedNano: 0n,
      exposedImpressions: 0,
      impressions: 256,
      isExact: true,
    });
  });

  it('says where memory was too small, and counts every further own win as another that nobody matched', () => {
    const exposure = open(strict, 16 * 32 + 100);
    const all = Array.from({ length: 200 }, (_, impression) => win(impression, 10n));
    exposure.addAll(recordsOf(all), 1, all.length);
    exposure.addAll(recordsOf(all), 1, all.length);
    const { exposedNano, isExact, impressions } = exposure.sums;
    expect(isExact).toBe(false);
    expect(exposedNano).toBe(BigInt(impressions) * 10n);
    expect(impressions).toBeGreaterThanOrEqual(200);
    expect(impressions).toBeLessThanOrEqual(400);
  });

  it('gives its memory back and keeps its sums', () => {
    const memory = new ImpressionMemory(2 ** 20, () => {});
    const exposure = new Exposure(strict, memory, about);
    const all = Array.from({ length: 255 }, (_, impression) => win(impression, 10n));
    exposure.addAll(recordsOf(all), 1, all.length);
    expect(memory.bytes).toBeGreaterThanOrEqual(255 * 32);
    expect(memory.bytes).toBeLessThanOrEqual(64 * 16 * 2 * 32);
    exposure.forget();
    expect(memory.bytes).toBe(0);
    expect(exposure.sums).toMatchObject({ exposedNano: 2_550n, isExact: false });
  });

  it('is summed over blocks, of which those of participants that sell nothing have none', () => {
    const [one, other] = [open(strict), open(strict)];
    one.addAll(recordsOf([win(1, 5n)]), 1, 1);
    other.addAll(recordsOf([win(1, 6n)]), 1, 1);
    const found = exposureOf([{ exposure: one }, { exposure: undefined }, { exposure: other }]);
    expect(found).toEqual({ exposedNano: 11n, blocks: [one, other] });
  });
});

describe('what the terms ask for beside an own win', () => {
  it('is what pays nothing where it is missing', () => {
    const parameters = (change: object) =>
      testTerms({ reducerParameters: toHex(encodeParameters({ ...defaultParameters, ...change })) });
    expect(exposureRulesOf(parameters({}), 1)).toEqual({ seller: 1, needsPayer: true, needsAudit: true });
    expect(exposureRulesOf(parameters({ onMissingDsp: 1 }), 1)).toMatchObject({
      needsPayer: false,
      needsAudit: true,
    });
    expect(exposureRulesOf(parameters({ onMissingAudit: 1 }), 1)).toMatchObject({
      needsPayer: true,
      needsAudit: false,
    });
  });

  it('is asked of sellers only', () => {
    const rolesOf = (role: number) => testTerms({ roles: [roleOf.dsp, role, roleOf.auditor] });
    expect(exposureRulesOf(rolesOf(roleOf.publisher), 1)).toBeDefined();
    for (const role of [roleOf.auditor, roleOf.operator])
      expect(exposureRulesOf(rolesOf(role), 1)).toBeUndefined();
    expect(exposureRulesOf(testTerms(), 0)).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { viewOf } from '#encoding';
import { RecordCheck } from '#protocol';
import { defaultParameters, encodeParameters, reduceBlock } from '#reduction';
import { foundInBlock } from '../report/found-tally.js';
import { generateImpressions } from './generate-impressions.js';
import { kinds } from './impression.js';
import { planBlock } from './plan-records.js';

const roles = [1, 3, 3, 5];
const roster = { names: ['dsp', 'ssp-1', 'ssp-2', 'auditor'], auditor: 3 };
const traffic = {
  sellers: [1, 2],
  firstBlockStart: 1_767_225_600,
  blockDuration: 3_600,
  blocks: 1,
  impressionsPerDay: 40_000,
};

/** Records in batches whose headers nobody reads. */
function batchesOf(records: Uint8Array): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < records.length; at += 64_000) {
    const some = records.subarray(at, at + 64_000);
    const batch = new Uint8Array(192 + some.length);
    viewOf(batch).setUint32(24, some.length / 64, true);
    batch.set(sha256(some), 64);
    batch.set(some, 192);
    batches.push(batch);
  }
  return batches;
}

describe('planned traffic', () => {
  it.each(['a', 'b', 'c'])('of seed %s is found in a block kind by kind as it was injected', (seed) => {
    const impressions = generateImpressions({ ...traffic, seed }, 0);
    const plan = planBlock(0, impressions, roster, { seed, disagreePpm: 300_000 });
    const batches = plan.authors.flatMap((one) => batchesOf(one.records));
    const terms = { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(defaultParameters) };
    const plaintext = new Uint8Array(Buffer.concat(batches));
    const { report } = reduceBlock(terms, [{ participant: 0, plaintext }]);
    const found = foundInBlock(report, batches);
    found.late = plan.authors.reduce((sum, one) => sum + one.late.length / 64, 0);
    expect(found).toEqual(plan.injected);
    for (const kind of kinds.filter((one) => one !== 'invalid')) expect(found[kind]).toBeGreaterThan(0);
  });

  it('is the same for the same seed, and good by the rules of the channel', () => {
    const plan = () =>
      planBlock(3, generateImpressions({ ...traffic, seed: 's' }, 3), roster, {
        seed: 's',
        disagreePpm: 100_000,
      });
    const one = plan();
    expect(plan()).toEqual(one);
    const check = new RecordCheck({ roles, priceNanoMax: 10_000_000_000n });
    for (const { records, late } of one.authors) {
      for (const bytes of [records, late]) {
        for (let at = 0; at < bytes.length; at += 64)
          expect(check.faultAt(viewOf(bytes), at)).toBeUndefined();
      }
    }
  });

  it('disagrees about nothing where nothing is injected', () => {
    const impressions = generateImpressions({ ...traffic, seed: 's' }, 0);
    const { injected } = planBlock(0, impressions, roster, { seed: 's', disagreePpm: 0 });
    expect(injected.matched).toBe(impressions.length);
    expect(Object.values(injected).reduce((sum, one) => sum + one, 0)).toBe(impressions.length);
  });
});

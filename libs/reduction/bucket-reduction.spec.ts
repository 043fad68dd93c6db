/** Reducing a bucket without hashes, as whoever only counts does. */
import { describe, expect, it } from '@jest/globals';
import { roleOf } from '#protocol';
import { BucketReduction } from './bucket-reduction.js';
import { openReducer } from './reduce-block.js';
import { defaultParameters, encodeParameters } from './reducers/rtb-impression-1/parameters.js';
import { headAt, rowBytes } from './reduction-row.js';
import { RowRuns } from './row-runs.js';

const terms = {
  roles: [roleOf.dsp, roleOf.ssp, roleOf.auditor],
  reducer: 'rtb-impression/1',
  parameters: encodeParameters({ ...defaultParameters, onMissingAudit: 1, auditorFeeNano: 3n }),
};

/** Of each impression what the payer and the seller say, and every other one twice. */
function rowsOf(impressions: number): RowRuns {
  const rows: Uint8Array[] = [];
  for (let at = 0; at < impressions; at++) {
    for (const author of at % 2 === 0 ? [0, 1] : [0, 1, 1]) {
      const row = new Uint8Array(rowBytes);
      row.set([at, 7], 0);
      new DataView(row.buffer).setUint32(headAt.priceLow * 4, 1_000 + at, true);
      row.set([1, author, author === 0 ? 1 : 0, 0], headAt.statement * 4);
      row.set([at, author], 32);
      rows.push(row);
    }
  }
  const runs = new RowRuns();
  runs.beginPacked(new BigUint64Array(new Uint8Array(Buffer.concat(rows)).buffer), rows.length);
  return runs;
}

describe('a bucket', () => {
  it('comes to the same amounts and counts with and without hashes, bucket after bucket', () => {
    const [whole, plain] = [1, 2].map(() => new BucketReduction(openReducer(terms), terms.roles.length));
    for (const impressions of [3, 0, 200, 50]) {
      const expected = whole.reduce(rowsOf(impressions), 0);
      const { records, groups, amounts } = plain.reduceRecords(rowsOf(impressions), 0);
      expect([records, groups, [...amounts]]).toEqual([
        expected.records,
        expected.groups,
        [...expected.amounts],
      ]);
      expect([records, groups]).toEqual([2 * impressions, impressions]);
      // High and low word of payer, seller and auditor, who audited nothing.
      const ofOne = (at: number) => [0, 1_000 + at, 0, 1_000 + at, 0, 0];
      expect([...amounts]).toEqual(Array.from({ length: impressions }, (_, at) => ofOne(at)).flat());
    }
  });
});

/** The golden vectors, met by the product's own code. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VectorCheck } from './vectors/check.js';
import {
  checkBatches,
  checkMerkle,
  checkParts,
  checkRecords,
  checkTerms,
} from './vectors/protocol-vectors.js';
import { checkBlocks, checkImpressions } from './vectors/reduction-vectors.js';

const folder = join(import.meta.dirname, 'vectors/protocol');

describe('golden vectors', () => {
  it.each([
    ['merkle.json', checkMerkle],
    ['terms.json', checkTerms],
    ['records.json', checkRecords],
    ['batches.json', checkBatches],
    ['parts.json', checkParts],
    ['impressions.json', checkImpressions],
    ['blocks.json', checkBlocks],
  ] as const)('%s is met', (file, run) => {
    const check = new VectorCheck(file);
    run(folder, check);
    expect(check.differences).toEqual([]);
    expect(check.comparisons).toBeGreaterThan(5);
  });
});

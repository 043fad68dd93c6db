/** The golden vectors, met by the product's own code. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VectorCheck } from './vectors/check.js';
import { vectorChecks } from './vectors/run.js';

const folder = join(import.meta.dirname, 'vectors/protocol');

describe('golden vectors', () => {
  it.each(vectorChecks)('%s is met', (file, run) => {
    const check = new VectorCheck(file);
    run(folder, check);
    expect(check.differences).toEqual([]);
    expect(check.comparisons).toBeGreaterThan(5);
  });
});

/** The second implementation, in Python, meets the golden vectors, or those that PAPYRUS_VECTORS names. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hasPython, runPython } from './python.js';

const vectors = process.env.PAPYRUS_VECTORS ?? join(import.meta.dirname, '../vectors/protocol');

(hasPython() ? describe : describe.skip)('the second implementation', () => {
  it('meets every vector', () => {
    const { code, output } = runPython('check_vectors.py', vectors);
    expect(output).toMatch(/^equal: merkle \d+, .*impressions \d+, blocks \d+$/);
    expect(code).toBe(0);
  });
});

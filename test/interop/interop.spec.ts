/** The second implementation, in Python, meets the golden vectors. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hasPython, runPython } from './python.js';

const vectors = join(import.meta.dirname, '../vectors/protocol');

(hasPython() ? describe : describe.skip)('the second implementation', () => {
  it('meets every golden vector', () => {
    const { code, output } = runPython('check_vectors.py', vectors);
    expect(output).toMatch(/^equal: merkle \d+, .*impressions 183, blocks 7$/);
    expect(code).toBe(0);
  });

  it('says how it is used when it is given no export', () => {
    const empty = mkdtempSync(join(tmpdir(), 'papyrus-interop-'));
    try {
      for (const script of ['check_block.py', 'check_vectors.py'] as const) {
        expect(runPython(script)).toMatchObject({ code: 2, output: expect.stringContaining('usage:') });
        expect(runPython(script, empty).code).toBe(2);
      }
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});

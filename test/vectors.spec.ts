/** The golden vectors, met by the product's own code, over native and over portable cryptography. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VectorCheck } from './vectors/check.js';
import { vectorChecks } from './vectors/run.js';
import { segmentVectors } from './vectors/segment-vectors.js';

const folder = join(import.meta.dirname, 'vectors/protocol');

describe('golden vectors', () => {
  it.each(vectorChecks)('%s is met', (file, run) => {
    const check = new VectorCheck(file);
    run(folder, check);
    expect(check.differences).toEqual([]);
    expect(check.comparisons).toBeGreaterThan(5);
  });

  it('are met where only JavaScript is to be had', () => {
    const run = (...given: string[]): string =>
      execFileSync(process.execPath, ['--conditions=browser', ...given], {
        cwd: join(import.meta.dirname, '..'),
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString();
    const kind = "console.log((await import('#crypto/primitives')).primitives.kind)";
    expect(run('--input-type=module', '--eval', kind).trim()).toBe('portable');
    const check = `const { runVectors } = await import('./dist/test/vectors/run.js');
      runVectors('test/vectors/protocol', (line) => console.log(line));`;
    const lines = run('--input-type=module', '--eval', check).trim().split('\n');
    expect(lines.map((line) => line.replace(/: \d+ comparisons/, ''))).toEqual(
      vectorChecks.map(([file]) => `${file}, 0 differences`),
    );
  });
});

describe('vectors that the product makes for the contracts', () => {
  it('are those of the file, which `node dist/test/vectors/write-segments.js FILE` writes', () => {
    const file = join(import.meta.dirname, 'vectors/product/segments.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(segmentVectors());
  });
});

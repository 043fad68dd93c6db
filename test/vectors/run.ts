/** Runs every check of a folder of vectors: `npm run test:vectors -- DIR`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VectorCheck } from './check.js';
import { checkBatches, checkMerkle, checkParts, checkRecords, checkTerms } from './protocol-vectors.js';
import { checkBlocks, checkImpressions } from './reduction-vectors.js';

export const vectorChecks = [
  ['merkle.json', checkMerkle],
  ['terms.json', checkTerms],
  ['records.json', checkRecords],
  ['batches.json', checkBatches],
  ['parts.json', checkParts],
  ['impressions.json', checkImpressions],
  ['blocks.json', checkBlocks],
] as const;

/** Checks the files that the folder holds, prints a line each, and returns how many differences there are. */
export function runVectors(folder: string, print: (line: string) => void): number {
  const present = vectorChecks.filter(([file]) => existsSync(join(folder, file)));
  if (present.length === 0) {
    print(`${folder} holds none of ${vectorChecks.map(([file]) => file).join(', ')}`);
    return 1;
  }
  let differences = 0;
  for (const [file, run] of present) {
    const check = new VectorCheck(file);
    run(folder, check);
    differences += check.differences.length;
    print(`${file}: ${check.comparisons} comparisons, ${check.differences.length} differences`);
    for (const one of check.differences.slice(0, 10)) {
      print(`  ${one.what}: expected ${JSON.stringify(one.expected)}, found ${JSON.stringify(one.found)}`);
    }
  }
  return differences;
}

/** Writes the vectors of segments anew: `node dist/test/vectors/write-segments.js FILE`. */
import { writeFileSync } from 'node:fs';
import { segmentVectors } from './segment-vectors.js';

writeFileSync(process.argv[2], `${JSON.stringify(segmentVectors(), null, 1)}\n`);

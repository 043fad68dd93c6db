/** What is said of a file that is no proof. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProof } from './proof-file.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-proof-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that is no proof', () => {
  it.each([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['hello', 'it is not JSON, or was cut'],
    ['{"schemaVersion": 1,', 'it is not JSON, or was cut'],
    ['[]', 'Invalid input: expected object, received array'],
    ['{}', 'schemaVersion: Invalid input: expected 1'],
  ])('is refused with what it is: %j', (text, why) => {
    const file = join(folder, 'proof.json');
    writeFileSync(file, text);
    expect(() => readProof(file)).toThrow(
      expect.objectContaining({ code: 'proof-refused', message: `${file} is no proof: ${why}` }),
    );
  });

  it('is refused by another name where it is not there', () => {
    expect(() => readProof(join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'proof-not-found' }),
    );
  });
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { demoSpec } from '../commands/demo.js';
import { readSpec, settleSpec } from './network-spec.js';

const options = { seed: 's', impressions: 10, sellers: 1, blocks: 1 };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-spec-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the spec of a network', () => {
  it('stays in its data folder, for the same command to go on', () => {
    const data = join(folder, 'new', 'data');
    expect(readSpec(data)).toBeUndefined();
    expect(settleSpec(data, demoSpec(options))).toEqual(demoSpec(options));
    expect(readSpec(data)).toEqual(demoSpec(options));
    expect(settleSpec(data, demoSpec(options))).toEqual(demoSpec(options));
    expect(readdirSync(data).sort()).toEqual(['network.json', 'participants', 'parts']);
  });

  it('is refused where another lies, whatever differs, and that one stays', () => {
    settleSpec(folder, demoSpec(options));
    for (const other of [{ seed: 't' }, { impressions: 11 }, { sellers: 2 }, { blocks: 2 }]) {
      expect(() => settleSpec(folder, demoSpec({ ...options, ...other }))).toThrow(
        expect.objectContaining({ code: 'data-of-another-network', exit: 5 }),
      );
    }
    expect(readSpec(folder)).toEqual(demoSpec(options));
  });
});

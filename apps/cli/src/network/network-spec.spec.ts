import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

  it('is refused where a store of it was lost, and nothing is made anew', () => {
    settleSpec(folder, demoSpec(options));
    const lost = join(folder, 'participants', 'dsp', 'log');
    rmSync(lost, { recursive: true });
    expect(() => settleSpec(folder, demoSpec(options))).toThrow(
      expect.objectContaining({ code: 'data-incomplete', message: expect.stringContaining(lost), exit: 5 }),
    );
    expect(existsSync(lost)).toBe(false);
  });

  it('is refused where stores lie without it: they are nobody’s to begin anew in', () => {
    settleSpec(folder, demoSpec(options));
    const remains = join(folder, 'participants', 'dsp', 'log');
    writeFileSync(join(remains, 'log-id'), 'somebody’s');
    rmSync(join(folder, 'network.json'));
    expect(() => settleSpec(folder, demoSpec(options))).toThrow(
      expect.objectContaining({ code: 'data-incomplete', message: expect.stringContaining(remains) }),
    );
    expect(readSpec(folder)).toBeUndefined();
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

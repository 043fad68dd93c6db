import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { namesOfRefusals } from './contract-codec.js';
import { contractRefusalCodes, posterRefusalCodes } from './refusal-codes.js';

describe('the codes of refusals', () => {
  it('are the errors of the compiled contracts, all of them and no others', () => {
    expect(contractRefusalCodes).toEqual([...namesOfRefusals()].sort());
  });

  it('are told in the reference where disputes alone refuse by them', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8');
    const ofDisputes = ['Adjudicator', 'Questions', 'Panel', 'LeafRules', 'SegmentRules'] as const;
    const elsewhere = new Set([
      ...namesOfRefusals(['Channels', 'Vault', 'Blocks', 'ValidatorRegistry', 'RtbImpression1']),
    ]);
    const codes = [...namesOfRefusals(ofDisputes)].filter((code) => !elsewhere.has(code));
    expect(codes.length).toBeGreaterThan(50);
    expect(codes.filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
  });

  it('do not say two things by one name', () => {
    expect(posterRefusalCodes.filter((code) => namesOfRefusals().has(code))).toEqual([]);
  });
});

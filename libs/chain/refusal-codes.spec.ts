import { describe, expect, it } from '@jest/globals';
import { namesOfRefusals } from './contract-codec.js';
import { contractRefusalCodes, posterRefusalCodes } from './refusal-codes.js';

describe('the codes of refusals', () => {
  it('are the errors of the compiled contracts, all of them and no others', () => {
    expect(contractRefusalCodes).toEqual([...namesOfRefusals()].sort());
  });

  it('do not say two things by one name', () => {
    expect(posterRefusalCodes.filter((code) => namesOfRefusals().has(code))).toEqual([]);
  });
});

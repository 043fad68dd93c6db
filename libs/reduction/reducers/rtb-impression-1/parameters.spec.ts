/** What parameters a channel may be opened with. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, toHex } from '#encoding';
import { roleOf } from '#protocol';
import { reducers } from '../../reducers.js';
import {
  decodeParameters,
  defaultParameters,
  encodeParameters,
  type RtbImpressionParameters,
} from './parameters.js';

const roles = [roleOf.dsp, roleOf.ssp, roleOf.publisher, roleOf.auditor];

function codeOf(parameters: Partial<RtbImpressionParameters>, ofRoles: readonly number[] = roles): string {
  const decoded = decodeParameters(encodeParameters({ ...defaultParameters, ...parameters }), ofRoles);
  return decoded.ok ? 'taken' : decoded.refusal.code;
}

describe('parameters of rtb-impression/1', () => {
  it('come back as they were written', () => {
    const arbitrary: fc.Arbitrary<RtbImpressionParameters> = fc.record({
      priceTolerancePpm: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      onPriceMismatch: fc.integer({ min: 0, max: 3 }),
      onMissingDsp: fc.integer({ min: 0, max: 1 }),
      onMissingSsp: fc.integer({ min: 0, max: 1 }),
      onMissingAudit: fc.integer({ min: 0, max: 1 }),
      requireViewable: fc.boolean(),
      auditorFeeNano: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      shares: fc
        .subarray([1, 2, 3])
        .map((named) => named.map((participant) => ({ participant, ppm: 333_333 }))),
      discrepancyLimitPpm: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    fc.assert(
      fc.property(arbitrary, (parameters) => {
        expect(decodeParameters(encodeParameters(parameters), roles)).toEqual({ ok: true, parameters });
      }),
    );
  });

  it('are of at most 15 shares, and never shorter than without any', () => {
    const many = Array(17).fill(roleOf.publisher).with(0, roleOf.dsp).with(16, roleOf.auditor);
    const sharesOf = (count: number) => {
      return Array.from({ length: count }, (_, at) => ({ participant: at + 1, ppm: 1_000 }));
    };
    expect(codeOf({ shares: sharesOf(15) }, many)).toBe('taken');
    expect(codeOf({ shares: sharesOf(16) }, many)).toBe('parameters-malformed');
    const least = encodeParameters(defaultParameters);
    for (let length = 0; length < least.length; length += 16) {
      const decoded = decodeParameters(least.slice(0, length), roles);
      expect([length, decoded]).toMatchObject([
        length,
        { ok: false, refusal: { code: 'parameters-malformed' } },
      ]);
    }
  });

  it.each<[string, Partial<RtbImpressionParameters>]>([
    ['onPriceMismatch is 0 to 3', { onPriceMismatch: 4 }],
    ['onMissingDsp, onMissingSsp and onMissingAudit are 0 or 1', { onMissingSsp: 2 }],
    ['a share belongs to a participant other than the payer', { shares: [{ participant: 0, ppm: 1 }] }],
    ['a participant has at most one share', { shares: Array(2).fill({ participant: 1, ppm: 1 }) }],
    ['the shares sum to at most 1,000,000 ppm', { shares: [{ participant: 1, ppm: 1_000_001 }] }],
  ])('are refused with the words: %s', (detail, parameters) => {
    const encoded = encodeParameters({ ...defaultParameters, ...parameters });
    expect(decodeParameters(encoded, roles)).toMatchObject({ refusal: { detail } });
  });

  it('are refused in words where they are not parameters, and where they ask for audits that nobody makes', () => {
    const detail = (bytes: Uint8Array) => decodeParameters(bytes, roles.slice(0, 3));
    expect(detail(new Uint8Array(1))).toMatchObject({
      refusal: { detail: 'not the ABI encoding of parameters' },
    });
    expect(detail(encodeParameters(defaultParameters))).toMatchObject({
      refusal: { detail: 'without an auditor onMissingAudit is pay and requireViewable false' },
    });
  });

  it('say what an audit earns', () => {
    const reducer = reducers.get('rtb-impression/1');
    expect(reducer?.auditorFeeNano({ ...defaultParameters, auditorFeeNano: 2n ** 40n })).toBe(2n ** 40n);
  });

  it('are refused where any byte beyond their value differs', () => {
    const encoded = encodeParameters({ ...defaultParameters, shares: [{ participant: 1, ppm: 5 }] });
    expect(decodeParameters(encoded, roles).ok).toBe(true);
    const changed = [
      encoded.slice(0, -1),
      encoded.slice(0, -32),
      concatBytes(encoded, new Uint8Array(32)),
      new Uint8Array(0),
    ];
    for (let word = 0; word < encoded.length / 32; word++) {
      const other = encoded.slice();
      other[word * 32] = 1;
      changed.push(other);
    }
    for (const bytes of changed) {
      const decoded = decodeParameters(bytes, roles);
      expect([toHex(bytes), decoded.ok ? 'taken' : decoded.refusal.code]).toEqual([
        toHex(bytes),
        'parameters-malformed',
      ]);
    }
  });

  it('are refused with a code for each rule that they break', () => {
    expect(codeOf({ onPriceMismatch: 4 })).toBe('parameters-enumeration');
    expect(codeOf({ onMissingDsp: 2 })).toBe('parameters-enumeration');
    expect(codeOf({ onMissingSsp: 2 })).toBe('parameters-enumeration');
    expect(codeOf({ onMissingAudit: 2 })).toBe('parameters-enumeration');
    expect(codeOf({ shares: [{ participant: 0, ppm: 1 }] })).toBe('parameters-shares');
    expect(codeOf({ shares: [{ participant: 4, ppm: 1 }] })).toBe('parameters-shares');
    const twice = [
      { participant: 1, ppm: 1 },
      { participant: 1, ppm: 1 },
    ];
    expect(codeOf({ shares: twice })).toBe('parameters-shares');
    const halves = [
      { participant: 2, ppm: 500_000 },
      { participant: 1, ppm: 500_000 },
    ];
    expect(codeOf({ shares: halves })).toBe('taken');
    expect(codeOf({ shares: [halves[0], { participant: 1, ppm: 500_001 }] })).toBe('parameters-shares');
    const unaudited = roles.slice(0, 3);
    expect(codeOf({}, unaudited)).toBe('parameters-auditor');
    expect(codeOf({ onMissingAudit: 0, requireViewable: false }, unaudited)).toBe('parameters-auditor');
    expect(codeOf({ onMissingAudit: 1 }, unaudited)).toBe('parameters-auditor');
    expect(codeOf({ onMissingAudit: 1, requireViewable: false }, unaudited)).toBe('taken');
  });
});

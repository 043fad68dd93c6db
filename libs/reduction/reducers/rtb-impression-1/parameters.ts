/** Parameters of `rtb-impression/1`: strict codec of their ABI encoding (wire-formats.md 7). */
import { abiEncode, equalBytes, readWord, uintWord } from '#encoding';
import { roleOf } from '#protocol';
import type { DecodedParameters } from '../../reducer.js';

export const onPriceMismatch = { lower: 0, ssp: 1, dsp: 2, reject: 3 } as const;
export const onMissing = { reject: 0, pay: 1 } as const;
export const partsPerMillion = 1_000_000;

export interface Share {
  readonly participant: number;
  readonly ppm: number;
}

export interface RtbImpressionParameters {
  readonly priceTolerancePpm: number;
  readonly onPriceMismatch: number;
  readonly onMissingDsp: number;
  readonly onMissingSsp: number;
  readonly onMissingAudit: number;
  readonly requireViewable: boolean;
  readonly auditorFeeNano: bigint;
  readonly shares: readonly Share[];
  readonly discrepancyLimitPpm: number;
}

export const defaultParameters: RtbImpressionParameters = {
  priceTolerancePpm: 0,
  onPriceMismatch: onPriceMismatch.lower,
  onMissingDsp: onMissing.reject,
  onMissingSsp: onMissing.pay,
  onMissingAudit: onMissing.reject,
  requireViewable: true,
  auditorFeeNano: 0n,
  shares: [],
  discrepancyLimitPpm: 100_000,
};

const headWords = 9;
const sharesMax = 15;

export function encodeParameters(parameters: RtbImpressionParameters): Uint8Array {
  const word = (value: bigint | number | boolean) => ({ type: 'word', bytes: uintWord(value) }) as const;
  return abiEncode([
    word(parameters.priceTolerancePpm),
    word(parameters.onPriceMismatch),
    word(parameters.onMissingDsp),
    word(parameters.onMissingSsp),
    word(parameters.onMissingAudit),
    word(parameters.requireViewable),
    word(parameters.auditorFeeNano),
    {
      type: 'tuples',
      rows: parameters.shares.map((share) => [uintWord(share.participant), uintWord(share.ppm)]),
    },
    word(parameters.discrepancyLimitPpm),
  ]);
}

/** Refuses what is not the one encoding of its value, what the enumerations do not hold, and what the roles
 *  forbid. */
export function decodeParameters(
  bytes: Uint8Array,
  roles: readonly number[],
): DecodedParameters<RtbImpressionParameters> {
  const parameters = readParameters(bytes);
  if (parameters === undefined) return refused('parameters-malformed', 'not the ABI encoding of parameters');
  return parametersRefusal(parameters, roles) ?? { ok: true, parameters };
}

function readParameters(bytes: Uint8Array): RtbImpressionParameters | undefined {
  if (bytes.length < (headWords + 1) * 32) return undefined;
  const count = readWord(bytes, headWords);
  if (count > BigInt(sharesMax) || bytes.length !== (headWords + 1 + 2 * Number(count)) * 32)
    return undefined;
  const small = (index: number): number => Number(readWord(bytes, index) & 0xffff_ffffn);
  const parameters: RtbImpressionParameters = {
    priceTolerancePpm: small(0),
    onPriceMismatch: small(1),
    onMissingDsp: small(2),
    onMissingSsp: small(3),
    onMissingAudit: small(4),
    requireViewable: small(5) !== 0,
    auditorFeeNano: readWord(bytes, 6) & 0xffff_ffff_ffff_ffffn,
    shares: Array.from({ length: Number(count) }, (_, share) => ({
      participant: small(headWords + 1 + 2 * share),
      ppm: small(headWords + 2 + 2 * share),
    })),
    discrepancyLimitPpm: small(8),
  };
  return equalBytes(encodeParameters(parameters), bytes) ? parameters : undefined;
}

function parametersRefusal(
  parameters: RtbImpressionParameters,
  roles: readonly number[],
): { ok: false; refusal: { code: string; detail: string } } | undefined {
  if (parameters.onPriceMismatch > onPriceMismatch.reject) {
    return refused('parameters-enumeration', 'onPriceMismatch is 0 to 3');
  }
  const { onMissingDsp, onMissingSsp, onMissingAudit } = parameters;
  if (Math.max(onMissingDsp, onMissingSsp, onMissingAudit) > onMissing.pay) {
    return refused('parameters-enumeration', 'onMissingDsp, onMissingSsp and onMissingAudit are 0 or 1');
  }
  const named = parameters.shares.map((share) => share.participant);
  if (named.some((participant) => participant < 1 || participant >= roles.length)) {
    return refused('parameters-shares', 'a share belongs to a participant other than the payer');
  }
  if (new Set(named).size !== named.length) {
    return refused('parameters-shares', 'a participant has at most one share');
  }
  if (parameters.shares.reduce((sum, share) => sum + share.ppm, 0) > partsPerMillion) {
    return refused('parameters-shares', 'the shares sum to at most 1,000,000 ppm');
  }
  const hasAuditor = roles.includes(roleOf.auditor);
  if (!hasAuditor && (onMissingAudit !== onMissing.pay || parameters.requireViewable)) {
    return refused(
      'parameters-auditor',
      'without an auditor onMissingAudit is pay and requireViewable false',
    );
  }
  return undefined;
}

function refused(code: string, detail: string): { ok: false; refusal: { code: string; detail: string } } {
  return { ok: false, refusal: { code, detail } };
}

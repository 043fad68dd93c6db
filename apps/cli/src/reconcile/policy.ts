/** The reducer's policy as options of the command line. */
import {
  defaultParameters,
  encodeParameters,
  onMissing,
  onPriceMismatch,
  type ReductionTerms,
  type RtbImpressionParameters,
} from '#reduction';
import type { Participants } from '#reconciliation';

export interface PolicyOptions {
  readonly priceTolerance: number;
  readonly onPriceMismatch: keyof typeof onPriceMismatch;
  readonly onMissingDsp: keyof typeof onMissing;
  readonly onMissingSsp: keyof typeof onMissing;
  readonly onMissingAudit: keyof typeof onMissing;
  readonly requireViewable: 'true' | 'false';
  readonly auditorFeeNano: bigint;
}

export const policyChoices = {
  onPriceMismatch: Object.keys(onPriceMismatch),
  onMissing: Object.keys(onMissing),
};

/** The parameters with which a channel of these participants would be opened. */
export function parametersOf(options: PolicyOptions, hasAuditor: boolean): RtbImpressionParameters {
  return {
    ...defaultParameters,
    priceTolerancePpm: options.priceTolerance,
    onPriceMismatch: onPriceMismatch[options.onPriceMismatch],
    onMissingDsp: onMissing[options.onMissingDsp],
    onMissingSsp: onMissing[options.onMissingSsp],
    // Without an auditor nobody can require what only an auditor says.
    onMissingAudit: hasAuditor ? onMissing[options.onMissingAudit] : onMissing.pay,
    requireViewable: hasAuditor && options.requireViewable === 'true',
    auditorFeeNano: options.auditorFeeNano,
  };
}

export function termsOf(parameters: RtbImpressionParameters, { roles }: Participants): ReductionTerms {
  return { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(parameters) };
}

/** The policy in a sentence, for whoever reads amounts that follow from it. */
export function policyWords(parameters: RtbImpressionParameters): string {
  const name = <T extends object>(of: T, value: number): string =>
    Object.entries(of).find(([, one]) => one === value)?.[0] ?? '';
  const { priceTolerancePpm } = parameters;
  const words = [
    `prices that differ: ${name(onPriceMismatch, parameters.onPriceMismatch)}`,
    `only the seller has it: ${name(onMissing, parameters.onMissingDsp)}`,
    `only the buyer has it: ${name(onMissing, parameters.onMissingSsp)}`,
    `no audit: ${name(onMissing, parameters.onMissingAudit)}`,
    `must be in view: ${parameters.requireViewable ? 'yes' : 'no'}`,
  ];
  if (priceTolerancePpm > 0) words.push(`prices within ${priceTolerancePpm} ppm are one`);
  return `Policy: ${words.join('; ')}.`;
}

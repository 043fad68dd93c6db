/** The rule of the reducer behind each reason (wire-formats.md 7), as a sentence for people. */
import type { ImpressionReason } from '#protocol';

const rules: Readonly<Record<ImpressionReason, string>> = {
  matched: 'a price stands, and no audit that the terms want is missing or against it: it is paid',
  'price-differs': 'seller and payer signed two prices; the terms let this one stand, the lower by default',
  'price-mismatch': 'seller and payer signed two prices, and the terms reject that',
  'missing-dsp': 'the payer signed no win: nobody pays for what its own key did not sign',
  'missing-ssp': 'the seller signed no win, and the terms reject that',
  'missing-audit': 'no auditor checked the impression, and the terms want one',
  'invalid-traffic': 'an auditor found invalid traffic: rejected always, the audit is paid',
  'not-viewable': 'an auditor did not find it viewable, and the terms want that: the audit is paid',
  'audit-only': 'audits of an impression that nobody sold or bought',
};

export function ruleOf(reason: ImpressionReason): string {
  return rules[reason];
}

/**
 * The block report: why each impression paid or did not, for people; published beside the result (wire-
 * formats.md 8).
 */
import { sha256 } from '#crypto';
import { encodeDagCbor } from '#encoding';
import type { PartReason } from './part-validity.js';

export const impressionReasons = [
  'matched',
  'price-differs',
  'price-mismatch',
  'missing-dsp',
  'missing-ssp',
  'missing-audit',
  'invalid-traffic',
  'not-viewable',
  'audit-only',
] as const;
export type ImpressionReason = (typeof impressionReasons)[number];

export interface BlockReport {
  readonly version: 1;
  /** Impressions and nano by reason; zero counts are left out. */
  readonly reasons: Readonly<Partial<Record<ImpressionReason, readonly [impressions: bigint, nano: bigint]>>>;
  readonly invalidParts: readonly (readonly [participant: number, reason: PartReason])[];
  /** Distinct records of the valid parts. */
  readonly records: bigint;
  readonly impressions: bigint;
  readonly contradictory: readonly (readonly [author: number, impressions: bigint])[];
  readonly flooding: readonly (readonly [author: number, impressions: bigint])[];
  readonly sequenceConflicts: readonly (readonly [author: number, sequence: bigint])[];
}

/** The report as DAG-CBOR. */
export function encodeBlockReport(report: BlockReport): Uint8Array {
  return encodeDagCbor(report);
}

export function reportHashOf(reportBytes: Uint8Array): Uint8Array {
  return sha256(reportBytes);
}

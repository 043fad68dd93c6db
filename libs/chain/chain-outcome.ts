/** What becomes of an act of the base chain. */
import type { RefusalCode } from './refusal-codes.js';

/** A named no of a contract is a value; broken input or output is a thrown Fault. */
export type ChainOutcome =
  | {
      readonly ok: true;
      readonly height: number;
      readonly timestampSeconds: number;
      readonly gasUsed: bigint;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** A block as the command line's JSON and tables show it; amounts are decimal strings of nano-units. */
import { toHex } from '#encoding';
import { batchCount, outputTransactions, roleOf } from '#protocol';
import type { BlockState } from '../network/drive.js';
import { distinctBatches, type OpenedBlock } from '../network/open-block.js';
import type { Tally } from '../traffic/impression.js';
import { foundInBlock } from './found-tally.js';

export interface BlockSummary {
  readonly blockNumber: number;
  readonly stage: string;
  /** Records of the distinct batches that count; some may stand twice. */
  readonly records: number;
  readonly recordsDistinct: number;
  readonly impressions: number;
  readonly settlementRoot: string;
  readonly outputHash: string | null;
  readonly reasons: Readonly<Record<string, { impressions: number; nano: string }>>;
  /** What the payer owes sellers and share takers, before auditors' fees. */
  readonly owed: readonly { payer: number; payee: number; nano: string }[];
  readonly outputTransactions: readonly { payer: number; payee: number; nano: string }[];
  readonly parts: readonly {
    participant: number;
    indexCid: string | null;
    segments: number;
    valid: boolean;
    reason: string | null;
  }[];
}

/** `cidOf`: the name of stored bytes with this SHA-256 in the part store. */
export function summarizeBlock(
  state: BlockState,
  block: OpenedBlock,
  cidOf: (digest: Uint8Array) => string,
): { readonly summary: BlockSummary; readonly found: Tally } {
  const { output, terms } = block;
  const batches = distinctBatches(block.opened);
  // A block that became void pays nothing, whatever its records say.
  const paid = state.stage.stage === 'void' ? [] : outputTransactions(output.amounts);
  const transactions = paid.map(({ payee, nano }) => ({ payer: 0, payee, nano: nano.toString() }));
  const reasons = Object.entries(output.report.reasons).map(([reason, [impressions, nano]]) => [
    reason,
    { impressions: Number(impressions), nano: nano.toString() },
  ]);
  return {
    found: foundInBlock(output.report, batches),
    summary: {
      blockNumber: state.blockNumber,
      stage: state.stage.stage,
      records: batches.reduce((sum, batch) => sum + batchCount(batch), 0),
      recordsDistinct: Number(output.report.records),
      impressions: Number(output.impressionCount),
      settlementRoot: toHex(output.settlementRoot),
      outputHash: 'standing' in state.stage ? state.stage.standing[0] : null,
      reasons: Object.fromEntries(reasons),
      owed: transactions.filter(({ payee }) => terms.roles[payee] !== roleOf.auditor),
      outputTransactions: transactions,
      parts: terms.roles.map((_, participant) => partLine(participant, block, cidOf)),
    },
  };
}

function partLine(
  participant: number,
  block: OpenedBlock,
  cidOf: (digest: Uint8Array) => string,
): BlockSummary['parts'][number] {
  const part = block.parts.find((one) => one.participant === participant);
  const reason = part === undefined ? 'missing' : (part.reason ?? null);
  return {
    participant,
    indexCid: part === undefined ? null : cidOf(part.commitment.indexHash),
    segments: part?.segments ?? 0,
    valid: reason === null,
    reason,
  };
}

/**
 * What can be moved out of a payee's line at present, and whether a withdrawal that the payer asked for may
 * be executed: the arithmetic of the Vault (protocol.md 2).
 */
import { blockStart, type ChannelTerms } from './channel-terms.js';

/** Token base units. */
export interface LineSeen {
  readonly amount: bigint;
  readonly debt: bigint;
  /** What the payer asked to have back. */
  readonly requested: bigint;
  readonly requestedAtSeconds?: number;
  /** The most that one block pays. */
  readonly blockMax: bigint;
}

/** Where the blocks of a line's channel stand. */
export interface LineBlocks {
  /** Blocks that have started and are not over: each keeps blockMax in the line. */
  readonly live: number;
  /** Every block below it is over. */
  readonly lowestUnfinished: number;
}

/** How much of the debt can be served from what no block keeps. */
export function servableOf({ amount, debt, blockMax }: LineSeen, live: number): bigint {
  const free = amount - blockMax * BigInt(live);
  return free <= 0n ? 0n : free < debt ? free : debt;
}

/** How much the line holds beyond its debt and what blocks keep. */
export function withdrawableOf({ amount, debt, blockMax }: LineSeen, live: number): bigint {
  const free = amount - debt - blockMax * BigInt(live);
  return free <= 0n ? 0n : free;
}

/**
 * Whether the payer can have something back: it asked for it, and every block that started within the notice
 * is over; or the channel is closed.
 */
export function isWithdrawalDue(
  { terms, closedAtSeconds }: { readonly terms: ChannelTerms; readonly closedAtSeconds?: number },
  line: LineSeen,
  { live, lowestUnfinished }: LineBlocks,
): boolean {
  if (withdrawableOf(line, live) === 0n) return false;
  if (closedAtSeconds !== undefined) return true;
  if (line.requested === 0n || line.requestedAtSeconds === undefined) return false;
  if (lowestUnfinished >= terms.blocksMax) return true;
  return blockStart(terms, lowestUnfinished) >= line.requestedAtSeconds + terms.withdrawalNotice;
}

/** How many blocks have started, that of this very second included. */
export function startedBlocks(
  { terms, closedAtSeconds }: { readonly terms: ChannelTerms; readonly closedAtSeconds?: number },
  nowSeconds: number,
): number {
  const last = closedAtSeconds === undefined ? nowSeconds : Math.min(closedAtSeconds, nowSeconds);
  const started = Math.floor((last - terms.firstBlockStart) / terms.blockDuration) + 1;
  return Math.max(0, Math.min(started, terms.blocksMax));
}

/** The first block whose cover a request lowers. */
export function firstBlockNoticed(terms: ChannelTerms, requestedAtSeconds: number): number {
  const from = requestedAtSeconds + terms.withdrawalNotice - terms.firstBlockStart;
  return Math.max(0, Math.ceil(from / terms.blockDuration));
}

/** What was revealed of a block, beside what its parts reduce to here. */
import type { Digest } from '#encoding';
import { CommandRefused } from '../report/command-refused.js';
import type { BlockState } from './drive.js';

/** The hashes that were revealed; refuses a block of which none was. */
export function revealedOf({ blockNumber, facts, stage }: BlockState): readonly Digest[] {
  const revealed = facts.results.map((one) => one.outputHash);
  if (revealed.length > 0) return revealed;
  const message = `block ${blockNumber} is in stage ${stage.stage}: no result was revealed that could be compared`;
  throw new CommandRefused('block-not-settled', message);
}

/** Refuses where what the stored parts reduce to was revealed by nobody. */
export function requireRevealed(own: Digest, revealed: readonly Digest[]): void {
  if (revealed.includes(own)) return;
  const message = `reducing the stored parts gives ${own}, the chain has ${revealed.join(' and ')}`;
  throw new CommandRefused('result-differs', message);
}

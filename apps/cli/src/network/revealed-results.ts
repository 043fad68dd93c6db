/** What was revealed of a block, beside what its parts reduce to here. */
import type { Digest } from '#encoding';
import { CommandRefused } from '../report/command-refused.js';
import type { BlockState } from './drive.js';
import type { FetchedPart } from './open-block.js';

/** The hashes that were revealed; refuses a block of which none was. */
export function revealedOf({ blockNumber, facts, stage }: BlockState): readonly Digest[] {
  const revealed = facts.results.map((one) => one.outputHash);
  if (revealed.length > 0) return revealed;
  const message = `block ${blockNumber} is in stage ${stage.stage}: no result was revealed that could be compared`;
  throw new CommandRefused('block-not-settled', message);
}

/** Refuses where nobody revealed what the stored parts reduce to; without all parts that is no evidence. */
export function requireRevealed(
  own: Digest,
  revealed: readonly Digest[],
  parts: readonly Pick<FetchedPart, 'participant' | 'reason'>[],
): void {
  if (revealed.includes(own)) return;
  const missing = missingOf(parts);
  if (missing.length > 0)
    throw partsIncomplete(missing, 'name a store that has all, before anything is said of results');
  const message = `reducing the stored parts gives ${own}, the chain has ${revealed.join(' and ')}`;
  throw new CommandRefused('result-differs', message);
}

/** Participants whose parts the store lacks, wholly or in a block. */
export function missingOf(parts: readonly Pick<FetchedPart, 'participant' | 'reason'>[]): readonly number[] {
  return parts
    .filter(({ reason }) => reason === 'unavailable' || reason === 'wrong-bytes')
    .map(({ participant }) => participant);
}

export function partsIncomplete(missing: readonly number[], how: string): CommandRefused {
  const what = `the part store lacks blocks of the parts of participants ${missing.join(', ')}`;
  return new CommandRefused('parts-incomplete', `${what}: ${how}`);
}

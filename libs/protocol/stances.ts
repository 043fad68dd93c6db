/** Who stands for which of a block's results. */
import type { Digest } from '#encoding';
import type { BlockFacts, KnownResult } from './block-facts.js';
import type { ChannelTerms } from './channel-terms.js';

/** Neither fallen nor taken back. */
export function standingResults({ results }: BlockFacts): readonly KnownResult[] {
  return results.filter(({ isGone }) => !isGone);
}

/** The result that all participants stand for, if there is one. */
export function agreedIn(terms: ChannelTerms, facts: BlockFacts): Digest | undefined {
  const stances = terms.participants.map((_, participant) => stanceOf(facts, participant));
  const [first] = stances;
  return stances.every((one) => one === first) ? first : undefined;
}

/**
 * The result that a participant cannot leave: it accepted it, or its binding seat revealed it. Nobody is held
 * to one that is gone.
 */
export function stanceOf(facts: BlockFacts, participant: number): Digest | undefined {
  const accepted = facts.acceptances.find((one) => one.participant === participant);
  const binding = facts.seats.find((seat) => seat.participant === participant && seat.binding);
  const stance = accepted === undefined ? binding?.outputHash : accepted.outputHash;
  const isGone = facts.results.some((one) => one.outputHash === stance && one.isGone);
  return isGone ? undefined : stance;
}

/** The one that all agreed on, or each that is not gone. */
export function standingIn(terms: ChannelTerms, facts: BlockFacts): readonly Digest[] {
  const agreed = agreedIn(terms, facts);
  if (agreed !== undefined) return [agreed];
  return standingResults(facts).map(({ outputHash }) => outputHash);
}

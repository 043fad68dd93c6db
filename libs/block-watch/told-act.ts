/** What became of an act on the chain, said in the log, and whether it is to be tried again. */
import type { ChainOutcome } from '#chain';
import type { Log } from '#environment';
import type { BlockAct } from './block-sweep.js';

export interface ToldAct {
  readonly log: Log;
  readonly fields: object;
  readonly done: string;
  readonly refused: string;
  /** Noes that are as good as having done it: another was faster. */
  readonly expected?: readonly string[];
  /** Noes that an operator must hear of. */
  readonly alarming?: readonly string[];
}

/**
 * Of one block's acts together: how many were done. Only where none was, the block is to be tried again: what
 * was done moves the chain, and the next sweep names the rest.
 */
export function sumOf(acts: readonly BlockAct[]): BlockAct {
  const sum = acts.reduce<number>((before, act) => before + (act === 'again' ? 0 : act), 0);
  return sum === 0 && acts.includes('again') ? 'again' : sum;
}

/**
 * A refusal is tried again with growing delay: by then the facts say that nothing is due any more, or the
 * reason has passed.
 */
export function toldAct(outcome: ChainOutcome, told: ToldAct): BlockAct {
  const { log, fields, done, refused, expected = [], alarming = [] } = told;
  if (outcome.ok) {
    log.info({ ...fields, gasUsed: String(outcome.gasUsed) }, done);
    return 1;
  }
  const { code, message } = outcome;
  if (expected.includes(code)) {
    log.debug({ ...fields, code }, refused);
    return 0;
  }
  const isAlarming = code === 'operator-key-without-gas' || alarming.includes(code);
  if (isAlarming) log.error({ ...fields, code, why: message }, refused);
  else log.warn({ ...fields, code, why: message }, refused);
  return 'again';
}

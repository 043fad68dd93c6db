import { describe, expect, it } from '@jest/globals';
import type { Digest } from '#encoding';
import type { BlockDispute, BlockFacts, KnownResult, PostedPart } from './block-facts.js';
import {
  accusableUntil,
  accusationsEnd,
  areCountable,
  countableParts,
  decidedFacts,
  decisionAt,
  doPartsDiffer,
  lastRevealedAt,
  partDecisionOf,
  partsInDoubt,
  questionEnd,
  windowEnd,
} from './dispute-windows.js';
import { stageOf } from './stage.js';
import { shortTerms } from './testing/short-terms.js';

/** Processing [1110, 1151), own results until 1181, questions until 1211. */
const terms = { ...shortTerms, processingPeriod: 41 };
const hash = (n: number): Digest => `0x${n.toString(16).padStart(64, '0')}` as Digest;
const part = (participant: number): PostedPart => ({
  ...{ participant, partRoot: hash(0), segmentCount: 0, indexHash: hash(0), height: 9 },
  postedAtSeconds: 1_110,
});
const result = (n: number, validParts: number, more: Partial<KnownResult> = {}): KnownResult => ({
  ...{ outputHash: hash(n), settlementRoot: hash(0), impressionCount: 0n, amountWords: [], validParts },
  ...{ firstRevealedAtSeconds: 1_140, isGone: false },
  ...more,
});
/** Result 1 counts all parts, result 2 leaves participant 2's out. */
const quarrel: BlockFacts = {
  parts: [part(0), part(1), part(2)],
  ...{ seats: [], ownResults: [], acceptances: [] },
  results: [result(1, 0b111), result(2, 0b011, { firstRevealedAtSeconds: 1_160 })],
  disputedAtSeconds: 1_160,
};
const calm: BlockDispute = { openAccusations: 0, openQuestions: 0 };
const struck: BlockFacts = { ...quarrel, parts: [part(0), part(1), { ...part(2), isStruck: true }] };

describe('the windows of a dispute', () => {
  it('go by the end of processing, and by the last question', () => {
    const ends = (facts: BlockFacts) => [questionEnd, decisionAt, windowEnd].map((of) => of(terms, 0, facts));
    expect(ends(quarrel)).toEqual([1_211, 1_211, 1_231]);
    const early = { ...quarrel, dispute: { ...calm, resolvedAtSeconds: 1_200 } };
    expect(ends(early)).toEqual([1_211, 1_211, 1_231]);
    const late = { ...quarrel, dispute: { ...calm, resolvedAtSeconds: 1_300 } };
    expect(ends(late)).toEqual([1_211, 1_300, 1_320]);
  });

  it('let a result be accused for a challenge period after V, its reveal, the dispute’s beginning and the window', () => {
    expect(accusableUntil(terms, 0, quarrel, 1_140)).toBe(1_261);
    expect(accusableUntil(terms, 0, quarrel, 1_240)).toBe(1_270);
    const same = { ...quarrel, results: [result(1, 0b111), result(2, 0b111)] };
    expect(accusableUntil(terms, 0, same, 1_140)).toBe(1_190);
    expect(accusableUntil(terms, 0, same, 1_170)).toBe(1_200);
    // All seats had committed, and revealed before V at 1151.
    const early = { ...same, disputedAtSeconds: 1_120 };
    expect(accusableUntil(terms, 0, early, 1_115)).toBe(1_181);
  });

  it('let one that was taken back and revealed again be accused as if it were new', () => {
    const again = result(1, 0b111, { revealedAgainAtSeconds: 1_180 });
    const same = { ...quarrel, results: [again, result(2, 0b111)] };
    expect(lastRevealedAt(again)).toBe(1_180);
    expect(accusationsEnd(terms, 0, same)).toBe(1_210);
  });

  it('are told by the stage, each as long as it is open', () => {
    const at = (facts: BlockFacts, now: number) => stageOf(terms, 0, facts, now);
    const dispute = { stage: 'dispute', haveAllCommitted: false };
    const undecided = { ...dispute, partsDecidedAtSeconds: 1_211, endsAtSeconds: 1_231 };
    const questions = { untilSeconds: 1_211 };
    expect(at(quarrel, 1_180)).toEqual({ ...undecided, questions, ownResults: { untilSeconds: 1_181 } });
    expect(at(quarrel, 1_181)).toEqual({ ...undecided, questions });
    // The seller's own result comes in the window for it.
    const again = { ...quarrel, results: [...quarrel.results, result(3, 0b111)] };
    const ownResults = { untilSeconds: 1_231, parts: 0b111 };
    const accusations = { untilSeconds: 1_261 };
    const decided = { ...dispute, accusations, endsAtSeconds: 1_261 };
    expect(at(again, 1_211)).toEqual({ ...decided, ownResults });
    expect(at(again, 1_231)).toEqual(decided);
    expect(at(again, 1_261)).toEqual({ stage: 'final', standing: [hash(1), hash(3)] });
    // A part that nobody leaves out is nobody's question.
    const same = { ...quarrel, results: [result(1, 0b111), result(2, 0b111)] };
    expect(at(same, 1_180)).toEqual({
      ...{ ...dispute, ownResults: { untilSeconds: 1_181 }, accusations: { untilSeconds: 1_190 } },
      endsAtSeconds: 1_190,
    });
  });

  it('end where all agree though a seat may still reveal', () => {
    const acceptances = [0, 1, 2].map((participant) => ({ participant, outputHash: hash(1) }));
    const silent = { participant: 0, validator: '0x0a', binding: false, nonce: 1n, feeWei: 0n } as const;
    const seats = [{ ...silent, commitment: hash(9), committedAtSeconds: 1_111 }];
    const agreed = { ...quarrel, acceptances, seats, disputedAtSeconds: 1_145 };
    expect(stageOf(terms, 0, agreed, 1_150)).toMatchObject({ stage: 'dispute', endsAtSeconds: 1_151 });
    expect(stageOf(terms, 0, agreed, 1_151)).toEqual({ stage: 'final', standing: [hash(1)] });
  });
});

describe('which parts count', () => {
  const decide = (facts: BlockFacts, now = 1_211) => partDecisionOf(terms, 0, facts, now);

  it('is decided as soon as no question may come any more, and none is open', () => {
    expect(decide(quarrel, 1_210)).toBeUndefined();
    expect(decide(quarrel)).toEqual({ counted: 0b111, isWritten: false });
    expect(decide({ ...quarrel, dispute: { ...calm, openQuestions: 1 } }, 1_600)).toBeUndefined();
    const resolved = { ...quarrel, dispute: { ...calm, resolvedAtSeconds: 1_300 } };
    expect([decide(resolved, 1_299), decide(resolved, 1_300)?.counted]).toEqual([undefined, 0b111]);
  });

  it('are those that a standing result counts and that are not struck', () => {
    expect(decide(struck)?.counted).toBe(0b011);
    const [first, second] = quarrel.results;
    expect(decide({ ...quarrel, results: [{ ...first, isGone: true }, second] })?.counted).toBe(0b011);
    const none = quarrel.results.map((one) => ({ ...one, isGone: true }));
    expect(decide({ ...quarrel, results: none })?.counted).toBe(0);
  });

  it('is asked of no block without dispute, with results for the same parts, or on whose result all agree', () => {
    const { disputedAtSeconds: _, ...noDispute } = quarrel;
    const same = { ...quarrel, results: [result(1, 0b111), result(2, 0b111)] };
    const acceptances = [0, 1, 2].map((participant) => ({ participant, outputHash: hash(2) }));
    for (const facts of [noDispute, same, { ...quarrel, acceptances }]) {
      expect(decide(facts)).toBeUndefined();
      expect(decidedFacts(terms, 0, facts, 1_211)).toBe(facts);
    }
    expect([noDispute, same, quarrel].map(doPartsDiffer)).toEqual([false, false, true]);
  });

  it('stays as the contracts wrote it, whatever falls afterwards', () => {
    const written = { ...struck, dispute: { ...calm, counted: 0b111 } };
    expect(decide(written, 1_000)).toEqual({ counted: 0b111, isWritten: true });
    expect(decidedFacts(terms, 0, written, 1_211)).toBe(written);
  });

  it('makes every result for other parts fall', () => {
    const { results, dispute, ...rest } = decidedFacts(terms, 0, struck, 1_211);
    expect(results.map(({ isGone, isFallen }) => [isGone, isFallen])).toEqual([
      ...[
        [true, true],
        [false, undefined],
      ],
    ]);
    expect(dispute).toEqual({ ...calm, counted: 0b011 });
    expect(rest.parts).toBe(struck.parts);
    const asked = { ...struck, dispute: { ...calm, openAccusations: 2, resolvedAtSeconds: 1_200 } };
    expect(decidedFacts(terms, 0, asked, 1_211).dispute).toEqual({ ...asked.dispute, counted: 0b011 });
  });

  it('says what a result may count before and after', () => {
    expect([countableParts(quarrel), countableParts(struck)]).toEqual([0b111, 0b011]);
    expect([0b111, 0b011, 0b001].map((mask) => areCountable(struck, mask))).toEqual([false, true, true]);
    const decided = decidedFacts(terms, 0, struck, 1_211);
    expect([0b111, 0b011, 0b001].map((mask) => areCountable(decided, mask))).toEqual([false, true, false]);
    expect([partsInDoubt(quarrel), partsInDoubt(struck), partsInDoubt(decided)]).toEqual([0b100, 0, 0]);
  });
});

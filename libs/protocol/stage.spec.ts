import { describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import type { BlockFacts, KnownResult, OwnResult, PostedPart, Seat } from './block-facts.js';
import { isOver, type Stage, stageOf, stages } from './stage.js';
import { shortTerms } from './testing/short-terms.js';

const terms = { ...shortTerms, processingPeriod: 41 };

const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
const part = (participant: number, postedAtSeconds: number): PostedPart => ({
  participant,
  partRoot: hash(0),
  segmentCount: 0,
  indexHash: hash(0),
  postedAtSeconds,
  height: 9,
});
const seat = (participant: number, more: Partial<Seat> = {}): Seat => ({
  participant,
  validator: '0x0a',
  binding: true,
  nonce: 1n,
  feeWei: 0n,
  commitment: hash(9),
  committedAtSeconds: 1_121,
  ...more,
});
const result = (n: number, firstRevealedAtSeconds: number, isGone = false): KnownResult => ({
  outputHash: hash(n),
  settlementRoot: hash(0),
  impressionCount: 0n,
  amountWords: [],
  validParts: 7,
  firstRevealedAtSeconds,
  isGone,
});
const nothing: BlockFacts = { parts: [], seats: [], ownResults: [], acceptances: [], results: [] };
const allParts = [part(0, 1_112), part(1, 1_115), part(2, 1_120)];
const late: BlockFacts = { ...nothing, parts: allParts.slice(0, 2) };
const at = (facts: BlockFacts, now: number): Stage => stageOf(terms, 0, facts, now).stage;

describe('the stage of a block', () => {
  it.each<[number, Stage]>([
    [999, 'pending'],
    [1_000, 'collection'],
    [1_109, 'collection'],
    [1_110, 'collation'],
    [1_159, 'collation'],
    [1_160, 'processing'],
    [1_241, 'processing'],
    [1_242, 'void'],
  ])('at %i with two of three parts and no result is %s', (now, stage) => {
    expect(at(late, now)).toBe(stage);
  });

  it('is void after collation when nobody posted', () => {
    expect(at(nothing, 1_159)).toBe('collation');
    expect(at(nothing, 1_160)).toBe('void');
  });

  it('goes on to processing with the last part of all', () => {
    expect(at({ ...nothing, parts: allParts }, 1_119)).toBe('collation');
    expect(at({ ...nothing, parts: allParts }, 1_120)).toBe('processing');
  });

  it('takes commits in the first half only, and again in the extension', () => {
    expect(stageOf(terms, 0, late, 1_160)).toMatchObject({ isExtension: false, commitEndsAtSeconds: 1_180 });
    expect(stageOf(terms, 0, late, 1_201)).toMatchObject({ isExtension: true, commitEndsAtSeconds: 1_221 });
  });

  it('is final at once when all stand for one result, by a binding seat or by accepting it', () => {
    const seats = [0, 1, 2].map((n) => seat(n, { outputHash: hash(1), revealedAtSeconds: 1_122 }));
    const facts = { ...nothing, parts: allParts, seats, results: [result(1, 1_122)] };
    expect(stageOf(terms, 0, facts, 1_122)).toMatchObject({ stage: 'final', standing: [hash(1)] });
    const notBinding = { ...facts, seats: [seats[0], seats[1], { ...seats[2], binding: false }] };
    expect(at(notBinding, 1_122)).toBe('processing');
    expect(at({ ...notBinding, acceptances: [acceptance(2, 1)] }, 1_122)).toBe('final');
    expect(at({ ...notBinding, acceptances: [acceptance(1, 1)] }, 1_122)).toBe('processing');
    const two = { ...notBinding, results: [result(1, 1_122), result(2, 1_122)] };
    expect(at({ ...two, acceptances: [acceptance(2, 2)] }, 1_122)).toBe('processing');
    const fallen = { ...facts, results: [result(1, 1_122, true)] };
    expect(at(fallen, 1_122)).toBe('processing');
  });

  it('waits for every seat that committed before it is final, until processing ends', () => {
    const seats = [0, 1, 2].map((n) => seat(n, { outputHash: hash(1), revealedAtSeconds: 1_122 }));
    const silent = { ...nothing, parts: allParts, seats: [seats[0], seats[1], seat(2)] };
    const facts = { ...silent, results: [result(1, 1_122)], acceptances: [acceptance(2, 1)] };
    expect(at(facts, 1_160)).toBe('processing');
    expect(at(facts, 1_161)).toBe('final');
  });

  it('is final by acceptance of all in the challenge period and in a dispute', () => {
    const seats = [seat(0, { outputHash: hash(1), revealedAtSeconds: 1_185 })];
    const facts = { ...late, seats, results: [result(1, 1_185)] };
    const all = [acceptance(1, 1), acceptance(2, 1)];
    expect(at({ ...facts, acceptances: all.slice(1) }, 1_210)).toBe('challenge');
    expect(at({ ...facts, acceptances: all }, 1_210)).toBe('final');
    const results = [result(1, 1_185), result(2, 1_205)];
    const disputed = { ...facts, results, disputedAtSeconds: 1_205 };
    expect(at(disputed, 1_210)).toBe('dispute');
    const agreed = { ...disputed, acceptances: all };
    expect(stageOf(terms, 0, agreed, 1_210)).toEqual({ stage: 'final', standing: [hash(1)] });
    const divided = { ...disputed, acceptances: [all[0], acceptance(2, 2)] };
    expect(at(divided, 1_210)).toBe('dispute');
  });

  it('is final after the challenge period when one seat revealed and nobody else', () => {
    const seats = [seat(0, { outputHash: hash(1), revealedAtSeconds: 1_185 })];
    const facts = { ...late, seats, results: [result(1, 1_185)] };
    expect(at(facts, 1_200)).toBe('processing');
    expect(at(facts, 1_201)).toBe('challenge');
    expect(at(facts, 1_230)).toBe('challenge');
    expect(stageOf(terms, 0, facts, 1_231)).toMatchObject({ stage: 'final', standing: [hash(1)] });
  });

  it('counts the challenge period from the end of the extension for a result revealed there', () => {
    const facts = { ...late, ownResults: [own(1_205)], results: [result(1, 1_205)] };
    expect(at(facts, 1_241)).toBe('processing');
    expect(at(facts, 1_242)).toBe('challenge');
    expect(at(facts, 1_272)).toBe('final');
  });

  it('takes a reveal of the first second of the extension for one of the extension', () => {
    const facts = { ...late, ownResults: [own(1_201)], results: [result(1, 1_201)] };
    expect(at(facts, 1_201)).toBe('processing');
    expect(at(facts, 1_241)).toBe('processing');
    expect(at(facts, 1_242)).toBe('challenge');
    const before = { ...facts, ownResults: [own(1_200)], results: [result(1, 1_200)] };
    expect(at(before, 1_201)).toBe('challenge');
  });

  it('is in dispute from a result with other amounts on until its windows end, and pays all that stand then', () => {
    // Processing ends at 1201, the challenge period at 1231.
    const facts = { ...late, results: [result(5, 1_185), result(4, 1_190)], disputedAtSeconds: 1_190 };
    expect([at(facts, 1_190), at(facts, 1_230)]).toEqual(['dispute', 'dispute']);
    expect(stageOf(terms, 0, facts, 1_231)).toEqual({ stage: 'final', standing: [hash(5), hash(4)] });
    const later = { ...facts, results: [...facts.results, result(3, 1_230)] };
    expect([at(later, 1_259), at(later, 1_260)]).toEqual(['dispute', 'final']);
    // Where one is left, nobody could accuse it.
    const felled = { ...later, results: [result(5, 1_185, true), result(4, 1_190), result(3, 1_230, true)] };
    expect(at(felled, 1_230)).toBe('dispute');
    expect(stageOf(terms, 0, felled, 1_231)).toEqual({ stage: 'final', standing: [hash(4)] });
    const none = { ...facts, results: [result(5, 1_185, true), result(4, 1_190, true)] };
    expect([at(none, 1_230), at(none, 1_231)]).toEqual(['dispute', 'void']);
  });

  it('stays in dispute while an accusation or a question is open, until disputeMax', () => {
    const results = [result(5, 1_185), result(4, 1_190)];
    for (const [openAccusations, openQuestions] of [
      [1, 0],
      [0, 1],
    ] as const) {
      const dispute = { openAccusations, openQuestions };
      const facts = { ...late, results, disputedAtSeconds: 1_190, dispute };
      expect(stageOf(terms, 0, facts, 1_689)).toMatchObject({ stage: 'dispute', endsAtSeconds: 1_690 });
      expect(stageOf(terms, 0, facts, 1_690)).toEqual({ stage: 'final', standing: [hash(5), hash(4)] });
    }
  });

  it('is in no dispute over results with the same amounts: both stand', () => {
    const facts = { ...late, results: [result(5, 1_185), result(4, 1_190)] };
    expect([at(facts, 1_200), at(facts, 1_201), at(facts, 1_231)]).toEqual([
      ...['processing', 'challenge', 'final'],
    ]);
    expect(stageOf(terms, 0, facts, 1_231)).toEqual({ stage: 'final', standing: [hash(5), hash(4)] });
  });

  it('is void after the challenge period where the only result is gone', () => {
    const facts = { ...late, results: [result(1, 1_185, true)] };
    expect([at(facts, 1_230), at(facts, 1_231)]).toEqual(['challenge', 'void']);
  });

  it('is settled once settled, void once released, beyond the last block or the close of the channel', () => {
    const revealed = { ...late, results: [result(1, 1_185)] };
    const settled = { ...revealed, settledAtSeconds: 1_300 };
    expect(stageOf(terms, 0, settled, 1_300)).toEqual({ stage: 'settled', standing: [hash(1)] });
    expect(at({ ...late, releasedAtSeconds: 1_300 }, 1_300)).toBe('void');
    expect(stageOf(terms, 5, nothing, 1_000).stage).toBe('void');
    expect(stageOf(terms, 1, nothing, 1_150, 1_099).stage).toBe('void');
    expect(stageOf(terms, 1, nothing, 1_150, 1_100).stage).toBe('collection');
  });

  it('is over when settled or void, and in no other stage', () => {
    const over = stages.filter((stage) => isOver({ stage } as Parameters<typeof isOver>[0]));
    expect(over).toEqual(['settled', 'void']);
  });

  it('says whether every seat has committed, in processing and in dispute', () => {
    const seats = [seat(0), seat(1), seat(2)];
    const results = [result(5, 1_185), result(4, 1_190)];
    const disputed = { ...late, results, disputedAtSeconds: 1_190 };
    for (const facts of [late, disputed]) {
      const stage = (some: readonly Seat[]) => stageOf(terms, 0, { ...facts, seats: some }, 1_190);
      expect(stage(seats.slice(1))).toMatchObject({ haveAllCommitted: false });
      expect(stage(seats)).toMatchObject({ haveAllCommitted: true });
    }
  });

  it('counts the first reveal of several: one before the extension ends processing there', () => {
    const seats = [seat(0, { outputHash: hash(1), revealedAtSeconds: 1_185 })];
    const facts = { ...late, seats, ownResults: [own(1_205)], results: [result(1, 1_185)] };
    expect(at(facts, 1_201)).toBe('challenge');
  });
});

function own(revealedAtSeconds: number): OwnResult {
  return { participant: 1, outputHash: hash(1), revealedAtSeconds };
}

function acceptance(participant: number, n: number) {
  return { participant, outputHash: hash(n) };
}

import { describe, expect, it } from '@jest/globals';
import type { Digest } from '#encoding';
import type { BlockFacts, KnownResult, PostedPart, Seat } from './block-facts.js';
import { accusableUntil, decidedFacts } from './dispute-windows.js';
import type { BlockSeen } from './due.js';
import { acceptDue, computeOwnDue, revealOwnDue } from './own-word-due.js';
import { stageOf } from './stage.js';
import { shortTerms } from './testing/short-terms.js';

const terms = shortTerms;
const hash = (n: number): Digest => `0x${String(n).padStart(64, '0')}` as Digest;
const part: PostedPart = {
  ...{ participant: 1, partRoot: hash(0), segmentCount: 0, indexHash: hash(0) },
  ...{ postedAtSeconds: 1_120, height: 9 },
};
const nothing: BlockFacts = { parts: [part], seats: [], ownResults: [], acceptances: [], results: [] };

/** Outcome n pays n / 10, rounded down. */
const outcome = (n: number, validParts = 2) => ({
  ...{ outputHash: hash(n), amountWords: [hash(Math.floor(n / 10))], validParts },
});
const result = (n: number, firstRevealedAtSeconds: number, isGone = false): KnownResult => ({
  ...outcome(n),
  ...{ settlementRoot: hash(0), impressionCount: 1n, firstRevealedAtSeconds, isGone },
});
const seat = (participant: number, revealed?: number, binding = true): Seat => ({
  ...{ participant, validator: '0x0a', binding, nonce: 1n, feeWei: 0n, commitment: hash(9) },
  committedAtSeconds: 1_161,
  ...(revealed === undefined ? {} : { outputHash: hash(revealed), revealedAtSeconds: 1_185 }),
});

function seen(nowSeconds: number, facts: Partial<BlockFacts> = {}): BlockSeen {
  const all = decidedFacts(terms, 0, { ...nothing, ...facts }, nowSeconds);
  return { terms, blockNumber: 0, facts: all, stage: stageOf(terms, 0, all, nowSeconds), nowSeconds };
}

const own = outcome(50);
/** Participant 2 revealed result 10 in time. */
const other: Partial<BlockFacts> = { seats: [seat(2, 10)], results: [result(10, 1_185)] };

describe('an own computation is due', () => {
  const at = (now: number, facts?: Partial<BlockFacts>) => computeOwnDue(seen(now, facts), 1);

  it('once there is something to compare it with, until own results are taken no more', () => {
    expect(at(1_159)).toEqual({ waitsFor: 'processing', untilSeconds: 1_160 });
    expect(at(1_160)).toEqual({ waitsFor: 'first-result', untilSeconds: 1_200 });
    expect(at(1_185, other)).toEqual({ due: 'compute', untilSeconds: 1_230 });
    expect(at(1_229, other)).toEqual({ due: 'compute', untilSeconds: 1_230 });
    expect(at(1_230, other)).toEqual({ done: 'too-late' });
  });

  it('in the extension though nobody revealed anything', () => {
    expect(at(1_199)).toEqual({ waitsFor: 'first-result', untilSeconds: 1_200 });
    expect(at(1_200)).toEqual({ due: 'compute', untilSeconds: 1_270 });
    // A seat that was silent once is not waited for.
    expect(at(1_200, { seats: [seat(1)] })).toMatchObject({ due: 'compute' });
    expect(at(1_240)).toEqual({ done: 'too-late' });
  });

  it('while a dispute lasts, so that the participant can accept', () => {
    const disputed = { ...other, results: [result(10, 1_185), result(20, 1_186)], disputedAtSeconds: 1_186 };
    expect(at(1_229, disputed)).toEqual({ due: 'compute', untilSeconds: 1_230 });
    expect(at(1_230, disputed)).toEqual({ done: 'too-late' });
    const dispute = { openAccusations: 1, openQuestions: 0 };
    expect(at(1_600, { ...disputed, dispute })).toEqual({ due: 'compute', untilSeconds: 1_686 });
  });

  it('not while the own seat may still reveal, nor once its word binds or one was accepted', () => {
    const waiting = { seats: [seat(1), seat(2, 10)], results: [result(10, 1_185)] };
    expect(at(1_194, waiting)).toEqual({ waitsFor: 'own-seat', untilSeconds: 1_195 });
    expect(at(1_195, waiting)).toMatchObject({ due: 'compute' });
    expect(at(1_186, { ...other, seats: [seat(1, 10)] })).toEqual({ done: 'has-spoken' });
    expect(at(1_186, { ...other, seats: [seat(1, 10, false)] })).toMatchObject({ due: 'compute' });
    const accepted = { ...other, acceptances: [{ participant: 1, outputHash: hash(10) }] };
    expect(at(1_186, accepted)).toEqual({ done: 'has-spoken' });
  });
});

describe('an own result is due', () => {
  const at = (now: number, facts?: Partial<BlockFacts>) => revealOwnDue(seen(now, facts), 1, own);

  it('in the challenge period, where nobody revealed what the own computation gives', () => {
    expect(at(1_159)).toEqual({ waitsFor: 'processing', untilSeconds: 1_160 });
    expect(at(1_199, other)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_200 });
    expect(at(1_200, other)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    expect(at(1_229, other)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    expect(at(1_230, other)).toEqual({ done: 'too-late' });
    const disputed = { ...other, results: [result(10, 1_185), result(20, 1_186)], disputedAtSeconds: 1_186 };
    expect(at(1_229, disputed)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    expect(at(1_230, disputed)).toEqual({ done: 'too-late' });
  });

  it('also against the seat that was drawn for the participant, and after that seat was silent', () => {
    const drawn = { ...other, seats: [seat(1, 10, false)] };
    expect(at(1_200, drawn)).toMatchObject({ due: 'reveal-own' });
    expect(at(1_200, { ...other, seats: [seat(1), seat(2, 10)] })).toMatchObject({ due: 'reveal-own' });
  });

  it('shortly before the extension ends without a result, so that the block does not become void', () => {
    expect(at(1_201)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_235 });
    expect(at(1_235)).toEqual({ due: 'reveal-own', untilSeconds: 1_270 });
    const late = { seats: [seat(2, 10)], results: [result(10, 1_225)] };
    expect(at(1_235, late)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_240 });
    expect(at(1_240, late)).toEqual({ due: 'reveal-own', untilSeconds: 1_270 });
  });

  it('not where the participant revealed it or has spoken, nor once it fell', () => {
    const revealed = { participant: 1, outputHash: hash(50), revealedAtSeconds: 1_200 };
    expect(at(1_201, { ...other, ownResults: [revealed] })).toEqual({ done: 'is-revealed' });
    const accepted = { ...other, acceptances: [{ participant: 1, outputHash: hash(10) }] };
    expect(at(1_200, accepted)).toEqual({ done: 'has-spoken' });
    const fallen: KnownResult = { ...result(50, 1_186, true), isFallen: true };
    expect(at(1_200, { ...other, results: [result(10, 1_185), fallen] })).toEqual({ done: 'has-fallen' });
  });

  it('at once where what others revealed of it stands no more', () => {
    // Nobody stands for it any more: it stands again with a bond.
    const gone = { ...other, results: [result(10, 1_185), result(50, 1_186, true)] };
    expect(at(1_200, gone)).toMatchObject({ due: 'reveal-own' });
    const goneToo = { ...other, results: [result(51, 1_185, true), result(10, 1_186)] };
    expect(at(1_200, goneToo)).toMatchObject({ due: 'reveal-own' });
  });
});

describe('what others revealed already, or what pays the same, is revealed as an own result too', () => {
  const at = (now: number, facts?: Partial<BlockFacts>) => revealOwnDue(seen(now, facts), 1, own);

  it('shortly before own results are taken no more: a lie may come last', () => {
    for (const revealed of [50, 51]) {
      const agreed = { seats: [seat(2, revealed)], results: [result(revealed, 1_185)] };
      expect(at(1_199, agreed)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_225 });
      expect(at(1_225, agreed)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
      expect(at(1_230, agreed)).toEqual({ done: 'too-late' });
    }
  });

  it('in a dispute halfway', () => {
    const late = { ...other, results: [result(50, 1_185), result(10, 1_205)], disputedAtSeconds: 1_205 };
    expect(at(1_206, late)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_215 });
    expect(at(1_215, late)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    // Also where it began early: what was said then can be accused as long as what is said now.
    const early = { ...other, results: [result(10, 1_184), result(50, 1_186)], disputedAtSeconds: 1_186 };
    expect(at(1_214, early)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_215 });
    expect(at(1_215, early)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    const last = { ...late, results: [result(50, 1_185), result(10, 1_229)], disputedAtSeconds: 1_229 };
    expect(at(1_229, last)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
  });

  it('unless the seat that was drawn for the participant did', () => {
    const results = [result(50, 1_185), result(10, 1_205)];
    const drawn = { seats: [seat(1, 50, false)], results, disputedAtSeconds: 1_205 };
    expect(at(1_215, drawn)).toEqual({ done: 'is-revealed' });
    expect(at(1_215, { ...drawn, seats: [seat(1, 10, false)] })).toMatchObject({ due: 'reveal-own' });
  });
});

describe('an own result without parts that cannot be had is revealed', () => {
  const lacking = { ...own, isWithoutMissing: true };
  const at = (now: number, facts?: Partial<BlockFacts>) => revealOwnDue(seen(now, facts), 1, lacking);

  it('in the last moment in which own results are taken: the parts may still come', () => {
    expect(at(1_200, other)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_225 });
    expect(at(1_224, other)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_225 });
    expect(at(1_225, other)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
    expect(at(1_230, other)).toEqual({ done: 'too-late' });
    const same = { seats: [seat(2, 50)], results: [result(50, 1_185)] };
    expect(at(1_225, same)).toEqual({ due: 'reveal-own', untilSeconds: 1_230 });
  });

  it('while all of the others can be accused', () => {
    const disputed = { ...other, results: [result(10, 1_184), result(20, 1_186)], disputedAtSeconds: 1_186 };
    expect(at(1_225, disputed)).toMatchObject({ due: 'reveal-own' });
    expect(accusableUntil(terms, 0, seen(1_225, disputed).facts, 1_184)).toBe(1_230);
  });

  it('shortly before the extension ends where nobody revealed, and not after another word', () => {
    expect(at(1_234)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_235 });
    expect(at(1_235)).toMatchObject({ due: 'reveal-own' });
    const revealed = { participant: 1, outputHash: hash(70), revealedAtSeconds: 1_226 };
    expect(at(1_227, { ...other, ownResults: [revealed] })).toEqual({ done: 'is-revealed' });
  });

  it('at once where the time is shorter than the margin', () => {
    const short = { ...terms, challengePeriod: 4 };
    const facts = { ...nothing, ...other };
    const shortAt = (nowSeconds: number) => {
      const stage = stageOf(short, 0, facts, nowSeconds);
      return revealOwnDue({ terms: short, blockNumber: 0, facts, stage, nowSeconds }, 1, lacking);
    };
    expect(shortAt(1_199)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_200 });
    expect(shortAt(1_200)).toEqual({ due: 'reveal-own', untilSeconds: 1_204 });
  });
});

describe('once results count other parts, an own result', () => {
  /** Result 10 counts part 1, and 20, which participant 1 revealed itself, parts 0 and 1. */
  const mine = { participant: 1, outputHash: hash(20), revealedAtSeconds: 1_205 };
  const parts = [0, 1].map((participant) => ({ ...part, participant }));
  const quarrel = {
    ...{ parts, seats: [seat(2, 10)], ownResults: [mine], disputedAtSeconds: 1_205 },
    results: [result(10, 1_185), { ...result(20, 1_205), validParts: 3 }],
  };
  const dueAt = (now: number, computed = outcome(20, 3), more: Partial<BlockFacts> = {}, who = 1) =>
    revealOwnDue(seen(now, { ...quarrel, ...more }), who, computed);

  it('waits for the decision which count, which no clock brings while a question is open', () => {
    expect(dueAt(1_231)).toEqual({ waitsFor: 'part-decision', untilSeconds: 1_260 });
    const dispute = { openAccusations: 0, openQuestions: 1 };
    expect(dueAt(1_231, outcome(20, 3), { dispute })).toEqual({ waitsFor: 'part-decision' });
    const same = { results: [result(10, 1_185), result(20, 1_205)] };
    expect(dueAt(1_231, outcome(20), same)).toEqual({ done: 'too-late' });
  });

  it('is due in the window for these parts, again where the first fell for others', () => {
    // Nobody questioned part 0: it counts.
    expect(dueAt(1_260)).toEqual({ done: 'is-revealed' });
    const again = { ownResults: [mine, { ...mine, participant: 2, outputHash: hash(10) }] };
    expect(dueAt(1_260, outcome(30, 3), again, 2)).toEqual({ due: 'reveal-own', untilSeconds: 1_280 });
    expect(dueAt(1_279, outcome(30, 3), again, 0)).toEqual({ due: 'reveal-own', untilSeconds: 1_280 });
    expect(dueAt(1_280, outcome(30, 3), again, 0)).toEqual({ done: 'too-late' });
  });

  it('is due once in the window, also where that one fell', () => {
    const results = [...quarrel.results, { ...result(30, 1_260, true), validParts: 3 }];
    const ownResults = [{ participant: 2, outputHash: hash(30), revealedAtSeconds: 1_260 }];
    expect(dueAt(1_261, outcome(40, 3), { results, ownResults }, 2)).toEqual({ done: 'is-revealed' });
  });

  it('is none of other parts', () => {
    expect(dueAt(1_260, outcome(30, 1), {}, 0)).toEqual({ done: 'other-parts-count' });
  });

  it('comes halfway through the window where a result for these parts says or pays the same', () => {
    for (const same of [outcome(20, 3), outcome(21, 3)]) {
      expect(dueAt(1_269, same, {}, 0)).toEqual({ waitsFor: 'own-result-time', untilSeconds: 1_270 });
      expect(dueAt(1_270, same, {}, 0)).toEqual({ due: 'reveal-own', untilSeconds: 1_280 });
    }
  });

  it('is to be computed as long as the dispute lasts', () => {
    const at = (now: number) => computeOwnDue(seen(now, quarrel), 0);
    expect(at(1_259)).toEqual({ due: 'compute', untilSeconds: 1_280 });
    expect(at(1_260)).toEqual({ due: 'compute', untilSeconds: 1_280 });
    expect(at(1_280)).toEqual({ done: 'too-late' });
  });
});

describe('an acceptance is due', () => {
  const at = (now: number, facts: Partial<BlockFacts>, computed: typeof own | undefined = own) =>
    acceptDue(seen(now, facts), 1, computed);
  const disputed = { ...other, results: [result(10, 1_185), result(50, 1_205)], disputedAtSeconds: 1_205 };

  it('in a dispute, of the result that the own computation gives', () => {
    expect(at(1_201, other)).toEqual({ waitsFor: 'dispute', untilSeconds: 1_230 });
    expect(at(1_206, disputed)).toEqual({ due: 'accept', untilSeconds: 1_235 });
    expect(at(1_706, disputed)).toEqual({ done: 'too-late' });
  });

  it('never of another, nor of one that nobody stands for', () => {
    expect(at(1_206, disputed, outcome(51))).toEqual({ waitsFor: 'own-result', untilSeconds: 1_235 });
    const gone = { ...disputed, results: [result(10, 1_185), result(50, 1_205, true)] };
    expect(at(1_206, gone)).toMatchObject({ waitsFor: 'own-result', untilSeconds: 1_230 });
    expect(acceptDue(seen(1_206, disputed), 1, undefined)).toMatchObject({ due: 'accept' });
  });

  it('once, also of a result that the participant revealed itself, and of none where its seat binds', () => {
    const ownOne = { participant: 1, outputHash: hash(50), revealedAtSeconds: 1_205 };
    expect(at(1_206, { ...disputed, ownResults: [ownOne] })).toMatchObject({ due: 'accept' });
    const accepted = { ...disputed, acceptances: [{ participant: 1, outputHash: hash(50) }] };
    expect(at(1_206, accepted)).toEqual({ done: 'has-spoken' });
    expect(at(1_206, { ...disputed, seats: [seat(1, 10)] })).toEqual({ done: 'has-spoken' });
  });
});

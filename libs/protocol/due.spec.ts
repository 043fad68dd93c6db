import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BlockFacts, Seat } from './block-facts.js';
import {
  askedNext,
  type BlockSeen,
  collateDue,
  commitDue,
  type DelegationRules,
  type Due,
  defaultSilenceSeconds,
  delegateDue,
  isSentAgain,
  partsWaitEnd,
  releaseVoidDue,
  revealDue,
  type SentDelegation,
  settleDue,
} from './due.js';
import { stageOf } from './stage.js';
import { shortTerms } from './testing/short-terms.js';

const terms = shortTerms;
const hash = `0x${'00'.repeat(32)}` as const;
const part = (participant: number) => ({
  ...{ participant, partRoot: hash, segmentCount: 0, indexHash: hash, postedAtSeconds: 1_120, height: 9 },
});
const nothing: BlockFacts = { parts: [part(1)], seats: [], ownResults: [], acceptances: [], results: [] };
const seat = (participant: number, more: Partial<Seat> = {}): Seat => ({
  ...{
    participant,
    validator: '0x0A',
    binding: true,
    nonce: 1n,
    feeWei: 0n,
    commitment: hash,
    committedAtSeconds: 1_161,
  },
  ...more,
});
const result = (outputHash: Seat['commitment'], firstRevealedAtSeconds = 1_181) => ({
  ...{ outputHash, settlementRoot: hash, impressionCount: 0n, amountWords: [], validParts: 2 },
  ...{ firstRevealedAtSeconds, isGone: false },
});

function seen(nowSeconds: number, facts: Partial<BlockFacts> = {}): BlockSeen {
  const all = { ...nothing, ...facts };
  return { terms, blockNumber: 0, facts: all, stage: stageOf(terms, 0, all, nowSeconds), nowSeconds };
}

describe('collation is due', () => {
  it.each<[number, boolean, Due]>([
    [999, true, { waitsFor: 'block-start', untilSeconds: 1_000 }],
    [1_000, true, { waitsFor: 'collection-end', untilSeconds: 1_110 }],
    [1_109, true, { waitsFor: 'collection-end', untilSeconds: 1_110 }],
    [1_110, false, { waitsFor: 'cut-mark', untilSeconds: 1_160 }],
    [1_110, true, { due: 'collate', untilSeconds: 1_160 }],
    [1_159, true, { due: 'collate', untilSeconds: 1_160 }],
    [1_160, true, { done: 'too-late' }],
  ])('in collation and in no other stage, once the block is cut: at %i, cut %s', (now, isCut, due) => {
    expect(collateDue(seen(now), 0, isCut)).toEqual(due);
  });

  it('never again for whoever posted its part', () => {
    expect(collateDue(seen(1_120), 1, true)).toEqual({ done: 'part-posted' });
    expect(collateDue(seen(1_160, { parts: [] }), 0, true)).toEqual({ done: 'void' });
  });
});

describe('a delegation is due', () => {
  const rules: DelegationRules = { participant: 0, order: ['0x0a'], silenceSeconds: 10 };
  const three: DelegationRules = { ...rules, order: ['0x0a', '0x0b', '0x0c'] };
  const sent = (more: Partial<SentDelegation> = {}): SentDelegation => ({
    ...{ validator: '0x0a', notAfter: 1_200n, sentAtSeconds: 1_160, answer: 'accepted' },
    ...more,
  });

  it('while commits are taken, in processing and once more in the extension', () => {
    const at = (now: number, facts?: Partial<BlockFacts>) => delegateDue(seen(now, facts), rules, undefined);
    expect(at(1_109)).toEqual({ waitsFor: 'collection-end', untilSeconds: 1_110 });
    expect(at(1_159)).toEqual({ waitsFor: 'processing', untilSeconds: 1_160 });
    expect(at(1_160)).toEqual({ due: 'delegate', untilSeconds: 1_180 });
    expect(at(1_179)).toEqual({ due: 'delegate', untilSeconds: 1_180 });
    expect(at(1_180)).toEqual({ waitsFor: 'extension', untilSeconds: 1_200 });
    expect(at(1_200)).toEqual({ due: 'delegate', untilSeconds: 1_220 });
    expect(at(1_220)).toEqual({ done: 'too-late' });
    expect(at(1_240)).toEqual({ done: 'void' });
    expect(at(1_170, { seats: [seat(0)] })).toEqual({ done: 'seat-taken' });
    const revealed = [seat(1, { outputHash: hash, revealedAtSeconds: 1_181 })];
    expect(at(1_182, { seats: revealed, results: [result(hash)] })).toEqual({ done: 'too-late' });
  });

  it('not while an answered one has not been silent for long', () => {
    const at = (now: number, last: SentDelegation) => delegateDue(seen(now), rules, last);
    expect(at(1_169, sent())).toEqual({ waitsFor: 'commit-of-validator', untilSeconds: 1_170 });
    const refused = sent({ answer: 'refused' });
    expect(at(1_169, refused)).toEqual({ waitsFor: 'after-refusal', untilSeconds: 1_170 });
    expect(at(1_170, sent())).toEqual({ due: 'delegate', untilSeconds: 1_180 });
    expect(isSentAgain(seen(1_170), rules, sent())).toBe(false);
  });

  it('again and the same while nobody answered, as long as it counts: its last second included', () => {
    const unanswered = sent({ answer: undefined, notAfter: 1_165n });
    for (const [now, isSame] of [
      [1_164, true],
      [1_165, true],
      [1_166, false],
    ] as const) {
      expect(delegateDue(seen(now), rules, unanswered)).toEqual({ due: 'delegate', untilSeconds: 1_180 });
      expect([now, isSentAgain(seen(now), rules, unanswered)]).toEqual([now, isSame]);
    }
    const elsewhere = sent({ answer: undefined, validator: '0x0b' });
    expect(isSentAgain(seen(1_161), rules, elsewhere)).toBe(false);
  });

  it('to the next of the order as soon as one refuses, to the first again only after a silence', () => {
    const at = (now: number, last: SentDelegation) => [
      delegateDue(seen(now), three, last),
      askedNext(seen(now), three, last),
    ];
    const due = { due: 'delegate', untilSeconds: 1_180 };
    expect(at(1_161, sent({ answer: 'refused' }))).toEqual([due, ['0x0b', '0x0c']]);
    expect(at(1_161, sent({ answer: 'refused', validator: '0x0b' }))).toEqual([due, ['0x0c']]);
    const lastRefused = sent({ answer: 'refused', validator: '0x0c' });
    expect(at(1_169, lastRefused)).toEqual([{ waitsFor: 'after-refusal', untilSeconds: 1_170 }, []]);
    expect(at(1_170, lastRefused)).toEqual([due, ['0x0a', '0x0b', '0x0c']]);
    expect(askedNext(seen(1_160), three, undefined)).toEqual(three.order);
  });

  it('to the next when one is silent, whether it accepted or was never reached', () => {
    for (const answer of ['accepted', undefined] as const) {
      const silent = sent({ answer, validator: '0x0b' });
      expect(isSentAgain(seen(1_169), three, silent)).toBe(answer === undefined);
      expect(delegateDue(seen(1_170), three, silent)).toMatchObject({ due: 'delegate' });
      expect(isSentAgain(seen(1_170), three, silent)).toBe(false);
      expect(askedNext(seen(1_170), three, silent)).toEqual(['0x0c', '0x0a', '0x0b']);
    }
    // Whom nobody can replace is asked again.
    expect(isSentAgain(seen(1_170), rules, sent({ answer: undefined }))).toBe(true);
  });

  it('anew in the extension to the next, and to the first of an order that no longer has the last', () => {
    const expired = sent({ validator: '0x0b' });
    expect(delegateDue(seen(1_201), three, expired)).toEqual({ due: 'delegate', untilSeconds: 1_220 });
    expect(askedNext(seen(1_201), three, expired)).toEqual(['0x0c', '0x0a', '0x0b']);
    // It may have been asked a moment before it expired.
    const lastOne = sent({ validator: '0x0c', sentAtSeconds: 1_199 });
    expect(askedNext(seen(1_201), three, lastOne)).toEqual(three.order);
    expect(askedNext(seen(1_161), three, sent({ validator: '0x0d' }))).toEqual(three.order);
  });

  it('to everybody of the order once before it comes to anybody again, whatever they answer', () => {
    const answers = fc.array(fc.constantFrom('accepted', 'refused', undefined), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), answers, (count, given) => {
        const order = Array.from({ length: count }, (_, at) => `0x${at}`);
        const all = { ...rules, order, silenceSeconds: 1 };
        let now = 1_160;
        let last: SentDelegation | undefined;
        const asked: string[] = [];
        for (const answer of given) {
          const wanted = last === undefined ? 0 : order.indexOf(last.validator) + 1;
          // After the last of the order there is a silence first; a silent one is waited for.
          if (last !== undefined && (last.answer !== 'refused' || wanted === count)) now += 1;
          const [validator] = askedNext(seen(now), all, last);
          expect(delegateDue(seen(now), all, last)).toMatchObject({ due: 'delegate' });
          asked.push(validator);
          last = sent({ validator, sentAtSeconds: now, answer, notAfter: 1_200n });
        }
        expect(asked).toEqual(given.map((_, at) => order[at % count]));
      }),
    );
  });

  it('by default after half of the time for commits, or a quarter where another can take the place', () => {
    expect([1, 2, 32].map((count) => defaultSilenceSeconds(terms, count))).toEqual([10, 5, 5]);
  });

  it('anew when the answered one has expired, and not in the last second in which it counts', () => {
    const expiring = sent({ notAfter: 1_163n });
    expect(delegateDue(seen(1_163), rules, expiring)).toMatchObject({ waitsFor: 'commit-of-validator' });
    expect(delegateDue(seen(1_164), rules, expiring)).toMatchObject({ due: 'delegate' });
  });
});

describe('a commit is due', () => {
  const at = (now: number, notAfter = 9_999n, facts: Partial<BlockFacts> = {}) =>
    commitDue(seen(now, facts), { participant: 0, nonce: 2n, notAfter });

  it('in the first half of processing and of its extension, for a seat that is free', () => {
    expect(at(1_159)).toEqual({ waitsFor: 'processing', untilSeconds: 1_160 });
    expect(at(1_160)).toEqual({ due: 'commit', untilSeconds: 1_180 });
    expect(at(1_180)).toEqual({ waitsFor: 'extension', untilSeconds: 1_200 });
    expect(at(1_219)).toEqual({ due: 'commit', untilSeconds: 1_220 });
    expect(at(1_220)).toEqual({ done: 'too-late' });
    expect(at(1_161, 9_999n, { seats: [seat(0, { nonce: 2n })] })).toEqual({ done: 'seat-taken' });
  });

  it('also for a seat that a lower nonce took, until something is revealed', () => {
    expect(at(1_161, 9_999n, { seats: [seat(0)] })).toEqual({ due: 'commit', untilSeconds: 1_180 });
    const revealed = { seats: [seat(0), seat(1)], results: [result(hash, 1_161)] };
    expect(at(1_162, 9_999n, revealed)).toEqual({ done: 'too-late' });
  });

  it('up to notAfter, that second included', () => {
    expect(at(1_164, 1_165n)).toEqual({ due: 'commit', untilSeconds: 1_166 });
    expect(at(1_165, 1_165n)).toEqual({ due: 'commit', untilSeconds: 1_166 });
    expect(at(1_166, 1_165n)).toEqual({ done: 'delegation-expired' });
  });
});

describe('a reveal is due', () => {
  const own = { seats: [seat(0), seat(2, { validator: '0x0b' })] };
  const at = (now: number, facts: Partial<BlockFacts> = own) => revealDue(seen(now, facts), '0x0a', true);

  it('in the second half, or as soon as every seat has committed', () => {
    expect(at(1_179)).toEqual({ waitsFor: 'reveal-time', untilSeconds: 1_180 });
    expect(at(1_180)).toEqual({ due: 'reveal', untilSeconds: 1_200 });
    expect(at(1_199)).toEqual({ due: 'reveal', untilSeconds: 1_200 });
    expect(at(1_161, { seats: [seat(0), seat(1), seat(2)] })).toEqual({ due: 'reveal', untilSeconds: 1_200 });
    expect(at(1_200)).toEqual({ waitsFor: 'reveal-time', untilSeconds: 1_220 });
    expect(at(1_220)).toEqual({ due: 'reveal', untilSeconds: 1_240 });
    expect(at(1_240)).toEqual({ done: 'too-late' });
  });

  it('early only when no rollback can take a commit back, and in the second half in any case', () => {
    const all = { seats: [seat(0), seat(1), seat(2)] };
    const early = (now: number) => revealDue(seen(now, all), '0x0a', false);
    expect(early(1_179)).toEqual({ waitsFor: 'final-commits', untilSeconds: 1_180 });
    expect(early(1_180)).toEqual({ due: 'reveal', untilSeconds: 1_200 });
  });

  it('for own seats that have not revealed', () => {
    expect(at(1_180, { seats: [own.seats[1]] })).toEqual({ done: 'nothing-to-reveal' });
    const revealed = { seats: [seat(0, { outputHash: hash, revealedAtSeconds: 1_180 })] };
    expect(at(1_181, revealed)).toEqual({ done: 'nothing-to-reveal' });
  });

  it('in a dispute too, until processing would have ended', () => {
    const disputed = {
      ...own,
      results: [result(hash), result(`0x${'01'.repeat(32)}` as const)],
      disputedAtSeconds: 1_185,
    };
    expect(at(1_199, disputed)).toEqual({ due: 'reveal', untilSeconds: 1_200 });
    expect(at(1_240, disputed)).toEqual({ done: 'too-late' });
  });
});

describe('at the end of a block', () => {
  const revealed = {
    seats: [seat(0, { outputHash: hash, revealedAtSeconds: 1_180 })],
    results: [result(hash)],
  };

  it('settling is due once it is final, and releasing once it is void', () => {
    expect(settleDue(seen(1_229, revealed))).toEqual({ waitsFor: 'finality', untilSeconds: 1_230 });
    expect(settleDue(seen(1_230, revealed))).toEqual({ due: 'settle' });
    expect(settleDue(seen(1_231, { ...revealed, settledAtSeconds: 1_230 }))).toEqual({ done: 'settled' });
    expect(settleDue(seen(1_240))).toEqual({ done: 'void' });
    expect(releaseVoidDue(seen(1_230, revealed))).toEqual({ done: 'not-void' });
    expect(releaseVoidDue(seen(1_239, { seats: [seat(0)] }))).toMatchObject({ waitsFor: 'finality' });
    expect(releaseVoidDue(seen(1_240, { seats: [seat(0)] }))).toEqual({ due: 'release-void' });
    expect(releaseVoidDue(seen(1_240))).toEqual({ due: 'release-void' });
    expect(releaseVoidDue(seen(1_241, { releasedAtSeconds: 1_240 }))).toEqual({ done: 'released' });
    expect(releaseVoidDue(seen(1_240, { parts: [] }))).toEqual({ done: 'no-bonds' });
  });

  it('every wait that a clock ends changes then, and no act is due when its time is over', () => {
    const facts = fc.record({ parts: fc.constantFrom([part(1)], []), seats: fc.constantFrom([], own()) });
    fc.assert(
      fc.property(fc.integer({ min: 900, max: 1_400 }), facts, fc.boolean(), (now, some, isCut) => {
        const all = (at: number) => [
          collateDue(seen(at, some), 0, isCut),
          commitDue(seen(at, some), { participant: 1, nonce: 1n, notAfter: 1_170n }),
          revealDue(seen(at, some), '0x0a', true),
          settleDue(seen(at, some)),
        ];
        all(now).forEach((due, which) => {
          if ('done' in due || due.untilSeconds === undefined) return;
          expect(due.untilSeconds).toBeGreaterThan(now);
          expect(all(due.untilSeconds)[which]).not.toEqual(due);
        });
      }),
    );
    function own(): Seat[] {
      return [seat(0)];
    }
  });
});

describe('a validator that waits for parts', () => {
  it('waits as long as it was told, and leaves itself time to commit', () => {
    expect(partsWaitEnd(seen(1_161), 7)).toBe(1_167);
    expect(partsWaitEnd(seen(1_161), 60)).toBe(1_175);
    // In the extension it has waited already.
    expect(partsWaitEnd(seen(1_201), 20)).toBe(1_180);
  });
});

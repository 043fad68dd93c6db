import { describe, expect, it } from '@jest/globals';
import type { Hex } from '#encoding';
import type { BlockFacts, OwnResult, PostedPart, RevealedResult, Seat } from './block-facts.js';
import type { ChannelTerms } from './channel-terms.js';
import { isOver, type Stage, stageOf, stages } from './stage.js';

const terms = {
  participants: ['0x01', '0x02', '0x03'],
  roles: [1, 3, 5],
  firstBlockStart: 1_000,
  blockDuration: 100,
  blocksMax: 5,
  collectionGrace: 10,
  collationPeriod: 50,
  processingPeriod: 41,
  challengePeriod: 30,
  disputeMax: 500,
} as unknown as ChannelTerms;

const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
const part = (participant: number, postedAtSeconds: number): PostedPart => ({
  participant,
  partRoot: hash(0),
  segmentCount: 0,
  indexHash: hash(0),
  postedAtSeconds,
});
const seat = (participant: number, more: Partial<Seat> = {}): Seat => ({
  participant,
  validator: '0x0a',
  binding: true,
  nonce: 1n,
  commitment: hash(9),
  committedAtSeconds: 1_121,
  ...more,
});
const result = (n: number, validParts = 7): RevealedResult => ({
  outputHash: hash(n),
  settlementRoot: hash(0),
  impressionCount: 0n,
  amountWords: [],
  validParts,
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

  it('is final at once when every binding seat revealed the same', () => {
    const seats = [0, 1, 2].map((n) => seat(n, { outputHash: hash(1), revealedAtSeconds: 1_122 }));
    const facts = { ...nothing, parts: allParts, seats, results: [result(1)] };
    expect(stageOf(terms, 0, facts, 1_122)).toMatchObject({ stage: 'final', finalOutputHash: hash(1) });
    const notBinding = { ...facts, seats: [seats[0], seats[1], { ...seats[2], binding: false }] };
    expect(at(notBinding, 1_122)).toBe('processing');
    const accepted = { ...notBinding, acceptances: [{ participant: 2, outputHash: hash(1) }] };
    expect(at(accepted, 1_122)).toBe('final');
    const acceptedOther = { ...notBinding, acceptances: [{ participant: 2, outputHash: hash(2) }] };
    expect(at(acceptedOther, 1_122)).toBe('processing');
  });

  it('is final after the challenge period when one seat revealed and nobody else', () => {
    const seats = [seat(0, { outputHash: hash(1), revealedAtSeconds: 1_185 })];
    const facts = { ...late, seats, results: [result(1)] };
    expect(at(facts, 1_200)).toBe('processing');
    expect(at(facts, 1_201)).toBe('challenge');
    expect(at(facts, 1_230)).toBe('challenge');
    expect(stageOf(terms, 0, facts, 1_231)).toMatchObject({ stage: 'final', finalOutputHash: hash(1) });
  });

  it('counts the challenge period from the end of the extension for a result revealed there', () => {
    const own: OwnResult = { participant: 1, outputHash: hash(1), revealedAtSeconds: 1_205 };
    const facts = { ...late, ownResults: [own], results: [result(1)] };
    expect(at(facts, 1_241)).toBe('processing');
    expect(at(facts, 1_242)).toBe('challenge');
    expect(at(facts, 1_272)).toBe('final');
  });

  it('takes a reveal of the first second of the extension for one of the extension', () => {
    const own: OwnResult = { participant: 1, outputHash: hash(1), revealedAtSeconds: 1_201 };
    const facts = { ...late, ownResults: [own], results: [result(1)] };
    expect(at(facts, 1_201)).toBe('processing');
    expect(at(facts, 1_241)).toBe('processing');
    expect(at(facts, 1_242)).toBe('challenge');
    const before = { ...facts, ownResults: [{ ...own, revealedAtSeconds: 1_200 }] };
    expect(at(before, 1_201)).toBe('challenge');
  });

  it('is in dispute from a second, different result on, and never void', () => {
    const facts = { ...late, results: [result(5), result(4)], disputedAtSeconds: 1_190 };
    expect(at(facts, 1_190)).toBe('dispute');
    expect(at(facts, 1_689)).toBe('dispute');
    expect(stageOf(terms, 0, facts, 1_690)).toMatchObject({ stage: 'final', finalOutputHash: hash(4) });
    const moreParts = { ...facts, results: [result(5, 7), result(4, 3)] };
    expect(stageOf(terms, 0, moreParts, 1_690)).toMatchObject({ finalOutputHash: hash(5) });
  });

  it('is settled once settled, and void beyond the last block or the close of the channel', () => {
    expect(at({ ...late, results: [result(1)], settledAtSeconds: 1_300 }, 1_300)).toBe('settled');
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
    const disputed = { ...late, results: [result(5), result(4)], disputedAtSeconds: 1_190 };
    for (const facts of [late, disputed]) {
      const stage = (some: readonly Seat[]) => stageOf(terms, 0, { ...facts, seats: some }, 1_190);
      expect(stage(seats.slice(1))).toMatchObject({ haveAllCommitted: false });
      expect(stage(seats)).toMatchObject({ haveAllCommitted: true });
    }
  });

  it('counts the first reveal of several: one before the extension ends processing there', () => {
    const own: OwnResult = { participant: 1, outputHash: hash(1), revealedAtSeconds: 1_205 };
    const seats = [seat(0, { outputHash: hash(1), revealedAtSeconds: 1_185 })];
    const facts = { ...late, seats, ownResults: [own], results: [result(1)] };
    expect(at(facts, 1_201)).toBe('challenge');
  });

  it('is not final by an acceptance of another participant', () => {
    const seats = [0, 1, 2].map((n) =>
      seat(n, { outputHash: hash(1), revealedAtSeconds: 1_122, binding: n !== 2 }),
    );
    const acceptances = [{ participant: 1, outputHash: hash(1) }];
    const facts = { ...nothing, parts: allParts, seats, results: [result(1)], acceptances };
    expect(at(facts, 1_122)).toBe('processing');
    const silent = { ...facts, acceptances: [], seats: [seats[0], seats[1], seat(2)] };
    expect(at(silent, 1_122)).toBe('processing');
  });
});

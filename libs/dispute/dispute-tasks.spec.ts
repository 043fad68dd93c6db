import { describe, expect, it } from '@jest/globals';
import type { Digest } from '#encoding';
import type { AccusationFacts, QuestionedPartFacts } from '#protocol';
import type { Player } from './dispute-seen.js';
import {
  accusation,
  account,
  asked,
  commitment,
  lie,
  me,
  named,
  now,
  other,
  partScene,
  processed,
  result,
  type Scene,
  tasks,
  truth,
  wordless,
} from './testing/task-scene.js';

describe('accusations', () => {
  it('are made whatever became of those of others, and of other results', () => {
    const failed = { turn: 'over', end: { outcome: 'failed', to: other } } as const;
    const results = [result(truth, 7), result(lie, 7), result('0x03', 7)];
    const others = [accusation({ ...failed, slot: 2 }), accusation({ ...failed, resultIndex: 2 })];
    expect(named({ results, accusations: others })).toEqual(['accuse accusation/1']);
    const fallen = [result(truth, 7), result(lie, 7), result('0x03', 3, { isGone: true })];
    const decided = { openAccusations: 0, openQuestions: 0, counted: 7 };
    expect(named({ results: fallen, facts: { dispute: decided } })).toEqual(['accuse accusation/1']);
  });

  it('are not made by who stands only for what is gone, or has a seat that said nothing', () => {
    const gone = [result(truth, 7, { isGone: true }), result(lie, 7)];
    expect(named({ results: gone })).toEqual([]);
    const third = [result(truth, 7), result(lie, 7), result('0x03', 7, { isGone: true })];
    expect(named({ results: third })).toEqual(['accuse accusation/1']);
    const seat = {
      ...{ participant: me, validator: other, binding: true, nonce: 1n, feeWei: 0n },
      ...{ commitment: truth, committedAtSeconds: processed - 9 },
    };
    expect(named({ facts: { ownResults: [], seats: [seat] } })).toEqual([]);
  });

  it('ask nothing more once they are over, placed, or wait for nothing', () => {
    const results = [result(truth, 7), result(lie, 7, { isGone: true })];
    const over = accusation({ turn: 'over', end: { outcome: 'upheld', to: account } });
    expect(named({ results, accusations: [over] })).toEqual([]);
    expect(named({ accusations: [over], facts: { settledAtSeconds: now } })).toEqual([]);
    expect(named({ accusations: [accusation({ turn: 'placed' })] })).toEqual([]);
    expect(named({ accusations: [accusation({ turn: 'accuser', untilSeconds: undefined })] })).toEqual([]);
    const unknown = { player: { own: undefined } };
    expect(named({ ...unknown, accusations: [accusation({ untilSeconds: now })] })).toEqual([]);
    const due = { due: 'dispute', untilSeconds: now + 20 };
    expect(tasks({ accusations: [accusation({ turn: 'accuser' })] })[0].due).toEqual(due);
  });

  it('are made once of each standing result for the same parts that differs from the own computation', () => {
    expect(named({})).toEqual(['accuse accusation/1']);
    expect(tasks({})[0].due).toEqual({ due: 'dispute', untilSeconds: processed + 100 });
    const last = { facts: { dispute: { openAccusations: 1, openQuestions: 0 } } };
    expect(named({ ...last, now: processed + 99 })).toEqual(['accuse accusation/1']);
    expect(named({ ...last, now: processed + 100 })).toEqual([]);
    // What was taken back and revealed once more can be accused as if it were new.
    const again = result(lie, 7, { revealedAgainAtSeconds: processed + 30 });
    const anew = { ...last, results: [result(truth, 7), again] };
    expect(named({ ...anew, now: processed + 129 })).toEqual(['accuse accusation/1']);
    expect(named({ ...anew, now: processed + 130 })).toEqual([]);
    expect(named({ player: { own: undefined } })).toEqual([]);
    expect(named({ player: { own: { outputHash: truth, validParts: 3 } } })).toEqual([]);
    expect(named({ results: [result(truth, 7), result(lie, 7, { isGone: true })] })).toEqual([]);
    const third = result('0x03', 7);
    expect(named({ results: [result(truth, 7), result(lie, 7), third] })).toEqual([
      ...['accuse accusation/1', 'accuse accusation/2'],
    ]);
    const failed = accusation({ turn: 'over', end: { outcome: 'failed', to: other } });
    expect(named({ accusations: [failed] })).toEqual([]);
    const returned = accusation({ turn: 'over', end: { outcome: 'returned', to: account } });
    expect(named({ accusations: [returned] })).toEqual(['accuse accusation/1']);
  });

  it('are not made by who stands for nothing else, nor before it is decided which parts count', () => {
    expect(named({ facts: { ownResults: [] } })).toEqual([]);
    const standsFor = (outputHash: Digest) => ({
      facts: { ownResults: [], acceptances: [{ participant: me, outputHash }] },
    });
    expect(named(standsFor(truth))).toEqual(['accuse accusation/1']);
    expect(named(standsFor(lie))).toEqual([]);
    const results = [result(truth, 7), result(lie, 7), result('0x03', 3)];
    expect(named({ results })).toEqual([]);
    const decided = { openAccusations: 0, openQuestions: 0, counted: 7 };
    expect(named({ results: [...results.slice(0, 2)], facts: { dispute: decided } })).toEqual([
      'accuse accusation/1',
    ]);
  });

  it('go on at the accuser’s turn, and are ended when the other side was silent', () => {
    expect(named({ accusations: [accusation({ turn: 'accuser' })] })).toEqual(['accuser-move accusation/1']);
    expect(named({ accusations: [accusation({})] })).toEqual([]);
    expect(named({ accusations: [accusation({ untilSeconds: now })] })).toEqual(['time-out accusation/1']);
    const foreign = accusation({ slot: 2, turn: 'accuser' });
    expect(named({ accusations: [accusation({}), foreign] })).toEqual([]);
    expect(
      named({ accusations: [accusation({}), { ...foreign, turn: 'opening', untilSeconds: now }] }),
    ).toEqual(['time-out accusation/1/2']);
  });

  it('of others’ results are ended by who answers for these, never by who made them', () => {
    const late = { untilSeconds: now };
    for (const turn of ['accuser', 'placed'] as const) {
      expect(named({ accusations: [accusation({ turn, ...late })] })).toEqual([]);
      const own = { outputHash: lie, validParts: 7 };
      const answering = { player: { participant: 1, account: other, own } };
      expect(named({ ...answering, accusations: [accusation({ turn, ...late })] })).toContain(
        'time-out accusation/1/0',
      );
    }
  });

  it('of the own computation are answered, once for all who wait for the same, and never ended', () => {
    const against = (slot: number, more: Partial<AccusationFacts> = {}) =>
      accusation({ resultIndex: 0, slot, accuser: other, ...more });
    const mine = accusation({});
    expect(named({ accusations: [mine, against(1), against(2)] })).toEqual(['answer answer/0/0/0/entry']);
    const doubted = against(2, { turn: 'placing', doubted: 3 });
    expect(named({ accusations: [mine, against(1), doubted] })).toEqual([
      ...['answer answer/0/0/0/entry', 'answer answer/0/0/0/3'],
    ]);
    expect(named({ accusations: [mine, against(1, { untilSeconds: now })] })).toEqual([]);
    expect(named({ accusations: [mine, against(1, { turn: 'accuser', untilSeconds: now })] })).toEqual([
      'time-out accusation/0/1',
    ]);
    expect(named({ accusations: [mine, against(1, { turn: 'placed', untilSeconds: now })] })).toEqual([
      'time-out accusation/0/1',
    ]);
  });

  it('of a result that others stand for are left to them first', () => {
    const scene = (at: number): Scene => ({
      facts: { ownResults: [], acceptances: [{ participant: 2, outputHash: truth }] },
      accusations: [accusation({ resultIndex: 0, slot: 1, untilSeconds: now + 20 })],
      now: at,
    });
    expect(tasks(scene(now + 9))[0].due).toEqual({ waitsFor: 'answer-of-others', untilSeconds: now + 10 });
    expect(tasks(scene(now + 10))[0].due).toEqual({ due: 'dispute', untilSeconds: now + 20 });
  });

  it('that wait for the same are answered in time for the one that ends first', () => {
    const against = (slot: number, untilSeconds: number) =>
      accusation({ resultIndex: 0, slot, accuser: other, untilSeconds });
    const waiting = [accusation({}), against(1, now + 20), against(2, now + 9)];
    expect(tasks({ accusations: waiting })).toMatchObject([
      { task: 'answer', due: { due: 'dispute', untilSeconds: now + 9 }, accusation: { slot: 2 } },
    ]);
    const ofOthers = { ownResults: [], acceptances: [{ participant: 2, outputHash: truth }] };
    expect(tasks({ accusations: waiting, facts: ofOthers })).toMatchObject([
      { task: 'answer', due: { due: 'dispute', untilSeconds: now + 9 } },
    ]);
  });

  it('give the bond back where the result fell otherwise, or the block is over', () => {
    const results = [result(truth, 7), result(lie, 7, { isGone: true })];
    expect(named({ results, accusations: [accusation({})] })).toEqual(['release accusation/1']);
    expect(named({ accusations: [accusation({})], facts: { settledAtSeconds: now } })).toEqual([
      'release accusation/1',
    ]);
    expect(named({ results, accusations: [accusation({ slot: 2 })] })).toEqual([]);
  });
});

describe('questions', () => {
  const view = (fault: 'row' | 'not-served') => ({
    participant: 2,
    commitment,
    findings: [
      fault === 'row'
        ? { fault, rowIndex: 4, reason: 'malformed' as const }
        : { fault, reason: 'unavailable' as const },
    ],
  });
  const withView = (fault: 'row' | 'not-served', more: Scene = {}): Scene => {
    const { own } = partScene.player;
    return { ...partScene, ...more, player: { own, views: [view(fault)] } };
  };

  it('begin with a look at each part that another result counts and the own computation does not', () => {
    expect(named(partScene)).toEqual(['question question/2']);
    const counting = { own: { outputHash: lie, validParts: 7 } };
    expect(named({ ...partScene, ...wordless, player: counting })).toEqual([]);
    expect(named({ ...partScene, now: processed + 200 })).toEqual([]);
    expect(named({ ...partScene, player: { own: undefined } })).toEqual([]);
  });

  it('are asked once, about what is not served only after a while', () => {
    expect(tasks(withView('row'))[0]).toMatchObject({
      ...{ move: { move: 'ask-row', rowIndex: 4 }, due: { due: 'dispute', untilSeconds: processed + 200 } },
    });
    expect(named(withView('row', { parts: [{ ...asked, askedRows: 1 }] }))).toEqual([]);
    const half = processed + 100;
    expect(tasks(withView('not-served'))[0].due).toEqual({ waitsFor: 'part-served', untilSeconds: half });
    expect(tasks(withView('not-served', { now: half }))[0]).toMatchObject({
      ...{ move: { move: 'ask-panel' }, due: { due: 'dispute' } },
    });
    expect(named(withView('not-served', { now: half, parts: [{ ...asked, isPanelAsked: true }] }))).toEqual(
      [],
    );
  });

  it('are asked of the panel, for its bond, about a part that came once the own word had left it out', () => {
    const half = processed + 100;
    const good = { participant: 2, commitment, findings: [] };
    const counting = { own: { outputHash: lie, validParts: 7 } };
    const late = (more: Scene = {}): Scene => ({
      ...{ ...partScene, now: half, player: { ...counting, views: [good] }, ...more },
    });
    const came = { task: 'question', move: { move: 'ask-panel', part: 2, reason: 'came-late' } };
    expect(tasks(late())).toMatchObject([
      { ...came, due: { due: 'dispute', untilSeconds: processed + 200 } },
    ]);
    expect(tasks(late({ now: half - 1 }))[0].due).toEqual({ waitsFor: 'part-served', untilSeconds: half });
    expect(named({ ...partScene, player: counting })).toEqual(['question question/2']);
    // Where it was asked about already, the own word left nothing out, or is another's.
    expect(named(late({ parts: [{ ...asked, isPanelAsked: true }] }))).toEqual([]);
    expect(named(late({ parts: [{ ...asked, askedRows: 1 }] }))).toEqual([]);
    expect(tasks(late({ parts: [{ ...asked, askedRows: 2 }] }))).toMatchObject([came]);
    expect(named(late(wordless))).toEqual([]);
    expect(named(late({ player: { ...counting, views: [good], participant: 1 } }))).toEqual([]);
    const gone = [result(truth, 3, { isGone: true }), result(lie, 7), result('0x03', 3)];
    expect(named(late({ results: gone }))).toEqual([]);
    // A seat that binds is the participant's word, one that was drawn for it is not.
    const seat = (binding: boolean) => ({
      ...{ participant: me, validator: other, binding, nonce: 1n, feeWei: 0n, outputHash: truth },
      ...{ commitment: truth, committedAtSeconds: processed - 9, revealedAtSeconds: processed - 5 },
    });
    expect(tasks(late({ facts: { ownResults: [], seats: [seat(true)] } }))).toMatchObject([came]);
    expect(named(late({ facts: { ownResults: [], seats: [seat(false)] } }))).toEqual([]);
    const accepted = { ownResults: [], acceptances: [{ participant: me, outputHash: truth }] };
    expect(tasks(late({ facts: accepted }))).toMatchObject([came]);
  });

  const row = { part: 2, rowIndex: 4, asker: 1, isPublished: false, untilSeconds: now + 20 };
  const question = { participant: 1, rowIndex: 4, state: 'open' as const };
  const rows = (more: object, by = 1): QuestionedPartFacts[] => [
    { ...asked, rows: [{ ...row, ...more }], questions: [{ ...question, participant: by }] },
  ];
  const counting = { ...partScene, ...wordless, player: { own: { outputHash: lie, validParts: 7 } } };

  it('are answered where the own computation counts the part, after its owner had its turn', () => {
    expect(named({ ...partScene, parts: rows({}) })).toEqual(['question question/2']);
    const [task] = tasks({ ...counting, parts: rows({}) });
    expect(task).toMatchObject({ task: 'publish', part: 2, rowIndex: 4 });
    expect(task.due).toEqual({ waitsFor: 'answer-of-others', untilSeconds: now + 10 });
    expect(tasks({ ...counting, parts: rows({}), now: now + 10 })[0].due).toEqual({
      ...{ due: 'dispute', untilSeconds: now + 20 },
    });
    const owner = { own: { outputHash: lie, validParts: 7 }, participant: 2 };
    expect(tasks({ ...counting, player: owner, parts: rows({}) })[0].due).toMatchObject({ due: 'dispute' });
    // Each question is decided by its own row, also where the part is struck; then the row is nobody's any more.
    const struck = { ...rows({})[0], isStruck: true };
    expect(named({ ...counting, parts: [struck] })).toEqual(['publish row/2/4']);
    const over = { ...struck, questions: [{ ...question, state: 'returned' as const }] };
    expect(named({ ...counting, parts: [over] })).toEqual([]);
  });

  it('hold what was published against the sealed bytes, once, where the part does not count', () => {
    const parts = rows({ isPublished: true });
    expect(named({ ...partScene, parts })).toEqual(['question question/2', 'disprove row/2/4']);
    expect(named({ ...counting, parts })).toEqual([]);
    const player = { ...partScene.player, compared: new Set(['2/4']) };
    expect(named({ ...partScene, player, parts })).toEqual(['question question/2']);
  });

  it('are each for itself: other parts, other rows and other times are no matter', () => {
    const foreign = { ...view('row'), participant: 1 };
    const [task] = tasks({ ...partScene, player: { ...partScene.player, views: [foreign] } });
    expect(task).toMatchObject({ task: 'question', move: undefined });
    expect(task.due).toEqual({ due: 'dispute', untilSeconds: processed + 200 });
    expect(named({ ...counting, parts: rows({ untilSeconds: now }) })).toEqual([]);
    expect(named({ player: { own: undefined }, parts: rows({}) })).toEqual([]);
    expect(named({ player: { own: undefined }, parts: rows({ isPublished: true }) })).toEqual([]);
    const published = tasks({ ...partScene, parts: rows({ isPublished: true }) })[1];
    expect(published.due).toEqual({ due: 'dispute', untilSeconds: now + 20 });
  });

  it('are concluded only while open, by their own row', () => {
    const [late] = rows({ untilSeconds: now });
    const concluded = (parts: QuestionedPartFacts[], player: Partial<Player> = partScene.player) =>
      tasks({ ...partScene, player, parts }).filter(({ task }) => task === 'conclude-question');
    expect(concluded([late])[0].due).toEqual({ due: 'dispute' });
    const refuted = { ...question, state: 'refuted' as const };
    expect(concluded([{ ...late, questions: [refuted] }])).toEqual([]);
    const before = { ...row, rowIndex: 9, untilSeconds: now };
    expect(concluded([{ ...late, rows: [before, row] }])).toEqual([]);
    expect(concluded([{ ...late, rows: [] }])).toEqual([]);
    expect(concluded([late], { own: undefined })).toEqual([]);
  });

  it('are ended by time, never against the own computation, and given back once the block is over', () => {
    const concluded = (scene: Scene) => named(scene).filter((one) => one.startsWith('conclude'));
    const late = { untilSeconds: now };
    expect(concluded({ ...partScene, parts: rows(late) })).toEqual(['conclude-question conclude/2/1']);
    expect(concluded({ ...partScene, parts: rows({}) })).toEqual([]);
    expect(concluded({ ...counting, parts: rows(late) })).toEqual([]);
    expect(concluded({ ...counting, parts: rows({ ...late, isPublished: true }) })).toHaveLength(1);
    expect(concluded({ ...counting, parts: rows(late, me) })).toEqual(['conclude-question conclude/2/0']);
    const over = { facts: { settledAtSeconds: now } };
    expect(concluded({ ...partScene, ...over, parts: rows(late) })).toEqual([]);
    expect(concluded({ ...partScene, ...over, parts: rows({}, me) })).toHaveLength(1);
  });
});

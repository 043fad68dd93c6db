/** What is due of a panel, by whom, and when. */
import { describe, expect, it } from '@jest/globals';
import type { Digest } from '#encoding';
import type { PanelFacts, PanelRoundFacts, QuestionedPartFacts } from '#protocol';
import { panelSeats } from './panel-tasks.js';
import type { PartView } from './questions-due.js';
import {
  account,
  asked,
  commitment,
  partScene,
  wordless,
  lie,
  member,
  named,
  now,
  other,
  type Scene,
  seenOf,
  tasks,
  truth,
} from './testing/task-scene.js';

describe('a panel', () => {
  const members = (held: number, notHeld: number): PanelRoundFacts['members'] => [
    { account: member },
    ...Array.from({ length: held }, () => ({ account: other, isHeld: true })),
    ...Array.from({ length: notHeld }, () => ({ account: other, isHeld: false })),
  ];
  const round = (held: number, notHeld: number): PanelRoundFacts => ({
    ...{ seedHeight: 9, namedAtSeconds: now - 45, drawnAtSeconds: now - 40, members: members(held, notHeld) },
  });
  const panel = (...rounds: PanelRoundFacts[]): QuestionedPartFacts[] => [
    { ...asked, isPanelAsked: true, panel: { asker: account, rounds, isOver: false } },
  ];
  const serving = { ...partScene, ...wordless, player: { own: { outputHash: lie, validParts: 7 } } };
  const ofPanel = (scene: Scene) => named(scene).filter((one) => one.includes('panel'));

  it('is drawn once the hash of its height can be seen', () => {
    const { drawnAtSeconds: _, ...named_ } = round(0, 0);
    expect(ofPanel({ ...serving, parts: panel({ ...named_, members: [] }) })).toEqual(['draw-panel panel/2']);
    expect(ofPanel({ ...serving, parts: panel({ ...named_, seedHeight: 10, members: [] }) })).toEqual([]);
  });

  it('is appealed against where the own view says otherwise, as long as there is a larger one', () => {
    expect(ofPanel({ ...serving, parts: panel(round(1, 2)) })).toEqual(['appeal-panel panel/2']);
    expect(ofPanel({ ...serving, parts: panel(round(2, 1)) })).toEqual([]);
    expect(ofPanel({ ...serving, now: now - 1, parts: panel(round(1, 2)) })).toEqual([]);
    expect(ofPanel({ ...serving, now: now + 20, parts: panel(round(1, 2)) })).toEqual([
      'conclude-panel panel/2',
    ]);
    const last = panel(round(1, 2), round(2, 1), round(1, 2));
    expect(ofPanel({ ...serving, parts: last })).toEqual(['conclude-panel panel/2']);
    const views = [
      { participant: 2, commitment, findings: [{ fault: 'not-served', reason: 'unavailable' }] },
    ] as const;
    const lacking = { ...partScene.player, views };
    expect(ofPanel({ ...partScene, player: lacking, parts: panel(round(2, 1)) })).toEqual([
      'appeal-panel panel/2',
    ]);
    expect(ofPanel({ ...partScene, player: lacking, parts: panel(round(1, 2)) })).toEqual([]);
  });

  it('goes on after a tie, ends at once without members, and gives bonds back to who called it', () => {
    expect(ofPanel({ ...serving, parts: panel(round(1, 1)) })).toEqual(['conclude-panel panel/2']);
    const nobody = { ...round(0, 0), members: [], drawnAtSeconds: now };
    expect(ofPanel({ ...serving, parts: panel(nobody) })).toEqual(['conclude-panel panel/2']);
    const over = { facts: { settledAtSeconds: now } };
    expect(ofPanel({ ...serving, ...over, parts: panel(round(1, 1)) })).toEqual(['release-panel panel/2']);
    const others = panel({ ...round(1, 1), appellant: other });
    const [{ panel: found }] = others;
    const foreign = [{ ...others[0], panel: { ...found, asker: other } }] as QuestionedPartFacts[];
    expect(ofPanel({ ...serving, ...over, parts: foreign })).toEqual([]);
  });

  it('asks its members to commit, to reveal, and in the end to count', () => {
    const seat = (at: number, commitment?: Digest, more: Scene = {}) => {
      const [first, ...rest] = members(1, 1);
      const said = commitment === undefined ? first : { ...first, commitment };
      const parts = panel({ ...round(1, 1), drawnAtSeconds: at, members: [said, ...rest] });
      const [found] = panelSeats(seenOf({ ...serving, ...more, parts }), member);
      return found && { step: found.step, place: found.place, due: found.due };
    };
    expect(seat(now)).toEqual({ step: 'commit', place: 0, due: { due: 'panel', untilSeconds: now + 20 } });
    expect(seat(now, truth)?.due).toEqual({ waitsFor: 'panel-time', untilSeconds: now + 20 });
    expect(seat(now - 20, truth)).toMatchObject({
      step: 'reveal',
      due: { due: 'panel', untilSeconds: now + 20 },
    });
    expect(seat(now - 20)).toMatchObject({ step: 'conclude', due: { waitsFor: 'panel-time' } });
    expect(seat(now - 79)?.due).toEqual({ waitsFor: 'panel-time', untilSeconds: now + 1 });
    expect(seat(now - 80)).toMatchObject({ step: 'conclude', due: { due: 'panel' } });
    expect(seat(now - 80, truth, { facts: { settledAtSeconds: now } })).toMatchObject({ step: 'release' });
    expect(panelSeats(seenOf({ ...serving, parts: panel(round(1, 1)) }), account)).toEqual([]);
  });

  it('waits for its height, for its members, and for who sees it otherwise', () => {
    const { drawnAtSeconds: _, ...named_ } = round(0, 0);
    const waiting = panel({ ...named_, seedHeight: 10, members: [] });
    expect(tasks({ ...serving, parts: waiting })).toEqual([]);
    const over = panel(round(1, 1)).map((one) => ({
      ...one,
      panel: { ...(one.panel as PanelFacts), isOver: true },
    }));
    expect(ofPanel({ ...serving, parts: over })).toEqual([]);
    expect(panelSeats(seenOf({ ...serving, parts: over }), member)).toEqual([]);
    expect(panelSeats(seenOf({ ...serving, parts: [asked] }), member)).toEqual([]);
    const [task] = tasks({ ...serving, parts: panel(round(1, 2)) });
    expect(task.due).toEqual({ due: 'dispute', untilSeconds: now + 20 });
    // Whoever cannot say whether it was served appeals neither way.
    const unsure = { ...partScene, player: { own: undefined } };
    expect(ofPanel({ ...unsure, parts: panel(round(1, 2)) })).toEqual([]);
    expect(ofPanel({ ...unsure, parts: panel(round(2, 1)) })).toEqual([]);
  });

  it('is held against the own look at its part alone', () => {
    const look = (participant: number, ...faults: readonly ('row' | 'not-served')[]) => ({
      ...{ participant, commitment },
      findings: faults.map((fault) =>
        fault === 'row'
          ? { fault, rowIndex: 1, reason: 'malformed' as const }
          : { fault, reason: 'unavailable' as const },
      ),
    });
    const appeals = (...views: readonly PartView[]) =>
      ofPanel({ ...partScene, player: { ...partScene.player, views }, parts: panel(round(2, 1)) });
    expect(appeals(look(1, 'not-served'))).toEqual(['look-at-part panel/2']);
    expect(appeals(look(1, 'row'), look(2, 'row', 'not-served'))).toEqual(['appeal-panel panel/2']);
    expect(appeals(look(2, 'row'))).toEqual([]);
  });

  it('gives its bond back to who appealed, and to members that are in no later round', () => {
    const over = { facts: { settledAtSeconds: now } };
    const foreign = panel(round(1, 2), { ...round(1, 2), appellant: account }).map((one) => ({
      ...one,
      panel: { ...(one.panel as PanelFacts), asker: other },
    }));
    expect(ofPanel({ ...serving, ...over, parts: foreign })).toEqual(['release-panel panel/2']);
    const later = panel(round(1, 2), { ...round(1, 2), members: [{ account: other }] });
    expect(panelSeats(seenOf({ ...serving, parts: later }), member)).toEqual([]);
    expect(panelSeats(seenOf({ ...serving, ...over, parts: later }), member)).toEqual([
      { part: 2, round: 0, place: 0, step: 'release', due: { due: 'panel' } },
    ]);
  });

  it('lets its members reveal in their time alone, and once', () => {
    const seat = (said: object, at: number) => {
      const [first, ...rest] = members(1, 1);
      const drawn = { ...round(1, 1), drawnAtSeconds: at, members: [{ ...first, ...said }, ...rest] };
      return panelSeats(seenOf({ ...serving, parts: panel(drawn) }), member)[0].step;
    };
    const committed = { commitment: truth };
    expect([now, now - 20, now - 39, now - 40].map((at) => seat(committed, at))).toEqual([
      ...['reveal', 'reveal', 'reveal', 'conclude'],
    ]);
    expect(seat({ ...committed, isHeld: true }, now - 20)).toBe('conclude');
  });
});

/** What a participant does about a panel's verdict that it sees otherwise, or has not looked into. */
import { describe, expect, it } from '@jest/globals';
import type { Address, Digest } from '#encoding';
import {
  type BlockFacts,
  type ChannelTerms,
  type PanelFacts,
  type PanelRoundFacts,
  stageOf,
} from '#protocol';
import type { DisputeSeen, Player } from './dispute-seen.js';
import { panelTasks, verdictsAgainst } from './panel-tasks.js';
import type { PartView } from './questions-due.js';

const [account, other] = ['0xaa', '0xbb'] as Address[];
const [truth, lie] = ['0x01', '0x02'] as Digest[];
const terms = {
  ...{ participants: [account, other, '0xdd'], firstBlockStart: 0, blockDuration: 100, blocksMax: 9 },
  ...{ collectionGrace: 0, collationPeriod: 50, processingPeriod: 40, challengePeriod: 100 },
  ...{ answerPeriod: 20, disputeMax: 1_000 },
} as unknown as ChannelTerms;
const processed = 150 + 40;
const drawnAtSeconds = processed + 150;
const revealed = drawnAtSeconds + 40;

/** Three members said this of part 2, which the lie counts. */
function seen(nowSeconds: number, isHeld: boolean, more: Partial<PanelFacts> = {}): DisputeSeen {
  const result = (outputHash: Digest, validParts: number) => ({
    ...{ outputHash, validParts, settlementRoot: truth, impressionCount: 1n, amountWords: [outputHash] },
    ...{ firstRevealedAtSeconds: processed, isGone: false },
  });
  const parts = [0, 1, 2].map((participant) => ({
    ...{ participant, partRoot: truth, segmentCount: 1, indexHash: truth, postedAtSeconds: 150, height: 1 },
  }));
  const facts: BlockFacts = {
    ...{ parts, seats: [], acceptances: [], results: [result(truth, 3), result(lie, 7)] },
    ...{ disputedAtSeconds: processed, dispute: { openAccusations: 0, openQuestions: 1 } },
    ownResults: [{ participant: 0, outputHash: truth, revealedAtSeconds: processed }],
  };
  const round: PanelRoundFacts = {
    ...{ seedHeight: 9, namedAtSeconds: drawnAtSeconds - 5, drawnAtSeconds },
    members: [0, 1, 2].map(() => ({ account: other, isHeld })),
  };
  const panel = { asker: account, rounds: [round], isOver: false, ...more };
  const asked = {
    part: 2,
    isStruck: false,
    askedRows: 0,
    isPanelAsked: true,
    questions: [],
    rows: [],
    panel,
  };
  const stage = stageOf(terms, 0, facts, nowSeconds);
  const block = { terms, blockNumber: 0, facts, stage, nowSeconds };
  return { block, dispute: { accusations: [], parts: [asked] }, height: 10 };
}

const commitment = { partRoot: new Uint8Array(32), segmentCount: 1, indexHash: new Uint8Array(32) };
const view = (fault?: 'not-served'): PartView => ({
  ...{ participant: 2, commitment },
  findings: fault === undefined ? [] : [{ fault, reason: 'unavailable' }],
});
const player = (more: Partial<Player>): Player => ({
  ...{ participant: 0, account, own: { outputHash: truth, validParts: 3 }, views: [], ...more },
  compared: new Set(),
});
const named = (one: DisputeSeen, who: Player) => panelTasks(one, who).map(({ task }) => task);

describe('a verdict about a part that the own computation leaves out', () => {
  it('is looked into after a restart, which forgot what was seen, and appealed against in time', () => {
    const [task] = panelTasks(seen(revealed, true), player({}));
    const untilSeconds = revealed + 20;
    expect(task).toEqual({
      ...{ game: 'panel/2', task: 'look-at-part', part: 2, round: 0, due: { due: 'dispute', untilSeconds } },
    });
    const sees = player({ views: [view('not-served')] });
    expect(named(seen(revealed - 1, true), sees)).toEqual([]);
    expect(named(seen(revealed, true), sees)).toEqual(['appeal-panel']);
    expect(named(seen(untilSeconds - 1, true), sees)).toEqual(['appeal-panel']);
    expect(named(seen(untilSeconds, true), sees)).toEqual(['conclude-panel']);
  });

  it('is left as it is where the look found the part, or nothing was computed yet', () => {
    expect(named(seen(revealed, true), player({ views: [view()] }))).toEqual([]);
    expect(named(seen(revealed, true), player({ own: undefined }))).toEqual([]);
    expect(named(seen(revealed, false), player({}))).toEqual([]);
    const others = player({ views: [{ ...view('not-served'), participant: 1 }] });
    expect(named(seen(revealed, true), others)).toEqual(['look-at-part']);
  });

  it('is told of once it is the last, where it is against the own look at the part', () => {
    const over = (isHeld: boolean) => seen(revealed + 30, isHeld, { isOver: true, isHeld });
    const sees = player({ views: [view('not-served')] });
    expect(verdictsAgainst(over(true), sees)).toEqual([2]);
    expect(verdictsAgainst(over(false), sees)).toEqual([]);
    expect(verdictsAgainst(seen(revealed, true), sees)).toEqual([]);
    expect(verdictsAgainst(over(true), player({}))).toEqual([]);
    const counting = player({ own: { outputHash: lie, validParts: 7 } });
    expect(verdictsAgainst(over(false), counting)).toEqual([2]);
  });
});

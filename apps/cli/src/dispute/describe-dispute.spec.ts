/** What a dispute is told as, and that people read it in 80 columns without colour. */
import { describe, expect, it } from '@jest/globals';
import { bondOf } from '#apps/settlement/src/dispute-bonds';
import { type Address, type Digest, toHex } from '#encoding';
import {
  type AccusationFacts,
  amountWords,
  type BlockFacts,
  bondWei,
  type ChannelTerms,
  type DisputeFacts,
  type KnownResult,
  type PanelFacts,
  stageOf,
  validatorSlots,
} from '#protocol';
import { openOutput } from '../report/output.js';
import { describeDispute } from './describe-dispute.js';
import { printDispute } from './dispute-tables.js';
import type { ShownDispute } from './shown-dispute.js';

const names = ['dsp', 'ssp-1', 'auditor'];
const terms = {
  participants: ['0x01', '0x02', '0x03'],
  roles: [1, 3, 5],
  ...{ firstBlockStart: 1_000, blockDuration: 100, blocksMax: 5, collectionGrace: 10, collationPeriod: 50 },
  ...{ processingPeriod: 41, challengePeriod: 30, answerPeriod: 15, disputeMax: 500 },
} as unknown as ChannelTerms;
const hash = (n: number): Digest => `0x${n.toString(16).padStart(64, '0')}` as Digest;
const address = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}` as Address;
const validParts = 0b111;
const result = (n: number, nano: bigint, more: Partial<KnownResult> = {}): KnownResult => ({
  ...{ outputHash: hash(n), settlementRoot: hash(0), impressionCount: 9n, validParts, isGone: false },
  amountWords: amountWords([nano + 1n, nano, 1n]).map(toHex),
  firstRevealedAtSeconds: 1_140,
  ...more,
});
const facts: BlockFacts = {
  parts: [0, 1, 2].map((participant) => ({
    ...{ participant, partRoot: hash(0), segmentCount: 0, indexHash: hash(0), height: 9 },
    postedAtSeconds: 1_110,
  })),
  seats: [
    {
      ...{ participant: 0, validator: address(7), binding: true, nonce: 1n, feeWei: 0n, commitment: hash(9) },
      ...{ committedAtSeconds: 1_120, outputHash: hash(1), revealedAtSeconds: 1_140 },
    },
  ],
  ownResults: [{ participant: 1, outputHash: hash(2), revealedAtSeconds: 1_160 }],
  acceptances: [{ participant: 2, outputHash: hash(1) }],
  results: [result(1, 5n), result(2, 7n, { firstRevealedAtSeconds: 1_160 })],
  disputedAtSeconds: 1_160,
};
const accusation = (more: Partial<AccusationFacts>): AccusationFacts => ({
  ...{ resultIndex: 1, slot: 0, accuser: address(1), turn: 'opening', untilSeconds: 1_190, nodes: [] },
  result: { settlementRoot: new Uint8Array(32), impressionCount: 9n, validParts },
  ...{ leaves: [], named: { level: 4, index: 0 }, doubted: undefined },
  ...more,
});
const panel: PanelFacts = {
  asker: address(1),
  isOver: false,
  rounds: [
    {
      ...{ seedHeight: 20, namedAtSeconds: 1_165, drawnAtSeconds: 1_166 },
      members: [{ account: address(3), commitment: hash(4) }, { account: address(4) }],
    },
  ],
};

function shown(dispute: DisputeFacts, nowSeconds = 1_170, found: BlockFacts = facts): ShownDispute {
  const stage = stageOf(terms, 0, found, nowSeconds);
  const channel = { channelId: hash(5), terms, nameOf: (index: number) => names[index] };
  return describeDispute(channel, { blockNumber: 0, facts: found, stage, dispute, nowSeconds });
}

function said(dispute: ShownDispute): string {
  let text = '';
  printDispute(
    dispute,
    openOutput(false, (more) => {
      text += more;
    }),
  );
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  return text;
}

describe('a dispute', () => {
  it('says who stands for each result, by what, and what differs', () => {
    const one = shown({ accusations: [], parts: [] });
    expect(one.results.map(({ standFor, state, amountsNano }) => [state, standFor, amountsNano])).toEqual([
      [
        'stands',
        [
          { participant: 0, by: 'binding-seat' },
          { participant: 2, by: 'acceptance' },
        ],
        ['6', '5', '1'],
      ],
      ['stands', [{ participant: 1, by: 'own-result' }], ['8', '7', '1']],
    ]);
    expect(one.differ).toEqual({ parts: [], amounts: [0, 1] });
    const text = said(one);
    expect(text).toMatch(/^1 +1 ssp-1 +its own result, with a bond$/m);
    expect(text).toMatch(/^1 +1 ssp-1 +0\.000000007 +0\.000000005 +0\.000000002$/m);
    expect(text).toContain('No result is accused.\n');
  });

  it('says before a dispute who may open it, and that there is nothing to do yet', () => {
    const { disputedAtSeconds: _, ...rest } = facts;
    const alone = { ...rest, ownResults: [], acceptances: [], results: [facts.results[0]] };
    const none = { accusations: [], parts: [] };
    const challenged = shown(none, 1_160, alone);
    expect([
      challenged.stage,
      challenged.next.map(({ command, by, untilSeconds, bondWei }) => [command, by, untilSeconds, bondWei]),
    ]).toEqual([
      'challenge',
      [
        [
          'block reveal',
          '1 ssp-1, 2 auditor, if finding otherwise (block verify)',
          1_181,
          '10000000000000000',
        ],
      ],
    ]);
    expect(said(challenged)).toContain('reveals the own computation, or what was revealed stands\n');
    const collected = shown(none, 1_050, { ...alone, parts: [], seats: [], results: [] });
    expect([collected.stage, collected.next]).toEqual(['collection', []]);
    expect(said(collected)).toContain('nothing to do yet');
    const agreed = {
      ...alone,
      seats: [0, 1, 2].map((participant) => ({ ...facts.seats[0], participant, binding: false })),
    };
    expect(said(shown(none, 1_160, agreed))).toContain('all participants stand for a result');
  });

  it('says of results for other parts that they pay the same', () => {
    const results = [facts.results[0], result(2, 5n, { validParts: 0b011 })];
    expect(said(shown({ accusations: [], parts: [] }, 1_170, { ...facts, results }))).toContain(
      'is paid the same by all of them.\n',
    );
  });

  it('says which result fell, and nothing differs any more', () => {
    const results = [facts.results[0], { ...facts.results[1], isGone: true, isFallen: true as const }];
    const one = shown({ accusations: [], parts: [] }, 1_170, { ...facts, results });
    expect([one.results.map(({ state }) => state), one.differ]).toEqual([
      ['stands', 'fell'],
      { parts: [], amounts: [] },
    ]);
    expect(said(one)).toMatch(/^1 +0x00000000 +FELL/m);
  });

  it('says which parts a result leaves out, and the windows with their ends', () => {
    const results = [facts.results[0], { ...facts.results[1], validParts: 0b011 }];
    const one = shown({ accusations: [], parts: [] }, 1_170, { ...facts, results });
    expect(one.differ.parts).toEqual([2]);
    expect(one.windows).toEqual([
      { window: 'own-results', untilSeconds: 1_181 },
      { window: 'questions', untilSeconds: 1_211 },
      { window: 'parts-decided', untilSeconds: 1_211 },
    ]);
    const text = said(one);
    expect(text).toMatch(/^1 +auditor$/m);
    expect(text).toMatch(/^1970-01-01 00:20:11Z +in 41 s +parts may be questioned/m);
    expect(text).toContain('the dispute ends at 1970-01-01 00:20:31Z, in 1 min 1 s\n');
  });

  it('says whose turn each accusation is, until when, and that anybody may end one that is late', () => {
    const accusations = [
      accusation({}),
      accusation({ slot: 2, turn: 'accuser' }),
      accusation({ slot: validatorSlots, turn: 'placing', named: { level: 0, index: 3 }, doubted: 1 }),
      accusation({ slot: 2, turn: 'opening', untilSeconds: 1_170 }),
      accusation({ slot: 2, turn: 'over', end: { outcome: 'failed', to: address(8) } }),
    ];
    const one = shown({ accusations, parts: [] });
    expect(one.accusations.map(({ turn, isValidator, outcome }) => [turn, isValidator, outcome])).toEqual([
      ['accused', false, null],
      ['accuser', false, null],
      ['accused', true, null],
      ['anybody', false, null],
      ['nobody', false, 'failed'],
    ]);
    const text = said(one);
    expect(text).toMatch(/^1 +0 dsp +accused +open node 4\/0 +01-01 00:19:50Z$/m);
    expect(text).toMatch(/^1 +0 dsp, validator +accused +place record 1, leaf 3 /m);
    expect(text).toMatch(/^1 +2 auditor +anybody +time is over: the result falls /m);
    expect(text).toMatch(/^1 +2 auditor +over +failed, its bond is lost$/m);
  });

  it('says what is asked about parts, and what a panel has said', () => {
    const part = { part: 2, isStruck: true, askedRows: 1, isPanelAsked: true, panel };
    const row = { part: 2, rowIndex: 4, asker: 0, isPublished: true, untilSeconds: 1_180 };
    const questions = [{ participant: 0, rowIndex: 4, state: 'open' as const }];
    const one = shown({ accusations: [], parts: [{ ...part, questions, rows: [row] }] });
    expect(one.panels).toMatchObject([
      { part: 2, round: 0, step: 'commit', untilSeconds: 1_186, verdict: null },
    ]);
    const text = said(one);
    expect(text).toMatch(/^2 auditor +4 +0 dsp +published, to be disproved +01-01 00:19:40Z$/m);
    expect(text).toContain('The part of 2 auditor is struck: not served');
    expect(text).toMatch(/was served: round 0, commit until 01-01 00:19:46Z$/m);
    expect(text).toMatch(/^0x0{39}3 +committed$/m);
    expect(said({ ...one, nowSeconds: 1_180 })).toContain('time is over: refuted');
  });

  const commandsOf = ({ next }: ShownDispute) => next.map(({ command, by }) => `${command} by ${by}`);

  it('says what may be done next, by whom, until when and at which cost, the most urgent first', () => {
    const one = shown({ accusations: [accusation({}), accusation({ slot: 2, turn: 'accuser' })], parts: [] });
    expect(one.next).toMatchObject([
      { command: 'block reveal', untilSeconds: 1_181, bondWei: '10000000000000000', gas: 250_000 },
      { command: 'dispute accuse --result 0', by: '1 ssp-1, if standing for another result' },
      { command: 'dispute answer --result 1', does: 'opens node 4/0, or the result falls', bondWei: '0' },
      { command: 'dispute accuse --result 1', by: '2 auditor', untilSeconds: 1_190 },
      { command: 'block accept', by: '1 ssp-1', bondWei: '0' },
    ]);
    const text = said(one);
    expect(text).toMatch(/^dispute answer --result 1$/m);
    expect(text).toMatch(/^ {2}until 01-01 00:19:50Z, in 20 s; no bond, gas up to 2,000,000$/m);
    expect(text).toMatch(/^ {2}until 01-01 00:19:41Z, in 11 s; bond 0\.01 ether, gas up to 250,000$/m);
  });

  it('says at a leaf what to open or to place, and leaves to anybody what is late', () => {
    const ofTurns = (...turns: Partial<AccusationFacts>[]) =>
      shown({ accusations: turns.map(accusation), parts: [] }).next.map(({ does, gas }) => [does, gas]);
    expect(ofTurns({ named: { level: 0, index: 3 } })).toContainEqual([
      'opens leaf 3, or the result falls',
      500_000,
    ]);
    expect(ofTurns({ turn: 'placing', doubted: 1 })).toContainEqual([
      'shows where the doubted record stands, or the result falls',
      300_000,
    ]);
    expect(ofTurns({ untilSeconds: 1_170 })).toContainEqual([
      'ends the accusation of result 1 by 0 dsp, and result falls',
      230_000,
    ]);
    expect(ofTurns({ turn: 'accuser', slot: validatorSlots, untilSeconds: 1_170 })).toContainEqual([
      'ends the accusation of result 1 by 0 dsp, its validator, which fails',
      230_000,
    ]);
    expect(ofTurns({ turn: 'placed' }).some(([does]) => String(does).includes('accusation'))).toBe(false);
  });

  it('says what may be done about rows and panels', () => {
    const commands = (more: object, now = 1_170) => {
      const questions = [{ participant: 0, rowIndex: 4, state: 'open' as const }];
      const row = { part: 2, rowIndex: 4, asker: 0, isPublished: false, untilSeconds: 1_180 };
      const part = { part: 2, isStruck: false, askedRows: 1, isPanelAsked: true, questions, rows: [row] };
      const all = commandsOf(shown({ accusations: [], parts: [{ ...part, ...more }] }, now));
      return all.filter((one) => /row|panel|advance|answer|appeal/.test(one));
    };
    expect(commands({})).toEqual(['dispute publish --part 2 --row 4 by anybody who has the part']);
    const published = { rows: [{ part: 2, rowIndex: 4, asker: 0, isPublished: true, untilSeconds: 1_180 }] };
    expect(commands(published)).toEqual(['dispute disprove --part 2 --row 4 by any participant']);
    expect(commands(published, 1_180)).toEqual(['dispute advance by any participant']);
    const [round] = panel.rounds;
    const drawnAt = (drawnAtSeconds: number | undefined, rounds = 1, says: readonly boolean[] = []) => {
      const members = [...round.members, ...says.map((isHeld) => ({ account: address(5), isHeld }))];
      const drawn = { ...round, drawnAtSeconds, members };
      return { questions: [], rows: [], panel: { ...panel, rounds: Array(rounds).fill(drawn) } };
    };
    expect(commands(drawnAt(undefined))).toEqual(['dispute advance by any participant']);
    expect(commands(drawnAt(1_166))).toEqual(['validator answer --part 2 by each member that has not']);
    expect(commands(drawnAt(1_166 - 20))).toEqual(['validator answer --part 2 by each member']);
    const appeal = 'dispute appeal --part 2 by any participant that sees it otherwise';
    const advance = 'dispute advance by any participant';
    for (const says of [[true], [false]]) {
      expect(commands(drawnAt(1_166 - 41, 1, says))).toEqual([appeal]);
      expect(commands(drawnAt(1_166 - 41, 2, says))).toEqual([appeal]);
      expect(commands(drawnAt(1_166 - 56, 1, says))).toEqual([advance]);
      // The last round's word stands, and a tie goes on by itself.
      expect(commands(drawnAt(1_166 - 41, 3, says))).toEqual([advance]);
      expect(commands(drawnAt(1_166 - 41, 1, [...says, !says[0]]))).toEqual([advance]);
    }
    expect(commands({ ...drawnAt(1_166), panel: { ...panel, isOver: true } })).toEqual([]);
  });

  it('says of each appeal the bond that it locks', () => {
    const [round] = panel.rounds;
    const bondAfter = (rounds: number) => {
      const members = [{ account: address(5), isHeld: true }];
      const drawn = { ...round, drawnAtSeconds: 1_166 - 41, members };
      const asked = { part: 2, isStruck: false, askedRows: 0, isPanelAsked: true, questions: [], rows: [] };
      const part = { ...asked, panel: { ...panel, rounds: Array(rounds).fill(drawn) } };
      const { next } = shown({ accusations: [], parts: [part] });
      return next.find(({ command }) => command.startsWith('dispute appeal'))?.bondWei;
    };
    const locks = (round: number) =>
      bondOf({ task: 'appeal-panel', game: 'panel/2', part: 2, round, due: { due: 'dispute' } });
    expect([bondAfter(1), bondAfter(2)]).toEqual([locks(0), locks(1)].map(String));
    expect(locks(1)).toBe(4n * bondWei.question);
  });

  it('says how to get bonds back from a block that is over', () => {
    const over = { ...facts, settledAtSeconds: 1_400 };
    expect(commandsOf(shown({ accusations: [accusation({})], parts: [] }, 1_500, over))).toEqual([
      'dispute advance by whose bonds they are',
    ]);
    const done = shown({ accusations: [], parts: [] }, 1_500, over);
    expect(done.next).toEqual([]);
    expect(said(done)).toContain('There is nothing to do any more.\n');
  });
});

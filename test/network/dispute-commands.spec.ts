/** What a participant says in a dispute by hand: one move a command, as its settlement service would make it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { demoSpec } from '#apps/cli/src/commands/demo';
import { FalseResult } from '#apps/cli/src/dispute/false-result';
import { writeKeys } from '#apps/cli/src/keys/key-folder';
import { blockState, drive, type Sweeper } from '#apps/cli/src/network/drive';
import { openBlock } from '#apps/cli/src/network/open-block';
import { type Network, openNetwork } from '#apps/cli/src/network/open-network';
import { RefusalNotes } from '#apps/cli/src/network/refusal-notes';
import { trafficOf, trafficWorks } from '#apps/cli/src/network/submit-traffic';
import { generateImpressions } from '#apps/cli/src/traffic/generate-impressions';
import { planBlock } from '#apps/cli/src/traffic/plan-records';
import { committedPart } from '#block-watch';
import type { ChainOutcome } from '#chain';
import { developmentContracts } from '#chain/deployment';
import { publicationOf, SumTree } from '#dispute';
import { concatBytes, toHex } from '#encoding';
import {
  amountWords,
  outputHashOfWords,
  type PanelFacts,
  type PartCommitment,
  type PostedPart,
  panelCommitmentOf,
  panelTimes,
} from '#protocol';
import {
  dishonestCollator,
  type Mischief,
  mischiefs,
  type PostedSegments,
  sealingOtherwise,
} from './mallory.js';
import { runCli } from './run-cli.js';

const options = { seed: 'by-hand', impressions: 5_000, sellers: 3, blocks: 1 };
const [payer, liar, careless, withholding, auditor] = [0, 1, 2, 3, 4];
const blockNumber = 0;

let folder = '';
let network: Network;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-by-hand-'));
  network = await openNetwork(demoSpec(options), folder, { mode: 'driven' });
  const { account, operator, record, encryption } = network.members[payer].secrets;
  writeKeys(join(folder, 'keys'), 'participant', {
    ...{ account: account.privateKey, operator: operator.privateKey, record: record.privateKey },
    encryption: encryption.secretKey,
  });
  const { validator, validatorEncryption } = network.members[liar].secrets;
  writeKeys(join(folder, 'validator-keys'), 'validator', {
    ...{ account: validator.privateKey, encryption: validatorEncryption.secretKey },
  });
});
afterEach(async () => {
  await network.close();
  rmSync(folder, { recursive: true, force: true });
});

const state = () => blockState(network.chain, network.channelId, blockNumber);
const id = () => ({ channelId: network.channelId, blockNumber });
const liarActs = () => network.chain.disputeActs(network.members[liar].secrets.operator.privateKey);

async function done(outcome: Promise<ChainOutcome>): Promise<void> {
  const result = await outcome;
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
}

/** Up to the dispute: nobody's settlement service runs, the liar delegates to nobody. */
async function upToDispute(
  lie: Sweeper,
  collators = (all: readonly Sweeper[]) => all,
  idle: readonly string[] = [],
): Promise<void> {
  const { spec, terms } = network;
  const traffic = { ...options, sellers: [1, 2, 3], ...terms, impressionsPerDay: options.impressions };
  const roster = { names: spec.participants.map((one) => one.name), auditor };
  const plan = planBlock(0, generateImpressions(traffic, 0), roster, { seed: options.seed, disagreePpm: 0 });
  const notes = new RefusalNotes(join(folder, 'refusals.ndjson'));
  const works = trafficWorks(network, { traffic: [trafficOf(plan)], hasInvalidSubmissions: false }, notes, {
    accepted: () => {},
    plan: () => {},
  });
  const groups = network.groups
    .filter(({ kind }) => kind !== 'settle' && !idle.includes(kind))
    .map((group) => {
      if (group.kind === 'collate') return { ...group, sweepers: collators(group.sweepers) };
      return group.kind === 'delegate' ? { ...group, sweepers: group.sweepers.toSpliced(liar, 1) } : group;
    });
  const driven = { ...network, groups: [...groups, { kind: 'lie', sweepers: [lie] }] };
  const onRound: Parameters<typeof drive>[1]['onRound'] = ([{ stage }]) => {
    if (stage.stage === 'dispute') throw new Error('in dispute');
  };
  const until = drive(driven, { channelId: network.channelId, blocks: 1, works, onRound, onStep: () => {} });
  await expect(until).rejects.toThrow('in dispute');
}

const parts = () => ['--parts', `file:${join(folder, 'parts')}`];
const named = () => [network.channelId, String(blockNumber)];

/** The payer's word. */
const papyrus = (move: string, ...args: string[]) =>
  run(['dispute', move, ...named(), ...args, ...parts(), '--keys', join(folder, 'keys')]);
/** The word of the liar's validator, which has no seat in the block and so is drawn for every panel. */
const member = (...args: string[]) => run(['validator', ...args, '--keys', join(folder, 'validator-keys')]);

/** The chain goes on meanwhile, a second at a time. */
async function run(args: readonly string[]) {
  let isOver = false;
  const chain = ['--chain', network.chain.url, '--lens', developmentContracts().Lens];
  const command = runCli([...args, ...chain, '--json']).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (!args.includes('--dry-run')) await advance(1);
  }
  const { code, lines } = await command;
  const { data, errors } = lines.at(-1) as { data: Record<string, unknown>; errors: { code: string }[] };
  return { code, data, errors: errors.map((one) => one.code) };
}

async function advance(seconds: number): Promise<void> {
  await network.chain.advanceTo((await network.chain.time()).timestampSeconds + seconds);
}

const refused = (code: number, no: string) => ({ code, data: null, errors: [no] });
const nothing = refused(5, 'nothing-to-say');
const notThere = refused(3, 'not-in-block');

describe('a participant that speaks in a dispute by hand', () => {
  it('accuses a false result move by move until it falls, and answers for the true one', async () => {
    const unopened: number[] = [];
    const lie = new FalseResult(network, { participant: liar, blockNumber }, (_, leaf) =>
      unopened.push(leaf),
    );
    expect(await papyrus('accuse', '--result', '0')).toEqual(refused(5, 'not-in-dispute'));
    await upToDispute(lie);
    const dry = await papyrus('accuse', '--result', '1', '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      data: { isDryRun: true, acts: [{ rehearsed: { contract: 'Adjudicator', call: 'accuse' } }] },
    });
    expect((await state()).dispute?.accusations).toEqual([]);
    expect(await papyrus('accuse', '--result', '0')).toEqual(nothing);
    expect(await papyrus('accuse', '--result', '2')).toEqual(notThere);
    expect(await papyrus('answer', '--result', '0')).toEqual(nothing);

    expect(await papyrus('accuse', '--result', '1')).toMatchObject({ code: 0, data: { resultIndex: 1 } });
    await done(liarActs().accuse(id(), 0, (await state()).facts.results[0], liar));
    expect(await papyrus('answer', '--result', '0')).toMatchObject({ code: 0, data: { resultIndex: 0 } });
    const ofLiar = (await state()).dispute?.accusations.find(({ resultIndex }) => resultIndex === 0);
    expect(ofLiar?.turn).toBe('accuser');

    const said: unknown[] = [];
    while ((await lie.sweep()) > 0) {
      const move = await papyrus('accuse', '--result', '1');
      expect(move.code).toBe(0);
      said.push(move.data.why);
    }
    expect([unopened.length, new Set(said)]).toEqual([1, new Set(['entry-differs'])]);
    expect(await papyrus('accuse', '--result', '1')).toEqual(nothing);
    expect(await run(['block', 'reveal', ...named(), ...parts(), '--keys', join(folder, 'keys')])).toEqual(
      nothing,
    );
    const accusation = (await state()).dispute?.accusations.find(({ resultIndex }) => resultIndex === 1);
    await network.chain.advanceTo(accusation?.untilSeconds as number);
    expect((await papyrus('accuse', '--result', '1')).code).toBe(0);
    expect((await state()).facts.results.map(({ isGone }) => isGone)).toEqual([false, true]);
    // The liar, whose turn it was, was silent too.
    expect(await papyrus('advance')).toMatchObject({
      code: 0,
      data: { done: [{ resultIndex: 0, slot: liar }] },
    });
    expect(await papyrus('advance')).toEqual(nothing);
  });

  it('questions parts that are not good, disproves what was published, and publishes what is good', async () => {
    const posted = await upToQuestions();
    const part = ['--part', String(careless)];
    const dry = await papyrus('question', ...part, '--dry-run');
    expect(dry.data).toMatchObject({ acts: [{ rehearsed: { contract: 'Questions', call: 'askRow' } }] });
    expect(await papyrus('question', ...part)).toMatchObject({
      code: 0,
      data: { part: careless, why: 'wrong-batch-root' },
    });
    expect(await papyrus('question', ...part)).toEqual(nothing);
    expect(await papyrus('question', '--part', '9')).toEqual(notThere);
    const row = [...part, '--row', '0'];
    expect(await papyrus('disprove', ...row)).toEqual(nothing);
    expect(await papyrus('disprove', ...part, '--row', '9999')).toEqual(notThere);
    const { commitment, rows, segments } = posted;
    const bytes = publicationOf({ part: careless, commitment }, rows, 0, segments[0]);
    await done(liarActs().publishRow(id(), bytes));
    expect(await papyrus('disprove', ...row)).toMatchObject({ code: 0, data: { how: 'disprove-text' } });

    const good = ['--part', String(auditor), '--row', '0'];
    expect(await papyrus('publish', ...good)).toEqual(nothing);
    await done(liarActs().askRow(id(), { part: auditor, rowIndex: 0, commitment: await auditorsPart() }));
    expect(await papyrus('publish', ...good)).toMatchObject({
      code: 0,
      data: { part: auditor, rowIndex: 0 },
    });
    const found = (await state()).dispute?.parts.map((one) => [
      one.part,
      one.isStruck,
      one.rows[0].isPublished,
    ]);
    expect(found).toEqual([
      [careless, true, true],
      [auditor, false, true],
    ]);
  });

  it('asks a panel, which a member answers by hand, and appeals against what it says', async () => {
    await upToQuestions();
    const part = ['--part', String(withholding)];
    expect(await papyrus('question', ...part)).toMatchObject({ code: 0, data: { why: 'unavailable' } });
    await done(liarActs().askPanel(id(), auditor));
    for (let height = 0; height < 4; height++) await advance(1);
    const drew = { done: 'drew a panel' };
    expect(await papyrus('advance')).toMatchObject({ code: 0, data: { done: [drew, drew] } });

    // Of the other panel it says by its own program that the part is not served.
    const { privateKey } = network.members[liar].secrets.validator;
    const acts = network.chain.disputeActs(privateKey);
    const salt = toHex(new Uint8Array(32).fill(1));
    const lie = { ...id(), part: auditor, round: 0, member: acts.address, isHeld: false, salt };
    await done(acts.commitPanel(id(), auditor, 0, panelCommitmentOf(lie)));

    expect(await member('answer', ...named(), '--part', String(payer), ...parts())).toEqual(nothing);
    const said = { round: 0, step: 'commit', isHeld: false };
    const answer = ['answer', ...named(), ...part, ...parts()];
    expect(await member(...answer, '--dry-run')).toMatchObject({
      code: 0,
      data: { ...said, isDryRun: true },
    });
    expect(await member(...answer)).toMatchObject({ code: 0, data: said });
    expect(await member(...answer)).toEqual(nothing);
    expect((await member('panels')).data).toMatchObject({
      panels: [
        { part: withholding, step: 'reveal', isDue: false },
        { part: auditor, step: 'reveal', isDue: false },
      ],
    });
    const { drawnAtSeconds = 0 } = (await panelAbout(auditor)).rounds[0];
    const times = panelTimes(network.terms, drawnAtSeconds);
    await network.chain.advanceTo(times.commitUntilSeconds);
    expect(await member(...answer)).toMatchObject({ code: 0, data: { step: 'reveal', isHeld: false } });
    expect(await member('answer', ...named(), '--part', String(auditor), ...parts())).toEqual(nothing);
    await done(liarActs().revealPanel(id(), auditor, 0, lie.isHeld, salt));
    await network.chain.advanceTo(times.revealUntilSeconds);
    expect(await papyrus('appeal', ...part)).toEqual(nothing);
    expect(await papyrus('appeal', '--part', String(auditor))).toMatchObject({
      code: 0,
      data: { done: 'appealed against a panel' },
    });
    await network.chain.advanceTo(times.appealUntilSeconds + 1);
    const { data } = await papyrus('advance');
    expect(data.done).toContainEqual(expect.objectContaining({ part: withholding, done: counted }));
    expect([(await panelAbout(withholding)).isHeld, (await panelAbout(auditor)).rounds.length]).toEqual([
      false,
      2,
    ]);
  });
});

describe('a participant that reveals by hand', () => {
  it('leaves out what cannot be had only where it is told to, and no part of its own', async () => {
    const keys = ['--keys', join(folder, 'keys')];
    const reveal = (...more: string[]) => run(['block', 'reveal', ...named(), ...keys, ...more]);
    const answers: unknown[] = [];
    // Nobody's validator runs: in its extension the block is about to become void.
    const byHand = async (): Promise<number> => {
      const { stage } = await state();
      if (stage.stage !== 'processing' || !stage.isExtension) return 0;
      await network.chain.advanceTo(stage.endsAtSeconds - network.terms.processingPeriod / 8);
      const empty = join(folder, 'no-parts');
      mkdirSync(empty);
      answers.push(await reveal('--parts', `file:${empty}`, '--without-missing'));
      answers.push(await reveal(...parts()), await reveal(...parts(), '--without-missing'));
      throw new Error('in dispute');
    };
    const unserved = mischiefs.find(({ reason }) => reason === 'unavailable') as Mischief;
    const spoil = (all: readonly Sweeper[]) =>
      all.with(withholding, dishonestCollator(network, withholding, unserved));
    await upToDispute({ sweep: byHand }, spoil, ['validate']);
    const incomplete = refused(6, 'parts-incomplete');
    const revealed = { code: 0, data: { participant: payer, missing: [withholding] } };
    expect(answers).toEqual([incomplete, incomplete, expect.objectContaining({ code: 0 })]);
    expect(answers[2]).toMatchObject(revealed);
    const { results } = (await state()).facts;
    expect(results.map(({ validParts }) => validParts)).toEqual([0b11111 & ~(1 << withholding)]);
  });
});

const counted = 'counted the words of a panel';

/** One seals otherwise than it commits to, another withholds a segment, and the liar counts both parts. */
async function upToQuestions(): Promise<PostedSegments> {
  const unserved = mischiefs.find(({ reason }) => reason === 'unavailable');
  if (unserved === undefined) throw new Error('nobody withholds anything');
  const posted: PostedSegments[] = [];
  const otherwise = sealingOtherwise((one) => void posted.push(one));
  await upToDispute({ sweep: countOtherwise }, (all) =>
    all
      .with(careless, dishonestCollator(network, careless, otherwise))
      .with(withholding, dishonestCollator(network, withholding, unserved)),
  );
  return posted[0];
}

async function panelAbout(part: number): Promise<PanelFacts> {
  const { dispute } = await state();
  return dispute?.parts.find((one) => one.part === part)?.panel as PanelFacts;
}

async function auditorsPart(): Promise<PartCommitment> {
  const { parts: all } = (await state()).facts;
  return committedPart(all.find(({ participant }) => participant === auditor) as PostedPart).commitment;
}

/** The liar's result pays it a nano more, counts parts that are not good, and leaves out the auditor's. */
async function countOtherwise(): Promise<number> {
  const seen = await state();
  if (seen.stage.stage !== 'challenge') return 0;
  const block = await openBlock(network, { ...network, ...seen, blockKey: network.blockKey(0) });
  const { x, amounts, validParts, impressionCount } = block.output;
  if (x === undefined) throw new Error('the block has no impression');
  const words = amountWords(amounts.map((nano, at) => nano + (at === payer || at === liar ? 1n : 0n)));
  const root = SumTree.ofEntries(amounts.length, concatBytes(x, ...words)).settlementRoot;
  const result = {
    ...{ settlementRoot: toHex(root), impressionCount: BigInt(impressionCount) },
    ...{
      amountWords: words.map(toHex),
      validParts: validParts ^ ((1 << careless) | (1 << withholding) | (1 << auditor)),
    },
  };
  const outputHash = outputHashOfWords({ ...result, ...id() });
  const acts = network.chain.participantActs(network.members[liar].secrets.operator.privateKey);
  await done(acts.revealOwnResult(network.channelId, blockNumber, { outputHash, ...result }, toHex(x)));
  return 1;
}

/** What a participant says in a dispute by hand: one move a command, as its settlement service would make it. */
import { mkdtempSync, rmSync } from 'node:fs';
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
import { trafficWorks } from '#apps/cli/src/network/submit-traffic';
import { generateImpressions } from '#apps/cli/src/traffic/generate-impressions';
import { planBlock } from '#apps/cli/src/traffic/plan-records';
import type { ChainOutcome } from '#chain';
import { developmentContracts } from '#chain/deployment';
import { SumTree } from '#dispute';
import { concatBytes, toHex } from '#encoding';
import { amountWords, outputHashOfWords } from '#protocol';
import { dishonestCollator, mischiefs } from './mallory.js';
import { runCli } from './run-cli.js';

const options = { seed: 'by-hand', impressions: 5_000, sellers: 2, blocks: 1 };
const [payer, liar, careless, auditor] = [0, 1, 2, 3];
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
async function upToDispute(lie: Sweeper, collators = (all: readonly Sweeper[]) => all): Promise<void> {
  const { spec, terms } = network;
  const traffic = { ...options, sellers: [1, 2], ...terms, impressionsPerDay: options.impressions };
  const roster = { names: spec.participants.map((one) => one.name), auditor };
  const plan = planBlock(0, generateImpressions(traffic, 0), roster, { seed: options.seed, disagreePpm: 0 });
  const notes = new RefusalNotes(join(folder, 'refusals.ndjson'));
  const works = trafficWorks(network, { plans: [plan], hasInvalidSubmissions: false }, notes, () => {});
  const groups = network.groups
    .filter(({ kind }) => kind !== 'settle')
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

/** The payer's word; the chain goes on meanwhile, a second at a time. */
async function papyrus(...args: string[]) {
  let isOver = false;
  const command = runCli([
    ...['dispute', args[0], network.channelId, '0', ...args.slice(1), '--json'],
    ...['--keys', join(folder, 'keys'), '--parts', `file:${join(folder, 'parts')}`],
    ...['--chain', network.chain.url, '--lens', developmentContracts().Lens],
  ]).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (!args.includes('--dry-run'))
      await network.chain.advanceTo((await network.chain.time()).timestampSeconds + 1);
  }
  const { code, lines } = await command;
  const { data, errors } = lines.at(-1) as { data: Record<string, unknown>; errors: { code: string }[] };
  return { code, data, errors: errors.map((one) => one.code) };
}

const nothing = { code: 5, data: null, errors: ['nothing-to-say'] };

describe('a participant that speaks in a dispute by hand', () => {
  it('accuses a false result move by move until it falls, and answers for the true one', async () => {
    const refused: number[] = [];
    const lie = new FalseResult(network, { participant: liar, blockNumber }, (_, leaf) => refused.push(leaf));
    await upToDispute(lie);
    const dry = await papyrus('accuse', '--result', '1', '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      data: { isDryRun: true, acts: [{ rehearsed: { contract: 'Adjudicator', call: 'accuse' } }] },
    });
    expect((await state()).dispute?.accusations).toEqual([]);
    for (const args of [
      ['accuse', '--result', '0'],
      ['accuse', '--result', '2'],
      ['answer', '--result', '0'],
    ]) {
      expect([args, await papyrus(...args)]).toEqual([args, nothing]);
    }

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
    expect([refused.length, new Set(said)]).toEqual([1, new Set(['entry-differs'])]);
    expect(await papyrus('accuse', '--result', '1')).toEqual(nothing);
    const accusation = (await state()).dispute?.accusations.find(({ resultIndex }) => resultIndex === 1);
    await network.chain.advanceTo(accusation?.untilSeconds as number);
    expect((await papyrus('accuse', '--result', '1')).code).toBe(0);
    expect((await state()).facts.results.map(({ isGone }) => isGone)).toEqual([false, true]);
  });

  it('questions a part that is not good, and publishes a row of one that is', async () => {
    const bad = mischiefs.find(({ reason }) => reason === 'wrong-batch-root');
    if (bad === undefined) throw new Error('nobody alters a record');
    await upToDispute({ sweep: countOtherwise }, (all) =>
      all.with(careless, dishonestCollator(network, careless, bad)),
    );
    const part = String(careless);
    const dry = await papyrus('question', '--part', part, '--dry-run');
    expect(dry.data).toMatchObject({ acts: [{ rehearsed: { contract: 'Questions', call: 'askRow' } }] });
    expect(await papyrus('question', '--part', part)).toMatchObject({
      code: 0,
      data: { part: careless, why: 'wrong-batch-root' },
    });
    expect(await papyrus('question', '--part', part)).toEqual(nothing);
    expect(await papyrus('question', '--part', String(payer))).toEqual(nothing);

    const row = ['--part', String(auditor), '--row', '0'];
    expect(await papyrus('publish', ...row)).toEqual(nothing);
    const block = await openBlock(network, { ...network, ...(await state()), blockKey: network.blockKey(0) });
    const { commitment } = block.parts.find(({ participant }) => participant === auditor) ?? {};
    if (commitment === undefined) throw new Error('the auditor posted nothing');
    await done(liarActs().askRow(id(), { part: auditor, rowIndex: 0, commitment }));
    expect(await papyrus('publish', ...row)).toMatchObject({ code: 0, data: { part: auditor, rowIndex: 0 } });
    const parts = (await state()).dispute?.parts.map(({ part: one, rows }) => [one, rows[0].isPublished]);
    expect(parts).toEqual([
      [careless, false],
      [auditor, true],
    ]);
  });
});

/** The liar's result pays it a nano more, counts the careless one's part, and leaves out the auditor's. */
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
    ...{ amountWords: words.map(toHex), validParts: validParts ^ ((1 << careless) | (1 << auditor)) },
  };
  const outputHash = outputHashOfWords({ ...result, ...id() });
  const acts = network.chain.participantActs(network.members[liar].secrets.operator.privateKey);
  await done(acts.revealOwnResult(network.channelId, blockNumber, { outputHash, ...result }, toHex(x)));
  return 1;
}

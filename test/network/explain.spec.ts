/**
 * Every amount that a run prints is explained: by impressions whose sums are the amounts, and by records of
 * which the amount of each follows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { logHeader, usableRows, writeLog } from './log-file.js';
import { type CliRun, resultOf, runCli, runPlain } from './run-cli.js';

interface Said {
  readonly kind: 'win' | 'audit';
  readonly author: number;
  readonly counterparty: number;
  readonly priceNano: string;
  readonly flags: readonly string[];
}

interface Impression {
  readonly type: 'impression';
  readonly impressionKey: string;
  readonly outcomes: readonly { seller: number; reason: string; nano: string }[];
  readonly amountsNano: readonly string[];
  readonly records: readonly Said[];
}

interface Explained {
  readonly impressions: number;
  readonly reasons: Readonly<Record<string, { impressions: number; nano: string }>>;
  readonly amountsNano: readonly string[];
}

const impressionsOf = ({ lines }: CliRun): Impression[] =>
  lines.filter(({ type }) => type === 'impression') as unknown as Impression[];

const sumOf = (texts: readonly string[]): bigint => texts.reduce((sum, text) => sum + BigInt(text), 0n);

/** What the records of an impression come to, by the terms of demo and replay; written without the product. */
function expectedAmounts(said: readonly Said[], participants: number, feeNano: bigint): bigint[] {
  const amounts = Array.from({ length: participants }, () => 0n);
  const wins = said.filter(({ kind }) => kind === 'win');
  for (let seller = 1; seller < participants - 1; seller++) {
    const asked = wins.filter(({ author }) => author === seller).map((one) => BigInt(one.priceNano));
    const bought = wins
      .filter(({ author, counterparty }) => author === 0 && counterparty === seller)
      .map((one) => BigInt(one.priceNano));
    if (bought.length === 0) continue;
    const s = asked.sort((a, b) => Number(a - b))[0];
    const d = bought.sort((a, b) => Number(b - a))[0];
    const price = s !== undefined && s < d ? s : d;
    const audits = said.filter(({ kind, counterparty }) => kind === 'audit' && counterparty === seller);
    if (audits.length === 0) continue;
    amounts[participants - 1] += feeNano;
    const isGood = audits.every(
      ({ flags }) => flags.includes('viewable') && !flags.some((name) => name.endsWith('InvalidTraffic')),
    );
    if (isGood) amounts[seller] += price;
  }
  amounts[0] = amounts.reduce((sum, one) => sum + one, 0n);
  return amounts;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-explain-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['demo', 'replay'] as const)('the amounts of a %s', (command) => {
  let data = '';
  let channel: RunResult['channels'][number];
  const explain = (block: number, ...more: string[]): Promise<CliRun> =>
    runCli(['block', 'explain', channel.channelId, String(block), '--data', data, '--json', ...more]);

  beforeAll(async () => {
    data = join(folder, command);
    const log = writeLog(join(folder, 'log.tsv'), [logHeader, ...usableRows(['20240228', '20240229'], 300)]);
    const run =
      command === 'demo'
        ? await runCli(['demo', '--blocks', '2', '--impressions', '9000', '--json', '--data', data])
        : await runCli(['replay', log, '--disagree', '0.3', '--json', '--data', data]);
    expect([run.code, run.stderr]).toEqual([0, '']);
    [channel] = resultOf<RunResult>(run).channels;
  });

  it('are the sums of impressions, each of which follows from its records', async () => {
    const payees = channel.participants.map(() => 0n);
    const feeNano = command === 'demo' ? 2_000n : 1_000n;
    for (const block of channel.blocks) {
      const run = await explain(block.blockNumber);
      expect([run.code, run.stderr]).toEqual([0, '']);
      const impressions = impressionsOf(run);
      expect(impressions).toHaveLength(block.impressions);
      for (const { records, amountsNano } of impressions) {
        const expected = expectedAmounts(records, channel.participants.length, feeNano);
        expect(amountsNano).toEqual(expected.map(String));
      }
      const sums = channel.participants.map((_, at) => sumOf(impressions.map((one) => one.amountsNano[at])));
      for (const { payee, nano } of block.outputTransactions) expect(sums[payee]).toBe(BigInt(nano));
      expect(sums[0]).toBe(sumOf(block.outputTransactions.map(({ nano }) => nano)));
      const found = resultOf<Explained>(run);
      expect(found).toMatchObject({ reasons: block.reasons, amountsNano: sums.map(String) });
      for (const [reason, { impressions: count, nano }] of Object.entries(block.reasons)) {
        const outcomes = impressions.flatMap((one) => one.outcomes.filter((each) => each.reason === reason));
        expect([outcomes.length, sumOf(outcomes.map((one) => one.nano))]).toEqual([count, BigInt(nano)]);
      }
      for (const [at, sum] of sums.entries()) payees[at] += sum;
    }
    expect(channel.participants.slice(1).map(({ owedNano }) => BigInt(owedNano))).toEqual(payees.slice(1));
  });

  it('can be asked for one payee, one reason, or one impression', async () => {
    const { name, index } = channel.participants[1];
    const all = impressionsOf(await explain(0));
    const ofPayee = await explain(0, '--payee', name);
    const paying = all.filter(({ amountsNano }) => amountsNano[index] !== '0');
    expect(impressionsOf(ofPayee)).toEqual(paying);
    expect(paying.length).toBeGreaterThan(10);
    const paid = channel.blocks[0].outputTransactions.find(({ payee }) => payee === index)?.nano;
    expect(resultOf<Explained>(ofPayee).amountsNano[index]).toBe(paid);
    const missing = impressionsOf(await explain(0, '--reason', 'missing-audit'));
    const without = all.filter(({ outcomes }) => outcomes.some(({ reason }) => reason === 'missing-audit'));
    expect(missing).toEqual(without);
    expect(missing.length).toBeGreaterThan(0);
    const [{ impressionKey }] = missing;
    expect(impressionsOf(await explain(0, '--key', impressionKey))).toEqual([missing[0]]);
  });

  it('are shown with the rule to people, and what is not there is refused by name', async () => {
    const shown = ['block', 'explain', channel.channelId, '0', '--data', data];
    const { stdout } = await runPlain([...shown, '--reason', 'missing-dsp', '--show', '1']);
    expect(stdout).toMatch(
      /Impression 0x[0-9a-f]{32}\n.* says: win of .*\n(.*\n)*.*nobody pays for what its own key/,
    );
    expect(stdout.match(/^Impression/gm)).toHaveLength(1);
    expect((await explain(0, '--payee', 'nobody')).lines).toMatchObject([
      { errors: [{ code: 'participant-unknown' }] },
    ]);
    const nowhere = await explain(0, '--auction', 'no such', '--imp', '1');
    expect([nowhere.code, nowhere.lines.at(-1)]).toMatchObject([3, { errors: [{ code: 'not-in-block' }] }]);
    expect((await explain(0, '--auction', '${AUCTION_ID}', '--imp', '1')).code).toBe(2);
    expect((await explain(0, '--reason', 'Matched')).code).toBe(2);
  });
});

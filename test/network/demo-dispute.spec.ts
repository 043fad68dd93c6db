/**
 * The demo of a dispute, as a stranger runs it: the liar falls by what the others' services do by themselves,
 * and what is true is settled.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DisputeRun, faultsOf } from '#apps/cli/src/dispute/dispute-run';
import type { ShownDispute } from '#apps/cli/src/dispute/shown-dispute';
import { bondWei } from '#protocol';
import { type CliRun, resultOf, runCli, runPlain } from './run-cli.js';

const small = ['--sellers', '2', '--impressions', '12000'];
/** dsp, ssp-1, ssp-2, auditor: all but the second are honest. */
const [liar, honest] = [1, [0, 2, 3]];
const half = bondWei.ownResult / 2n;

let folder = '';
let run: CliRun;
let data: DisputeRun;
const demo = (name: string, onLine?: Parameters<typeof runCli>[1]): Promise<CliRun> =>
  runCli(
    ['demo', '--scenario', 'dispute', ...small, '--data', join(folder, name), '--json'],
    ...(onLine === undefined ? [] : [onLine]),
  );
const show = (name: string, ...more: string[]): string[] => {
  return ['dispute', 'show', data.dispute.channelId, '0', '--data', join(folder, name), ...more];
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-dispute-'));
  run = await demo('first');
  data = resultOf<DisputeRun>(run);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Acts by their beginning, without what only one of several honest ones can do. */
const kindsIn = ({ acts }: DisputeRun): string[] => acts.map(({ id }) => id.split('/')[0]);

describe('the demo of a dispute', () => {
  it('ends with the lie fallen and the true result settled', () => {
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(data.settled).toBe(data.honest);
    const [truth, lie] = data.dispute.results;
    expect([truth.outputHash, truth.state, lie.state]).toEqual([data.honest, 'stands', 'fell']);
    const more = lie.amountsNano.map((nano, at) => BigInt(nano) - BigInt(truth.amountsNano[at]));
    expect(more).toEqual([1_000_000_000n, 1_000_000_000n, 0n, 0n]);
    expect(data.dispute.accusations.map(({ participant, outcome }) => [participant, outcome])).toEqual(
      expect.arrayContaining(honest.map((one) => [one, expect.stringMatching(/^(upheld|returned)$/)])),
    );
  });

  it('tells who did what in its order, each at its time', () => {
    const times = data.acts.map(({ atSeconds }) => atSeconds);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect([...new Set(kindsIn(data))]).toEqual([
      'seat',
      'own',
      'accused',
      'opened',
      'named',
      'refused',
      'fell',
      'ended',
      'won',
      'settled',
    ]);
    const byLiar = data.acts.filter(({ who }) => who.includes(liar));
    expect(byLiar.map(({ what }) => what.replace(/[0-9/]+$/, ''))).toEqual([
      'reveals result 1 itself',
      'opens node ',
      'opens node ',
      expect.stringMatching(/^cannot open leaf \d+: leaf-mismatch$/),
      'its result 1 falls',
    ]);
    const told = run.lines.filter(({ type }) => type === 'act').map(({ type, ...act }) => act);
    expect(told).toEqual(data.acts);
  });

  it('moves half of the bond of the lie to who accused it, and burns the rest', () => {
    const changes = data.bonds.map(({ beforeWei, afterWei }) => BigInt(afterWei) - BigInt(beforeWei));
    expect(changes[liar]).toBe(-bondWei.ownResult);
    expect(honest.map((one) => changes[one]).toSorted((a, b) => Number(b - a))).toEqual([half, 0n, 0n]);
    const [won] = data.acts.filter(({ id }) => id.startsWith('won/'));
    expect(changes[won.who[0]]).toBe(half);
    expect(data.burntWei).toBe(String(half));
  });

  it('is no success where anything ended otherwise', () => {
    expect(faultsOf(data)).toEqual([]);
    const { dispute, bonds } = data;
    const standing = dispute.results.map((one) => ({ ...one, state: 'stands' as const }));
    for (const [other, fault] of [
      [{ settled: dispute.results[1].outputHash }, /^settled is 0x/],
      [{ settled: null }, /^settled is null/],
      [{ dispute: { ...dispute, results: standing } }, /^not one false result fell/],
      [{ dispute: { ...dispute, accusations: [] } }, /^0 accusations were upheld/],
      [{ bonds: bonds.map((one) => ({ ...one, lockedWei: '1' })) }, /1 locked$/],
      [{ bonds: bonds.map((one) => ({ ...one, afterWei: one.beforeWei })) }, /has 0 wei more/],
      [{ burntWei: '0' }, /^0 wei are burnt/],
    ] as const) {
      expect(faultsOf({ ...data, ...other })).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
    }
  });

  it('goes on after a power cut in the middle of the dispute, in which others can look at it', async () => {
    const cut = await demo('cut', (_, { type, id }) => type === 'act' && String(id).startsWith('refused/'));
    expect([cut.signal, cut.lines.at(-1)?.type]).toEqual(['SIGKILL', 'act']);
    const shown = resultOf<ShownDispute>(await runCli(show('cut', '--json')));
    expect(shown).toMatchObject({ stage: 'dispute', differ: { parts: [], amounts: [0, liar] } });
    expect(shown.accusations.map(({ turn, waitsFor, named }) => [turn, waitsFor, named.level])).toEqual(
      honest.map(() => ['accused', 'opening', 0]),
    );
    const plain = await runPlain(show('cut'));
    expect(plain.stdout).toMatch(/^1 +0 dsp +accused +open leaf \d+ +01-01 01:16:0\dZ$/m);
    expect(plain.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const continued = resultOf<DisputeRun>(await demo('cut'));
    expect([kindsIn(continued), continued.settled]).toEqual([kindsIn(data), data.settled]);
  });

  it('says the same again of what is over, and shows it to people in 80 columns', async () => {
    const again = resultOf<DisputeRun>(await demo('first'));
    expect(again).toEqual(data);
    const options = ['--scenario', 'dispute', ...small, '--data', join(folder, 'first'), '--quiet'];
    const { code, stdout } = await runPlain(['demo', ...options]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^01:\d\d:\d\d +ssp-1 +reveals result 1 itself +0\.01 staked$/m);
    expect(stdout).toMatch(/^ssp-1 +100 +99\.99 +-0\.01$/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const shown = await runPlain(show('first'));
    expect(shown.stdout).toMatch(/^1 +0x[0-9a-f]{8} +FELL /m);
    const block = ['0', '--data', join(folder, 'first')];
    const stands = await runPlain(['block', 'show', data.dispute.channelId, ...block]);
    expect(stands.stdout).toMatch(/^1 ssp-1 +valid +\d+ +0x[0-9a-f]{8} FELL +\d/m);
    expect(stands.stdout).toMatch(/^0 dsp +valid +\d+ +0x[0-9a-f]{8} stands +\d/m);
    const verified = await runPlain(['block', 'verify', data.dispute.channelId, ...block]);
    expect(verified.stdout).toMatch(/^1 ssp-1 +valid/m);
    expect(verified.stdout).toMatch(/^chain: same +0x[0-9a-f]{64}$/m);
    expect(verified.stdout).toMatch(/^chain: FELL +0x[0-9a-f]{64}$/m);
    for (const { stdout: text } of [stands, verified]) {
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it('is over one block, and takes no other count of them', async () => {
    for (const args of [
      ['--scenario', 'dispute', '--blocks', '2'],
      ['--scenario', 'other'],
    ]) {
      const refused = await runCli(['demo', ...args, '--json']);
      expect([args, refused.code, refused.lines]).toMatchObject([
        args,
        2,
        [{ type: 'result', success: false, errors: [{ code: 'usage' }] }],
      ]);
    }
  });
});

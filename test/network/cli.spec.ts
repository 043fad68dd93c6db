/**
 * Every command of the command line explains itself, and ends with the exit code and the JSON that it
 * promises.
 */
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShownBlock } from '#apps/cli/src/commands/block-show';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { type CliRun, resultOf, runCli, runPlain, startCli } from './run-cli.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The codes of the one result, which is all that a refused command writes. */
function refusedWith({ lines }: CliRun): unknown[] {
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    type: 'result',
    schemaVersion: 1,
    success: false,
    data: null,
    warnings: [],
  });
  return (lines[0].errors as { code: string; message: string }[]).map(({ code, message }) => {
    expect(message).not.toBe('');
    return code;
  });
}

describe('a command', () => {
  const commands = [
    [],
    ['demo'],
    ['replay'],
    ['reconcile'],
    ['up'],
    ['block'],
    ['block', 'export'],
    ['block', 'show'],
    ...['verify', 'accept', 'reveal'].map((name) => ['block', name]),
    ['dispute'],
    ...['show', 'accuse', 'answer', 'question', 'publish', 'disprove', 'appeal', 'advance'].map((name) => [
      'dispute',
      name,
    ]),
    ...[[], ['prove'], ['verify']].map((name) => ['record', ...name]),
    ['doctor'],
    ['completion'],
    ['keys'],
    ['keys', 'new'],
    ...['register', 'rotate'].map((name) => ['keys', name]),
    ['account'],
    ...['show', 'bond', 'trust', 'withdraw'].map((name) => ['account', name]),
    ['validator'],
    ...['register', 'bond', 'leave', 'panels', 'answer'].map((name) => ['validator', name]),
    ['channel'],
    ...['propose', 'sign', 'open'].map((name) => ['channel', name]),
    ...['deposit', 'cover', 'pay-debt'].map((name) => ['channel', name]),
    ...['release', 'request', 'concede', 'contested', 'settle', 'withdraw', 'close'].map((name) => [
      'channel',
      name,
    ]),
  ];
  const chained = (text: string): string[] => [
    ...text.split(' '),
    ...['--keys', 'k', '--chain', 'http://127.0.0.1:1', '--lens', `0x${'11'.repeat(20)}`],
  ];

  it('shows with --help how it is used, with an example', async () => {
    for (const command of commands) {
      const { code, stdout, stderr } = await runPlain([...command, '--help']);
      expect([command, code, stderr]).toEqual([command, 0, '']);
      expect([command, stdout.split('\n').filter((line) => line.length > 80)]).toEqual([command, []]);
      expect([command, stdout]).toEqual([
        command,
        expect.stringMatching(
          new RegExp(`^Usage: ${['papyrus', ...command].join(' ')}[^]*Example:\n {2}papyrus `),
        ),
      ]);
    }
  });

  it.each([
    [['demo', '--unknown']],
    [['unknown']],
    [[]],
    [['block']],
    [['block', 'unknown']],
    [['replay']],
    [['reconcile', '--ssp', 'a.csv']],
    [['reconcile', '--map', 'id=a']],
    [['demo', 'too', 'many']],
    [['demo', '--blocks', '0']],
    [['replay', 'log.tsv', '--disagree', '1.5']],
    [['block', 'export', 'x', '0', '--out', 'o']],
    ...['demo', 'up', 'doctor', 'block show 0x5f3a91c2 0', 'dispute show 0x5f3a91c2 0'].map((one) => [
      [...one.split(' '), '--data', import.meta.filename],
    ]),
    [['keys']],
    [['keys', 'new']],
    [['keys', 'new', '--out', 'o', '--for', 'nobody']],
    ...['block verify 0x5f3a91c2 0', 'record prove 0x5f3a91c2 0 --key 0x12 --out o'].map((one) => [
      one.split(' '),
    ]),
    [['record', 'prove', '0x5f3a91c2', '0', '--data', 'd', '--auction', 'a', '--out', 'o']],
    ...[
      ['--auction', 'a'],
      ['--imp', '1'],
    ].map((id) => [
      [
        ...['record', 'prove', '0x5f3a91c2', '0', '--data', 'd', '--out', 'o'],
        '--key',
        `0x${'1'.repeat(32)}`,
        ...id,
      ],
    ]),
    ...['account show', 'channel close 0x5f3a91c2'].map((one) => [one.split(' ')]),
    [['account', 'show', '--keys', 'k', '--chain', 'http://127.0.0.1:1', '--lens', '0x12']],
    ...[
      ...['keys register --endpoint ftp://host', 'keys register --revoke account', 'keys rotate'],
      ...['account bond', 'account bond --wei 1.5', 'account trust 0x12', 'account withdraw --to me'],
      ...['validator register', 'validator leave --wei -1', 'channel propose draft.json'],
      ...['channel close 5f3a91c2', 'channel deposit 0x5f3a91c2 --amount 1', 'channel open'],
      ...['dispute accuse 0x5f3a91c2 0 --result 1', 'dispute question 0x5f3a91c2 0 --part -1 --parts p'],
      ...['channel request 0x5f3a91c2 --payee 1', 'channel cover 0x5f3a91c2 --block 1048576'],
    ].map((one) => [chained(one)]),
    [['demo', '--data', '']],
    [['account', 'show', '--keys', 'k', '--chain', 'http://', '--lens', `0x${'11'.repeat(20)}`]],
    [['block', 'export', '0x5f3a91c2', '0', '--data', 'd', '--out', import.meta.filename]],
  ])('is refused as usage when it is called as %j', async (args) => {
    const run = await runCli([...args, '--json']);
    expect(run.code).toBe(2);
    expect(refusedWith(run)).toEqual(['usage']);
    expect(run.stderr).toContain('--help');
  });

  it('is refused by name where there can be no data folder', async () => {
    // Linux takes no folder there, and says that the one above is missing.
    const path = '/proc/papyrus';
    const { code, stdout, stderr } = await runPlain(['demo', '--data', path]);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain(`papyrus: data-folder-unavailable: ${path}`);
  });

  it('says what the system refused, and no stack, where something else lies in the place of a folder', async () => {
    const data = join(folder, 'occupied');
    mkdirSync(join(data, 'network.json'), { recursive: true });
    const long = join(folder, 'x'.repeat(300));
    const looped = join(folder, 'looped');
    mkdirSync(looped);
    symlinkSync('participants', join(looped, 'participants'));
    for (const args of [
      ['doctor', '--data', looped],
      ['block', 'show', '0x5f3a91c2', '0', '--data', data],
      ['keys', 'new', '--out', long],
      ['record', 'verify', data],
    ]) {
      const { code, stdout, stderr } = await runPlain(args);
      expect([args, code, stdout]).toEqual([args, 6, '']);
      expect(stderr).toMatch(/^papyrus: file-unavailable: [^\n]+\n$/);
    }
  });

  it('ends as it should though nobody hears what it says on standard error', async () => {
    const child = startCli(['doctor', '--data', join(folder, 'nothing')]);
    child.stderr?.destroy();
    expect(await once(child, 'exit')).toEqual([3, null]);
  });

  it('says it when standard output takes nothing more', async () => {
    const full = openSync('/dev/full', 'w');
    const child = startCli(['--help'], {}, full);
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    expect(await once(child, 'close')).toEqual([6, null]);
    closeSync(full);
    expect(stderr).toMatch(/^papyrus: file-unavailable: standard output: .*ENOSPC.*; make room/);
  });

  it('says which version it is', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await runPlain(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('says what is wrong on standard error, and nothing on standard output, to people', async () => {
    const { code, stdout, stderr } = await runPlain(['demo', '--unknown']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("unknown option '--unknown'");
  });
});

describe('a demo that is interrupted', () => {
  it.each(['setup', 'traffic'])(
    'ends in order while it does its %s, and leaves no temporary folder',
    async (when) => {
      const temporary = join(folder, `temporary-${when}`);
      mkdirSync(temporary);
      const demo = startCli(['demo', '--json'], { TMPDIR: temporary });
      const ended = once(demo, 'close');
      let last = {};
      for await (const line of createInterface({ input: demo.stdout! })) {
        last = JSON.parse(line) as object;
        const isThere = when === 'setup' || line.includes('"kind":"traffic');
        if (isThere && !demo.killed) demo.kill('SIGINT');
      }
      expect(await ended).toEqual([130, null]);
      expect(JSON.stringify(last)).toContain('a run with --data DIR can be gone on with');
      expect(last).toMatchObject({ success: false, data: null, errors: [{ code: 'interrupted' }] });
      expect(readdirSync(temporary)).toEqual([]);
    },
  );
});

describe('what is told to people', () => {
  /** Letters, not bytes; a line that has a path of ours, or a URL, to be copied whole, is as long as that. */
  const tooLong = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.length > 80 && !line.includes(folder) && !/^ {2}.*http:/.test(line));

  it('is no wider than a terminal, by demo, doctor, replay and help', async () => {
    const data = join(folder, 'plain');
    const demo = await runPlain(['demo', '--sellers', '13', '--blocks', '1', '--data', data, '--quiet']);
    expect([demo.code, demo.stderr, tooLong(demo.stdout)]).toEqual([0, '', []]);
    expect(demo.stdout).toMatch(/^ssp-13 +ssp +0\.000000000 /m);
    const doctor = await runPlain(['doctor', '--data', data]);
    expect([doctor.code, doctor.stderr, tooLong(doctor.stdout)]).toEqual([0, '', []]);
    expect(tooLong((await runPlain(['demo', '--help'])).stdout)).toEqual([]);
  });

  it('is no wider by up, which ends at once although the guard of its anvil was killed', async () => {
    const data = join(folder, 'up');
    const up = startCli(['up', '--data', data]);
    const ended = once(up, 'close');
    let said = '';
    for await (const line of createInterface({ input: up.stdout! })) {
      said += `${line}\n`;
      if (!line.startsWith('Ctrl-C stops')) continue;
      const anvil = readFileSync(join(data, 'chain', 'anvil.pid'), 'utf8');
      const guard = readFileSync(`/proc/${Number(anvil)}/stat`, 'utf8').split(' ')[3];
      process.kill(Number(guard), 'SIGKILL');
      up.kill('SIGINT');
    }
    expect(await ended).toEqual([0, null]);
    expect(tooLong(said)).toEqual([]);
    expect(said).toContain('Stopping');
  }, 90_000);
});

describe('block export', () => {
  let data = '';
  let out = '';
  let channelId = '';
  let demo: CliRun;
  const run = (...args: string[]): Promise<CliRun> =>
    runCli(['block', 'export', ...args, '--out', out, '--json']);
  beforeAll(async () => {
    data = join(folder, 'demo');
    out = join(folder, 'out');
    demo = await runCli([
      ...['demo', '--blocks', '1', '--sellers', '1', '--impressions', '2000', '--data', data, '--json'],
    ]);
    channelId = resultOf<RunResult>(demo).channels[0].channelId;
  });

  it('follows a run whose standard output is one JSON value a line, with one result, the last', () => {
    expect([demo.code, demo.stderr]).toEqual([0, '']);
    const types = demo.lines.map(({ type }) => type);
    expect(types.indexOf('result')).toBe(types.length - 1);
    expect(new Set(types)).toEqual(new Set(['stage', 'step', 'block', 'result']));
    const stages = demo.lines.filter(({ type }) => type === 'block').map(({ stage }) => stage);
    expect(stages[stages.length - 1]).toBe('settled');
  });

  it('refuses what it cannot export, each with its code', async () => {
    const nobody = `0x${'5f'.repeat(32)}`;
    for (const [args, exit, code] of [
      [['0x12', '0', '--data', data], 2, 'usage'],
      [['0x00000000', '0', '--data', data], 3, 'channel-not-found'],
      [[channelId, 'first', '--data', data], 2, 'usage'],
      [[channelId, '0', '--data', join(folder, 'none')], 3, 'data-not-found'],
      [[nobody, '0', '--data', data], 3, 'channel-not-found'],
      [[channelId, '1', '--data', data], 5, 'block-not-settled'],
      [[channelId, '9999999', '--data', data], 3, 'block-not-found'],
    ] as const) {
      const refused = await run(...args);
      expect([code, refused.code, refusedWith(refused)]).toEqual([code, exit, [code]]);
    }
  });

  it('names the files that it wrote, and finds the outputHash that the chain has', async () => {
    const exported = await run(channelId.toUpperCase().replace('0X', '0x'), '0', '--data', data);
    expect(exported.code).toBe(0);
    expect(resultOf(exported)).toEqual({
      ...{ channelId, blockNumber: 0, out },
      files: ['block.json', 'impressions.ndjson', 'part-0.bin', 'part-1.bin', 'part-2.bin'],
      outputHash: resultOf<RunResult>(demo).channels[0].blocks[0].outputHash,
    });
  });

  it('writes to no folder that holds files already, and says when it cannot write', async () => {
    const again = await run(channelId, '0', '--data', data);
    expect([again.code, refusedWith(again)]).toEqual([5, ['out-not-empty']]);
    const nowhere = ['--data', data, '--out', '/proc/papyrus', '--json'];
    const refused = await runCli(['block', 'export', channelId, '0', ...nowhere]);
    expect([refused.code, refusedWith(refused)]).toEqual([6, ['out-unavailable']]);
  });

  it('leaves no trace of the reading in the journal', async () => {
    rmSync(out, { recursive: true });
    const journal = join(data, 'chain', 'heights');
    const before = readFileSync(journal);
    expect((await run(channelId.slice(0, 12), '0', '--data', data)).code).toBe(0);
    expect(readFileSync(journal).equals(before)).toBe(true);
  });

  it('has a sister that shows where a block stands', async () => {
    const named = [channelId.slice(0, 10), '0', '--data', data];
    const shown = await runCli(['block', 'show', ...named, '--json']);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    const { blocks } = resultOf<RunResult>(demo).channels[0];
    const paid = blocks[0].outputTransactions.map(({ payee, nano }) => [payee, nano]);
    const { amountsNano, results, ...block } = resultOf<ShownBlock>(shown);
    expect(amountsNano.map((nano, payee) => [payee, nano]).slice(1)).toEqual(paid);
    expect(results.map(({ outputHash, stands }) => [outputHash, stands])).toEqual(
      [0, 1, 2].map(() => [blocks[0].outputHash, true]),
    );
    expect(block).toMatchObject({ channelId, blockNumber: 0, stage: 'settled', endsAtSeconds: null });
    expect(block.parts.map(({ name, valid, reason }) => [name, valid, reason])).toEqual(
      ['dsp', 'ssp-1', 'auditor'].map((name) => [name, true, null]),
    );
    const plain = await runPlain(['block', 'show', ...named]);
    expect(plain.stdout).toContain('Block 0 is in stage settled');
    expect(plain.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const pending = await runPlain(['block', 'show', channelId, '40', '--data', data]);
    expect(pending.stdout).toMatch(/stage pending, until 2026-01-02 16:00:00Z/);
    const undisputed = await runPlain(['dispute', 'show', ...named]);
    expect([undisputed.code, undisputed.stderr]).toEqual([0, '']);
    expect(undisputed.stdout).toMatch(/^0 +2 auditor +its own validator, bound by it$/m);
    const none = await runCli(['block', 'show', ...named.slice(0, 2), '--data', folder, '--json']);
    expect([none.code, refusedWith(none)]).toEqual([3, ['data-not-found']]);
  });
});

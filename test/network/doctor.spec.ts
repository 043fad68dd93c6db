/** `papyrus doctor` names what is wrong with a data folder, mends only what loses nothing, and else leaves
 *  all; the other commands refuse what it finds gone. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Examination } from '#apps/cli/src/commands/doctor';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { resultOf, runCli, runPlain } from './run-cli.js';

let root = '';
let whole = '';
let data = '';
let channelId = '';
const demo = ['demo', '--blocks', '1', '--sellers', '1', '--impressions', '500', '--json'];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'papyrus-doctor-'));
  whole = join(root, 'whole');
  const run = await runCli([...demo, '--data', whole]);
  expect(run.code).toBe(0);
  channelId = resultOf<RunResult>(run).channels[0].channelId;
});
beforeEach(() => {
  data = join(root, 'data');
  rmSync(data, { recursive: true, force: true });
  cpSync(whole, data, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function wrongIn(...more: string[]): Promise<readonly [number | null, ...string[]]> {
  const run = await runCli(['doctor', '--data', data, '--json', ...more]);
  const { findings } = resultOf<Examination>(run);
  return [
    run.code,
    ...findings.filter((one) => !one.isGood).map((one) => one.what + (one.isMended ? ' mended' : '')),
  ];
}

function flip(...path: string[]): string {
  const file = join(data, ...path);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
  return file;
}

const lose = (path: string): void => rmSync(join(data, path), { recursive: true });
const empty = (path: string): void => {
  lose(path);
  mkdirSync(join(data, path));
};

function swapLog(name: string, other: string): void {
  const [path, from] = [name, other].map((one) => join(data, 'participants', one, 'log'));
  rmSync(path, { recursive: true });
  cpSync(from, path, { recursive: true });
}

const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );

/** Whoever mends says in the lock file who it is. */
const unlocked = (all: Record<string, string>): Record<string, string> => ({
  ...all,
  [join(data, 'owner.lock')]: '',
});

describe('doctor', () => {
  it('finds nothing wrong with a folder that was left in order, in a table that fits', async () => {
    const before = files();
    const { code, stdout, stderr } = await runPlain(['doctor', '--data', data]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^chain journal +good +\d+ heights$/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(files()).toEqual(before);
  });

  it.each([
    ['a torn entry', 'chain journal', () => appendFileSync(join(data, 'chain', 'heights'), '0badc0de {"at')],
    ['a damaged snapshot', 'chain snapshot', () => flip('chain', 'snapshot')],
    ['a damaged note', 'chain note', () => flip('chain-note')],
  ])('mends %s, and the network goes on', async (_, what, damage) => {
    damage();
    const before = files();
    expect(await wrongIn()).toEqual([7, what]);
    expect(files()).toEqual(before);
    expect(await wrongIn('--mend')).toEqual([0, `${what} mended`]);
    expect(await wrongIn()).toEqual([0]);
    expect((await runCli([...demo, '--data', data])).code).toBe(0);
  });

  it.each([
    ['a flipped bit in the journal', 'chain journal', () => flip('chain', 'heights')],
    ['an emptied journal', 'chain journal', () => writeFileSync(join(data, 'chain', 'heights'), '')],
    ['a lost journal', 'chain journal', () => rmSync(join(data, 'chain', 'heights'))],
    ['a damaged network', 'network', () => writeFileSync(join(data, 'network.json'), '{')],
    ['a lost network', 'network', () => rmSync(join(data, 'network.json'))],
    ['a flipped bit in a state', 'state of dsp', () => flip('participants', 'dsp', 'state', 'state')],
    ['a flipped bit in a log', 'log of dsp', () => flip('participants/dsp/log/000000000000.segment')],
    ['a lost log', 'log of dsp', () => rmSync(join(data, 'participants/dsp/log/000000000000.segment'))],
    ['a lost state', 'validator of dsp', () => rmSync(join(data, 'participants/dsp/validator/state'))],
    ['a lost folder of a log', 'log of ssp-1', () => lose('participants/ssp-1/log')],
    ['an emptied folder of a log', 'log of ssp-1', () => empty('participants/ssp-1/log')],
    ['the log of another', 'log of dsp', () => swapLog('dsp', 'ssp-1')],
    ['an emptied folder of a state', 'state of ssp-1', () => empty('participants/ssp-1/state')],
    ['emptied parts', 'parts', () => empty('parts')],
    ['a lost folder of a state', 'state of ssp-1', () => lose('participants/ssp-1/state')],
    ['a lost participant', 'stores of ssp-1', () => lose('participants/ssp-1')],
    ['lost parts', 'parts', () => lose('parts')],
    ['a lost block', 'parts', () => lose(join('parts', firstBlock()))],
    ['a damaged block', 'parts', () => flip('parts', firstBlock())],
  ])('names %s and leaves it to a copy', async (_, what, damage) => {
    damage();
    const before = files();
    expect(await wrongIn('--mend')).toEqual([7, what]);
    expect(unlocked(files())).toEqual(unlocked(before));
  });

  it('finds what a start without the lost log began anew', async () => {
    empty('participants/dsp/log');
    const { code, lines } = await runCli([...demo, '--data', data]);
    expect([code, lines.at(-1)]).toMatchObject([5, { errors: [{ code: 'record-log-other' }] }]);
    expect(await wrongIn()).toEqual([7, 'log of dsp']);
  });

  it('refuses a folder that is not there', async () => {
    expect((await runCli(['doctor', '--data', join(root, 'none'), '--json'])).code).toBe(3);
  });
});

describe('where there is no network', () => {
  it('finds none, and leaves nothing behind', async () => {
    const none = join(root, 'none');
    mkdirSync(none);
    for (const folder of [none, join(root, 'nowhere')]) {
      const { code, lines } = await runCli(['doctor', '--data', folder, '--json']);
      expect([code, lines]).toMatchObject([3, [{ errors: [{ code: 'data-not-found' }] }]]);
    }
    expect(readdirSync(none)).toEqual([]);
    expect(readdirSync(root)).not.toContain('nowhere');
  });
});

describe('a data folder', () => {
  it('in which a file cannot be written is refused by name', async () => {
    lose('refusals.ndjson');
    mkdirSync(join(data, 'refusals.ndjson'));
    const { code, lines, stderr } = await runCli([...demo, '--data', data]);
    const message = expect.stringContaining(join(data, 'refusals.ndjson'));
    expect([code, lines.at(-1)]).toMatchObject([6, { errors: [{ code: 'file-unavailable', message }] }]);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it('whose network.json is gone is examined, and no other network begun in it', async () => {
    lose('network.json');
    const before = files();
    for (const command of [demo, ['block', 'show', channelId, '0', '--json']]) {
      const { code, lines } = await runCli([...command, '--data', data]);
      expect([code, lines]).toMatchObject([5, [{ errors: [{ code: 'data-incomplete' }] }]]);
    }
    const doctor = await runCli(['doctor', '--data', data, '--json']);
    const message = expect.stringContaining('network.json is gone');
    expect([doctor.code, doctor.lines]).toMatchObject([7, [{ errors: [{ message }] }]]);
    expect(unlocked(files())).toEqual(unlocked(before));
  });

  it.each(['parts', 'participants/ssp-1', 'participants/dsp/state'])(
    'that lacks %s is refused by name: nothing is made anew',
    async (path) => {
      lose(path);
      const before = files();
      const show = ['block', 'show', channelId.slice(0, 10), '0', '--json'];
      for (const command of [demo, show]) {
        const { code, lines } = await runCli([...command, '--data', data]);
        const message = expect.stringContaining(join(data, path));
        expect([code, lines]).toMatchObject([5, [{ errors: [{ code: 'data-incomplete', message }] }]]);
      }
      expect(unlocked(files())).toEqual(unlocked(before));
    },
  );

  it('whose network.json is damaged is refused by name, whatever broke', async () => {
    const path = join(data, 'network.json');
    const text = readFileSync(path, 'utf8');
    const show = ['block', 'show', channelId.slice(0, 10), '0', '--json'];
    for (const damaged of [
      '{',
      text.replace('schemaVersion', 'schemaVerskon'),
      text.replace('dsp', '../x'),
    ]) {
      writeFileSync(path, damaged);
      for (const command of [demo, show]) {
        const { code, lines, stderr } = await runCli([...command, '--data', data]);
        const message = expect.stringContaining(path);
        expect([code, lines]).toMatchObject([5, [{ errors: [{ code: 'network-damaged', message }] }]]);
        expect(stderr).not.toMatch(/\n {4}at /);
      }
    }
  });
});

function firstBlock(): string {
  const parts = join(data, 'parts');
  const folder = readdirSync(parts).find((name) => !name.startsWith('.'))!;
  return join(folder, readdirSync(join(parts, folder))[0]);
}

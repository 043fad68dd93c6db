/** `papyrus doctor` names what is wrong with a data folder, mends only what loses nothing, and else leaves all. */
import {
  appendFileSync,
  cpSync,
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
import { resultOf, runCli, runPlain } from './run-cli.js';

let root = '';
let whole = '';
let data = '';
const demo = ['demo', '--blocks', '1', '--sellers', '1', '--impressions', '500', '--json'];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'papyrus-doctor-'));
  whole = join(root, 'whole');
  expect((await runCli([...demo, '--data', whole])).code).toBe(0);
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
    expect(stdout).toMatch(/chain journal +│ good +│ \d+ heights/);
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
    ['a damaged block', 'parts', () => flip('parts', firstBlock())],
  ])('names %s and leaves it to a copy', async (_, what, damage) => {
    damage();
    const before = files();
    expect(await wrongIn('--mend')).toEqual([7, what]);
    expect(unlocked(files())).toEqual(unlocked(before));
  });

  it('refuses a folder that is not there', async () => {
    expect((await runCli(['doctor', '--data', join(root, 'none'), '--json'])).code).toBe(3);
  });
});

function firstBlock(): string {
  const parts = join(data, 'parts');
  const folder = readdirSync(parts).find((name) => !name.startsWith('.'))!;
  return join(folder, readdirSync(join(parts, folder))[0]);
}

/**
 * Pairs and triples of commands started on one folder at once and in turn: exactly one runs, the others are
 * refused by name, and nothing is damaged.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { type CliRun, resultOf, runCli } from '../network/run-cli.js';
import { UpNetwork, withFolder } from './up-network.js';

const demo = ['demo', '--blocks', '1', '--sellers', '1', '--impressions', '50', '--json'];
/** At once, or one after the other within so much time, in turn. */
const spreadMsMax = 2_000;

/** `count`: pairs, 100 unless said; a fifth as many triples follow. Half are of `up`, half of `demo`. */
export async function runTrial([count = '100']: string[]): Promise<boolean> {
  const pairs = Number(count);
  const groups = [...Array(pairs).fill(2), ...Array(Math.floor(pairs / 5)).fill(3)] as number[];
  return withFolder(async (upFolder) =>
    withFolder(async (demoFolder) => {
      const bad: string[] = [];
      const hashes = new Set<string>();
      for (const [round, commands] of groups.entries()) {
        const spreadMs = round % 4 < 2 ? 0 : spreadMsMax;
        const found =
          round % 2 === 0
            ? await upTogether(upFolder, commands, spreadMs, round)
            : await demoTogether(demoFolder, commands, spreadMs, hashes);
        if (found !== undefined) bad.push(`round ${round}: ${found}`);
      }
      for (const folder of [upFolder, demoFolder]) {
        const { code, stderr } = await runCli(['doctor', '--data', folder, '--json']);
        if (code !== 0) bad.push(`doctor: ${stderr}`);
      }
      for (const one of bad) process.stdout.write(`${one}\n`);
      process.stdout.write(
        `${pairs} pairs and ${groups.length - pairs} triples of commands: ${bad.length} times not exactly one ` +
          `ran or something was damaged; ${hashes.size} different results of the demo\n`,
      );
      return bad.length === 0 && hashes.size === 1;
    }),
  );
}

/** One says that it is up, the others end with `data-in-use`; then the one is interrupted or killed. */
async function upTogether(
  folder: string,
  commands: number,
  spreadMs: number,
  round: number,
): Promise<string | undefined> {
  const started = await Promise.all(
    Array.from({ length: commands }, async (_, at) => {
      await pause((spreadMs * at) / commands);
      const network = new UpNetwork(folder, 60);
      const isUp = await network.start().then(
        () => true,
        () => false,
      );
      return { network, isUp };
    }),
  );
  const running = started.filter((one) => one.isUp);
  const refused = started.filter((one) => !one.isUp);
  const codes = await Promise.all(refused.map(({ network }) => network.ended));
  const ends = await Promise.all(
    running.map(({ network }) => network.end(round % 4 === 0 ? 'SIGINT' : 'SIGKILL')),
  );
  const named = refused.filter(({ network }) => network.stderr.includes('data-in-use'));
  if (running.length === 1 && named.length === commands - 1 && codes.every((code) => code === 5))
    return undefined;
  return `${running.length} ran and ended ${ends}, the others ${codes}: ${refused.map((one) => one.network.stderr)}`;
}

/** Each ends well or with `data-in-use`, one at least well, and all that did with the same result. */
async function demoTogether(
  folder: string,
  commands: number,
  spreadMs: number,
  hashes: Set<string>,
): Promise<string | undefined> {
  const runs: CliRun[] = await Promise.all(
    Array.from({ length: commands }, async (_, at) => {
      await pause((spreadMs * at) / commands);
      return runCli([...demo, '--data', folder]);
    }),
  );
  const well = runs.filter(({ code }) => code === 0);
  for (const run of well) hashes.add(resultOf<RunResult>(run).channels[0].blocks[0].outputHash ?? '');
  const isNamed = (run: CliRun): boolean => run.code === 5 && run.stderr.includes('data-in-use');
  const isOne = spreadMs > 0 ? well.length >= 1 : well.length === 1;
  if (isOne && runs.every((run) => run.code === 0 || isNamed(run))) return undefined;
  return runs.map((run) => `${run.code} ${run.stderr}`).join('; ');
}

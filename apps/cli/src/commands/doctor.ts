/** `papyrus doctor --data DIR`: says what is wrong with a data folder and mends what may be mended safely. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { noteFileOf } from '#chain/anvil-chain';
import { inspectAnvilFolder } from '#chain/inspect-anvil';
import { codeOf, type Finding, good, messageOf, wrong } from '#environment';
import { type FolderLock, lockFolder } from '#environment/folder-lock';
import { inspectFileKeyValue } from '#key-value/inspect-state';
import { inspectFilePartStore } from '#part-store/inspect-parts';
import { inspectFileRecordLog } from '#record-log/inspect-log';
import { participantFolder, participantStores, partsFolder, remainsOf } from '../network/data-folder.js';
import { inspectKnownLog } from '../network/inspect-known-log.js';
import { type NetworkSpec, readSpec } from '../network/network-spec.js';
import { type CommandNo, CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

export interface DoctorOptions {
  readonly data: string;
  readonly mend?: boolean;
}

/** `data` of the result. */
export interface Examination {
  readonly findings: readonly Examined[];
}

export interface Examined {
  readonly what: string;
  readonly isGood: boolean;
  readonly detail: string;
  /** What `--mend` does about it, null where it can do nothing. */
  readonly mend: string | null;
  readonly isMended: boolean;
}

/** Exit code 0 when all is good or mended, 7 when something stays wrong, 5 when it is to mend a folder that
 *  is in use. */
export async function runDoctor(options: DoctorOptions, output: Output): Promise<ExitCode> {
  const { data, mend = false } = options;
  if (!existsSync(join(data, 'network.json')) && remainsOf(data).length === 0) {
    throw new CommandRefused('data-not-found', `${data} holds no network's data: name the folder of one`);
  }
  const examined = await examine(data, mend);
  print(data, examined, output);
  const isWell = examined.every((one) => one.isGood || one.isMended);
  const result: Examination = { findings: examined };
  const code: CommandNo = 'data-damaged';
  const errors = examined
    .filter((one) => !one.isGood && !one.isMended)
    .map(({ what, detail }) => ({ code, message: `${what}: ${detail}` }));
  output.result(result, { errors });
  return isWell ? exitCode.ok : exitCode.verificationFailed;
}

async function examine(data: string, mend: boolean): Promise<readonly Examined[]> {
  const lock = lockUnlessUsed(data, mend);
  try {
    const examined: Examined[] = [];
    for (const finding of await findingsOf(data, lock === undefined)) {
      const { what, isGood, detail } = finding;
      if (mend && finding.mend !== undefined) await finding.mend.run();
      const isMended = mend && finding.mend !== undefined;
      examined.push({ what, isGood, detail, mend: finding.mend?.does ?? null, isMended });
    }
    return examined;
  } finally {
    lock?.release();
  }
}

function lockUnlessUsed(data: string, mend: boolean): FolderLock | undefined {
  try {
    return lockFolder(data, undefined, { isShared: !mend });
  } catch (cause) {
    if (mend || codeOf(cause) !== 'data-in-use') throw cause;
    return undefined;
  }
}

/** Beside a running network only what never changes can be judged. */
async function findingsOf(data: string, isInUse: boolean): Promise<readonly Finding[]> {
  const parts = await inspectParts(data, isInUse);
  if (isInUse) return [good('owner', 'a network runs: stop it to see the rest'), ...parts];
  const chainFolder = join(data, 'chain');
  const { spec, finding } = inspectSpec(data);
  return [
    good('owner', 'nobody uses the folder'),
    finding,
    ...(await inspectAnvilFolder(chainFolder, noteFileOf(chainFolder))),
    ...(await inspectParticipants(data, spec)),
    ...parts,
  ];
}

async function inspectParts(data: string, isInUse: boolean): Promise<readonly Finding[]> {
  const folder = partsFolder(data);
  if (!existsSync(folder)) return [gone('parts', folder)];
  if (readdirSync(folder).length === 0) return [empty('parts', folder)];
  return inspectFilePartStore(folder, { isInUse });
}

/** Of each that the network has or that lies there. */
async function inspectParticipants(data: string, spec: NetworkSpec | undefined): Promise<readonly Finding[]> {
  const participants = join(data, 'participants');
  const found = existsSync(participants) ? readdirSync(participants).sort() : [];
  const names = new Set([...(spec?.participants ?? []).map(({ name }) => name), ...found]);
  const findings: Finding[] = [];
  for (const name of names) {
    const folder = participantFolder(data, name);
    if (existsSync(folder)) findings.push(...(await inspectParticipant(folder, name)));
    else findings.push(gone(`stores of ${name}`, folder));
  }
  return findings;
}

async function inspectParticipant(folder: string, name: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const store of participantStores) {
    const [path, what] = [join(folder, store), `${store} of ${name}`];
    const inspect = store === 'log' ? inspectFileRecordLog : inspectFileKeyValue;
    if (!existsSync(path)) findings.push(gone(what, path));
    else findings.push(...orEmpty(await inspect(path, what), what, path));
  }
  const [log, ...states] = findings;
  const isWhole = findings.every((one) => one.isGood);
  return [(isWhole ? await inspectKnownLog(folder, log.what) : undefined) ?? log, ...states];
}

/** Where a store has never been begun nothing is found in its folder. */
function orEmpty(findings: readonly Finding[], what: string, path: string): readonly Finding[] {
  return findings.length === 0 ? [empty(what, path)] : findings;
}

function gone(what: string, path: string): Finding {
  return wrong(what, `${path} is gone: bring the data folder back from a copy as a whole`);
}

function empty(what: string, path: string): Finding {
  const start =
    'if its first start was broken off, or to go on without what it held, start the network again';
  return wrong(
    what,
    `${path} holds no store: bring the data folder back from a copy as a whole, or, ${start}`,
  );
}

function inspectSpec(data: string): { readonly spec?: NetworkSpec; readonly finding: Finding } {
  try {
    const spec = readSpec(data);
    if (spec === undefined) return { finding: gone('network', join(data, 'network.json')) };
    const { participants, blockDuration } = spec;
    const detail = `${participants.length} participants, blocks of ${blockDuration} s`;
    return { spec, finding: good('network', detail) };
  } catch (cause) {
    return { finding: wrong('network', messageOf(cause)) };
  }
}

function print(data: string, examined: readonly Examined[], output: Output): void {
  output.line(`Data folder ${data}`);
  output.table(
    ['what', 'state', 'found'],
    examined.map((one) => [one.what, stateOf(one), one.isGood ? one.detail : 'see below']),
    3,
  );
  for (const { what, isGood, isMended, detail, mend } of examined) {
    if (isGood) continue;
    output.line();
    output.line(`${what}: ${detail}.`);
    if (mend !== null) output.line(isMended ? `Mended: ${mend}.` : `--mend ${mend}.`);
  }
}

function stateOf({ isGood, isMended, mend }: Examined): string {
  if (isGood) return 'good';
  if (isMended) return 'mended';
  return mend === null ? 'WRONG' : 'mendable';
}

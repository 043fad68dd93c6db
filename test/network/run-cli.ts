/** Runs the built command line as a process of its own, as its users do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { builtFile } from '#environment/built-file';

export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output, a parsed line each; with --json every line is one. */
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
}

/** `onLine` sees each line as it comes; its true kills the process at once, as a power cut would. */
export function runCli(
  args: readonly string[],
  onLine: (count: number, line: Record<string, unknown>) => boolean = () => false,
): Promise<CliRun> {
  const child = spawn(process.execPath, ['--no-warnings', builtFile('apps/cli/src/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    lines.push(parsed);
    if (onLine(lines.length, parsed)) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, lines, stderr }));
  });
}

/** What a command says to people, without --json. */
export interface PlainRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runPlain(args: readonly string[]): Promise<PlainRun> {
  const child = startCli(args);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The process itself, for a command that goes on until it is told to stop. */
export function startCli(
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
  stdout: 'pipe' | number = 'pipe',
): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', builtFile('apps/cli/src/main.js'), ...args], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, ...variables },
  });
}

/** The `data` of the result, which is the last line. */
export function resultOf<Data>(run: CliRun): Data {
  const last = run.lines.at(-1);
  if (last?.type !== 'result') throw new Error(`no result: ${run.stderr}`);
  return last.data as Data;
}

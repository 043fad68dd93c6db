/**
 * One built app as a process of its own: started with an environment and nothing else, heard by its log,
 * ended by signals.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { builtFile } from '#environment/built-file';

export type AppName = 'channel-node' | 'collator' | 'coordinator' | 'validator' | 'settlement';
export const appNames: readonly AppName[] = [
  'channel-node',
  'collator',
  'coordinator',
  'validator',
  'settlement',
];

export type Environment = Readonly<Record<string, string>>;

export interface AppEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogLine {
  readonly level?: string;
  readonly msg: string;
  readonly url?: string;
}

export class AppProcess {
  readonly name: AppName;
  /** What it wrote to standard output and standard error, a line each. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly ended: Promise<AppEnd>;
  readonly #child: ChildProcess;

  private constructor(name: AppName, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Spawned, not yet ready. The environment of the test itself is not passed on. */
  static spawn(name: AppName, environment: Environment): AppProcess {
    const child = spawn(process.execPath, [builtFile(`apps/${name}/src/main.js`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    const app = new AppProcess(name, child);
    createInterface({ input: child.stdout }).on('line', (line) => app.stdout.push(line));
    createInterface({ input: child.stderr }).on('line', (line) => app.stderr.push(line));
    return app;
  }

  /** Resolves when its log says that it is ready. Throws what it said if it ends before. */
  static async start(name: AppName, environment: Environment): Promise<AppProcess> {
    const app = AppProcess.spawn(name, environment);
    const isReady = new Promise<void>((resolve) => {
      app.#child.stderr?.on('data', () => readiness.test(app.stderr.join('\n')) && resolve());
    });
    const isEnded = app.ended.then(() => {
      throw new Error(`${name} ended before it was ready: ${app.stderr.join('\n')}`);
    });
    await Promise.race([isReady, isEnded]);
    isEnded.catch(() => {});
    return app;
  }

  /** Base URL where it listens, by its own log. */
  get url(): string {
    const url = this.log.find((line) => line.url !== undefined)?.url;
    if (url === undefined) throw new Error(`${this.name} did not say where it listens`);
    return url.replace('0.0.0.0', '127.0.0.1');
  }

  get log(): LogLine[] {
    return this.stderr.map((line) => JSON.parse(line) as LogLine);
  }

  end(signal: NodeJS.Signals): Promise<AppEnd> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** SIGTERM. Throws what it said last unless it ends with exit code 0. */
  async drain(): Promise<void> {
    const { code, signal } = await this.end('SIGTERM');
    if (code === 0) return;
    const last = [...this.stdout, ...this.stderr].slice(-40).join('\n');
    throw new Error(`${this.name} ended with ${signal ?? code} instead of 0, it said last:\n${last}`);
  }
}

/** The last thing that each app says of its start. */
const readiness = /takes records|takes requests|"the (collator|coordinator|settlement service) runs"/;

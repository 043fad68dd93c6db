/** Runs anvil, the development node of Foundry, from its npm package as a child that never outlives us. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '#environment';

export interface AnvilProcess {
  /** HTTP address of its JSON-RPC, on a free port of the loopback interface. */
  readonly url: string;
  /** Process id of anvil itself. */
  readonly pid: number;
  /** Resolves when it is gone, whoever ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface AnvilProcessOptions {
  /** Names the running process, so that the next start finds one that was left behind. */
  readonly pidFile: string | undefined;
  /** Where it listens; any free port when undefined. */
  readonly port?: number;
  readonly chainId: number;
  readonly genesisTimestampSeconds: number;
}

/** The shell starts anvil, says its process id, and waits on its own input: that ends when we do, also by
 *  SIGKILL, and then anvil is killed. Its output is let go, so that ours ends with anvil. */
const guard =
  '"$0" "$@" </dev/null & anvil=$!; echo "pid $anvil"; exec >&-; cat >/dev/null; kill -9 $anvil; wait $anvil';
const guardWaitMs = 2_000;
const startTimeoutMs = 20_000;
/** In anvil's environment: the pid file it runs under, by which it is told from a stranger with the same
 *  process id. */
const markName = 'PAPYRUS_ANVIL';

/** Resolves when it listens. Throws a Fault `chain-unavailable` when it cannot be started, a retriable
 *  `chain-in-use` when another living process of ours runs one under the same pid file. */
export async function startAnvil(options: AnvilProcessOptions): Promise<AnvilProcess> {
  // The path is a mark that other working folders must read alike.
  const pidFile = options.pidFile && resolve(options.pidFile);
  if (pidFile !== undefined) await endLeftBehind(pidFile);
  const child = spawnGuarded([binaryFile(), ...argumentsOf(options)], pidFile ?? '');
  const ended = once(child, 'close').then(() => {});
  // The output ends with anvil: then the guard, which only reads, is let go.
  child.stdout.once('close', () => child.stdin.end());
  const { pid, port } = await listening(child);
  if (pidFile !== undefined && pid !== undefined) writeFileSync(pidFile, `${pid}\n`);
  // Unread output would fill the pipe and stop anvil.
  child.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    pid: pid ?? Number(child.pid),
    ended,
    async close() {
      child.stdin.end();
      if (process.platform === 'win32') child.kill();
      // A guard that was killed kills nobody: its orphan would keep the output, and us, for ever.
      const limit = setTimeout(() => killOwn(child, pid), guardWaitMs);
      await ended;
      clearTimeout(limit);
      if (pidFile !== undefined) rmSync(pidFile, { force: true });
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

function spawnGuarded(command: readonly string[], mark: string): Child {
  const [program, ...values] = process.platform === 'win32' ? command : ['/bin/sh', '-c', guard, ...command];
  // A session of its own keeps Ctrl-C for us: our services still need the chain while they stop.
  return spawn(program, values, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
    env: { ...process.env, [markName]: mark },
  });
}

/** Kills anvil by its process id, which is still its own: while its output is open it runs. */
function killOwn(child: Child, pid: number | undefined): void {
  if (pid === undefined) return void child.kill('SIGKILL');
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

/** Where the system shows its processes (/proc): waits for the guard of a killed parent to do its work,
 *  and does it itself when the guard was killed too. Elsewhere the guard is trusted. */
async function endLeftBehind(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  for (let waitedMs = 0; isOurs(pid, pidFile) && waitedMs < guardWaitMs; waitedMs += 20) await pause(20);
  if (!isOurs(pid, pidFile)) return;
  if (hasGuard(pid)) {
    const message = `another process runs the chain of ${pidFile}`;
    throw new Fault('chain-in-use', message, { retriable: true });
  }
  process.kill(pid, 'SIGKILL');
  while (isOurs(pid, pidFile)) await pause(5);
}

function isOurs(pid: number, pidFile: string): boolean {
  return Number.isInteger(pid) && shownIn(pid, 'environ').split('\0').includes(`${markName}=${pidFile}`);
}

function hasGuard(pid: number): boolean {
  // Fields behind the name in parentheses: state, then the parent's process id.
  const parent = Number(
    shownIn(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  );
  return shownIn(parent, 'cmdline').includes(guard);
}

function shownIn(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** The binary that npm brought for this platform. */
function binaryFile(): string {
  const platform = process.platform;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${platform}-${architecture}`;
  const fromAnvil = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  try {
    return fromAnvil.resolve(`${name}/bin/anvil${platform === 'win32' ? '.exe' : ''}`);
  } catch (cause) {
    const message = `anvil is not installed for ${platform} ${process.arch}: npm brings it as ${name}`;
    throw new Fault('chain-unavailable', message, { retriable: false, cause });
  }
}

function argumentsOf({ chainId, genesisTimestampSeconds, port = 0 }: AnvilProcessOptions): string[] {
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--no-mining', '--order', 'fifo'],
    ...['--chain-id', String(chainId), '--timestamp', String(genesisTimestampSeconds)],
    // What the contracts are compiled for. Later forks store every height's hash in the state, and anvil
    // hashes the whole state for each height: a height would take milliseconds after a thousand of them.
    ...['--hardfork', 'cancun', '--gas-limit', '3000000000'],
    // Reads that belong together name one height: as many heights may come while they are on their way.
    // Further past states would fill memory, then the home folder.
    ...['--prune-history', '16'],
    // Nothing is rolled back here: the latest height is final.
    ...['--slots-in-an-epoch', '0'],
    // Gas is counted but free: development accounts need coins for bonds only.
    ...['--block-base-fee-per-gas', '0', '--gas-price', '0', '--disable-min-priority-fee'],
    ...['--accounts', '1', '--balance', '1000000000'],
  ];
}

async function listening(child: Child): Promise<{ pid: number | undefined; port: number }> {
  let said = '';
  const timer = setTimeout(() => child.stdin.end(), startTimeoutMs);
  const hear = (text: string): void => {
    said += text;
  };
  child.stderr.setEncoding('utf8').on('data', hear);
  try {
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      hear(text);
      const port = /^Listening on \S+:(\d+)/m.exec(said);
      const pid = /^pid (\d+)/m.exec(said);
      if (port) return { pid: pid ? Number(pid[1]) : undefined, port: Number(port[1]) };
    }
  } catch (cause) {
    throw new Fault('chain-unavailable', `anvil cannot be started: ${said}`, { retriable: false, cause });
  } finally {
    clearTimeout(timer);
  }
  throw new Fault('chain-unavailable', `anvil ended before it listened: ${said}`, {
    retriable: false,
  });
}

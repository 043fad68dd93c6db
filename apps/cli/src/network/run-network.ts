/** One run of a network in this process, from its data folder to its end. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '#environment/folder-lock';
import { CommandRefused, onFile } from '../report/command-refused.js';
import { type Output, sayNotice } from '../report/output.js';
import { type NetworkSpec, settleSpec } from './network-spec.js';
import { type Network, openNetwork } from './open-network.js';

export interface RunOptions {
  readonly data?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** The folder, temporary where `options` name none, and how long it took to open the network. */
export interface RunPlace {
  readonly folder: string;
  readonly setupMs: number;
}

export async function runNetwork<Result>(
  { title, spec: wanted }: { readonly title: string; readonly spec: NetworkSpec },
  options: RunOptions,
  output: Output,
  run: (network: Network, place: RunPlace) => Promise<Result>,
): Promise<Result> {
  const folder = options.data ?? onFile(tmpdir(), () => mkdtempSync(join(tmpdir(), 'papyrus-')));
  const lock = lockFolder(folder);
  const interrupted = interruption(options.data);
  try {
    const spec = settleSpec(folder, wanted);
    output.line(title);
    output.event('stage', { name: 'setup', dataFolder: folder });
    const from = performance.now();
    const notify = (notice: { readonly code: string; readonly message: string }) => sayNotice(notice, output);
    const network = await openNetwork(spec, folder, { mode: 'driven', notify });
    try {
      const found = run(network, { folder, setupMs: performance.now() - from });
      // A chain that is gone for good ends the run at once, whatever still waits for it; so does Ctrl-C.
      const end = Promise.race([network.chain.gone, interrupted.reason]);
      return await Promise.race([found, end.then((reason) => Promise.reject(reason))]);
    } finally {
      await network.close();
    }
  } finally {
    interrupted.stop();
    lock.release();
    if (options.data === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** The first SIGINT or SIGTERM until `stop`; the next one ends the process as it always does. */
function interruption(data: string | undefined): { readonly reason: Promise<CommandRefused>; stop(): void } {
  const waiting = new AbortController();
  const told = ['SIGINT', 'SIGTERM'].map((signal) => once(process, signal, waiting));
  const message =
    data === undefined
      ? 'the run was stopped, and its temporary folder is removed; a run with --data DIR can be gone on with'
      : `the run was stopped; what it did is kept in ${data}: the same command goes on from there`;
  return {
    reason: Promise.race(told).then(
      () => new CommandRefused('interrupted', message),
      // After `stop` nobody waits for it any more.
      () => new Promise<never>(() => {}),
    ),
    stop: () => waiting.abort(),
  };
}

/** Where the network that owns a data folder can be asked: a file that its owner keeps while it runs. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '#encoding';
import { onFile } from '../report/command-refused.js';

export interface RunningNetwork {
  readonly pid: number;
  readonly chainUrl: string;
  readonly lens: Address;
}

const fileName = 'running.json';

/** For the owner of the folder only. */
export function sayRunning(dataFolder: string, running: RunningNetwork): void {
  const path = join(dataFolder, fileName);
  onFile(path, () => {
    writeFileSync(`${path}.new`, `${JSON.stringify(running)}\n`);
    renameSync(`${path}.new`, path);
  });
}

export function sayEnded(dataFolder: string): void {
  rmSync(join(dataFolder, fileName), { force: true });
}

/** Undefined while the owner is still starting, or already ending. What a killed owner left counts for
 *  nothing as long as nobody has the lock; the next owner removes it first. */
export function readRunning(dataFolder: string): RunningNetwork | undefined {
  try {
    return JSON.parse(readFileSync(join(dataFolder, fileName), 'utf8')) as RunningNetwork;
  } catch {
    return undefined;
  }
}

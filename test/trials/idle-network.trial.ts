/**
 * `papyrus up` without a single record: what a day of it writes to disk, how large its folder becomes, and how
 * long the start of a network takes that has run so long, after an orderly end and after a kill.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UpNetwork, withFolder, withUp } from './up-network.js';

const blockSeconds = 5;
const startMsMax = 5_000;
/** Of all services of four participants, counted in pages that went to disk. */
const bytesABlockMax = 1_024 ** 2;
const secondsADay = 86_400;

/** `count`: minutes, 20 unless said. */
export async function runTrial([count = '20']: string[]): Promise<boolean> {
  return withFolder(async (folder) => {
    const seconds = Number(count) * 60;
    const [node, anvil] = await withUp(new UpNetwork(folder, blockSeconds), async (network) => {
      const before = written(network);
      await pause(seconds * 1_000);
      return written(network).map((bytes, at) => bytes - before[at]);
    });
    const afterKillMs = await startMs(folder);
    const afterEndMs = await startMs(folder);
    const bytesABlock = ((node + anvil) / seconds) * blockSeconds;
    const bytesADay = (bytesABlock / blockSeconds) * secondsADay;
    process.stdout.write(
      `${count} minutes idle with blocks of ${blockSeconds} s: ${mebibytes(node)} MiB written by the network and ` +
        `${mebibytes(anvil)} MiB by anvil, ${mebibytes(bytesABlock)} MiB a block, ${mebibytes(bytesADay)} MiB a ` +
        `day; the folder has ` +
        `${mebibytes(sizeOf(folder))} MiB; up again ${afterKillMs} ms after a kill, ${afterEndMs} ms after an end\n`,
    );
    return afterKillMs <= startMsMax && afterEndMs <= startMsMax && bytesABlock <= bytesABlockMax;
  });
}

/** How long a start takes until the network says that it is up; then it is ended in order. */
async function startMs(folder: string): Promise<number> {
  const from = performance.now();
  const network = await new UpNetwork(folder, blockSeconds).start();
  const ms = Math.round(performance.now() - from);
  await network.end('SIGINT');
  return ms;
}

/** Bytes that the processes had the kernel write to disk so far: of the network and of its anvil. */
function written(network: UpNetwork): readonly [number, number] {
  return [writtenBy(network.pid), writtenBy(network.anvilPid())];
}

function writtenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

function sizeOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).blocks * 512, 0);
}

function mebibytes(bytes: number): string {
  return (bytes / 1_024 ** 2).toFixed(1);
}

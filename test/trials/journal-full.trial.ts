/**
 * The disk of `papyrus up` is full for 8 s, again and again, and for ever: a small tmpfs that is filled up while
 * batches come in. What was acknowledged is in the settled blocks, and nothing has to be started again.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runCli } from '../network/run-cli.js';
import { UpNetwork, withFolder, withUp } from './up-network.js';

const blockSeconds = 5;
const fullMs = 8_000;
const roomMs = 7_000;
const diskMebibytes = 96;

/** `count`: times that the disk is full for 8 s, 10 unless said; once more it is full until the end. */
export async function runTrial([count = '10']: string[]): Promise<boolean> {
  return withFolder(async (folder) => {
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMebibytes}m`, 'tmpfs', folder]);
    if (mount.status !== 0) {
      process.stdout.write(`SKIPPED: no tmpfs can be mounted here: ${mount.stderr}\n`);
      return true;
    }
    try {
      const data = join(folder, 'data');
      return await withUp(new UpNetwork(data, blockSeconds), (up) => run(folder, data, up, Number(count)));
    } finally {
      spawnSync('umount', ['-l', folder]);
    }
  });
}

async function run(disk: string, data: string, network: UpNetwork, count: number): Promise<boolean> {
  await network.next((line) => line.type === 'block' && line.stage === 'collection');
  network.startTraffic();
  for (let round = 0; round < count; round++) {
    await pause(roomMs);
    await fill(disk, fullMs);
    empty(disk);
  }
  await pause(roomMs);
  await network.stopTraffic();
  await network.settled();
  const full = fill(disk, 3_000);
  await full;
  const code = await network.end('SIGINT');
  empty(disk);
  await withUp(new UpNetwork(data, blockSeconds), (again) => again.end('SIGINT'));
  const lost = await network.lost();
  const doctor = await runCli(['doctor', '--data', data, '--json']);
  process.stdout.write(
    `the disk was full ${count} times for ${fullMs / 1_000} s and once at the end (exit code ${code}): ` +
      `${network.acknowledged.length} batches acknowledged, ${network.refused} refused, ` +
      `${network.unanswered} unanswered, ${lost} lost; doctor ends with ${doctor.code}; ` +
      `notices: ${[...new Set(network.notices)].join(', ') || 'none'}\n`,
  );
  return lost === 0 && network.acknowledged.length > 0 && doctor.code === 0;
}

/** Takes every byte of the disk, again and again for `ms`: what is freed meanwhile is taken too. */
async function fill(disk: string, ms: number): Promise<void> {
  const until = performance.now() + ms;
  for (let file = 0; performance.now() < until; file++) {
    const { bavail, bsize } = statfsSync(disk);
    try {
      if (bavail > 0) writeFileSync(join(disk, `ballast-${file}`), Buffer.alloc(bavail * bsize));
    } catch {
      // Somebody was faster; there is another round.
    }
    await pause(100);
  }
}

function empty(disk: string): void {
  for (let file = 0; file < 1_000; file++) rmSync(join(disk, `ballast-${file}`), { force: true });
}

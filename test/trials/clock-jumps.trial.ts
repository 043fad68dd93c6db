/**
 * The wall clock jumps three hours, either way, for 20 s and for good, under `papyrus up` while batches come in
 * (libfaketime, monotonic time left alone). Chain time goes on as time passes, and nothing acknowledged is lost.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { wallFollowedSecondsMax } from '#chain/anvil-clock';
import { latestTime } from '#chain/restore-anvil';
import { JsonRpc } from '#chain/json-rpc';
import { UpNetwork, withFolder, withUp } from './up-network.js';

const blockSeconds = 5;
const jumpSeconds = 3 * 3_600;
const awayMs = 20_000;
const jumps = [
  { name: 'ahead for 20 s', seconds: jumpSeconds, isForGood: false },
  { name: 'back for 20 s', seconds: -jumpSeconds, isForGood: false },
  { name: 'ahead for good', seconds: jumpSeconds, isForGood: true },
  { name: 'back for good', seconds: -jumpSeconds, isForGood: true },
];
/** Whole seconds on either side, and heights a second apart. */
const readingSeconds = 2;

/** `count`: rounds of all four jumps, 1 unless said. */
export async function runTrial([count = '1']: string[]): Promise<boolean> {
  const library = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
  if (library === undefined) {
    process.stdout.write('SKIPPED: libfaketime is not installed (Debian: apt-get install faketime)\n');
    return true;
  }
  let isGood = true;
  for (let round = 0; round < Number(count); round++) {
    for (const jump of jumps) {
      const found = await withFolder((folder) => runJump(folder, library, jump));
      process.stdout.write(
        `${jump.name}: chain time at most ${found.aheadSeconds} s ahead of and ${found.behindSeconds} s behind ` +
          `elapsed time; ${found.acknowledged} batches acknowledged, ${found.afterwards} of them after the ` +
          `jump, ${found.lost} lost; notices: ${found.notices.join(', ')}\n`,
      );
      isGood &&=
        found.lost === 0 &&
        found.afterwards > 0 &&
        found.aheadSeconds <= wallFollowedSecondsMax + readingSeconds &&
        found.notices.includes('clock-jumped');
    }
  }
  return isGood;
}

async function runJump(folder: string, library: string, jump: (typeof jumps)[number]) {
  const offsetFile = join(folder, 'offset');
  const set = (seconds: number): void => writeFileSync(offsetFile, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  set(0);
  const network = new UpNetwork(join(folder, 'data'), blockSeconds, {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  });
  return withUp(network, (up) => watchJump(up, jump, set));
}

async function watchJump(network: UpNetwork, jump: (typeof jumps)[number], set: (seconds: number) => void) {
  await network.next((line) => line.type === 'block' && line.stage === 'collection');
  const rpc = new JsonRpc(network.up!.chainUrl, 15_000);
  const read = async (): Promise<number> => (await latestTime(rpc)).timestampSeconds;
  const [first, startedAt] = [await read(), performance.now()];
  let [ahead, behind] = [0, 0];
  const watch = async (ms: number): Promise<void> => {
    for (const until = performance.now() + ms; performance.now() < until; await pause(500)) {
      const off = (await read()) - first - (performance.now() - startedAt) / 1_000;
      ahead = Math.max(ahead, off);
      behind = Math.max(behind, -off);
    }
  };
  network.startTraffic();
  await watch(8_000);
  const before = network.acknowledged.length;
  set(jump.seconds);
  await watch(awayMs);
  if (!jump.isForGood) set(0);
  await watch(15_000);
  await network.stopTraffic();
  await network.settled();
  const lost = await network.lost();
  rpc.close();
  await network.end('SIGINT');
  return {
    acknowledged: network.acknowledged.length,
    afterwards: network.acknowledged.length - before,
    lost,
    notices: network.notices,
    aheadSeconds: Math.round(ahead * 10) / 10,
    behindSeconds: Math.round(behind * 10) / 10,
  };
}

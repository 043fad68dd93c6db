/**
 * Anvil is killed and stopped under `papyrus up` while batches come in: the network goes on by itself, and every
 * batch that was acknowledged is in its settled block.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { UpNetwork, withFolder, withUp } from './up-network.js';

const blockSeconds = 5;
/** The last is longer than anvil may take for a height: then it is started again. */
const stopsMs = [3_000, 8_000, 15_000, 30_000];
const breathMs = { least: 3_000, most: 8_000 };

/** `count`: networks, 5 unless said; each has anvil killed twice and stopped once. */
export async function runTrial([count = '5']: string[]): Promise<boolean> {
  let [kills, stops, acknowledged, lost, refused, restarts] = [0, 0, 0, 0, 0, 0];
  for (let round = 0; round < Number(count); round++) {
    const network = await withFolder((folder) =>
      withUp(new UpNetwork(folder, blockSeconds), (up) => runRound(up, stopsMs[round % stopsMs.length])),
    );
    kills += 2;
    stops += 1;
    acknowledged += network.acknowledged;
    lost += network.lost;
    refused += network.refused;
    restarts += network.restarts;
  }
  process.stdout.write(
    `anvil killed ${kills} times and stopped ${stops} times, started again ${restarts} times: ` +
      `${acknowledged} batches acknowledged, ${refused} refused or unanswered, ${lost} lost\n`,
  );
  return lost === 0 && acknowledged > 0 && restarts >= kills;
}

/** Whether there was a process to send it to. */
function isSent(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function runRound(network: UpNetwork, stopMs: number) {
  await network.next((line) => line.type === 'block' && line.stage === 'collection');
  network.startTraffic();
  for (const act of ['kill', 'stop', 'kill']) {
    await pause(breathMs.least + Math.random() * (breathMs.most - breathMs.least));
    const signal = act === 'kill' ? 'SIGKILL' : 'SIGSTOP';
    let pid = network.anvilPid();
    // The last one may not have been started again yet.
    for (; !isSent(pid, signal); pid = network.anvilPid()) await pause(100);
    if (act === 'kill') continue;
    await pause(stopMs);
    isSent(pid, 'SIGCONT');
  }
  await pause(breathMs.most);
  await network.stopTraffic();
  await network.settled();
  const lost = await network.lost();
  await network.end('SIGINT');
  return {
    acknowledged: network.acknowledged.length,
    refused: network.refused + network.unanswered,
    restarts: network.notices.filter((code) => code === 'chain-restarted').length,
    lost,
  };
}

/**
 * Two channel nodes of one participant on one log: in memory with claims that are lost at any moment, with and
 * without a store that they share; and on the embedded log, which a second process may not open.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTwoNodes } from '#apps/channel-node/src/testing/two-nodes';
import { codeOf } from '#environment';
import { openFileRecordLog } from '#record-log/file-record-log';

const embeddedTrials = 20;

/** `count`: runs with seeds from 0 on, each way, 500 unless said. */
export async function runTrial([count = '500']: string[]): Promise<boolean> {
  let isGood = true;
  for (const shareLeases of [true, false]) {
    const sum = { acknowledged: 0, takenOver: 0, outsideTheCut: 0, sequencesTwice: 0 };
    for (let seed = 0; seed < Number(count); seed++) {
      const found = await runTwoNodes({ seed: `${seed}`, shareLeases });
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += found[name];
      if (found.outsideTheCut + found.sequencesTwice > 0) process.stdout.write(`seed ${seed} went wrong\n`);
    }
    process.stdout.write(`${count} runs, leases shared ${shareLeases}: ${JSON.stringify(sum)}\n`);
    const isTried = sum.acknowledged > 0 && sum.takenOver > 0;
    isGood = isGood && isTried && sum.outsideTheCut + sum.sequencesTwice === 0;
  }
  const refused = await openTwice();
  process.stdout.write(`embedded: ${refused} of ${embeddedTrials} second owners refused\n`);
  return isGood && refused === embeddedTrials;
}

async function openTwice(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-two-nodes-'));
  const first = await openFileRecordLog(folder);
  let refused = 0;
  for (let trial = 0; trial < embeddedTrials; trial++) {
    try {
      await (await openFileRecordLog(folder)).close();
    } catch (cause) {
      if (codeOf(cause) === 'data-in-use') refused++;
    }
  }
  await first.close();
  rmSync(folder, { recursive: true });
  return refused;
}

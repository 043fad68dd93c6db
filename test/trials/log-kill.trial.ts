/**
 * A process appends to a record log and is killed again and again at any moment, in the middle of groups, of new
 * segments and of truncations: what was acknowledged stands, by bytes and position, and no position twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { isDamaged, type LogPartition, logBegin } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';

const channelId = `0x${'c3'.repeat(32)}`;
const streams = [0, 1, 'cut-marks'] as const;
const linesMax = 300;
/** A truncation comes after so many acknowledged entries, and keeps as many. */
const truncationEvery = 200;

/** Appends to three partitions from eight callers; prints stream, position and value of what was acknowledged. */
const writing = (folder: string, run: number) => `
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  const log = await openFileRecordLog('${folder}', { segmentBytes: 150_000 });
  const streams = ${JSON.stringify(streams)};
  const channelId = '${channelId}';
  let claim = await log.claim(channelId);
  let count = 0;
  async function caller() {
    for (;;) {
      const value = ${run} * 1_000_000 + count++;
      const stream = streams[value % 3];
      const bytes = new Uint8Array(1 + (value * 7919) % 6_000).fill(value);
      const position = await log.append(claim, { channelId, stream }, bytes, value);
      console.log(stream + ' ' + position + ' ' + value);
      if (count % ${truncationEvery} > 0) continue;
      console.log('truncates ' + stream + ' ' + (position - ${truncationEvery}));
      await log.truncateBefore({ channelId, stream }, Math.max(0, position - ${truncationEvery}));
    }
  }
  await Promise.all(Array.from({ length: 8 }, caller));`;

/** `count`: kills, 300 unless said. */
export async function runTrial([count = '300']: string[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'papyrus-kill-'));
  const kept = new Map<string, Map<number, number>>(streams.map((stream) => [String(stream), new Map()]));
  const faults: string[] = [];
  let acknowledged = 0;
  let truncations = 0;
  for (let run = 0; run < Number(count); run++) {
    const lines = await runAndKill({
      source: writing(folder, run),
      lines: 1 + Math.floor(Math.random() * linesMax),
    });
    for (const line of lines) {
      const [stream, position, value] = line.split(' ');
      if (stream === 'truncates') {
        truncations++;
        const entries = kept.get(position);
        for (const at of [...(entries?.keys() ?? [])]) if (at < Number(value)) entries?.delete(at);
        continue;
      }
      acknowledged++;
      if (kept.get(stream)?.has(Number(position))) faults.push(`${stream} ${position} was given twice`);
      kept.get(stream)?.set(Number(position), Number(value));
    }
    faults.push(...(await lostIn(folder, kept)));
  }
  await rm(folder, { recursive: true });
  const told = faults.slice(0, 5).map((one) => `\n  ${one}`);
  process.stdout.write(
    `${count} kills, ${acknowledged} acknowledged entries, ${truncations} truncations; ` +
      `${faults.length} faults${told.join('')}\n`,
  );
  return faults.length === 0;
}

async function lostIn(
  folder: string,
  kept: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Promise<readonly string[]> {
  const lost: string[] = [];
  const log = await openFileRecordLog(folder);
  for (const stream of streams) {
    const partition: LogPartition = { channelId, stream };
    const found = new Map<number, number>();
    for await (const page of log.read(partition, { from: logBegin })) {
      for (const item of page) {
        if (isDamaged(item)) {
          lost.push(item.damage);
          continue;
        }
        const value = item.receivedAtMs;
        const whole = Buffer.alloc(1 + ((value * 7919) % 6_000), value);
        if (Buffer.compare(item.bytes, whole) === 0) found.set(item.position, value);
        else lost.push(`${stream} ${item.position} has other bytes`);
      }
    }
    for (const [position, value] of kept.get(String(stream)) ?? []) {
      if (found.get(position) !== value) lost.push(`${stream} ${position} is lost`);
    }
  }
  await log.close();
  return lost;
}

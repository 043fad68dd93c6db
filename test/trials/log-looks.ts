/** What the trial of damaged record logs writes, and how a process of its own looks at what became of it. */
import { createHash } from 'node:crypto';
import { Fault } from '#environment';
import {
  isDamaged,
  type LogItem,
  type LogPartition,
  type LogPosition,
  logBegin,
  type RecordLog,
} from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { inspectFileRecordLog } from '#record-log/inspect-log';

const channelId = `0x${'c3'.repeat(32)}`;
const partitions: readonly LogPartition[] = [
  { channelId, stream: 0 },
  { channelId, stream: 1 },
  { channelId, stream: 'cut-marks' },
];
/** As the trial's log has them; the first partition is truncated before the end of the last. */
const ends = [300, 270, 30];
const begins = [30, 0, 0];

/** They follow from where they stand, so that any others are seen to be others. */
function bytesOf(position: LogPosition, { stream }: LogPartition): Uint8Array {
  const digest = createHash('sha256').update(`${stream}/${position}`).digest();
  const bytes = new Uint8Array(digest.readUInt16BE(0) % 4_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = digest[at % digest.length] ^ (at >> 5);
  return bytes;
}

/** What the owner finds, and whether an inspection before told that something is wrong. */
async function look(folder: string): Promise<readonly [outcome: string, isTold: boolean]> {
  const findings = await inspectFileRecordLog(folder, 'log');
  return [await outcomeOf(folder), findings.some(({ isGood }) => !isGood)];
}

/** `without effect`, `named` where the log is refused, `N named` entries, or WRONG and why. */
async function outcomeOf(folder: string): Promise<string> {
  let log: RecordLog | undefined;
  try {
    log = await openFileRecordLog(folder, { segmentBytes: 200_000 });
    let damages = 0;
    for (const [at, partition] of partitions.entries()) {
      const items: LogItem[] = [];
      for await (const page of log.read(partition, { from: logBegin })) items.push(...page);
      for (const [index, item] of items.entries()) {
        if (item.position !== begins[at] + index) return `WRONG: ${item.position} is out of turn`;
        if (isDamaged(item)) damages++;
        else if (Buffer.compare(item.bytes, bytesOf(item.position, partition)) !== 0) {
          return `WRONG: other bytes at ${item.position}`;
        }
      }
      // Behind the end may be named what may have been lost; nothing is left out before it.
      if (items.length < ends[at] - begins[at]) return `WRONG: ${items.length} entries`;
      if (items.slice(ends[at] - begins[at]).some((item) => !isDamaged(item)))
        return 'WRONG: entries behind the end';
    }
    const claim = await log.claim(channelId);
    if (claim.epoch < 2) return `WRONG: claim ${claim.epoch} twice`;
    for (const [at, partition] of partitions.entries()) {
      const position = await log.append(claim, partition, Uint8Array.of(1), 1);
      if (position < ends[at]) return `WRONG: position ${position} twice`;
    }
    return damages === 0 ? 'without effect' : `${damages} named`;
  } catch (cause) {
    const isNamed =
      cause instanceof Fault &&
      /^record-log-(damaged|shorter)$/.test(cause.code) &&
      cause.message.includes(folder);
    return isNamed ? 'refused by name' : `WRONG: ${cause}`;
  } finally {
    await log?.close().catch(() => {});
  }
}

export const lookAtLog = { channelId, partitions, bytesOf, look };

/** Says what is wrong with the folder of a record log in segment files: reads all of it, changes nothing. */
import { Fault, type Finding, good, systemFiles, wrong } from '#environment';
import { openFileRecordLog } from './file-record-log.js';
import { inspectCopies } from './inspect-copies.js';
import { faultingFiles } from './log-files.js';
import { LogSegments } from './log-segments.js';
import { isDamaged, type LogDamage, type LogPartition, logBegin, type RecordLog } from './record-log.js';

/** Damages that are told one by one. */
const toldMax = 5;

interface Tally {
  entries: number;
  readonly damages: { readonly partition: LogPartition; readonly item: LogDamage }[];
}

/** `what` names the log for the reader. */
export async function inspectFileRecordLog(folder: string, what: string): Promise<readonly Finding[]> {
  let log: RecordLog | undefined;
  try {
    const files = faultingFiles(systemFiles);
    const segments = new LogSegments(folder, files, false);
    if ((await segments.load()) === undefined) return [];
    log = await openFileRecordLog(folder, { access: 'read' });
    const tally: Tally = { entries: 0, damages: [] };
    for (const partition of segments.state.partitions()) await count(log, partition, tally);
    return told(what, tally, await inspectCopies(segments, files));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return [wrong(what, cause.message)];
  } finally {
    await log?.close();
  }
}

async function count(log: RecordLog, partition: LogPartition, tally: Tally): Promise<void> {
  for await (const page of log.read(partition, { from: logBegin })) {
    for (const item of page) {
      if (isDamaged(item)) tally.damages.push({ partition, item });
      else tally.entries++;
    }
  }
}

function told(what: string, { entries, damages }: Tally, copies: readonly string[]): readonly Finding[] {
  const whole = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  if (damages.length === 0 && copies.length === 0) return [good(what, whole)];
  const ones = damages.slice(0, toldMax).map(({ partition, item }) => {
    const where = `entry ${item.position} of stream ${partition.stream} of channel ${partition.channelId}`;
    return `${where}: ${item.damage}`;
  });
  const more = damages.length > toldMax ? [`and ${damages.length - toldMax} more`] : [];
  const moreCopies = copies.length > toldMax ? [`and ${copies.length - toldMax} more places`] : [];
  const all = [...ones, ...more, ...copies.slice(0, toldMax), ...moreCopies].join('; ');
  const advice =
    damages.length > 0
      ? 'they are left out of parts; a copy of the folder would bring them back'
      : 'every entry that is told of reads as it was; look at the disk, and keep a copy of the folder';
  return [wrong(what, `${whole} whole, ${damages.length} damaged (${all}): ${advice}`)];
}

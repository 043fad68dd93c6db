/** Says what is wrong with the folder of a record log in segment files: reads all of it, changes nothing. */
import { Fault, type Finding, good, systemFiles, wrong } from '#environment';
import { openFileRecordLog } from './file-record-log.js';
import { faultingFiles, segmentPath } from './log-files.js';
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
    const segments = new LogSegments(folder, faultingFiles(systemFiles), false);
    if ((await segments.load()) === undefined) return [];
    log = await openFileRecordLog(folder, { access: 'read' });
    const tally: Tally = { entries: 0, damages: [] };
    for (const partition of segments.state.partitions()) await count(log, partition, tally);
    return told(what, tally, holesIn(segments));
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

/** In them may have stood what nothing tells of, and so no entry of which is damaged. */
function holesIn({ folder, active }: LogSegments): readonly string[] {
  const path = segmentPath(folder, active.number);
  return active.holes.map(
    ({ offset, length }) => `${path}: ${length} bytes at byte ${offset} cannot be made out`,
  );
}

function told(what: string, { entries, damages }: Tally, holes: readonly string[]): readonly Finding[] {
  const whole = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  if (damages.length === 0 && holes.length === 0) return [good(what, whole)];
  const ones = damages.slice(0, toldMax).map(({ partition, item }) => {
    const where = `entry ${item.position} of stream ${partition.stream} of channel ${partition.channelId}`;
    return `${where}: ${item.damage}`;
  });
  const more = damages.length > toldMax ? [`and ${damages.length - toldMax} more`] : [];
  const advice = 'they are left out of parts; a copy of the folder would bring them back';
  return [
    wrong(
      what,
      `${whole} whole, ${damages.length} damaged (${[...ones, ...more, ...holes].join('; ')}): ${advice}`,
    ),
  ];
}

/** Says whether the record log of a participant is the one that its channel node remembers. */
import { join } from 'node:path';
import { channelKnownUnder, KnownLog } from '#apps/channel-node/src/known-log';
import { Fault, type Finding, wrong } from '#environment';
import { readFlushed } from '#key-value/inspect-state';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { openFileRecordLog } from '#record-log/file-record-log';

/** Of a log and a state that are whole, each by itself; undefined where they belong together. */
export async function inspectKnownLog(folder: string, what: string): Promise<Finding | undefined> {
  const keyValue = openMemoryKeyValue();
  const recordLog = await openFileRecordLog(join(folder, 'log'), { access: 'read' });
  try {
    for (const [key, value] of await readFlushed(join(folder, 'state'))) {
      const channelId = channelKnownUnder(key);
      if (channelId === undefined) continue;
      await keyValue.write([{ key, value }]);
      await new KnownLog(channelId, { recordLog, keyValue }).read();
    }
    return undefined;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return wrong(what, cause.message);
  } finally {
    await recordLog.close();
  }
}

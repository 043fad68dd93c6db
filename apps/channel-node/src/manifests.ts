/** Manifests: the entries of the log that say where each block ends in every author's partition. */
import { decodeDagCbor, type Hex } from '#encoding';
import type { RecordLog } from '#record-log';

/** The end of each author's partition, ascending by author. */
export type CutEnds = readonly (readonly [author: number, endOffset: number])[];

/** Where a block that is cut off now ends. */
export async function cutEnds(recordLog: RecordLog, channelId: Hex): Promise<CutEnds> {
  const ends: [number, number][] = [];
  for (const partition of await recordLog.partitions(channelId)) {
    if (partition.stream !== 'manifests') ends.push([partition.stream, await recordLog.end(partition)]);
  }
  return ends.sort((a, b) => a[0] - b[0]);
}

/** Blocks below the returned number are cut off: manifests are written in the order of blocks. */
export async function readCutBelow(recordLog: RecordLog, channelId: Hex): Promise<number> {
  const partition = { channelId, stream: 'manifests' } as const;
  const end = await recordLog.end(partition);
  if (end === 0) return 0;
  const last = await recordLog.get(partition, end - 1);
  const entry = decodeDagCbor((last as { bytes: Uint8Array }).bytes) as { blockNumber: number };
  return entry.blockNumber + 1;
}

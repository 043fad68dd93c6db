/**
 * Makes a participant's block part: ordered batches, cut, sealed and stored. A pure function of log and cut
 * mark.
 */
import { sha256 } from '#crypto';
import { compareBytes, concatBytes, fromHex } from '#encoding';
import { Fault, type Log } from '#environment';
import type { PartStore } from '#part-store';
import { type ChannelId, commitManifest, type PartCommitment, SegmentCutter, sealSegment } from '#protocol';
import { type AuthorPositions, isDamaged, type LogPosition, type RecordLog } from '#record-log';
import { type BlockRange, findBatches } from './block-batches.js';

export interface CollatedBlock {
  readonly commitment: PartCommitment;
  readonly batches: number;
  /** Where the next block's entries begin in the log. */
  readonly nextBegins: AuthorPositions;
}

interface CollatePorts {
  readonly recordLog: RecordLog;
  readonly partStore: PartStore;
  readonly log: Log;
}

/** Segments that are sealed before they are held and put: a hold is a write of its own. */
const heldAtOnce = 64;

/**
 * The store holds segments, pages and index for `owner` when this resolves; only then may the part be posted.
 * The same log and cut mark give the same bytes, however often and after whatever crash. Throws the reason of
 * `signal` when it ends. Memory: the keys of the batches, the manifest's rows, a few MiB of segments.
 */
export async function collateBlock(
  range: BlockRange,
  blockKey: Uint8Array,
  owner: string,
  ports: CollatePorts,
  signal: AbortSignal,
): Promise<CollatedBlock> {
  const { partStore } = ports;
  const { places, nextBegins } = await findBatches(ports.recordLog, range, ports.log);
  const block = { channelId: fromHex(range.channelId), blockNumber: range.blockNumber, blockKey };
  const rows: Uint8Array[] = [];
  let batches = 0;
  async function* segments(): AsyncGenerator<Uint8Array> {
    const cutter = new SegmentCutter();
    for (const { author, positions } of places.groups()) {
      signal.throwIfAborted();
      const batch = await readBatch(ports, range.channelId, author, positions);
      if (batch === undefined) continue;
      const segment = cutter.push(batch);
      if (segment !== undefined) yield segment;
      batches++;
    }
    const last = cutter.finish();
    if (last !== undefined) yield last;
  }
  async function* sealed(): AsyncGenerator<Uint8Array> {
    for await (const some of inGroups(segments(), heldAtOnce)) {
      const group = some.map((segment) => sealSegment(block, segment));
      rows.push(...group.map((one) => one.row));
      const digests = group.map((one) => one.row.subarray(0, 32));
      await partStore.hold(owner, digests);
      yield* group.map((one) => one.sealed);
    }
  }
  await partStore.putMany(sealed());
  const { pages, index, commitment } = commitManifest(concatBytes(...rows));
  await partStore.hold(owner, [...pages, index].map(sha256));
  await partStore.putMany([...pages, index]);
  return { commitment, batches, nextBegins };
}

/**
 * Of repetitions the lowest bytes, whichever came first: one batch may have been signed twice, differently.
 * Undefined where every one of them was damaged since it was found.
 */
async function readBatch(
  { recordLog, log }: CollatePorts,
  channelId: ChannelId,
  author: number,
  positions: readonly LogPosition[],
): Promise<Uint8Array | undefined> {
  let lowest: Uint8Array | undefined;
  for (const position of positions) {
    const item = await recordLog.get({ channelId, stream: author }, position);
    if (item === undefined) {
      const message = `the record log lost entry ${position} of author ${author} in channel ${channelId}`;
      throw new Fault('record-log-incomplete', message, { retriable: false });
    }
    if (isDamaged(item)) {
      const { damage } = item;
      log.error({ channelId, author, position, damage }, 'an entry of the log is damaged and left out');
    } else if (lowest === undefined || compareBytes(item.bytes, lowest) < 0) lowest = item.bytes;
  }
  return lowest;
}

async function* inGroups<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

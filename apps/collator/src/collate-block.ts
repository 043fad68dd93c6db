/**
 * Makes a participant's block part: ordered batches, cut, sealed and stored. A pure function of log and
 * manifest.
 */
import { sha256 } from '#crypto';
import { compareBytes, concatBytes, fromHex, type Hex } from '#encoding';
import { Fault, type Log } from '#environment';
import type { PartStore } from '#part-store';
import { commitManifest, type PartCommitment, SegmentCutter, sealSegment } from '#protocol';
import type { RecordLog } from '#record-log';
import { type BlockRange, findBatches, type Offsets } from './block-batches.js';

export interface CollatedBlock {
  readonly commitment: PartCommitment;
  readonly batches: number;
  /** Where the next block's entries begin in the log. */
  readonly nextBegins: Offsets;
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
 * The same log and manifest give the same bytes, however often and after whatever crash. Throws the reason of
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
    for (const { author, offsets } of places.groups()) {
      signal.throwIfAborted();
      const segment = cutter.push(await readBatch(ports.recordLog, range.channelId, author, offsets));
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
 */
async function readBatch(
  recordLog: RecordLog,
  channelId: Hex,
  author: number,
  offsets: readonly number[],
): Promise<Uint8Array> {
  const found: Uint8Array[] = [];
  for (const offset of offsets) {
    const entry = await recordLog.get({ channelId, stream: author }, offset);
    if (entry === undefined) {
      const message = `the record log lost entry ${offset} of author ${author} in channel ${channelId}`;
      throw new Fault('record-log-incomplete', message, { retriable: false });
    }
    found.push(entry.bytes);
  }
  return found.reduce((a, b) => (compareBytes(a, b) <= 0 ? a : b));
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

/**
 * Makes a participant's block part: ordered batches, cut, sealed and stored. A pure function of log and
 * manifest.
 */
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

/**
 * Segments that are put together, and puts that are under way at a time: at most 4 MiB wait for the store.
 */
const segmentsPerPut = 32;
const concurrentPuts = 2;

/**
 * The store holds segments, pages and index when this resolves; only then may the part be posted. The
 * same log and
 * manifest give the same bytes, however often and after whatever crash. Memory: the keys of the batches, the
 * manifest's rows, a few segments.
 */
export async function collateBlock(
  range: BlockRange,
  blockKey: Uint8Array,
  ports: CollatePorts,
): Promise<CollatedBlock> {
  const { places, nextBegins } = await findBatches(ports.recordLog, range, ports.log);
  const block = { channelId: fromHex(range.channelId), blockNumber: range.blockNumber, blockKey };
  const storage = new SegmentStorage(ports.partStore, block);
  const cutter = new SegmentCutter();
  let batches = 0;
  for (const { author, offsets } of places.groups()) {
    const segment = cutter.push(await readBatch(ports.recordLog, range.channelId, author, offsets));
    if (segment !== undefined) await storage.add(segment);
    batches++;
  }
  const last = cutter.finish();
  if (last !== undefined) await storage.add(last);
  const { pages, index, commitment } = commitManifest(await storage.finish());
  await ports.partStore.putMany([...pages, index]);
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

/** Seals segments and puts them, a few puts at a time, and remembers their rows in order. */
class SegmentStorage {
  readonly #partStore: PartStore;
  readonly #block: { channelId: Uint8Array; blockNumber: number; blockKey: Uint8Array };
  readonly #rows: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  readonly #puts: Promise<unknown>[] = [];

  constructor(
    partStore: PartStore,
    block: { channelId: Uint8Array; blockNumber: number; blockKey: Uint8Array },
  ) {
    this.#partStore = partStore;
    this.#block = block;
  }

  async add(plaintext: Uint8Array): Promise<void> {
    const { sealed, row } = sealSegment(this.#block, plaintext);
    this.#rows.push(row);
    this.#waiting.push(sealed);
    if (this.#waiting.length < segmentsPerPut) return;
    this.#put();
    if (this.#puts.length > concurrentPuts) await this.#puts.shift();
  }

  /** The rows of the manifest, once every segment is stored. */
  async finish(): Promise<Uint8Array> {
    this.#put();
    await Promise.all(this.#puts);
    return concatBytes(...this.#rows);
  }

  #put(): void {
    if (this.#waiting.length === 0) return;
    const put = this.#partStore.putMany(this.#waiting);
    // Awaited in turn; until then a failure is not a rejection that nobody looks at.
    put.catch(() => {});
    this.#puts.push(put);
    this.#waiting = [];
  }
}

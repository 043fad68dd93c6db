/** First pass over a block: fetches each distinct segment once; the workers check it and scatter its
 *  records. */
import { type PartReader, storedBlockBytesMax } from '#part-store';
import { limits } from '#protocol';
import type { CommittedPart, DistinctSegment, PartMerge, ScatterMemory } from '#reduction';
import {
  type ReductionPool,
  runTask,
  type ScanResult,
  type Spill,
  type TaskBlock,
  unavailable,
} from './reduction-tasks.js';

/** Sealed bytes that one task takes; a stored block of the largest size fits, and so do `taskSegments`
 *  usual segments. */
export const scanSlotBytes = 2 * storedBlockBytesMax;
const taskSegments = 31;

/** Memory of one thread's share of the scan. */
export interface ScanLane {
  readonly memory: ScatterMemory;
  /** One is filled while the other is worked on. */
  readonly slots: readonly SharedArrayBuffer[];
  readonly spillPrefix: string;
}

export interface ScanPorts {
  readonly reader: PartReader;
  readonly pool: ReductionPool;
}

/** Fetches the manifests and tells `merge` their rows or why there are none; returns the distinct segments.
 *  */
export async function fetchManifests(
  reader: PartReader,
  parts: readonly CommittedPart[],
  merge: PartMerge,
): Promise<DistinctSegment[]> {
  const distinct: DistinctSegment[] = [];
  for (const { participant, commitment } of parts) {
    const manifest = await reader.manifest(commitment);
    if ('reason' in manifest) merge.addInvalid(participant, manifest.reason);
    else for (const segment of merge.addPart(participant, manifest.rows)) distinct.push(segment);
  }
  return distinct;
}

/** Scans the distinct segments, one task a lane at a time; tells `merge` what each came to. Returns the
 *  spills. */
export async function scanSegments(
  ports: ScanPorts,
  block: TaskBlock,
  lanes: readonly ScanLane[],
  distinct: readonly DistinctSegment[],
  merge: PartMerge,
  onScanned: (segments: number) => void,
): Promise<Spill[]> {
  let next = 0;
  const claim = (): readonly DistinctSegment[] => {
    const claimed = distinct.slice(next, next + taskSegments);
    next += claimed.length;
    return claimed;
  };
  const scans = lanes.map((lane) => new LaneScan(ports, block, lane, merge, onScanned));
  await Promise.all(scans.map((scan) => scan.run(claim)));
  return scans.flatMap((scan) => scan.spills);
}

class LaneScan {
  readonly spills: Spill[] = [];
  readonly #ports: ScanPorts;
  readonly #block: TaskBlock;
  readonly #lane: ScanLane;
  readonly #merge: PartMerge;
  readonly #onScanned: (segments: number) => void;
  #running: Promise<void> = Promise.resolve();
  #turn = 0;
  /** Segments whose stored bytes do not have their digest: asked for again when the others are done. */
  readonly #wrong: DistinctSegment[] = [];
  #isLastAsk = false;

  constructor(
    ports: ScanPorts,
    block: TaskBlock,
    lane: ScanLane,
    merge: PartMerge,
    onScanned: (segments: number) => void,
  ) {
    this.#ports = ports;
    this.#block = block;
    this.#lane = lane;
    this.#merge = merge;
    this.#onScanned = onScanned;
  }

  async run(claim: () => readonly DistinctSegment[]): Promise<void> {
    const { reader } = this.#ports;
    for (let claimed = claim(); claimed.length > 0; claimed = claim()) {
      const sealed: (Uint8Array | undefined)[] = [];
      for await (const one of reader.blocks(claimed.map(digestOf))) sealed.push(one);
      await this.#scan(claimed, sealed);
    }
    await this.#running;
    this.#isLastAsk = true;
    for (const segment of this.#wrong.splice(0)) {
      const bytes = await reader.again(digestOf(segment));
      if (bytes === undefined) this.#merge.setChecked(segment.segment, wrongBytes);
      else await this.#scan([segment], [bytes]);
      if (bytes === undefined) this.#onScanned(1);
    }
    await this.#running;
  }

  async #scan(
    claimed: readonly DistinctSegment[],
    sealed: readonly (Uint8Array | undefined)[],
  ): Promise<void> {
    for (let from = 0; from < claimed.length; ) {
      const to = runThatFits(sealed, from);
      await this.#start(claimed.slice(from, to), sealed.slice(from, to));
      from = to;
    }
  }

  /** Fills the free slot, waits for the task on the other one and starts the next. */
  async #start(
    segments: readonly DistinctSegment[],
    stored: readonly (Uint8Array | undefined)[],
  ): Promise<void> {
    const sealed = this.#lane.slots[this.#turn++ % this.#lane.slots.length];
    const lengths = fillSlot(new Uint8Array(sealed), stored);
    const rows = new Uint8Array(Buffer.concat(segments.map((one) => one.row)));
    await this.#running;
    this.#running = runTask(this.#ports.pool, {
      kind: 'scan',
      block: this.#block,
      lane: this.#lane.memory,
      spillPrefix: this.#lane.spillPrefix,
      spillCount: this.spills.length,
      segments: Uint32Array.from(segments, (one) => one.segment),
      rows,
      sealed,
      lengths,
    }).then((result) => this.#take(segments, result));
    // It is awaited later; until then its failure is not unhandled.
    this.#running.catch(() => undefined);
  }

  #take(segments: readonly DistinctSegment[], result: ScanResult): void {
    let at = 0;
    let done = 0;
    for (const [index, segment] of segments.entries()) {
      const end = at + result.keyBytes[index];
      const checked = { reason: result.reasons[index], keys: result.keys.subarray(at, end) };
      at = end;
      if (checked.reason === 'wrong-bytes' && !this.#isLastAsk) {
        this.#wrong.push(segment);
        continue;
      }
      this.#merge.setChecked(segment.segment, checked);
      done += 1;
    }
    this.spills.push(...result.spills);
    this.#onScanned(done);
  }
}

const wrongBytes = { reason: 'wrong-bytes', keys: new Uint8Array(0) } as const;

/** Of the sealed segment. */
function digestOf({ row }: DistinctSegment): Uint8Array {
  return row.slice(0, 32);
}

/** The end of the longest run from `from` on that fits one slot. */
function runThatFits(sealed: readonly (Uint8Array | undefined)[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < sealed.length && bytes + (sealed[to]?.length ?? 0) <= scanSlotBytes) {
    bytes += sealed[to]?.length ?? 0;
    to += 1;
  }
  return to;
}

function fillSlot(slot: Uint8Array, sealed: readonly (Uint8Array | undefined)[]): Int32Array {
  let at = 0;
  return Int32Array.from(sealed, (bytes) => {
    if (bytes === undefined) return unavailable;
    slot.set(bytes, at);
    at += bytes.length;
    return bytes.length;
  });
}

/** Rows that the distinct segments can hold at most. */
export function rowsAtMost(segments: number): number {
  return segments * limits.batchRecordsMax;
}

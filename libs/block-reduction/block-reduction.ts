/** Reduces blocks in worker threads and bounded memory: what a validator computes, from posted parts to the
 *  block's output. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '#encoding';
import { type Log, silentLog } from '#environment';
import { builtFile } from '#environment/built-file';
import { makeFolders } from '#environment/make-folders';
import { openWorkerPool } from '#environment/worker-pool';
import { PartReader, type PartStore } from '#part-store';
import type { BlockRules } from '#protocol';
import {
  allocateScatter,
  BlockOutputAssembly,
  bucketBitsFor,
  type CommittedPart,
  type LeafVisit,
  PartMerge,
  pageBytes,
  pagesFor,
  type ReductionTerms,
  RowScatter,
  type ScatterMemory,
} from '#reduction';
import { partAskMs, type ReducedParts } from './reduce-port.js';
import { bucketSlotRows, reduceBuckets } from './bucket-pass.js';
import { outputBytes, type ReductionPool, type TaskBlock } from './reduction-tasks.js';
import { fetchManifests, rowsAtMost, type ScanLane, scanSegments, scanSlotBytes } from './segment-scan.js';

export interface BlockReductionOptions {
  readonly threads: number;
  /** Rows that memory does not hold go to files in a folder made in here, which `close` removes. */
  readonly spillFolder: string;
  /** Memory for rows, all threads together; beyond it rows are spilled. */
  readonly rowMebibytes: number;
}

export interface BlockReductionPorts {
  readonly partStore: PartStore;
  /** Stores of counterparties, asked for what the own one lacks, gives wrongly or gives late. */
  readonly otherStores?: readonly PartStore[];
  readonly log?: Log;
}

export interface BlockToReduce {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  readonly parts: readonly CommittedPart[];
  /** Whose workDigest to give. */
  readonly validator?: Address;
  /** Is handed all leaves, for whoever needs the tree and not its root alone. */
  readonly visitLeaves?: LeafVisit;
  /** See `PartReaderOptions`. */
  readonly patienceMs?: number;
}

/** How far a reduction is: segments opened, then rows reduced. */
export type ReductionProgress = (step: 'open' | 'reduce', done: number, total: number) => void;

/** Threads, memory and files serve one block after the other and are used again. */
export class BlockReduction {
  readonly #options: BlockReductionOptions;
  readonly #ports: BlockReductionPorts;
  readonly #pool: ReductionPool;
  readonly #folder: string;
  #arena = new SharedArrayBuffer(0);
  readonly #scanSlots: SharedArrayBuffer[][] = [];
  #outputSlots: SharedArrayBuffer[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #token = 0;

  constructor(options: BlockReductionOptions, ports: BlockReductionPorts) {
    this.#options = options;
    this.#ports = ports;
    makeFolders(options.spillFolder);
    this.#folder = mkdtempSync(join(options.spillFolder, 'reduction-'));
    this.#pool = openWorkerPool({
      file: builtFile('libs/block-reduction/reduction-worker.js'),
      threads: options.threads,
    });
  }

  /** One block at a time, in the order of the calls. Throws a retriable Fault when store, disk or threads
   *  fail. */
  reduce(block: BlockToReduce, onProgress: ReductionProgress = () => undefined): Promise<ReducedParts> {
    const result = this.#last.then(() => this.#reduce(block, onProgress));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#pool.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #reduce(block: BlockToReduce, onProgress: ReductionProgress): Promise<ReducedParts> {
    const { terms, rules, parts, validator, visitLeaves, patienceMs } = block;
    const taskBlock: TaskBlock = { token: ++this.#token, terms, rules };
    const merge = new PartMerge(rules);
    const { partStore, otherStores = [], log = silentLog } = this.#ports;
    const reader = new PartReader([partStore, ...otherStores], { askMs: partAskMs, patienceMs, log });
    const distinct = await fetchManifests(reader, parts, merge);
    const rows = rowsAtMost(distinct.length);
    const bits = bucketBitsFor(rows);
    const lanes = this.#lanes(bits, rows);
    let scanned = 0;
    const ports = { reader, pool: this.#pool };
    const spills = await scanSegments(ports, taskBlock, lanes, distinct, merge, (segments) => {
      scanned += segments;
      onProgress('open', scanned, distinct.length);
    });
    const merged = merge.finish();
    const memories = lanes.map((lane) => lane.memory);
    for (const memory of memories) new RowScatter(memory).seal();
    const output = new BlockOutputAssembly(terms.roles.length, validator, visitLeaves);
    const alive = merged.areAllAlive ? undefined : merged.alive;
    const total = rowsOf(memories) + spills.reduce((sum, { starts }) => sum + (starts.at(-1) ?? 0), 0);
    let reduced = 0;
    const scattered = { bits, lanes: memories, spills, alive };
    const slots = this.#slots(terms.roles.length);
    await reduceBuckets(this.#pool, taskBlock, scattered, slots, output, (more) => {
      reduced += more;
      onProgress('reduce', reduced, total);
    });
    return { output: output.finish(merged), unsureBlocks: reader.unsureBlocks };
  }

  /** A lane a thread; their memory is reserved once and taken from the machine as it is first written. */
  #lanes(bits: number, rows: number): ScanLane[] {
    const { threads, rowMebibytes } = this.#options;
    // A lane must take the largest segment whatever its keys, right after it was emptied.
    const least = pagesFor(rowsAtMost(1), bits) + 2 ** bits;
    const most = Math.max(least, Math.floor((rowMebibytes * 1_048_576) / threads / pageBytes));
    const pages = Math.min(most, pagesFor(rows, bits) + 2 ** bits);
    const arena = this.#reserveArena(threads * pages * pageBytes);
    return Array.from({ length: threads }, (_, lane) => {
      const memory = allocateScatter(bits, pages, arena, lane * pages);
      this.#scanSlots[lane] ??= [new SharedArrayBuffer(scanSlotBytes), new SharedArrayBuffer(scanSlotBytes)];
      return { memory, slots: this.#scanSlots[lane], spillPrefix: join(this.#folder, `rows-${lane}-`) };
    });
  }

  /** One memory for all lanes, so that a bucket is reduced where its rows lie. */
  #reserveArena(bytes: number): SharedArrayBuffer {
    if (this.#arena.byteLength < bytes) this.#arena = new SharedArrayBuffer(bytes);
    return this.#arena;
  }

  #slots(participants: number): SharedArrayBuffer[] {
    const bytes = outputBytes(bucketSlotRows, participants);
    if (this.#outputSlots.length === 0 || this.#outputSlots[0].byteLength < bytes) {
      const count = 2 * this.#options.threads + 2;
      this.#outputSlots = Array.from({ length: count }, () => new SharedArrayBuffer(bytes));
    }
    return this.#outputSlots;
  }
}

function rowsOf(memories: readonly ScatterMemory[]): number {
  let rows = 0;
  for (const memory of memories) {
    const scatter = new RowScatter(memory);
    for (let bucket = 0; bucket < scatter.buckets; bucket++) rows += scatter.rowsOf(bucket);
  }
  return rows;
}

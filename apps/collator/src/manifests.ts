/** Reads the manifests with which the channel node cut a channel's blocks off. */
import { decodeDagCbor, type Hex } from '#encoding';
import type { RecordLog } from '#record-log';
import type { Offsets } from './block-batches.js';

interface ManifestEntry {
  readonly blockNumber: number;
  readonly ends: Offsets;
}

export class Manifests {
  readonly #recordLog: RecordLog;
  readonly #channels = new Map<Hex, { next: number; readonly ends: Map<number, Offsets> }>();

  constructor(recordLog: RecordLog) {
    this.#recordLog = recordLog;
  }

  /** Where the block ends in each author's partition; undefined while the channel node has not said so. */
  async endsOf(channelId: Hex, blockNumber: number): Promise<Offsets | undefined> {
    const known = this.#channels.get(channelId) ?? { next: 0, ends: new Map<number, Offsets>() };
    this.#channels.set(channelId, known);
    if (!known.ends.has(blockNumber)) {
      for await (const { offset, bytes } of this.#recordLog.read(partitionOf(channelId), known.next)) {
        const entry = parseManifest(bytes);
        // The first stands: a block is cut once.
        if (!known.ends.has(entry.blockNumber)) known.ends.set(entry.blockNumber, entry.ends);
        known.next = offset + 1;
      }
    }
    return known.ends.get(blockNumber);
  }
}

function partitionOf(channelId: Hex): { channelId: Hex; stream: 'manifests' } {
  return { channelId, stream: 'manifests' };
}

/** Written by a service of the same organisation, so another shape is a bug. */
function parseManifest(bytes: Uint8Array): ManifestEntry {
  const entry = decodeDagCbor(bytes) as Partial<ManifestEntry> | null;
  const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const isEnd = (pair: unknown): boolean => Array.isArray(pair) && pair.length === 2 && pair.every(isWhole);
  if (!isWhole(entry?.blockNumber) || !Array.isArray(entry?.ends) || !entry.ends.every(isEnd)) {
    throw new Error('an entry of the manifests stream is no manifest');
  }
  const ends = [...(entry.ends as Offsets)].sort((a, b) => a[0] - b[0]);
  return { blockNumber: entry.blockNumber as number, ends };
}

/**
 * The parts of one block, opened segment by segment when something is wanted of them, from the part store or
 * others': nothing of them is kept.
 */
import { open, sha256 } from '#crypto';
import {
  type Found,
  type MoveSteps,
  type PartFinding,
  PartFindings,
  type PartView,
  publicationOf,
  recordsIn,
  unservedManifest,
  type Want,
} from '#dispute';
import { concatBytes, toHex } from '#encoding';
import { Fault, type Log } from '#environment';
import { PartReader, type PartStore } from '#part-store';
import { PlaceSearch } from '#proofs';
import {
  type BlockRules,
  limits,
  type PartCommitment,
  type PlacedRecord,
  type RowPublication,
  SegmentCheck,
  segmentKeyOf,
} from '#protocol';
import type { CommittedPart } from '#reduction';

/** How long a store may look for one block before the next one is asked. */
const askMs = 10_000;

/** One row of a part with what the stores have of it. */
interface FoundRow {
  readonly index: number;
  readonly row: Uint8Array;
  readonly sealed: Uint8Array | undefined;
}

/** All that is wanted of parts for one act, of answerPeriod: so that another attempt may follow. */
const shareOfAnswer = 4;

export interface OpenedPartsPorts {
  /** The own one, then those of counterparties. */
  readonly partStores: readonly [PartStore, ...PartStore[]];
  readonly log: Log;
}

export class OpenedParts {
  readonly #rules: BlockRules;
  readonly #parts: readonly CommittedPart[];
  readonly #ports: OpenedPartsPorts;
  readonly #patienceMs: number;

  /** All that were posted; `answerSeconds`: in which an answer is due. */
  constructor(
    rules: BlockRules,
    parts: readonly CommittedPart[],
    answerSeconds: number,
    ports: OpenedPartsPorts,
  ) {
    this.#patienceMs = Math.max(2 * askMs, (answerSeconds * 1_000) / shareOfAnswer);
    this.#rules = rules;
    this.#parts = parts;
    this.#ports = ports;
  }

  /** Runs a move to its end; `counted`: the parts in which it looks, as a bit for each. */
  async made<Move>(steps: MoveSteps<Move>, counted: number): Promise<Move> {
    const parts = this.#parts.filter(({ participant }) => ((counted >> participant) & 1) === 1);
    const reader = this.#reader();
    let step = steps.next();
    while (step.done !== true) step = steps.next(await this.#find(step.value, parts, reader));
    return step.value;
  }

  /** What is wrong with a part now, as a question can show it. */
  async look(participant: number): Promise<PartView> {
    const { commitment } = this.#part(participant);
    return { participant, commitment, findings: await this.#findings(commitment) };
  }

  async #findings(commitment: PartCommitment): Promise<readonly PartFinding[]> {
    const reader = this.#reader();
    const manifest = await reader.manifest(commitment);
    if ('reason' in manifest) return [unservedManifest(manifest.reason)];
    const check = new SegmentCheck(this.#rules);
    const findings = new PartFindings(this.#rules);
    for await (const { row, sealed } of eachRow(reader, manifest.rows))
      findings.add(check.check(row, sealed));
    return findings.finish(manifest.rows);
  }

  /** The opened bytes of a row, as they are published when somebody asks about it. */
  async publication(participant: number, rowIndex: number): Promise<RowPublication> {
    const { commitment } = this.#part(participant);
    const reader = this.#reader();
    const rows = await this.#rows(reader, this.#part(participant));
    const row = rowAt(rows, rowIndex);
    const segment = this.#opened({ index: rowIndex, row, sealed: await this.sealed(row, reader) });
    return publicationOf({ part: participant, commitment }, rows, rowIndex, segment);
  }

  /** The sealed bytes of a row of a manifest; undefined where they cannot be had. */
  async sealed(row: Uint8Array, reader = this.#reader()): Promise<Uint8Array | undefined> {
    const digest = row.slice(0, 32);
    for await (const bytes of reader.checkedBlocks([digest])) return bytes;
    return undefined;
  }

  async #find(want: Want, parts: readonly CommittedPart[], reader: PartReader): Promise<Found> {
    if (want.wants === 'place') return { placed: await this.#placeOf(want.record, parts, reader) };
    const found: Uint8Array[] = [];
    const seen = new Set<string>();
    for (const part of parts) {
      const rows = await this.#rows(reader, part);
      for await (const one of eachRow(reader, rows, seen)) {
        found.push(recordsIn(this.#opened(one), want.impressionKey));
      }
    }
    return { records: concatBytes(...found) };
  }

  async #placeOf(
    record: Uint8Array,
    parts: readonly CommittedPart[],
    reader: PartReader,
  ): Promise<PlacedRecord | undefined> {
    const hash = toHex(sha256(record));
    const seen = new Set<string>();
    for (const part of parts) {
      const rows = await this.#rows(reader, part);
      const search = new PlaceSearch(new Set([hash]));
      for await (const one of eachRow(reader, rows, seen)) {
        search.look(rows, one.index, this.#opened(one));
        const place = search.found.get(hash);
        if (place !== undefined) return { ...part, place };
      }
    }
    return undefined;
  }

  /** Of a part that counts: it was opened before, and so it can be again. */
  #opened({ row, sealed }: FoundRow): Uint8Array {
    const { blockKey, channelId, blockNumber } = this.#rules;
    const isHad = sealed !== undefined && toHex(sha256(sealed)) === toHex(row.subarray(0, 32));
    const opened = isHad
      ? open(segmentKeyOf(blockKey, channelId, blockNumber, row.subarray(32)), sealed)
      : undefined;
    if (opened !== undefined) return opened;
    throw notServed(`segment ${toHex(row.subarray(0, 32))}`);
  }

  async #rows(reader: PartReader, { participant, commitment }: CommittedPart): Promise<Uint8Array> {
    const manifest = await reader.manifest(commitment);
    if ('reason' in manifest) throw notServed(`the part of participant ${participant}`);
    return manifest.rows;
  }

  #part(participant: number): CommittedPart {
    const part = this.#parts.find((one) => one.participant === participant);
    if (part === undefined) throw new Error(`participant ${participant} posted no part`);
    return part;
  }

  #reader(): PartReader {
    const { partStores, log } = this.#ports;
    return new PartReader(partStores, { askMs, patienceMs: this.#patienceMs, log });
  }
}

/** Each row that is not among `seen`, and then is. */
async function* eachRow(
  reader: PartReader,
  rows: Uint8Array,
  seen: Set<string> = new Set(),
): AsyncGenerator<FoundRow> {
  const named = Array.from({ length: rows.length / limits.manifestRowBytes }, (_, index) => ({
    index,
    row: rowAt(rows, index),
  }));
  const wanted = named.filter(({ row }) => {
    const name = toHex(row);
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
  let at = 0;
  for await (const sealed of reader.checkedBlocks(wanted.map(({ row }) => row.slice(0, 32)))) {
    yield { ...wanted[at++], sealed };
  }
}

function rowAt(rows: Uint8Array, index: number): Uint8Array {
  return rows.slice(index * limits.manifestRowBytes, (index + 1) * limits.manifestRowBytes);
}

/** Retriable: it may come again. */
export function notServed(what: string): Fault {
  const message = `${what} counts in a dispute and cannot be had any more`;
  return new Fault('part-not-served', message, { retriable: true });
}

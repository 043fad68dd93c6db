/** What every record log promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LogEntry, type LogPartition, logEntryBytesMax, type RecordLog } from './record-log.js';

export interface OpenedRecordLog {
  readonly port: RecordLog;
  /** Closes `port` and opens the same storage again. */
  reopen(): Promise<RecordLog>;
  /** Opens the same storage a second time beside `port`, as another process does; the caller closes it. */
  openBeside(): Promise<RecordLog>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

const channelId = `0x${'a1'.repeat(32)}`;
const otherChannelId = `0x${'a2'.repeat(32)}`;
const ssp: LogPartition = { channelId, stream: 0 };
const dsp: LogPartition = { channelId, stream: 1 };

export function recordLogConformance(name: string, open: () => Promise<OpenedRecordLog>): void {
  describe(`${name} as a record log`, () => {
    let opened: OpenedRecordLog;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.destroy());

    keepsEntries(() => opened);
    keepsOrder(() => opened);
    sharesStorage(() => opened);
    hasBorders(() => opened);
  });
}

function keepsEntries(opened: () => OpenedRecordLog): void {
  it('is empty at first', async () => {
    const { port } = opened();
    expect(await port.end(ssp)).toBe(0);
    expect(await port.get(ssp, 0)).toBeUndefined();
    expect(await collected(port.read(ssp, 0))).toEqual([]);
    expect(await port.partitions(channelId)).toEqual([]);
  });

  it('gives back verbatim bytes and their time, of any length', async () => {
    const { port } = opened();
    const lengths = [0, 1, 7, 8, 255, 4_096, 32_760, 65_536 + 192, logEntryBytesMax];
    const entries = lengths.map((length, offset) => ({
      offset,
      receivedAtMs: 1_700_000_000_000 + offset,
      bytes: patterned(length, offset),
    }));
    for (const entry of entries) {
      expect(await port.append(ssp, entry.bytes, entry.receivedAtMs)).toBe(entry.offset);
    }
    const found = await collected(port.read(ssp, 0));
    expect(found.map((entry) => entry.bytes.length)).toEqual(lengths);
    for (const entry of entries) {
      for (const again of [found[entry.offset], await port.get(ssp, entry.offset)]) {
        expect({ ...again, bytes: undefined }).toEqual({ ...entry, bytes: undefined });
        // Megabytes are compared at once: the matcher would look at each byte as a property.
        expect(Buffer.compare(again?.bytes ?? new Uint8Array(), entry.bytes)).toBe(0);
        expect(again?.bytes.constructor).toBe(Uint8Array);
      }
    }
  });

  it('neither holds on to the bytes it was given nor to those it gave out', async () => {
    const { port } = opened();
    const bytes = patterned(100, 1);
    const appended = port.append(ssp, bytes, 5);
    bytes.fill(0);
    await appended;
    const first = await port.get(ssp, 0);
    expect(first?.bytes).toEqual(patterned(100, 1));
    first?.bytes.fill(0);
    expect((await port.get(ssp, 0))?.bytes).toEqual(patterned(100, 1));
  });

  it('keeps everything when closed and opened again', async () => {
    const { port, reopen } = opened();
    for (let at = 0; at < 20; at++) await port.append(ssp, patterned(50, at), at);
    await port.append({ channelId, stream: 'manifests' }, patterned(9, 9), 9);
    const again = await reopen();
    expect(await again.end(ssp)).toBe(20);
    expect((await collected(again.read(ssp, 0))).map((entry) => entry.bytes)).toEqual(
      Array.from({ length: 20 }, (_, at) => patterned(50, at)),
    );
    expect(await again.append(ssp, patterned(1, 1), 1)).toBe(20);
    expect(await again.partitions(channelId)).toHaveLength(2);
  });
}

function keepsOrder(opened: () => OpenedRecordLog): void {
  it('numbers concurrent appends of a partition in the order of the calls', async () => {
    const { port } = opened();
    const count = 500;
    const offsets = await Promise.all(
      Array.from({ length: count }, (_, at) => port.append(at % 3 === 0 ? dsp : ssp, number(at), at)),
    );
    const calls = Array.from({ length: count }, (_, at) => at);
    for (const [partition, isOwn] of [
      [dsp, (at: number) => at % 3 === 0],
      [ssp, (at: number) => at % 3 !== 0],
    ] as const) {
      const own = calls.filter(isOwn);
      expect(own.map((at) => offsets[at])).toEqual(own.map((_, offset) => offset));
      const found = await collected(port.read(partition, 0));
      expect(found.map((entry) => entry.receivedAtMs)).toEqual(own);
      expect(found.map((entry) => entry.bytes)).toEqual(own.map(number));
    }
  });

  it('reads any range, and no further than the end when reading began', async () => {
    const { port } = opened();
    for (let at = 0; at < 10; at++) await port.append(ssp, number(at), at);
    expect((await collected(port.read(ssp, 3, 6))).map((entry) => entry.offset)).toEqual([3, 4, 5]);
    expect((await collected(port.read(ssp, 8, 100))).map((entry) => entry.offset)).toEqual([8, 9]);
    expect(await collected(port.read(ssp, 10))).toEqual([]);
    expect(await collected(port.read(ssp, 6, 3))).toEqual([]);
    const seen: number[] = [];
    for await (const entry of port.read(ssp, 0)) {
      seen.push(entry.offset);
      await port.append(ssp, number(100 + entry.offset), 0);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await port.end(ssp)).toBe(20);
  });

  it('names the partitions of a channel that hold entries, manifests last', async () => {
    const { port } = opened();
    for (const stream of ['manifests', 11, 2, 0, 300] as const)
      await port.append({ channelId, stream }, number(1), 1);
    await port.append({ channelId: otherChannelId, stream: 5 }, number(1), 1);
    const streams = (await port.partitions(channelId)).map((partition) => partition.stream);
    expect(streams).toEqual([0, 2, 11, 300, 'manifests']);
    expect(await port.partitions(otherChannelId)).toEqual([{ channelId: otherChannelId, stream: 5 }]);
  });

  it('wakes subscribers after the entry can be read, until they unsubscribe', async () => {
    const { port } = opened();
    const ends: Promise<number>[] = [];
    const unsubscribe = port.subscribe((partition) => ends.push(port.end(partition)));
    await port.append(ssp, number(1), 1);
    await port.append(ssp, number(2), 2);
    expect(await Promise.all(ends)).toEqual([1, 2]);
    unsubscribe();
    await port.append(ssp, number(3), 3);
    expect(ends).toHaveLength(2);
  });
}

function sharesStorage(opened: () => OpenedRecordLog): void {
  it('shows entries to one that had opened the storage before they came', async () => {
    const { port, openBeside } = opened();
    const reader = await openBeside();
    expect(await reader.end(ssp)).toBe(0);
    for (let at = 0; at < 5; at++) {
      await port.append(ssp, number(at), at);
      expect(await reader.end(ssp)).toBe(at + 1);
      expect((await reader.get(ssp, at))?.bytes).toEqual(number(at));
    }
    await reader.close();
  });

  it('gives every offset once when two append to one partition', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    const offsets = await Promise.all(
      Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? port : other).append(ssp, number(at), at)),
    );
    expect([...offsets].sort((left, right) => left - right)).toEqual(offsets.map((_, at) => at));
    for (let at = 0; at < 200; at++) expect((await port.get(ssp, offsets[at]))?.bytes).toEqual(number(at));
    await other.close();
  });
}

function hasBorders(opened: () => OpenedRecordLog): void {
  it('takes an entry that is too large for a bug', async () => {
    const { port } = opened();
    await expect(port.append(ssp, new Uint8Array(logEntryBytesMax + 1), 0)).rejects.toThrow('log entry');
    expect(await port.end(ssp)).toBe(0);
  });

  it('makes durable what was appended before it closes, and is unavailable afterwards', async () => {
    const { port, reopen } = opened();
    const appended = Promise.all([port.append(ssp, number(1), 1), port.append(ssp, number(2), 2)]);
    await port.close();
    expect(await appended).toEqual([0, 1]);
    const unavailable = { name: 'Fault', code: 'record-log-unavailable', retriable: true };
    await expect(port.append(ssp, number(3), 3)).rejects.toMatchObject(unavailable);
    await expect(port.end(ssp)).rejects.toMatchObject(unavailable);
    await expect(port.get(ssp, 0)).rejects.toMatchObject(unavailable);
    await expect(port.partitions(channelId)).rejects.toMatchObject(unavailable);
    await expect(collected(port.read(ssp, 0))).rejects.toMatchObject(unavailable);
    await port.close();
    expect(await (await reopen()).end(ssp)).toBe(2);
  });
}

async function collected(entries: AsyncIterable<LogEntry>): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 7 + (at >> 8)) & 0xff;
  return bytes;
}

function number(value: number): Uint8Array {
  return new TextEncoder().encode(`entry ${value}`);
}

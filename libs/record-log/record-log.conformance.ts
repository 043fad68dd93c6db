/** What every record log promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  isDamaged,
  type LogEntry,
  type LogPartition,
  type LogPosition,
  type LogRange,
  logBegin,
  logEntryBytesMax,
  positionAfter,
  type RecordLog,
} from './record-log.js';

export interface OpenedRecordLog {
  readonly port: RecordLog;
  /** Closes `port` and opens the same storage again. */
  reopen(): Promise<RecordLog>;
  /** Opens the same storage a second time beside `port`, as another process does; the caller closes it. */
  openBeside(): Promise<RecordLog>;
  /** Whether only one process at a time may claim and append, so that what is opened beside `port` reads. */
  readonly ownsAlone: boolean;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

const channelId = `0x${'a1'.repeat(32)}`;
const otherChannelId = `0x${'a2'.repeat(32)}`;
const ssp: LogPartition = { channelId, stream: 0 };
const dsp: LogPartition = { channelId, stream: 1 };
const all: LogRange = { from: logBegin };
const unavailable = { name: 'Fault', code: 'record-log-unavailable', retriable: true };
const fenced = { name: 'Fault', code: 'record-log-fenced', retriable: false };

export function recordLogConformance(name: string, open: () => Promise<OpenedRecordLog>): void {
  describe(`${name} as a record log`, () => {
    let opened: OpenedRecordLog;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.destroy());

    keepsEntries(() => opened);
    keepsOrder(() => opened);
    readsRanges(() => opened);
    fencesClaims(() => opened);
    truncates(() => opened);
    hasBorders(() => opened);
  });
}

function keepsEntries(opened: () => OpenedRecordLog): void {
  it('is empty at first', async () => {
    const { port } = opened();
    expect(await port.end(ssp)).toBe(logBegin);
    expect(await port.get(ssp, logBegin)).toBeUndefined();
    expect(await collected(port, ssp, all)).toEqual([]);
    expect(await port.partitions(channelId)).toEqual([]);
  });

  it('gives back verbatim bytes and their time, of any length', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    const lengths = [0, 1, 7, 8, 255, 4_096, 32_760, 65_536 + 192, logEntryBytesMax];
    const entries: LogEntry[] = [];
    for (const [at, length] of lengths.entries()) {
      const bytes = patterned(length, at);
      const receivedAtMs = 1_700_000_000_000 + at;
      const position = await port.append(claim, ssp, bytes, receivedAtMs);
      entries.push({ position, receivedAtMs, bytes });
    }
    const found = await collected(port, ssp, all);
    expect(found.map((entry) => entry.bytes.length)).toEqual(lengths);
    for (const [at, entry] of entries.entries()) {
      for (const again of [found[at], await entryAt(port, ssp, entry.position)]) {
        expect({ ...again, bytes: undefined }).toEqual({ ...entry, bytes: undefined });
        // Megabytes are compared at once: the matcher would look at each byte as a property.
        expect(Buffer.compare(again.bytes, entry.bytes)).toBe(0);
        expect(again.bytes.constructor).toBe(Uint8Array);
      }
    }
  });

  it('neither holds on to the bytes it was given nor to those it gave out', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    const bytes = patterned(100, 1);
    const appended = port.append(claim, ssp, bytes, 5);
    bytes.fill(0);
    const position = await appended;
    const first = await entryAt(port, ssp, position);
    expect(first.bytes).toEqual(patterned(100, 1));
    first.bytes.fill(0);
    expect((await entryAt(port, ssp, position)).bytes).toEqual(patterned(100, 1));
  });

  it('keeps everything, and says to be the same log, when closed and opened again', async () => {
    const { port, reopen } = opened();
    const positions = await filled(port, ssp, 20);
    await filled(port, { channelId, stream: 'cut-marks' }, 1);
    const before = { end: await port.end(ssp), identity: await port.identity() };
    const again = await reopen();
    expect({ end: await again.end(ssp), identity: await again.identity() }).toEqual(before);
    expect(before.identity.logId).toMatch(/^[0-9a-f]{32}$/);
    const found = await collected(again, ssp, all);
    expect(found.map((entry) => entry.position)).toEqual(positions);
    expect(found.map((entry) => entry.bytes)).toEqual(positions.map((_, at) => number(at)));
    const [next] = await filled(again, ssp, 1);
    expect(next).toBeGreaterThanOrEqual(before.end);
    expect(await again.partitions(channelId)).toHaveLength(2);
  });

  it('shows entries to one that had opened the storage before they came', async () => {
    const { port, openBeside } = opened();
    const reader = await openBeside();
    expect(await reader.end(ssp)).toBe(logBegin);
    const claim = await port.claim(channelId);
    for (let at = 0; at < 5; at++) {
      const position = await port.append(claim, ssp, number(at), at);
      expect(await reader.end(ssp)).toBe(positionAfter(position));
      expect((await entryAt(reader, ssp, position)).bytes).toEqual(number(at));
    }
    expect(await reader.identity()).toEqual(await port.identity());
    await reader.close();
  });
}

function keepsOrder(opened: () => OpenedRecordLog): void {
  it('orders concurrent appends of a partition as they were called', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    const calls = Array.from({ length: 500 }, (_, at) => at);
    const partitionOf = (at: number): LogPartition => (at % 3 === 0 ? dsp : ssp);
    const positions = await Promise.all(
      calls.map((at) => port.append(claim, partitionOf(at), number(at), at)),
    );
    for (const partition of [dsp, ssp]) {
      const own = calls.filter((at) => partitionOf(at) === partition);
      const found = await collected(port, partition, all);
      expect(found.map((entry) => entry.position)).toEqual(own.map((at) => positions[at]));
      expect(found.map((entry) => entry.receivedAtMs)).toEqual(own);
      expect(found.map((entry) => entry.bytes)).toEqual(own.map(number));
      for (const [at, { position }] of found.entries()) {
        if (at > 0) expect(position).toBeGreaterThan(found[at - 1].position);
      }
    }
  });

  it('names the partitions of a channel that hold entries, cut marks last', async () => {
    const { port } = opened();
    for (const stream of ['cut-marks', 11, 2, 0, 300] as const) await filled(port, { channelId, stream }, 1);
    await filled(port, { channelId: otherChannelId, stream: 5 }, 1);
    const streams = (await port.partitions(channelId)).map((partition) => partition.stream);
    expect(streams).toEqual([0, 2, 11, 300, 'cut-marks']);
    expect(await port.partitions(otherChannelId)).toEqual([{ channelId: otherChannelId, stream: 5 }]);
  });

  it('wakes subscribers after the entry can be read, until they unsubscribe', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    const ends: Promise<LogPosition>[] = [];
    const unsubscribe = port.subscribe((partition) => ends.push(port.end(partition)));
    for (let at = 0; at < 2; at++) {
      const position = await port.append(claim, ssp, number(at), at);
      expect(ends).toHaveLength(at + 1);
      expect(await ends[at]).toBe(positionAfter(position));
    }
    unsubscribe();
    await port.append(claim, ssp, number(3), 3);
    expect(ends).toHaveLength(2);
  });
}

function readsRanges(opened: () => OpenedRecordLog): void {
  it('reads any range, and no further than the end when reading began', async () => {
    const { port } = opened();
    const positions = await filled(port, ssp, 10);
    const read = async (from: LogPosition, to?: LogPosition): Promise<LogPosition[]> =>
      (await collected(port, ssp, { from, to })).map((entry) => entry.position);
    expect(await read(positions[3], positions[6])).toEqual(positions.slice(3, 6));
    expect(await read(positionAfter(positions[2]))).toEqual(positions.slice(3));
    expect(await read(positions[8], positionAfter(positionAfter(await port.end(ssp))))).toEqual(
      positions.slice(8),
    );
    expect(await read(await port.end(ssp))).toEqual([]);
    expect(await read(positions[6], positions[3])).toEqual([]);
    const claim = await port.claim(channelId);
    const seen: LogPosition[] = [];
    for await (const page of port.read(ssp, { from: logBegin, pageBytes: 1 })) {
      for (const { position } of page) seen.push(position);
      await port.append(claim, ssp, number(100), 0);
    }
    expect(seen).toEqual(positions);
    expect(await read(logBegin)).toHaveLength(20);
  });

  it('ends a page with the entry that fills it, and loses nothing between pages', async () => {
    const { port } = opened();
    const positions = await filled(port, ssp, 10);
    const entryBytes = number(0).length;
    for (const perPage of [1, 3, 5, 10, 11]) {
      const pages: LogPosition[][] = [];
      for await (const page of port.read(ssp, { from: logBegin, pageBytes: perPage * entryBytes })) {
        pages.push(page.map((item) => item.position));
      }
      expect(pages.map((page) => page.length)).toEqual(
        Array.from({ length: Math.ceil(10 / perPage) }, (_, at) => Math.min(perPage, 10 - at * perPage)),
      );
      expect(pages.flat()).toEqual(positions);
    }
  });

  it('stops a read that is aborted, between pages and before the first', async () => {
    const { port } = opened();
    await filled(port, ssp, 10);
    const asked = new AbortController();
    const reason = new Error('asked to stop');
    let pages = 0;
    const reading = (async () => {
      for await (const _ of port.read(ssp, { from: logBegin, pageBytes: 1, signal: asked.signal })) {
        if (++pages === 2) asked.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(pages).toBe(2);
    await expect(collected(port, ssp, { from: logBegin, signal: asked.signal })).rejects.toBe(reason);
  });
}

function fencesClaims(opened: () => OpenedRecordLog): void {
  it('refuses appends of an earlier claim once a later one exists, in whatever process', async () => {
    const { port } = opened();
    const other = await secondOwner(opened());
    const first = await port.claim(channelId);
    const kept = await port.append(first, ssp, number(0), 0);
    const second = await other.claim(channelId);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await expect(port.append(first, ssp, number(1), 1)).rejects.toMatchObject(fenced);
    expect(first.lost.aborted).toBe(true);
    expect(second.lost.aborted).toBe(false);
    const next = await other.append(second, ssp, number(2), 2);
    expect((await collected(port, ssp, all)).map((entry) => entry.position)).toEqual([kept, next]);
    if (other !== port) await other.close();
  });

  it('tells of a claim that is lost in the same process, and of one that was released', async () => {
    const { port } = opened();
    const first = await port.claim(channelId);
    const elsewhere = await port.claim(otherChannelId);
    const second = await port.claim(channelId);
    expect([first, elsewhere, second].map((claim) => claim.lost.aborted)).toEqual([true, false, false]);
    await second.release();
    expect(second.lost.aborted).toBe(true);
    await expect(port.append(second, ssp, number(1), 1)).rejects.toMatchObject(fenced);
    await port.append(elsewhere, { channelId: otherChannelId, stream: 0 }, number(1), 1);
    expect(await port.end(ssp)).toBe(logBegin);
  });

  it('counts epochs on when closed and opened again', async () => {
    const { port, reopen } = opened();
    const first = await port.claim(channelId);
    const again = await reopen();
    const second = await again.claim(channelId);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await expect(again.append(first, ssp, number(1), 1)).rejects.toMatchObject(fenced);
  });

  it('is closed, and a claim released, twice as well as once', async () => {
    const { port, reopen } = opened();
    const claim = await port.claim(channelId);
    const position = await port.append(claim, ssp, patterned(9, 1), 5);
    await claim.release();
    await claim.release();
    await Promise.all([port.close(), port.close()]);
    await port.close();
    await claim.release();
    await expect(port.end(ssp)).rejects.toMatchObject(unavailable);
    const again = await reopen();
    expect(await collected(again, ssp, all)).toEqual([{ position, receivedAtMs: 5, bytes: patterned(9, 1) }]);
    const later = await again.claim(channelId);
    await claim.release();
    expect(later.lost.aborted).toBe(false);
    await again.append(later, ssp, patterned(9, 2), 6);
  });

  it('lets in only what the later claim appends when two race', async () => {
    const { port } = opened();
    const other = await secondOwner(opened());
    const first = await port.claim(channelId);
    const appends = Array.from({ length: 100 }, (_, at) =>
      port.append(first, ssp, number(at), at).then(
        (position) => position,
        () => undefined,
      ),
    );
    const second = await other.claim(channelId);
    // Read after the claim: nothing of the first may come behind it.
    const end = await other.end(ssp);
    const acknowledged = (await Promise.all(appends)).filter((position) => position !== undefined);
    for (const position of acknowledged) expect(position).toBeLessThan(end);
    expect(await other.append(second, ssp, number(7), 7)).toBeGreaterThanOrEqual(end);
    if (other !== port) await other.close();
  });
}

function truncates(opened: () => OpenedRecordLog): void {
  it('forgets what is before a position and keeps everything behind it in its place', async () => {
    const { port, reopen } = opened();
    const positions = await filled(port, ssp, 10);
    const others = await filled(port, dsp, 3);
    await port.truncateBefore(ssp, positions[4]);
    await port.truncateBefore(ssp, positions[2]);
    const again = await reopen();
    expect((await collected(again, ssp, all)).map((entry) => entry.position)).toEqual(positions.slice(4));
    expect(await again.get(ssp, positions[3])).toBeUndefined();
    expect((await entryAt(again, ssp, positions[4])).bytes).toEqual(number(4));
    expect(await collected(again, dsp, all)).toHaveLength(others.length);
    const end = await again.end(ssp);
    await again.truncateBefore(ssp, end);
    expect(await collected(again, ssp, all)).toEqual([]);
    expect(await again.end(ssp)).toBe(end);
    const [next] = await filled(again, ssp, 1);
    expect(next).toBeGreaterThanOrEqual(end);
  });
}

function hasBorders(opened: () => OpenedRecordLog): void {
  it('takes for a bug an entry that is too large, and a claim of another channel', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    await expect(port.append(claim, ssp, new Uint8Array(logEntryBytesMax + 1), 0)).rejects.toThrow(
      'log entry',
    );
    const elsewhere = { channelId: otherChannelId, stream: 0 };
    await expect(port.append(claim, elsewhere, number(1), 0)).rejects.toThrow('another channel');
    expect(await port.end(ssp)).toBe(logBegin);
  });

  it('takes a time that is no count of milliseconds for a bug, and keeps one that goes backward', async () => {
    const { port } = opened();
    const claim = await port.claim(channelId);
    const times = [2 ** 53 - 1, 0.5, -1, Number.NaN, 2 ** 53, 0, 1];
    const appends = times.map((time) => port.append(claim, ssp, number(1), time));
    const results = await Promise.allSettled(appends);
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(
      times.map((time) => Number.isSafeInteger(time) && time >= 0),
    );
    const found = await collected(port, ssp, all);
    expect(found.map(({ receivedAtMs }) => receivedAtMs)).toEqual([2 ** 53 - 1, 0, 1]);
  });

  it('makes durable what was appended before it closes, and is unavailable afterwards', async () => {
    const { port, reopen } = opened();
    const claim = await port.claim(channelId);
    const appended = Promise.all([0, 1].map((at) => port.append(claim, ssp, number(at), at)));
    await port.close();
    const positions = await appended;
    await expect(port.claim(channelId)).rejects.toMatchObject(unavailable);
    await expect(port.append(claim, ssp, number(3), 3)).rejects.toMatchObject(unavailable);
    await expect(port.end(ssp)).rejects.toMatchObject(unavailable);
    await expect(port.get(ssp, logBegin)).rejects.toMatchObject(unavailable);
    await expect(port.partitions(channelId)).rejects.toMatchObject(unavailable);
    await expect(port.truncateBefore(ssp, logBegin)).rejects.toMatchObject(unavailable);
    await expect(port.identity()).rejects.toMatchObject(unavailable);
    await expect(collected(port, ssp, all)).rejects.toMatchObject(unavailable);
    await port.close();
    const found = await collected(await reopen(), ssp, all);
    expect(found.map((entry) => entry.position)).toEqual(positions);
  });
}

/** Where one process alone may own the storage, the second claim comes from the same. */
async function secondOwner({ port, openBeside, ownsAlone }: OpenedRecordLog): Promise<RecordLog> {
  return ownsAlone ? port : openBeside();
}

/** Appends `entry 0`, `entry 1`, … with a claim of its own. */
async function filled(log: RecordLog, partition: LogPartition, count: number): Promise<LogPosition[]> {
  const claim = await log.claim(partition.channelId);
  const positions: LogPosition[] = [];
  for (let at = 0; at < count; at++) positions.push(await log.append(claim, partition, number(at), at));
  return positions;
}

async function collected(log: RecordLog, partition: LogPartition, range: LogRange): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for await (const page of log.read(partition, range)) {
    for (const item of page) {
      if (isDamaged(item)) throw new Error(item.damage);
      found.push(item);
    }
  }
  return found;
}

async function entryAt(log: RecordLog, partition: LogPartition, position: LogPosition): Promise<LogEntry> {
  const item = await log.get(partition, position);
  if (item === undefined || isDamaged(item)) throw new Error(`no whole entry at ${position}`);
  return item;
}

function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 7 + (at >> 8)) & 0xff;
  return bytes;
}

function number(value: number): Uint8Array {
  return new TextEncoder().encode(`entry ${value}`);
}

/** What every key-value store promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type KeyValue,
  type KeyValueEntry,
  keyBytesMax,
  listPageBytes,
  listPageEntries,
  type Revision,
  valueBytesMax,
  writeBytesMax,
  writeOperationsMax,
} from './key-value.js';

export interface OpenedKeyValue {
  readonly port: KeyValue;
  /** Closes `port` and opens the same storage again. */
  reopen(): Promise<KeyValue>;
  /** Opens the same storage a second time beside `port`, as another process does; the caller closes it. */
  openBeside(): Promise<KeyValue>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

export function keyValueConformance(name: string, open: () => Promise<OpenedKeyValue>): void {
  describe(`${name} as a key-value store`, () => {
    let opened: OpenedKeyValue;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.destroy());

    writesAndReads(() => opened);
    comparesAndWrites(() => opened);
    lists(() => opened);
    isShared(() => opened);
    leases(() => opened);
    hasBorders(() => opened);
  });
}

function writesAndReads(opened: () => OpenedKeyValue): void {
  it('remembers, overwrites and deletes, also when opened again', async () => {
    const { port, reopen } = opened();
    expect(await port.get('a')).toBeUndefined();
    expect(await port.write([put('a', '1')])).toBe('written');
    await port.write([put('a', '2'), { key: 'b', value: new Uint8Array() }, put('c', '3')]);
    await port.write([remove('c'), remove('never')]);
    expect(await textAt(port, 'a')).toBe('2');
    expect(await port.get('c')).toBeUndefined();
    const revision = (await port.get('a'))?.revision;
    const again = await reopen();
    expect(await again.get('a')).toEqual({ value: text('2'), revision });
    expect((await again.get('b'))?.value).toEqual(new Uint8Array());
    expect(await again.get('c')).toBeUndefined();
    expect(await listed(again, '')).toEqual(['a', 'b']);
  });

  it('writes all or nothing', async () => {
    const { port } = opened();
    await expect(port.write([put('a', '1'), put('k'.repeat(keyBytesMax + 1), '2')])).rejects.toThrow(
      'a key of',
    );
    expect(await port.get('a')).toBeUndefined();
    await port.write([put('a', '1')]);
    expect(await port.write([put('b', '1'), put('a', '2', 'absent'), remove('c')])).toBe('conflict');
    expect(await textAt(port, 'a')).toBe('1');
    expect(await port.get('b')).toBeUndefined();
  });

  it('neither holds on to the bytes it was given nor to those it gave out', async () => {
    const { port } = opened();
    const value = text('kept');
    const written = port.write([{ key: 'a', value }]);
    value.fill(0);
    await written;
    (await port.get('a'))?.value.fill(0);
    for await (const page of port.list('')) for (const entry of page) entry.value.fill(0);
    expect(await textAt(port, 'a')).toBe('kept');
  });
}

function comparesAndWrites(opened: () => OpenedKeyValue): void {
  it('writes only at the revision, or on the absence, that the caller saw', async () => {
    const { port } = opened();
    expect(await port.write([put('a', '1', 'absent')])).toBe('written');
    expect(await port.write([put('a', '2', 'absent')])).toBe('conflict');
    const first = await revisionOf(port, 'a');
    expect(await port.write([put('a', '2', first)])).toBe('written');
    expect(await port.write([put('a', '3', first)])).toBe('conflict');
    expect(await port.write([put('b', '3', first)])).toBe('conflict');
    expect(await textAt(port, 'a')).toBe('2');
    expect(await port.write([remove('a', first)])).toBe('conflict');
    expect(await port.write([remove('a', await revisionOf(port, 'a'))])).toBe('written');
    expect(await port.write([remove('a', 'absent'), put('b', '1')])).toBe('written');
  });

  it('gives a key another revision when the same bytes are written again, or after a deletion', async () => {
    const { port, reopen } = opened();
    await port.write([put('a', '1')]);
    const first = await revisionOf(port, 'a');
    await port.write([remove('a')]);
    const again = await reopen();
    await again.write([put('a', '1')]);
    const second = await revisionOf(again, 'a');
    expect(second).not.toBe(first);
    expect(await again.write([put('a', '2', first)])).toBe('conflict');
    await again.write([put('a', '1', second)]);
    expect(await revisionOf(again, 'a')).not.toBe(second);
  });

  it('leaves the revision of a key alone when others are written', async () => {
    const { port, reopen } = opened();
    await port.write([put('a', '1')]);
    const revision = await revisionOf(port, 'a');
    await port.write([put('b', '1')]);
    const again = await reopen();
    expect(await again.write([put('a', '2', revision)])).toBe('written');
  });
}

function lists(opened: () => OpenedKeyValue): void {
  it('lists a prefix ascending by UTF-8 bytes', async () => {
    const { port } = opened();
    // U+10000 is written with surrogates, which sort below U+FFFF as UTF-16 and above it as UTF-8.
    const keys = ['b', 'b/', 'b/2', 'b/10', 'b/\u{10000}', 'b/\uffff', 'b0', 'a', 'c', '\ufeffd'];
    await port.write(keys.map((key) => put(key, key)));
    expect(await listed(port, 'b/')).toEqual(['b/', 'b/10', 'b/2', 'b/\uffff', 'b/\u{10000}']);
    expect(await listed(port, '')).toHaveLength(keys.length);
    expect(await listed(port, 'nothing')).toEqual([]);
  });

  it('gives many entries in pages, whole and once each, to the border of a page and beyond', async () => {
    const { port } = opened();
    const keys = Array.from(
      { length: 3 * listPageEntries + 1 },
      (_, at) => `many/${String(at).padStart(5, '0')}`,
    );
    for (let at = 0; at < keys.length; at += writeOperationsMax) {
      await port.write(keys.slice(at, at + writeOperationsMax).map((key) => put(key, key)));
    }
    for (const count of [keys.length, 3 * listPageEntries]) {
      const pages = await pagesOf(port, 'many/');
      expect(pages.flat().map((entry) => entry.key)).toEqual(keys.slice(0, count));
      expect(pages.every((page) => page.length > 0 && page.length <= listPageEntries)).toBe(true);
      await port.write([remove(keys[keys.length - 1])]);
    }
  });

  it('gives large entries in pages that are not larger than a few of them', async () => {
    const { port } = opened();
    const value = new Uint8Array(listPageBytes / 2 - 1);
    for (const key of ['1', '2', '3', '4', '5']) await port.write([{ key, value }]);
    const pages = await pagesOf(port, '');
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
  });

  it('ends a list at the page where the reader stops or its signal is aborted', async () => {
    const { port } = opened();
    for (let at = 0; at < 3; at++) {
      const keys = Array.from({ length: listPageEntries }, (_, index) => `${at}/${index}`);
      await port.write(keys.map((key) => put(key, '')));
    }
    const stopping = new AbortController();
    let pages = 0;
    const reading = async () => {
      for await (const _ of port.list('', { signal: stopping.signal })) {
        pages++;
        stopping.abort(new Error('enough'));
      }
    };
    await expect(reading()).rejects.toThrow('enough');
    expect(pages).toBe(1);
    for await (const page of port.list('')) if (page.length > 0) break;
    expect(await listed(port, '2/')).toHaveLength(listPageEntries);
  });

  it('agrees with a sorted map on any sequence of writes', async () => {
    const key = fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme' });
    const value = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined });
    const write = fc.uniqueArray(fc.record({ key, value }), { maxLength: 4, selector: (one) => one.key });
    const property = fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
      const { port } = opened();
      await port.write((await listed(port, '')).map((old) => remove(old)));
      const model = new Map<string, Uint8Array>();
      for (const { key: written, value: bytes } of writes.flat()) {
        if (bytes) model.set(written, bytes);
        else model.delete(written);
      }
      for (const one of writes) await port.write(one);
      const expected = [...model.keys()].sort((left, right) => Buffer.compare(text(left), text(right)));
      expect(await listed(port, '')).toEqual(expected);
      for (const [standing, bytes] of model) expect((await port.get(standing))?.value).toEqual(bytes);
    });
    await fc.assert(property, { numRuns: 30 });
  });
}

function isShared(opened: () => OpenedKeyValue): void {
  it('lets one of many concurrent writers be the first', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        (at % 2 === 0 ? port : other).write([put('a', `${at}`, 'absent')]),
      ),
    );
    expect(outcomes.filter((one) => one === 'written')).toHaveLength(1);
    expect(await textAt(port, 'a')).toBe(`${outcomes.indexOf('written')}`);
    expect(await textAt(other, 'a')).toBe(`${outcomes.indexOf('written')}`);
    await other.close();
  });

  it('loses no count of two writers who compare and write', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    const count = async (store: KeyValue) => {
      for (let done = 0; done < 20; ) {
        const found = await store.get('count');
        const next = String(Number(found ? new TextDecoder().decode(found.value) : 0) + 1);
        if ((await store.write([put('count', next, found?.revision ?? 'absent')])) === 'written') done++;
      }
    };
    await Promise.all([count(port), count(other), count(port)]);
    expect(await textAt(port, 'count')).toBe('60');
    await other.close();
  });

  it('shows writes to one that had opened the storage before', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    expect(await other.get('a')).toBeUndefined();
    await port.write([put('a', '1')]);
    expect(await textAt(other, 'a')).toBe('1');
    expect(await listed(other, '')).toEqual(['a']);
    await port.write([{ ...remove('a'), erases: true }]);
    expect(await other.get('a')).toBeUndefined();
    await other.write([put('b', '2')]);
    expect(await listed(port, '')).toEqual(['b']);
    await other.close();
  });
}

function leases(opened: () => OpenedKeyValue): void {
  it('gives a lease to one at a time, with an epoch above all before', async () => {
    const { port, openBeside, reopen } = opened();
    const other = await openBeside();
    const first = await port.lease('sweep', 10_000);
    expect(first?.lost.aborted).toBe(false);
    expect(await other.lease('sweep', 10_000)).toBeUndefined();
    expect(await port.lease('sweep', 10_000)).toBeUndefined();
    const another = await other.lease('other', 10_000);
    await first?.release();
    await first?.release();
    expect(first?.lost.aborted).toBe(true);
    const second = await other.lease('sweep', 10_000);
    expect(second?.epoch).toBeGreaterThan(another?.epoch ?? 0);
    expect(another?.epoch).toBeGreaterThan(first?.epoch ?? 0);
    expect(await port.lease('sweep', 10_000)).toBeUndefined();
    await other.close();
    expect(second?.lost.aborted).toBe(true);
    const again = await reopen();
    expect((await again.lease('sweep', 10_000))?.epoch).toBeGreaterThan(second?.epoch ?? 0);
    expect(await listed(again, '')).toEqual([]);
  });
}

function hasBorders(opened: () => OpenedKeyValue): void {
  it('takes keys and values up to their limits; beyond is a bug', async () => {
    const { port } = opened();
    const longest = 'ß'.repeat(keyBytesMax / 2);
    const largest = new Uint8Array(valueBytesMax).fill(7);
    await port.write([{ key: longest, value: largest }]);
    expect(Buffer.compare((await port.get(longest))?.value ?? new Uint8Array(), largest)).toBe(0);
    expect(await listed(port, 'ß')).toEqual([longest]);
    await expect(port.get('')).rejects.toThrow('a key of 0 bytes');
    await expect(port.get(`${longest}x`)).rejects.toThrow('a key of');
    await expect(port.get('\ud800')).rejects.toThrow('not well-formed');
    await expect(port.write([{ key: 'a', value: new Uint8Array(valueBytesMax + 1) }])).rejects.toThrow(
      'a value of',
    );
  });

  it('takes writes up to the limits of etcd; beyond, and a key twice, is a bug', async () => {
    const { port, reopen } = opened();
    const keys = Array.from({ length: writeOperationsMax }, (_, at) => `${at}`.padEnd(keyBytesMax, '-'));
    const value = new Uint8Array(writeBytesMax / writeOperationsMax).fill(1);
    await port.write(keys.map((key) => ({ key, value })));
    expect(await listed(await reopen(), '')).toHaveLength(writeOperationsMax);
    const again = await reopen();
    await expect(again.write([...keys, 'a'].map((key) => put(key, '')))).rejects.toThrow(
      'a write of 129 operations',
    );
    const half = new Uint8Array(writeBytesMax / 2);
    const tooMuch = [{ key: 'a', value: half }, { key: 'b', value: half }, put('c', 'x')];
    await expect(again.write(tooMuch)).rejects.toThrow(`a write of ${writeBytesMax + 1} bytes`);
    await expect(again.write([put('a', '1'), remove('a')])).rejects.toThrow('a key twice');
    expect(await again.get('a')).toBeUndefined();
  });

  it('makes durable what was written before it closes, and is unavailable afterwards', async () => {
    const { port, reopen } = opened();
    const written = port.write([put('a', '1')]);
    await port.close();
    expect(await written).toBe('written');
    const unavailable = { name: 'Fault', code: 'key-value-unavailable', retriable: true };
    await expect(port.get('a')).rejects.toMatchObject(unavailable);
    await expect(port.write([put('a', '2')])).rejects.toMatchObject(unavailable);
    await expect(port.lease('a', 1_000)).rejects.toMatchObject(unavailable);
    await expect(listed(port, '')).rejects.toMatchObject(unavailable);
    expect(await textAt(await reopen(), 'a')).toBe('1');
  });
}

const put = (key: string, value: string, ifRevision?: Revision | 'absent') => ({
  key,
  value: text(value),
  ifRevision,
});
const remove = (key: string, ifRevision?: Revision | 'absent') => ({ key, value: undefined, ifRevision });

async function textAt(port: KeyValue, key: string): Promise<string | undefined> {
  const found = await port.get(key);
  return found && new TextDecoder().decode(found.value);
}

async function revisionOf(port: KeyValue, key: string): Promise<Revision> {
  const found = await port.get(key);
  if (found === undefined) throw new Error(`nothing at ${key}`);
  return found.revision;
}

async function pagesOf(port: KeyValue, prefix: string): Promise<(readonly KeyValueEntry[])[]> {
  const pages: (readonly KeyValueEntry[])[] = [];
  for await (const page of port.list(prefix)) pages.push(page);
  return pages;
}

async function listed(port: KeyValue, prefix: string): Promise<string[]> {
  return (await pagesOf(port, prefix)).flat().map((entry) => entry.key);
}

function text(value: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(value));
}

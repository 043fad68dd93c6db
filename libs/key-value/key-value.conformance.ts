/** What every key-value store promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type KeyValue, keyBytesMax, valueBytesMax } from './key-value.js';

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
    lists(() => opened);
    isShared(() => opened);
    hasBorders(() => opened);
  });
}

function writesAndReads(opened: () => OpenedKeyValue): void {
  it('remembers, overwrites and deletes, also when opened again', async () => {
    const { port, reopen } = opened();
    expect(await port.get('a')).toBeUndefined();
    await port.write([{ key: 'a', value: text('1') }]);
    await port.write([
      { key: 'a', value: text('2') },
      { key: 'b', value: new Uint8Array() },
      { key: 'c', value: text('3') },
    ]);
    await port.write([
      { key: 'c', value: undefined },
      { key: 'never', value: undefined },
    ]);
    expect(await port.get('a')).toEqual(text('2'));
    expect(await port.get('c')).toBeUndefined();
    const again = await reopen();
    expect(await again.get('a')).toEqual(text('2'));
    expect(await again.get('b')).toEqual(new Uint8Array());
    expect(await again.get('c')).toBeUndefined();
  });

  it('lets the last of several writes to one key stand', async () => {
    const { port } = opened();
    await port.write([
      { key: 'a', value: text('1') },
      { key: 'a', value: undefined },
      { key: 'a', value: text('2') },
    ]);
    expect(await port.get('a')).toEqual(text('2'));
  });

  it('writes all or nothing', async () => {
    const { port } = opened();
    const tooLong = 'k'.repeat(keyBytesMax + 1);
    const writes = [
      { key: 'a', value: text('1') },
      { key: tooLong, value: text('2') },
    ];
    await expect(port.write(writes)).rejects.toThrow('a key of');
    expect(await port.get('a')).toBeUndefined();
  });

  it('neither holds on to the bytes it was given nor to those it gave out', async () => {
    const { port } = opened();
    const value = text('kept');
    const written = port.write([{ key: 'a', value }]);
    value.fill(0);
    await written;
    (await port.get('a'))?.fill(0);
    (await port.putIfAbsent('a', text('other'))).fill(0);
    expect(await port.get('a')).toEqual(text('kept'));
  });
}

function lists(opened: () => OpenedKeyValue): void {
  it('lists a prefix ascending by UTF-8 bytes', async () => {
    const { port } = opened();
    // U+10000 is written with surrogates, which sort below U+FFFF as UTF-16 and above it as UTF-8.
    const keys = ['b', 'b/', 'b/2', 'b/10', 'b/\u{10000}', 'b/\uffff', 'b0', 'a', 'c'];
    await port.write(keys.map((key) => ({ key, value: text(key) })));
    expect(await listed(port, 'b/')).toEqual(['b/', 'b/10', 'b/2', 'b/\uffff', 'b/\u{10000}']);
    expect(await listed(port, '')).toHaveLength(keys.length);
    expect(await listed(port, 'nothing')).toEqual([]);
  });

  it('lists many entries whole', async () => {
    const { port } = opened();
    const keys = Array.from({ length: 1_000 }, (_, at) => `many/${String(at).padStart(5, '0')}`);
    await port.write(keys.toReversed().map((key) => ({ key, value: text(key) })));
    expect(await listed(port, 'many/')).toEqual(keys);
  });

  it('agrees with a sorted map on any sequence of writes', async () => {
    const key = fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme' });
    const write = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }) });
    const property = fc.asyncProperty(fc.array(write, { maxLength: 40 }), async (writes) => {
      const { port } = opened();
      const before = await listed(port, '');
      await port.write(before.map((old) => ({ key: old, value: undefined })));
      const model = new Map<string, Uint8Array>();
      for (const { key: written, value } of writes) {
        if (value) model.set(written, value);
        else model.delete(written);
      }
      await port.write(writes);
      const expected = [...model.keys()].sort((left, right) => Buffer.compare(text(left), text(right)));
      expect(await listed(port, '')).toEqual(expected);
      for (const [standing, value] of model) expect(await port.get(standing)).toEqual(value);
    });
    await fc.assert(property, { numRuns: 50 });
  });
}

function isShared(opened: () => OpenedKeyValue): void {
  it('lets one of many concurrent writers be the first', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? port : other).putIfAbsent('a', text(`${at}`))),
    );
    const standing = await port.get('a');
    expect(standing).toBeDefined();
    for (const answer of answers) expect(answer).toEqual(standing);
    await other.close();
  });

  it('shows writes to one that had opened the storage before', async () => {
    const { port, openBeside } = opened();
    const other = await openBeside();
    expect(await other.get('a')).toBeUndefined();
    await port.write([{ key: 'a', value: text('1') }]);
    expect(await other.get('a')).toEqual(text('1'));
    expect(await listed(other, '')).toEqual(['a']);
    await other.close();
  });
}

function hasBorders(opened: () => OpenedKeyValue): void {
  it('takes keys and values up to their limits; beyond is a bug', async () => {
    const { port } = opened();
    const longest = 'ß'.repeat(keyBytesMax / 2);
    const largest = new Uint8Array(valueBytesMax).fill(7);
    await port.write([{ key: longest, value: largest }]);
    expect(Buffer.compare((await port.get(longest)) ?? new Uint8Array(), largest)).toBe(0);
    expect(await listed(port, 'ß')).toEqual([longest]);
    await expect(port.get('')).rejects.toThrow('a key of 0 bytes');
    await expect(port.get(`${longest}x`)).rejects.toThrow('a key of');
    await expect(port.get('\ud800')).rejects.toThrow('not well-formed');
    await expect(port.putIfAbsent('a', new Uint8Array(valueBytesMax + 1))).rejects.toThrow('a value of');
  });

  it('makes durable what was written before it closes, and is unavailable afterwards', async () => {
    const { port, reopen } = opened();
    const written = port.write([{ key: 'a', value: text('1') }]);
    await port.close();
    await written;
    const unavailable = { name: 'Fault', code: 'key-value-unavailable', retriable: true };
    await expect(port.get('a')).rejects.toMatchObject(unavailable);
    await expect(port.write([{ key: 'a', value: text('2') }])).rejects.toMatchObject(unavailable);
    await expect(port.putIfAbsent('a', text('2'))).rejects.toMatchObject(unavailable);
    await expect(listed(port, '')).rejects.toMatchObject(unavailable);
    expect(await (await reopen()).get('a')).toEqual(text('1'));
  });
}

async function listed(port: KeyValue, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of port.list(prefix)) keys.push(key);
  return keys;
}

function text(value: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(value));
}

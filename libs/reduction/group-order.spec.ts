/** The order of a bucket, for keys as chance and as an adversary would choose them. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GroupOrder } from './group-order.js';
import { headAt, pagePlaces, pageRows, rowBytes } from './reduction-row.js';
import { RowRuns } from './row-runs.js';

interface Row {
  readonly key: Uint8Array;
  readonly kind: number;
  readonly author: number;
  readonly hash: Uint8Array;
}

/** Bytes from a few values only, so that long prefixes are shared. */
const fewBytes = (length: number) =>
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: length, maxLength: length })
    .map((bytes) => Uint8Array.from(bytes));

const row: fc.Arbitrary<Row> = fc.record({
  key: fc.oneof(fewBytes(16), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  kind: fc.constantFrom(1, 2),
  author: fc.integer({ min: 0, max: 15 }),
  hash: fewBytes(32),
});

/** The rows laid into pages. */
function runsOf(rows: readonly Row[]): RowRuns {
  const bytes = new Uint8Array(rows.length * rowBytes);
  for (const [index, { key, kind, author, hash }] of rows.entries()) {
    bytes.set(key, index * rowBytes);
    bytes.set([kind, author], index * rowBytes + headAt.statement * 4);
    bytes.set(hash, index * rowBytes + 32);
  }
  const runs = new RowRuns();
  runs.beginPacked(new BigUint64Array(bytes.buffer), rows.length);
  return runs;
}

/** The number of the row at a place of `runsOf`. */
const numberOf = (place: number): number => Math.floor(place / pagePlaces) * pageRows + (place % pagePlaces);

const nameOf = (one: Row): string =>
  Buffer.concat([one.key, Uint8Array.of(one.kind, one.author), one.hash]).toString('hex');

/** The groups of distinct rows, by names that order as the rows do. */
function expectedGroups(rows: readonly Row[]): string[][] {
  const names = [...new Set(rows.map(nameOf))].sort();
  const groups = new Map<string, string[]>();
  for (const name of names) groups.set(name.slice(0, 32), [...(groups.get(name.slice(0, 32)) ?? []), name]);
  return [...groups.values()];
}

function foundGroups(order: GroupOrder, rows: readonly Row[], skipBits: number): string[][] {
  const found = order.order(runsOf(rows), skipBits);
  expect(found.starts[found.groups]).toBe(found.records);
  return Array.from({ length: found.groups }, (_, group) =>
    [...found.order.subarray(found.starts[group], found.starts[group + 1])].map((at) =>
      nameOf(rows[numberOf(at)]),
    ),
  );
}

describe('the order of a bucket', () => {
  it('is by key, kind, author and hash as bytes, without repetitions', () => {
    const order = new GroupOrder();
    const some = fc
      .array(row, { maxLength: 120 })
      .chain((rows) =>
        fc
          .array(fc.nat({ max: Math.max(0, rows.length - 1) }), { maxLength: 40 })
          .map((again) => [...rows, ...(rows.length === 0 ? [] : again.map((at) => rows[at]))]),
      );
    fc.assert(
      fc.property(some, (rows) => {
        expect(foundGroups(order, rows, 0)).toEqual(expectedGroups(rows));
      }),
      { numRuns: 500 },
    );
  });

  it('looks past the bits that a bucket shares', () => {
    const order = new GroupOrder();
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), fc.integer({ min: 1, max: 16 }), (rows, bits) => {
        const shared = rows.map((one) => {
          const key = one.key.slice();
          for (let bit = 0; bit < bits; bit++) key[bit >> 3] |= 128 >> (bit & 7);
          return { ...one, key };
        });
        expect(foundGroups(order, shared, bits)).toEqual(expectedGroups(shared));
      }),
    );
  });

  it('is the same for few keys under one prefix, whatever follows it, and for more rows than ever before', () => {
    const order = new GroupOrder();
    const crowded = fc.record({
      // Words that differ in one byte at most, the first of them in its last bits too.
      key: fc
        .tuple(fc.constantFrom([9, 9, 9], [0, 0, 0]), fc.constantFrom(0, 1, 32), fewBytes(3))
        .map(([first, fourth, [a, b, c]]) => {
          return Uint8Array.from([...first, fourth, 0, 0, a, 0, b, 0, 0, 0, 0, 0, 0, c]);
        }),
      kind: fc.constantFrom(1, 2),
      author: fc.constantFrom(0, 3, 15),
      hash: fewBytes(32),
    });
    const spread = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .chain((key) => row.map((one) => ({ ...one, key })));
    const some = fc.tuple(
      fc.array(crowded, { minLength: 30, maxLength: 300 }),
      fc.array(spread, { maxLength: 100 }),
      fc.constantFrom(1, 1, 1, 8),
    );
    fc.assert(
      fc.property(some, ([crowd, others, times]) => {
        // Each of the copies has its own last byte of the hash.
        const rows = Array.from({ length: times }, (_, copy) =>
          [...crowd, ...others].map((one) => ({ ...one, hash: Uint8Array.from(one.hash).fill(copy, 31) })),
        ).flat();
        expect(foundGroups(order, rows, 0)).toEqual(expectedGroups(rows));
      }),
      { numRuns: 40 },
    );
  });

  it('takes no more steps for 6,000 rows under one prefix than sorting does, in whatever order they come', () => {
    const count = 6_000;
    for (const factor of [7, -7]) {
      const bytes = new Uint8Array(count * rowBytes);
      for (let index = 0; index < count; index++) {
        const number = (factor < 0 ? count - index : index) * Math.abs(factor) * 3;
        bytes.set([7, 7, (number >>> 16) & 255, (number >>> 8) & 255, number & 255], index * rowBytes);
        bytes.set([1, index % 3], index * rowBytes + headAt.statement * 4);
      }
      const runs = new RowRuns();
      runs.beginPacked(new BigUint64Array(bytes.buffer), count);
      const { groups, records, order } = new GroupOrder().order(runs, 0);
      expect([groups, records]).toEqual([count, count]);
      const numbers = [...order.subarray(0, count)].map(numberOf);
      expect(numbers.every((one, at) => at === 0 || one - numbers[at - 1] === Math.sign(factor))).toBe(true);
    }
  });

  it.each([
    ['one key and descending hashes', (at: number) => ({ key: 0, author: 0, hash: 200_000 - at })],
    ['one prefix and descending keys', (at: number) => ({ key: 200_000 - at, author: at % 3, hash: at })],
    ['one key, one hash', () => ({ key: 0, author: 0, hash: 0 })],
    [
      'authors that descend under one prefix',
      (at: number) => ({ key: at >> 4, author: 15 - (at % 16), hash: at }),
    ],
  ] as const)(
    'takes no longer for %s than sorting does',
    (_, make) => {
      const count = 200_000;
      const words = new Uint32Array(count * 16);
      for (let at = 0; at < count; at++) {
        const { key, author, hash } = make(at);
        words[at * 16 + 3] = ((key & 0xff) << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00);
        words[at * 16 + headAt.statement] = 1 | (author << 8);
        words[at * 16 + 8] = ((hash & 0xff) << 24) | ((hash & 0xff00) << 8) | ((hash >>> 8) & 0xff00);
      }
      const runs = new RowRuns();
      runs.beginPacked(new BigUint64Array(words.buffer), count);
      const order = new GroupOrder();
      // Quadratic work here would be 4 × 10^10 comparisons: minutes, where the time limit is far below.
      const found = order.order(runs, 0);
      expect(found.records).toBe(
        new Set(Array.from({ length: count }, (_, at) => JSON.stringify(make(at)))).size,
      );
    },
    20_000,
  );

  it('takes no longer by orders of magnitude where an adversary chose keys that share their beginning', () => {
    // Equal in the bits by which rows are placed and descending in those after: insertion alone would move
    // five billion times.
    const count = 100_000;
    const bytes = new Uint8Array(count * rowBytes);
    for (let index = 0; index < count; index++) {
      const descending = (count - index) * 20;
      const at = index * rowBytes;
      bytes.set([7, 7, (descending >>> 16) & 255, (descending >>> 8) & 255, descending & 255], at);
      bytes.set([1, 0], at + headAt.statement * 4);
    }
    const runs = new RowRuns();
    runs.beginPacked(new BigUint64Array(bytes.buffer), count);
    const order = new GroupOrder();
    // Time of this process, not of the clock: other tests may run beside.
    const start = process.cpuUsage();
    expect(order.order(runs, 0).groups).toBe(count);
    expect(process.cpuUsage(start).user).toBeLessThan(1_500_000);
  }, 20_000);
});

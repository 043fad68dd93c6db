/** Records come out of a scatter as they went in: each as its row, in the bucket of its key, in the order of adding. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, toHex } from '#encoding';
import { headWords, pageBytes, pagePlaces, pageRows, rowBytes, rowQuads } from './reduction-row.js';
import { RowRuns } from './row-runs.js';
import { allocateScatter, bucketBitsFor, pagesFor, RowScatter, type ScatterMemory } from './row-scatter.js';

interface Given {
  /** 64 bytes. */
  readonly record: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly segment: number;
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const given: fc.Arbitrary<Given> = fc.record({
  // Of the key, the first byte decides most; few values of it crowd the buckets.
  record: fc.tuple(bytes(64), fc.constantFrom(0, 0, 64, 128, 255, 255)).map(([record, first]) => {
    return Uint8Array.from(record).fill(first, 16, 17);
  }),
  hash: bytes(32),
  segment: fc.constantFrom(0, 1, 70_000),
});

function add(scatter: RowScatter, some: readonly Given[]): void {
  for (const one of some) scatter.add(one.record.slice(), one.hash.slice(), 1, one.segment);
}

/** In one call for all of one segment, as whole batches come. */
function addTogether(scatter: RowScatter, some: readonly Given[], segment: number): void {
  const records = concatBytes(...some.map((one) => one.record));
  const hashes = concatBytes(...some.map((one) => one.hash));
  scatter.add(records, hashes, some.length, segment);
}

/** The row by itself: key, price, kind, author, counterparty, flags, segment, hash. */
function rowOf({ record, hash, segment }: Given): string {
  const number = new Uint8Array(Uint32Array.of(segment).buffer);
  const statement = Uint8Array.of(record[0], record[2], record[3], record[4]);
  return toHex(concatBytes(record.subarray(16, 40), statement, number, hash));
}

function expected(some: readonly Given[], bits: number): string[][] {
  const buckets: string[][] = Array.from({ length: 2 ** bits }, () => []);
  for (const one of some) {
    const top = (one.record[16] << 8) | one.record[17];
    buckets[top >> (16 - bits)].push(rowOf(one));
  }
  return buckets;
}

const bucketsOf = (scatter: RowScatter): number[] => [...Array(scatter.buckets).keys()];

/** Of every bucket, or of these, the rows, copied one by one. */
function copied(scatter: RowScatter, buckets = bucketsOf(scatter)): string[][] {
  return buckets.map((bucket) => {
    const rows = scatter.rowsOf(bucket);
    const into = new BigUint64Array((rows + 3) * rowQuads).fill(7n);
    expect(scatter.copyBucket(bucket, into, 2)).toBe(rows + 2);
    // What stands before and behind is not touched.
    expect([...into.subarray(0, 2 * rowQuads), ...into.subarray((rows + 2) * rowQuads)]).toEqual(
      Array(3 * rowQuads).fill(7n),
    );
    return splitRows(new Uint8Array(into.buffer, 2 * rowBytes, rows * rowBytes));
  });
}

const splitRows = (some: Uint8Array): string[] =>
  Array.from({ length: some.length / rowBytes }, (_, row) =>
    toHex(some.subarray(row * rowBytes, (row + 1) * rowBytes)),
  );

/** Of every bucket, or of these, the rows where they lie. */
function lying(scatter: RowScatter, buckets = bucketsOf(scatter)): string[][] {
  const runs = new RowRuns();
  return buckets.map((bucket) => {
    runs.begin(scatter.arena);
    scatter.addRuns(bucket, runs);
    expect(runs.count).toBe(scatter.rowsOf(bucket));
    return rowsIn(runs);
  });
}

function rowsIn({ words, runs, length }: RowRuns): string[] {
  const found: string[] = [];
  for (let run = 0; run < length; run += 2) {
    expect(runs[run + 1]).toBeGreaterThan(0);
    for (let place = runs[run]; place < runs[run] + runs[run + 1]; place++) {
      const at = place * headWords * 4;
      const head = new Uint8Array(words.buffer, at, 32);
      found.push(toHex(concatBytes(head, new Uint8Array(words.buffer, at + (pagePlaces / 2) * 32, 32))));
    }
  }
  return found;
}

const scatterOf = (bits: number, pages: number): RowScatter => new RowScatter(allocateScatter(bits, pages));

describe('a scatter', () => {
  it('gives every record back as its row, in the bucket of its key, in the order of adding', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 300 }), fc.constantFrom(1, 2, 7, 16), (records, bits) => {
        const scatter = scatterOf(bits, pagesFor(records.length, bits));
        add(scatter, records);
        scatter.seal();
        const rows = expected(records, bits);
        // Of 65,536 buckets almost all are empty: those are looked at that are not, and the last.
        const some = [...rows.keys()].filter(
          (bucket) => rows[bucket].length > 0 || bucket === rows.length - 1,
        );
        const wanted = some.map((bucket) => rows[bucket]);
        expect(copied(scatter, some)).toEqual(wanted);
        expect(lying(scatter, some)).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });

  it('takes whole batches as it takes single records', () => {
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: 200 }), (records) => {
        const scatter = scatterOf(3, pagesFor(records.length, 3));
        addTogether(scatter, records, 5);
        scatter.seal();
        const ofOne = records.map((one) => ({ ...one, segment: 5 }));
        expect(copied(scatter)).toEqual(expected(ofOne, 3));
      }),
      { numRuns: 30 },
    );
  });

  it('has room for as many rows as it was made for, whatever their keys, and takes none beyond its pages', () => {
    const wanted = fc.record({
      rows: fc.constantFrom(0, 1, 2, 63, 64, 65, 128, 300),
      bits: fc.constantFrom(1, 2, 5),
    });
    fc.assert(
      fc.property(wanted, bytes(300), ({ rows, bits }, firsts) => {
        const scatter = scatterOf(bits, pagesFor(rows, bits));
        expect(scatter.hasRoomFor(rows)).toBe(true);
        expect(scatter.hasRoomFor(rows + pageRows)).toBe(false);
        const record = new Uint8Array(64);
        for (const first of firsts.subarray(0, rows)) {
          record[16] = first;
          // Whatever it says it has room for, it takes.
          expect(scatter.hasRoomFor(1) || rows > 0).toBe(true);
          scatter.add(record, new Uint8Array(32), 1, 0);
        }
      }),
    );
    const full = scatterOf(1, 2);
    for (let row = 0; row < 2 * pageRows; row++) {
      expect(full.hasRoomFor(1)).toBe(row === 0);
      full.add(new Uint8Array(64), new Uint8Array(32), 1, 0);
    }
    expect(() => full.add(new Uint8Array(64), new Uint8Array(32), 1, 0)).toThrow('filled beyond its pages');
  });

  it('forgets all rows when it is cleared, and takes as many again', () => {
    fc.assert(
      fc.property(
        fc.array(given, { maxLength: 150 }),
        fc.array(given, { maxLength: 150 }),
        (first, second) => {
          const scatter = scatterOf(2, pagesFor(150, 2));
          add(scatter, first);
          scatter.seal();
          scatter.clear();
          expect(scatter.hasRoomFor(150)).toBe(true);
          add(scatter, second);
          scatter.seal();
          expect(copied(scatter)).toEqual(expected(second, 2));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('shares an arena with others and touches only its own pages', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 150 }), fc.array(given, { maxLength: 150 }), (one, other) => {
        const pages = pagesFor(150, 2);
        const arena = new ArrayBuffer((1 + 2 * pages) * pageBytes);
        const [low, high] = [1, 1 + pages].map(
          (first) => new RowScatter(allocateScatter(2, pages, arena, first)),
        );
        expect(low.arena).toBe(arena);
        for (let at = 0; at < 150; at++) {
          add(low, one.slice(at, at + 1));
          add(high, other.slice(at, at + 1));
        }
        low.seal();
        high.seal();
        expect([copied(low), copied(high)]).toEqual([expected(one, 2), expected(other, 2)]);
        expect([lying(low), lying(high)]).toEqual([expected(one, 2), expected(other, 2)]);
        expect(new Uint8Array(arena, 0, pageBytes).every((byte) => byte === 0)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('goes from worker to worker, each of which goes on where the last one ended', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 200 }), (records) => {
        const memory: ScatterMemory = allocateScatter(2, 10, new SharedArrayBuffer(10 * pageBytes));
        expect(memory.tables).toBeInstanceOf(SharedArrayBuffer);
        for (const one of records) add(new RowScatter(memory), [one]);
        new RowScatter(memory).seal();
        expect(copied(new RowScatter(memory))).toEqual(expected(records, 2));
      }),
      { numRuns: 20 },
    );
    expect(allocateScatter(2, 10).tables).toBeInstanceOf(ArrayBuffer);
  });

  it('is made of 2 to 65,536 buckets and of memory that is large enough', () => {
    for (const bits of [0, 17]) expect(() => allocateScatter(bits, 1)).toThrow(`buckets by ${bits} bits`);
    for (const bits of [1, 16]) expect(new RowScatter(allocateScatter(bits, 1)).buckets).toBe(2 ** bits);
    const arena = new ArrayBuffer(3 * pageBytes);
    expect(allocateScatter(1, 2, arena, 1).arena).toBe(arena);
    expect(() => allocateScatter(1, 3, arena, 1)).toThrow(`3 pages need ${4 * pageBytes} bytes`);
    expect(allocateScatter(1, 3).arena.byteLength).toBe(3 * pageBytes);
  });

  it('has about 8,192 rows a bucket where keys are spread', () => {
    const bits = [0, 1, 8_192, 16_384, 16_385, 32_768, 32_769, 2 ** 29, 2 ** 29 + 1, 2 ** 40];
    expect(bits.map((rows) => bucketBitsFor(rows))).toEqual([1, 1, 1, 1, 2, 2, 3, 16, 16, 16]);
    expect([100, 200, 201, 401].map((rows) => bucketBitsFor(rows, 100))).toEqual([1, 1, 2, 3]);
  });
});

describe('the rows of a bucket', () => {
  it('are those of segments that stand in a valid part, once the others are left out', () => {
    const some = fc.array(
      given.map((one) => ({ ...one, segment: one.segment === 70_000 ? 2 : one.segment })),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(some, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), (records, alive) => {
        const scatter = scatterOf(1, pagesFor(records.length, 1));
        add(scatter, records);
        scatter.seal();
        const kept = expected(
          records.filter(({ segment }) => alive[segment]),
          1,
        );
        const runs = new RowRuns();
        for (const bucket of [0, 1]) {
          runs.begin(scatter.arena);
          scatter.addRuns(bucket, runs);
          runs.keepAlive(Uint8Array.from(alive, Number));
          expect(runs.count).toBe(kept[bucket].length);
          expect(rowsIn(runs)).toEqual(kept[bucket]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are laid into pages where they come packed, as many as are said', () => {
    const rows = fc.array(bytes(rowBytes), { maxLength: 200 });
    const runs = new RowRuns();
    fc.assert(
      fc.property(rows, fc.nat(1_000), (packed, some) => {
        const count = Math.min(some, packed.length);
        const quads = new BigUint64Array(concatBytes(...packed).buffer);
        runs.beginPacked(quads, count);
        expect(runs.count).toBe(count);
        expect(rowsIn(runs)).toEqual(packed.slice(0, count).map(toHex));
        expect(runs.quads.buffer).toBe(runs.words.buffer);
      }),
      { numRuns: 60 },
    );
  });
});

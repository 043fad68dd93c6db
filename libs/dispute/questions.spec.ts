/**
 * Questions about parts: what is found wrong can be shown, what is right can be published, and only lies
 * disproved.
 */
import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merkleRoot, rootFromPath, seal, sha256 } from '#crypto';
import { compareBytes, concatBytes, equalBytes, toHex } from '#encoding';
import {
  type BlockRules,
  batchAt,
  batchKeyBytes,
  commitManifest,
  PartCheck,
  type PlacedHeader,
  SegmentCheck,
  sealSegment,
  segmentKeyOf,
  segmentRootOf,
  writeBatchKey,
} from '#protocol';
import { disproofDue, piecesRootOf } from './disproof-due.js';
import { type PartFinding, PartFindings, unservedManifest } from './part-findings.js';
import { publicationsDue, type QuestionedPart, questionsDue } from './questions-due.js';
import { gameRules, signedBatch } from './testing/game-block.js';

const roles = [1, 3, 3];
const rules: BlockRules = { ...gameRules(roles), authorBytesMax: 8_192 };
/** authorBytesMax allows an author two segments. */
const rowsMax = 2;
const keyProof = { ...rules, keyPath: [] };

const batchOf = (author: number, sequence: number, records = 1) =>
  signedBatch(rules, author, sequence, records);

interface Stored {
  readonly rows: Uint8Array;
  readonly sealed: readonly (Uint8Array | undefined)[];
}

function storedOf(segments: readonly Uint8Array[]): Stored {
  const made = segments.map((one) => sealSegment(rules, one));
  return { rows: concatBytes(...made.map(({ row }) => row)), sealed: made.map(({ sealed }) => sealed) };
}

function findingsOf({ rows, sealed }: Stored): PartFinding[] {
  const check = new SegmentCheck(rules);
  const findings = new PartFindings(rules);
  const part = new PartCheck(rules);
  for (const [at, bytes] of sealed.entries()) {
    const checked = check.check(rows.subarray(at * 64, at * 64 + 64), bytes);
    findings.add(checked);
    part.add(checked);
  }
  const found = findings.finish(rows);
  // There is a finding where the part does not count, and no other.
  expect(found.length > 0).toBe(part.reason !== undefined);
  return found;
}

/** The header stands there, and its key. */
function keyOfPlaced(rows: Uint8Array, place: PlacedHeader): Uint8Array {
  const { header, batchIndex, batches, batchPath, sealedDigest, segmentIndex, rowPath } = place;
  const segmentRoot = rootFromPath(sha256(header), batchIndex, batches, batchPath);
  const row = sha256(concatBytes(sealedDigest, segmentRoot ?? new Uint8Array(0)));
  const root = rootFromPath(row, segmentIndex, rows.length / 64, rowPath);
  expect(root && toHex(root)).toBe(toHex(commitManifest(rows).commitment.partRoot));
  const key = new Uint8Array(batchKeyBytes);
  writeBatchKey(header, 0, key, 0);
  return key;
}

describe('what is wrong with a part', () => {
  const good = [batchOf(0, 1), batchOf(0, 2), batchOf(1, 5), batchOf(2, 1)];
  const part = storedOf(good);
  const withSealed = (at: number, sealed: Uint8Array | undefined): Stored => ({
    ...part,
    sealed: part.sealed.with(at, sealed),
  });
  /** The row says whatever its bytes are, as a poster may have it. */
  const withBytes = (at: number, sealed: Uint8Array, segmentRoot?: Uint8Array): Stored => {
    const rows = part.rows.slice();
    rows.set(sha256(sealed), at * 64);
    if (segmentRoot !== undefined) rows.set(segmentRoot, at * 64 + 32);
    return { rows, sealed: part.sealed.with(at, sealed) };
  };

  it('is nothing where it counts', () => {
    expect(findingsOf(part)).toEqual([]);
    expect(findingsOf(storedOf([]))).toEqual([]);
  });

  it('is that it is not served, where stored bytes lack or are others', () => {
    expect(findingsOf(withSealed(2, undefined))).toEqual([{ fault: 'not-served', reason: 'unavailable' }]);
    expect(findingsOf(withSealed(2, Uint8Array.of(1)))).toEqual([
      { fault: 'not-served', reason: 'wrong-bytes' },
    ]);
    expect(unservedManifest('wrong-bytes')).toEqual({ fault: 'not-served', reason: 'wrong-bytes' });
  });

  it('is the first row that has not good bytes, whatever is wrong with it', () => {
    const key = (root: Uint8Array) => segmentKeyOf(rules.blockKey, rules.channelId, rules.blockNumber, root);
    const sealedAs = (segment: Uint8Array): Uint8Array => seal(key(segmentRootOf(segment)), segment);
    const faultOf = (stored: Stored) => findingsOf(stored)[0];
    expect(faultOf(withBytes(1, new Uint8Array(15)))).toEqual({
      fault: 'row',
      rowIndex: 1,
      reason: 'does-not-open',
    });
    expect(faultOf(withBytes(2, new Uint8Array(99)))).toEqual({
      fault: 'row',
      rowIndex: 2,
      reason: 'malformed',
    });
    const otherRoot = sha256(Uint8Array.of(5));
    const other = withBytes(3, seal(key(otherRoot), good[3]), otherRoot);
    expect(findingsOf(other)).toEqual([{ fault: 'row', rowIndex: 3, reason: 'wrong-segment-root' }]);
    const changed = good[2].slice();
    changed[192 + 40] ^= 1;
    expect(faultOf(withBytes(2, sealedAs(changed)))).toEqual({
      fault: 'row',
      rowIndex: 2,
      reason: 'wrong-batch-root',
    });
    const unsigned = good[2].slice();
    unsigned[batchAt.signature] ^= 1;
    const twice = storedOf([good[0], unsigned, unsigned]);
    expect(findingsOf(twice).map(({ fault }) => fault)).toEqual(['disorder', 'row']);
    expect(findingsOf(twice)[1]).toEqual({ fault: 'row', rowIndex: 1, reason: 'bad-signature' });
    const inside = storedOf([concatBytes(good[1], good[0])]);
    expect(findingsOf(inside)).toEqual([{ fault: 'row', rowIndex: 0, reason: 'out-of-order' }]);
  });

  it('is shown by two headers where rows do not ascend', () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2 });
    fc.assert(
      fc.property(order, (rowOrder) => {
        const stored = storedOf(rowOrder.map((at) => good[at]));
        const isOrdered = rowOrder.every((one, at) => at === 0 || rowOrder[at - 1] < one);
        const found = findingsOf(stored).find(({ fault }) => fault === 'disorder');
        expect(found !== undefined).toBe(!isOrdered);
        if (found?.fault !== 'disorder') return;
        expect(found.earlier.segmentIndex).toBeLessThan(found.later.segmentIndex);
        const [earlier, later] = [found.earlier, found.later].map((one) => keyOfPlaced(stored.rows, one));
        expect(compareBytes(earlier, later)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is not shown by headers that do not lead to their row', () => {
    const stored = storedOf([good[1], good[0]]);
    stored.rows.set(sha256(Uint8Array.of(6)), 32);
    const { blockKey, channelId, blockNumber } = rules;
    const sealed = seal(segmentKeyOf(blockKey, channelId, blockNumber, stored.rows.slice(32, 64)), good[1]);
    stored.rows.set(sha256(sealed), 0);
    const found = findingsOf({ rows: stored.rows, sealed: stored.sealed.with(0, sealed) });
    expect(found).toEqual([{ fault: 'row', rowIndex: 0, reason: 'wrong-segment-root' }]);
  });

  it('is the last batch of a row and the first of the next, where only these do not ascend', () => {
    const stored = storedOf([concatBytes(good[0], good[1]), concatBytes(good[1], batchOf(0, 3))]);
    const [found] = findingsOf(stored);
    if (found.fault !== 'disorder') throw new Error(found.fault);
    expect([found.earlier.batchIndex, found.later.batchIndex]).toEqual([1, 0]);
    const [earlier, later] = [found.earlier, found.later].map((one) => keyOfPlaced(stored.rows, one));
    expect(toHex(earlier)).toBe(toHex(later));
  });

  it('is shown by two headers where an author has too many rows', () => {
    const stored = storedOf([0, 1, 2].map((sequence) => batchOf(1, sequence)));
    const [found, ...others] = findingsOf(stored);
    expect(others).toEqual([]);
    if (found.fault !== 'too-many-rows') throw new Error(found.fault);
    expect(found.later.segmentIndex - found.earlier.segmentIndex).toBeGreaterThanOrEqual(rowsMax);
    const authors = [found.earlier, found.later].map((one) => keyOfPlaced(stored.rows, one)[0]);
    expect(authors).toEqual([1, 1]);
    expect(findingsOf(storedOf([0, 1].map((sequence) => batchOf(1, sequence))))).toEqual([]);
  });
});

describe('a question', () => {
  const commitment = commitManifest(new Uint8Array(64)).commitment;
  const row = { fault: 'row', rowIndex: 4, reason: 'malformed' } as const;
  const unserved = { fault: 'not-served', reason: 'unavailable' } as const;
  const view = (participant: number, findings: readonly PartFinding[]) => ({
    participant,
    commitment,
    findings,
  });
  const none: QuestionedPart = { part: 1, isStruck: false, askedRows: 0, isPanelAsked: false };
  const askRow = { move: 'ask-row', part: 1, commitment, rowIndex: 4, reason: 'malformed' };

  it('is due of a part that one result counts, another leaves out, and the own view does not count', () => {
    expect(questionsDue(0, [0b11, 0b01], [view(1, [row])], [])).toEqual([askRow]);
    expect(questionsDue(0, [0b11, 0b01], [view(0, [row]), view(1, [])], [])).toEqual([]);
    expect(questionsDue(0, [0b11, 0b11], [view(1, [row])], [])).toEqual([]);
    expect(questionsDue(0, [0b01, 0b101], [view(1, [row])], [])).toEqual([]);
    expect(questionsDue(0, [], [view(1, [row])], [])).toEqual([]);
  });

  it('is asked once a participant about a row, and once for everybody whether the part was served', () => {
    const due = (finding: PartFinding, asked: Partial<QuestionedPart>) =>
      questionsDue(2, [0b11, 0b01], [view(1, [finding])], [{ ...none, ...asked }]);
    expect(due(row, { askedRows: 0b011 })).toEqual([askRow]);
    expect(due(row, { askedRows: 0b100 })).toEqual([]);
    expect(due(row, { isPanelAsked: true })).toEqual([askRow]);
    expect(due(unserved, { askedRows: 0b111 })).toEqual([
      { move: 'ask-panel', part: 1, reason: 'unavailable' },
    ]);
    expect(due(unserved, { isPanelAsked: true })).toEqual([]);
    expect(due(row, { isStruck: true })).toEqual([]);
    const others = [{ ...none, part: 0, isStruck: true }, none];
    expect(questionsDue(2, [0b11, 0b01], [view(1, [row])], others)).toEqual([askRow]);
  });

  it('shows what is decided at once before it asks anything', () => {
    const segments = [batchOf(0, 2), batchOf(0, 1), new Uint8Array(0)];
    const stored = { ...storedOf(segments.slice(0, 2)) };
    const findings = [...findingsOf(stored), row];
    expect(questionsDue(0, [0b10, 0], [view(1, findings)], [{ ...none, askedRows: 1 }])).toMatchObject([
      {
        move: 'prove-disorder',
        part: 1,
        commitment,
        earlier: { segmentIndex: 0 },
        later: { segmentIndex: 1 },
      },
    ]);
  });

  it('shows two headers of an author that stand too far apart', () => {
    const findings = findingsOf(storedOf([0, 1, 2].map((sequence) => batchOf(1, sequence))));
    expect(questionsDue(0, [0b10, 0], [view(1, findings)], [])).toMatchObject([
      { move: 'prove-too-many-rows', part: 1, earlier: { segmentIndex: 0 }, later: { segmentIndex: 2 } },
    ]);
  });

  it('is answered with the opened bytes of the row, once, by whoever holds the part', () => {
    const segments = [batchOf(0, 1), batchOf(1, 1)];
    const { rows } = storedOf(segments);
    const held = { participant: 1, commitment: commitManifest(rows).commitment, rows, segments };
    const asked = { part: 1, rowIndex: 1, isPublished: false };
    const [move, ...others] = publicationsDue(
      [asked, { ...asked, part: 0 }, { ...asked, isPublished: true }],
      [held],
    );
    expect(others).toEqual([]);
    expect(move).toMatchObject({
      move: 'publish',
      part: 1,
      commitment: held.commitment,
      segment: segments[1],
    });
    const leaf = sha256(concatBytes(move.row.sealedDigest, segmentRootOf(move.segment)));
    const root = rootFromPath(leaf, move.row.segmentIndex, 2, move.row.rowPath);
    expect(root && toHex(root)).toBe(toHex(held.commitment.partRoot));
  });
});

describe('a published row', () => {
  const segments = fc
    .record({
      author: fc.nat({ max: 2 }),
      sequence: fc.nat({ max: 9 }),
      records: fc.integer({ min: 1, max: 70 }),
    })
    .map(({ author, sequence, records }) => batchOf(author, sequence, records));

  it('is not disproved where the sealed bytes decrypt to it', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        const { row, sealed } = sealSegment(rules, segment);
        const said = { move: 'none', reason: 'decrypts-to-published' };
        expect(disproofDue({ row, segment }, sealed, keyProof)).toEqual(said);
        const other = disproofDue({ row, segment }, Uint8Array.of(...sealed, 0), keyProof);
        expect(other).toEqual({ move: 'none', reason: 'other-sealed-bytes' });
      }),
      { numRuns: 20 },
    );
  });

  it('is disproved at a block of AES where it decrypts to something else', () => {
    fc.assert(
      fc.property(segments, fc.nat(), fc.integer({ min: 1, max: 255 }), (segment, where, change) => {
        // What was sealed differs from what is published under the same segmentRoot.
        const sealedText = segment.slice();
        sealedText[where % segment.length] ^= change;
        const segmentRoot = segmentRootOf(segment);
        const key = segmentKeyOf(rules.blockKey, rules.channelId, rules.blockNumber, segmentRoot);
        const sealed = seal(key, sealedText);
        const row = concatBytes(sha256(sealed), segmentRoot);
        const found = disproofDue({ row, segment }, sealed, keyProof);
        if (found.move !== 'disprove-text') throw new Error(found.move);
        const { place, piece, piecePath } = found;
        expect(place).toBe(Math.floor((where % segment.length) / 16));
        const at = place * 16;
        const cipher = createDecipheriv('aes-256-ctr', key, counter(2 + place));
        const decrypted = new Uint8Array(
          cipher.update(sealed.subarray(at, Math.min(at + 16, segment.length))),
        );
        const published = piece.subarray(at % 1_024, (at % 1_024) + 16);
        expect(toHex(decrypted)).toBe(toHex(sealedText.slice(at, at + 16)));
        expect(toHex(published)).toBe(toHex(segment.slice(at, at + 16)));
        expect(equalBytes(decrypted, published)).toBe(false);
        const pieces = piecesOf(segment);
        const root = rootFromPath(sha256(piece), Math.floor(at / 1_024), pieces.length, piecePath);
        expect(root && toHex(root)).toBe(toHex(merkleRoot(concatBytes(...pieces.map(sha256)))));
      }),
      { numRuns: 60 },
    );
  });

  it('is disproved at its first byte as well', () => {
    const segment = batchOf(0, 1, 3);
    const key = segmentKeyOf(rules.blockKey, rules.channelId, rules.blockNumber, segmentRootOf(segment));
    const sealed = seal(
      key,
      segment.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
    );
    const row = concatBytes(sha256(sealed), segmentRootOf(segment));
    expect(disproofDue({ row, segment }, sealed, keyProof)).toMatchObject({
      move: 'disprove-text',
      place: 0,
    });
  });

  it('is kept by the contract as a root over its pieces', () => {
    const segment = batchOf(0, 1, 30);
    expect(toHex(piecesRootOf(segment))).toBe(
      toHex(merkleRoot(concatBytes(...piecesOf(segment).map(sha256)))),
    );
  });

  it('is disproved by its length where it is longer or shorter than what was sealed', () => {
    const segment = batchOf(0, 1, 3);
    const { row, sealed } = sealSegment(rules, segment);
    for (const published of [segment.slice(0, -1), concatBytes(segment, new Uint8Array(1))]) {
      const found = disproofDue({ row, segment: published }, sealed, keyProof);
      expect(found).toEqual({ move: 'disprove-length', sealed });
    }
  });
});

function counter(value: number): Uint8Array {
  const out = new Uint8Array(16);
  new DataView(out.buffer).setUint32(12, value, false);
  return out;
}

function piecesOf(segment: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(segment.length / 1_024) }, (_, at) =>
    segment.slice(at * 1_024, (at + 1) * 1_024),
  );
}

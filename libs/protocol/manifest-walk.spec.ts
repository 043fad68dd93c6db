/** What everyone who reads a part's manifest asks for, and what it comes to (wire-formats.md 5 and 8). */
import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { toHex } from '#encoding';
import { commitManifest } from './block-part.js';
import { type FoundBlocks, type ManifestEnd, walkManifest, walkManifestOf } from './manifest-walk.js';

const rows = new Uint8Array(Buffer.concat(Array.from({ length: 16_390 }, (_, n) => Buffer.alloc(64, n))));
const { pages, index, commitment } = commitManifest(rows);

/** The digests asked for, step by step, and the end, where each step is answered as given. */
function walked(answers: readonly FoundBlocks[], of = commitment): { asked: string[][]; end: ManifestEnd } {
  const walk = walkManifest(of);
  const asked: string[][] = [];
  let step = walk.next();
  while (step.done !== true) {
    asked.push(step.value.map(toHex));
    step = walk.next(answers[asked.length - 1]);
  }
  return { asked, end: step.value };
}

const endOf = (answers: readonly FoundBlocks[], of = commitment): ManifestEnd => walked(answers, of).end;
const wrong = { reason: 'wrong-bytes' };
const unavailable = { reason: 'unavailable' };

describe('the walk over a manifest', () => {
  it('asks for the index, then for its pages, and ends in the rows', () => {
    const { asked, end } = walked([[index], pages]);
    expect(asked).toEqual([[toHex(commitment.indexHash)], pages.map((page) => toHex(sha256(page)))]);
    expect(end).toEqual({ rows });
    const stored = new Map([index, ...pages].map((bytes) => [toHex(sha256(bytes)), bytes]));
    expect(walkManifestOf(commitment, (digest) => stored.get(toHex(digest)))).toEqual({ rows });
    expect(walkManifestOf(commitment, () => undefined)).toEqual(unavailable);
  });

  it('ends where index or page is in no store, a wrong page beside it or not', () => {
    expect(endOf([[undefined]])).toEqual(unavailable);
    expect(endOf([[index], [pages[0], undefined]])).toEqual(unavailable);
    expect(endOf([[index], [changed(pages[0], 5), undefined]])).toEqual(unavailable);
  });

  it('asks for no pages of an index without its digest or of another length', () => {
    for (const other of [changed(index, 0), index.slice(0, 32), new Uint8Array(0)]) {
      expect(walked([[other]])).toEqual({ asked: [[toHex(commitment.indexHash)]], end: wrong });
    }
    const long = new Uint8Array(Buffer.concat([index, index]));
    expect(endOf([[long]], { ...commitment, indexHash: sha256(long) })).toEqual(wrong);
  });

  it('takes pages only with their digests, in their places', () => {
    expect(endOf([[index], [pages[1], pages[0]]])).toEqual(wrong);
    expect(endOf([[index], [pages[0], changed(pages[1], 0)]])).toEqual(wrong);
  });

  it('takes pages only as they are cut: all full but the last, which holds the rest', () => {
    for (const cut of [16_383, 16_389]) {
      const cutOtherwise = [rows.slice(0, cut * 64), rows.slice(cut * 64)];
      const otherIndex = new Uint8Array(Buffer.concat(cutOtherwise.map((page) => sha256(page))));
      const other = { ...commitment, indexHash: sha256(otherIndex) };
      expect(endOf([[otherIndex], cutOtherwise], other)).toEqual(wrong);
    }
    for (const segmentCount of [16_389, 16_391]) {
      expect(endOf([[index], pages], { ...commitment, segmentCount })).toEqual(wrong);
    }
  });

  it('takes only rows that give the committed root', () => {
    expect(endOf([[index], pages], { ...commitment, partRoot: sha256(rows) })).toEqual(wrong);
  });

  it('asks for nothing where a part has no rows: nothing need be stored for it', () => {
    const empty = commitManifest(new Uint8Array(0));
    expect(empty.pages).toEqual([]);
    expect(toHex(empty.commitment.indexHash)).toBe(toHex(sha256(new Uint8Array(0))));
    expect(walked([], empty.commitment)).toEqual({ asked: [], end: { rows: new Uint8Array(0) } });
    expect(walked([], { ...empty.commitment, indexHash: sha256(rows) })).toEqual({ asked: [], end: wrong });
    expect(walked([], { ...empty.commitment, partRoot: sha256(rows) })).toEqual({ asked: [], end: wrong });
  });
});

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

import { beforeAll, describe, expect, it } from '@jest/globals';
import { addressOf, seal, sealTagBytes, sha256 } from '#crypto';
import { fromHex, toHex } from '#encoding';
import type { ChannelId } from './ids.js';
import {
  BatchHasher,
  type BlockRules,
  batchAt,
  CutRule,
  encodeRecord,
  forEachBatch,
  PartCheck,
  type PartReason,
  recordKind,
  type SealedSegment,
  SegmentCheck,
  SegmentCutter,
  sealSegment,
  segmentKeyOf,
  segmentRootOf,
  signBatch,
} from './index.js';

const channelId: ChannelId = `0x${'11'.repeat(32)}` as const;
const blockNumber = 3;
const blockKey = sha256(Uint8Array.of(9));
const keys = [1, 2].map((n) => sha256(Uint8Array.of(n)));
const hasher = new BatchHasher(sha256(Uint8Array.of(0)));
const rules: BlockRules = {
  channelId: fromHex(channelId),
  blockNumber,
  blockKey,
  domainSeparator: hasher.domainSeparator,
  roles: [1, 3],
  signers: keys.map((key) => fromHex(addressOf(key))),
  priceNanoMax: 1_000_000n,
  authorBytesMax: 400_000,
};

function batch(
  author: number,
  sequence: number,
  records: number,
  over: Partial<{ channelId: ChannelId; block: number }> = {},
) {
  const bytes = new Uint8Array(records * 64);
  for (let at = 0; at < records; at++) {
    const impressionKey = sha256(Uint8Array.of(author, sequence, at & 255, at >> 8)).slice(0, 16);
    const none = new Uint8Array(8);
    encodeRecord(
      {
        kind: recordKind.win,
        author,
        counterparty: 1 - author,
        flags: 0,
        timestampMs: 1n,
        impressionKey,
        priceNano: 5n,
        campaign: none,
        placement: none,
        reference: none,
      },
      bytes,
      at * 64,
    );
  }
  const header = {
    channelId: over.channelId ?? channelId,
    blockNumber: over.block ?? blockNumber,
    author,
    sequence: BigInt(sequence),
  };
  return signBatch(hasher, keys[author], header, bytes);
}

function cut(batches: readonly Uint8Array[]): Uint8Array[] {
  const cutter = new SegmentCutter();
  const done = [...batches.map((one) => cutter.push(one)), cutter.finish()];
  return done.filter((one) => one !== undefined);
}

const sealAll = (segments: readonly Uint8Array[]): SealedSegment[] =>
  segments.map((one) => sealSegment({ channelId: rules.channelId, blockNumber, blockKey }, one));

/** The reason of a part made of these sealed segments. */
function reasonOf(
  sealed: readonly { row: Uint8Array; sealed: Uint8Array | undefined }[],
): PartReason | undefined {
  const segments = new SegmentCheck(rules);
  const part = new PartCheck(rules);
  for (const one of sealed) part.add(segments.check(one.row, one.sealed));
  return part.reason;
}

describe('a block part', () => {
  let batches: Uint8Array[] = [];
  beforeAll(() => {
    batches = [...Array.from({ length: 9 }, (_, n) => batch(0, n, 150)), batch(1, 0, 1), batch(1, 7, 1_000)];
  });

  it('is valid as a collator makes it', () => {
    const sealed = sealAll(cut(batches));
    expect(sealed.length).toBeGreaterThan(3);
    expect(reasonOf(sealed)).toBeUndefined();
    expect(reasonOf([])).toBeUndefined();
  });

  it('of which a segment is not in the store is unavailable', () => {
    const sealed = sealAll(cut(batches)).map((one, at) => ({
      ...one,
      sealed: at === 1 ? undefined : one.sealed,
    }));
    expect(reasonOf(sealed)).toBe('unavailable');
  });

  it('whose stored bytes have another digest has wrong bytes', () => {
    const sealed = sealAll(cut(batches));
    sealed[0].sealed[5] ^= 1;
    expect(reasonOf(sealed)).toBe('wrong-bytes');
  });

  it('with a sealed segment that is shorter than a tag does not open', () => {
    const reason = (bytes: number) => {
      const sealed = new Uint8Array(bytes);
      return reasonOf([{ sealed, row: rowOf(sealed, new Uint8Array(32)) }]);
    };
    expect(reason(0)).toBe('does-not-open');
    expect(reason(15)).toBe('does-not-open');
    expect(reason(16)).toBe('malformed');
  });

  it('sealed with another key is malformed: what it decrypts to are no batches', () => {
    const plaintext = cut(batches)[0];
    const bytes = seal(sha256(blockKey), plaintext);
    expect(reasonOf([{ sealed: bytes, row: rowOf(bytes, segmentRootOf(plaintext)) }])).toBe('malformed');
  });

  it('is valid whatever the tags of its segments are', () => {
    const sealed = sealAll(cut(batches)).map((one) => {
      const bytes = changed(one.sealed, one.sealed.length - 1, 0xff);
      return { sealed: bytes, row: rowOf(bytes, one.row.subarray(32)) };
    });
    expect(reasonOf(sealed)).toBeUndefined();
  });

  it.each<[string, (plaintext: Uint8Array) => Uint8Array]>([
    ['an empty segment', () => new Uint8Array(0)],
    ['half a batch', (plaintext) => plaintext.subarray(0, plaintext.length - 64)],
    ['another magic', (plaintext) => changed(plaintext, 0)],
    ['filled padding', (plaintext) => changed(plaintext, 191)],
    ['a price above the limit', (plaintext) => changed(plaintext, 192 + 39)],
    ['an author above the participants', (plaintext) => changed(plaintext, batchAt.author, 2)],
    ['another channel', (plaintext) => changed(plaintext, batchAt.channelId)],
    ['another block', (plaintext) => changed(plaintext, batchAt.blockNumber)],
  ])('that holds %s is malformed', (_, spoil) => {
    expect(reasonOf([sealAs(spoil(cut(batches)[0]))])).toBe('malformed');
  });

  it('in which an author signs what another says is malformed, though each record is good by itself', () => {
    // A win of participant 1 over participant 0, in a batch that participant 0 signed with its own key.
    const win = batch(1, 3, 1).subarray(192);
    const header = { channelId, blockNumber, author: 0, sequence: 3n };
    expect(reasonOf([sealAs(signBatch(hasher, keys[0], header, win))])).toBe('malformed');
    expect(reasonOf([sealAs(batch(1, 3, 1))])).toBeUndefined();
  });

  it('of which a segment goes on where a cut is due is malformed; one that ends early is not', () => {
    const joined = (...some: Uint8Array[]) => reasonOf(sealAll([new Uint8Array(Buffer.concat(some))]));
    expect(reasonOf(sealAll(batches.slice(0, 3)))).toBeUndefined();
    expect(joined(batches[8], batches[9])).toBe('malformed');
    // 1,015 records and three headers fill 65,536 bytes.
    expect(joined(batch(0, 0, 1), batch(0, 1, 1), batch(0, 2, 1_013))).toBeUndefined();
    expect(joined(batch(0, 0, 1), batch(0, 1, 1), batch(0, 2, 1_014))).toBe('malformed');
    // A batch whose root's last byte is below 64 ends a segment of 16,384 bytes or more.
    const ends = (sequence: number) => batch(0, sequence, 300)[batchAt.recordsRoot + 31] < 64;
    const sequences = Array.from({ length: 60 }, (_, sequence) => sequence);
    const [ending, goingOn] = [sequences.find(ends), sequences.find((one) => !ends(one))];
    const after = batch(0, 99, 1);
    expect(joined(batch(0, ending as number, 300), after)).toBe('malformed');
    expect(joined(batch(0, goingOn as number, 300), after)).toBeUndefined();
  });

  it('whose row names another segment root has a wrong segment root', () => {
    const plaintext = cut(batches)[0];
    const root = sha256(Uint8Array.of(5));
    const bytes = seal(segmentKeyOf(blockKey, rules.channelId, blockNumber, root), plaintext);
    expect(reasonOf([{ sealed: bytes, row: rowOf(bytes, root) }])).toBe('wrong-segment-root');
  });

  it('whose batches do not ascend is out of order, also across segments', () => {
    expect(reasonOf(sealAll(cut([batch(0, 2, 1), batch(0, 1, 1)])))).toBe('out-of-order');
    expect(reasonOf(sealAll(cut([batch(0, 1, 1), batch(0, 1, 1)])))).toBe('out-of-order');
    expect(reasonOf(sealAll(cut([batch(1, 1, 1), batch(0, 2, 1)])))).toBe('out-of-order');
    // Sequences are numbers: 255 comes before 256, whatever their little-endian bytes say.
    expect(reasonOf(sealAll(cut([batch(0, 255, 1), batch(0, 256, 1)])))).toBeUndefined();
  });

  it('whose segment ends with the batch with which the next begins is out of order', () => {
    const large = batch(0, 1, 1_000);
    const sealed = sealAll(cut([large, large]));
    expect(sealed).toHaveLength(2);
    expect(reasonOf(sealed)).toBe('out-of-order');
    expect(reasonOf(sealAll(cut([large, batch(0, 2, 1_000)])))).toBeUndefined();
  });

  it('has batches that ascend strictly within each segment: a segment that breaks this names it itself', () => {
    const segments = new SegmentCheck(rules);
    const reason = (...some: Uint8Array[]) => {
      const { row, sealed } = sealAs(new Uint8Array(Buffer.concat(some)));
      return segments.check(row, sealed).reason;
    };
    const [first, second] = [batch(0, 1, 1), batch(0, 2, 1)];
    expect(reason(first, second)).toBeUndefined();
    expect(reason(first, first)).toBe('out-of-order');
    expect(reason(second, first)).toBe('out-of-order');
    expect(reason(first, second, second)).toBe('out-of-order');
  });

  it('in which an author has more segments than its bytes allow is too large', () => {
    // 400,000 bytes allow 49 segments; those of others do not count.
    const small = Array.from({ length: 50 }, (_, n) => batch(0, n, 1));
    const other = batch(1, 0, 1);
    expect(reasonOf(sealAll([...small.slice(0, 49), other]))).toBeUndefined();
    expect(reasonOf(sealAll([...small, other]))).toBe('too-large');
    expect(reasonOf(sealAll(cut(small)))).toBeUndefined();
  });

  it('is not too large before it is out of order', () => {
    const small = Array.from({ length: 50 }, (_, n) => batch(0, n, 1));
    expect(reasonOf(sealAll(small.toReversed()))).toBe('out-of-order');
  });

  it('with a changed record has a wrong batch root, and with a changed header a bad signature', () => {
    expect(reasonOf([sealAs(changed(cut(batches)[0], 192 + 60))])).toBe('wrong-batch-root');
    expect(reasonOf([sealAs(changed(cut(batches)[0], batchAt.signature + 3))])).toBe('bad-signature');
  });

  it('with several faults has the first reason of the list, wherever it lies', () => {
    const [first, second] = cut(batches);
    const sealed = [sealAs(changed(first, batchAt.signature)), sealAs(changed(second, 0))];
    expect(reasonOf(sealed)).toBe('malformed');
    sealed[1] = { ...sealed[1], sealed: changed(sealed[1].sealed, 0) };
    expect(reasonOf(sealed)).toBe('wrong-bytes');
  });
});

describe('cutting', () => {
  /** Whether a batch begins a segment after one of `bytes` whose root ends with `rootLastByte`. */
  const isCutAfter = (bytes: number, rootLastByte: number, next = { author: 0, bytes: 256 }): boolean => {
    const rule = new CutRule();
    expect(rule.begins(0, bytes, rootLastByte)).toBe(true);
    return rule.begins(next.author, next.bytes, 255);
  };

  it('is after a batch whose root’s last byte is below 64, and not at 64', () => {
    expect(isCutAfter(20_032, 63)).toBe(true);
    expect(isCutAfter(20_032, 0)).toBe(true);
    expect(isCutAfter(20_032, 64)).toBe(false);
    expect(isCutAfter(20_032, 255)).toBe(false);
  });

  it('is there only once a segment holds 16,384 bytes', () => {
    expect(isCutAfter(16_384, 63)).toBe(true);
    expect(isCutAfter(16_320, 63)).toBe(false);
  });

  it('is before a batch that would take the segment above 65,536 bytes, and where the author changes', () => {
    expect(isCutAfter(40_000, 255, { author: 0, bytes: 25_536 })).toBe(false);
    expect(isCutAfter(40_000, 255, { author: 0, bytes: 25_600 })).toBe(true);
    expect(isCutAfter(256, 255, { author: 1, bytes: 256 })).toBe(true);
  });

  it('gives equal segments again a few batches behind a difference', () => {
    const all = Array.from({ length: 120 }, (_, n) => batch(0, n, 20));
    const rowsOf = (batches: Uint8Array[]): Set<string> =>
      new Set(sealAll(cut(batches)).map((one) => toHex(one.row)));
    const [whole, without] = [rowsOf(all), rowsOf(all.filter((_, n) => n !== 3))];
    const shared = [...whole].filter((row) => without.has(row));
    expect(whole.size).toBeGreaterThan(4);
    expect(shared.length).toBeGreaterThanOrEqual(whole.size - 3);
  });

  it('keeps every byte in order', () => {
    const all = Array.from({ length: 30 }, (_, n) => batch(n % 2, n, 1 + n * 30)).sort(
      (a, b) => a[28] - b[28],
    );
    expect(Buffer.concat(cut(all)).equals(Buffer.concat(all))).toBe(true);
    let seen = 0;
    forEachBatch(new Uint8Array(Buffer.concat(all)), () => seen++);
    expect(seen).toBe(30);
  });
});

function rowOf(sealed: Uint8Array, root: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([sha256(sealed), root]));
}

/** Seals anything under its own headers' root where it has whole batches, else under the root of none. */
function sealAs(plaintext: Uint8Array): { sealed: Uint8Array; row: Uint8Array } {
  let root = new Uint8Array(32);
  try {
    root = new Uint8Array(segmentRootOf(plaintext));
  } catch {
    expect(sealTagBytes).toBe(16);
  }
  const sealed = seal(segmentKeyOf(blockKey, rules.channelId, blockNumber, root), plaintext);
  return { sealed, row: rowOf(sealed, root) };
}

function changed(bytes: Uint8Array, at: number, bits = 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= bits;
  return copy;
}

/** Which records of a block count, as its parts come: opened, or sealed as they were posted. */
import { describe, expect, it } from '@jest/globals';
import { addressOf, sha256 } from '#crypto';
import { concatBytes, fromHex, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  batchAt,
  type BlockRules,
  commitManifest,
  domainSeparator,
  encodeRecord,
  recordKind,
  roleOf,
  SegmentCutter,
  sealSegment,
  signBatch,
} from '#protocol';
import type { BlockOutput } from './block-output.js';
import { addSegment, openReducer, reduceBlock, reduceSealedBlock } from './reduce-block.js';
import { defaultParameters, encodeParameters } from './reducers/rtb-impression-1/parameters.js';
import { rowQuads } from './reduction-row.js';
import { allocateScatter, RowScatter } from './row-scatter.js';

const roles = [roleOf.dsp, roleOf.ssp, roleOf.auditor];
const terms = {
  roles,
  reducer: 'rtb-impression/1',
  parameters: encodeParameters({ ...defaultParameters, onMissingAudit: 1 }),
};
const keys = [1, 2, 3].map((one) => new Uint8Array(32).fill(one));
const channelId = `0x${'ab'.repeat(32)}` as const;
const rules: BlockRules = {
  roles,
  priceNanoMax: 10n ** 12n,
  channelId: fromHex(channelId),
  blockNumber: 4,
  blockKey: new Uint8Array(32).fill(9),
  domainSeparator: domainSeparator({
    chainId: 31_337,
    verifyingContract: `0x${'c0'.repeat(20)}` as const,
  }),
  signers: keys.map((key) => fromHex(addressOf(key))),
  authorBytesMax: 20_000,
};

/** A signed batch of wins at the price, of as many impressions. */
function batch(author: number, sequence: number, impressions: number, priceNano = 1_000n): Uint8Array {
  const records = Array.from({ length: impressions }, (_, at) => {
    return encodeRecord({
      kind: recordKind.win,
      author,
      counterparty: author === 0 ? 1 : 0,
      flags: 0,
      timestampMs: 1_000n,
      impressionKey: new Uint8Array(16).fill(sequence * 10 + at),
      priceNano,
      campaign: new Uint8Array(8),
      placement: new Uint8Array(8),
      reference: new Uint8Array(8),
    });
  });
  const header = { channelId, blockNumber: 4, author, sequence: BigInt(sequence) };
  return signBatch(new BatchHasher(rules.domainSeparator), keys[author], header, concatBytes(...records));
}

/** Seals parts; `stored` has everything of them. */
function posted(parts: readonly (readonly Uint8Array[])[]) {
  const stored = new Map<Hex, Uint8Array>();
  const committed = parts.map((batches, participant) => {
    const cutter = new SegmentCutter();
    const texts = [...batches.map((one) => cutter.push(one)), cutter.finish()];
    const sealed = texts.flatMap((text) => (text === undefined ? [] : [sealSegment(rules, text)]));
    const manifest = commitManifest(concatBytes(...sealed.map(({ row }) => row)));
    for (const one of [...sealed.map((segment) => segment.sealed), ...manifest.pages, manifest.index]) {
      stored.set(toHex(sha256(one)), one);
    }
    return { participant, commitment: manifest.commitment };
  });
  return { committed, stored: (digest: Uint8Array) => stored.get(toHex(digest)) };
}

const validator = `0x${'11'.repeat(20)}` as const;
const opened = (...batches: Uint8Array[]) => concatBytes(...batches);
const summary = (output: BlockOutput) => ({
  root: toHex(output.settlementRoot),
  ...{ amounts: output.amounts, validParts: output.validParts, report: output.report },
});

describe('a block of opened parts', () => {
  it('counts the parts that are there, and says of the others why they do not count', () => {
    const both = [batch(0, 1, 3), batch(1, 1, 3)];
    const output = reduceBlock(terms, [
      { participant: 0, plaintext: opened(...both) },
      { participant: 2, reason: 'unavailable' },
    ]);
    expect(output.validParts).toBe(0b001);
    expect(output.report).toMatchObject({
      invalidParts: [
        [1, 'missing'],
        [2, 'unavailable'],
      ],
      records: 6n,
      impressions: 3n,
      sequenceConflicts: [],
    });
    expect(output.amounts).toEqual([3_000n, 3_000n, 0n]);
    expect(output.workDigest).toBeUndefined();
  });

  it('names sequences that an author used for different batches, and counts the records of both', () => {
    const { report, validParts } = reduceBlock(terms, [
      { participant: 0, plaintext: opened(batch(0, 1, 1), batch(1, 7, 1, 900n)) },
      { participant: 1, plaintext: opened(batch(1, 7, 1, 950n), batch(1, 8, 1)) },
    ]);
    expect(validParts).toBe(0b011);
    expect(report.sequenceConflicts).toEqual([[1, 7n]]);
    expect(report.records).toBe(4n);
  });

  it('is reduced by a reducer of the catalogue with parameters of a channel, and by no other', () => {
    expect(() => openReducer({ ...terms, reducer: 'rtb-impression/9' })).toThrow(
      'no reducer rtb-impression/9',
    );
    const parameters = new Uint8Array(3);
    expect(() => openReducer({ ...terms, parameters })).toThrow('not the ABI encoding of parameters');
  });
});

describe('a block of sealed parts', () => {
  it('counts what stands in a part that counts, and nothing of what stands only in others', () => {
    const own = [batch(0, 1, 3), batch(1, 1, 3)];
    // Two of these do not fit a segment, and an author has three at most.
    const tooMany = Array.from({ length: 4 }, (_, at) => batch(1, at + 2, 600));
    const forged = batch(1, 9, 1);
    forged[batchAt.signature + 10] ^= 1;
    for (const [others, reason] of [
      [tooMany, 'too-large'],
      [[own[0], forged], 'bad-signature'],
    ] as const) {
      const { committed, stored } = posted([own, others]);
      const output = reduceSealedBlock(terms, rules, committed, stored);
      const expected = reduceBlock(terms, [
        { participant: 0, plaintext: opened(...own) },
        { participant: 1, reason },
      ]);
      expect(summary(output)).toEqual(summary(expected));
      expect(output.report.records).toBe(6n);
    }
  });

  it('takes a batch that stands in several parts once', () => {
    const own = [batch(0, 1, 3), batch(1, 1, 3)];
    const { committed, stored } = posted([own, own, [own[1]]]);
    const output = reduceSealedBlock(terms, rules, committed, stored, validator);
    const plaintext = opened(...own);
    const parts = [0, 1, 2].map((participant) => ({ participant, plaintext }));
    const expected = reduceBlock(terms, parts, validator);
    expect(summary(output)).toEqual(summary(expected));
    expect(output.workDigest).toEqual(expected.workDigest);
    expect(output.validParts).toBe(0b111);
  });

  it('adds a segment whose bytes begin anywhere in their memory', () => {
    const text = opened(batch(0, 1, 3), batch(0, 2, 2));
    const hashes = new Uint8Array(5 * 32).map((_, at) => at);
    const rowsAt = (offset: number): bigint[] => {
      const memory = new Uint8Array(text.length + offset);
      memory.set(text, offset);
      const scatter = new RowScatter(allocateScatter(1, 4));
      addSegment(scatter, memory.subarray(offset), hashes, 3);
      scatter.seal();
      const into = new BigUint64Array(5 * rowQuads);
      scatter.copyBucket(1, into, scatter.copyBucket(0, into, 0));
      return [...into];
    };
    const expected = rowsAt(0);
    for (const offset of [1, 4, 8, 13]) expect(rowsAt(offset)).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(20);
  });
});

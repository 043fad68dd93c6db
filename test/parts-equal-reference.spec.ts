/** Whether a part of hostile segments counts, and why not: the product against the independent reference. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, type Hex } from '#encoding';
import { type BlockRules, domainSeparator, PartCheck, SegmentCheck } from '#protocol';
import { packBlock, type Scenario, testKey } from './reference/arbitraries.js';
import {
  type BlockContext,
  invalidityOfSealed,
  type StoredSegment,
  seal,
  segmentKey,
} from './reference/block-part.js';
import { join, merkleRoot, sha256 } from './reference/bytes.js';
import { encodeRecord, win } from './reference/record.js';
import { buildBatch, headerBytes } from './reference/record-batch.js';

const scenario: Scenario = {
  roles: [1, 3],
  records: [],
  // Two segments of an author, at most.
  authorBytesMax: 8_192,
  parameters: {
    priceTolerancePpm: 0,
    onPriceMismatch: 0,
    onMissingDsp: 0,
    onMissingSsp: 1,
    onMissingAudit: 1,
    requireViewable: false,
    auditorFeeNano: 0,
    shares: [],
    discrepancyLimitPpm: 100_000,
  },
};
const { blockKey, ...context } = packBlock(scenario, { batches: [], parts: [] });
const rules: BlockRules = {
  roles: context.roles,
  priceNanoMax: context.priceNanoMax as bigint,
  channelId: context.channelId,
  blockNumber: Number(context.blockNumber),
  blockKey,
  domainSeparator: domainSeparator({
    ...context.domain,
    verifyingContract: context.domain.verifyingContract as Hex,
  }),
  signers: context.signers.map((signer) => fromHex(signer as Hex)),
  authorBytesMax: Number(context.authorBytesMax),
};

function batchOf(author: number, sequence: number, count: number): Uint8Array {
  const zero = '0x0000000000000000' as const;
  const record = encodeRecord({
    kind: win,
    version: 1,
    author,
    counterparty: 1 - author,
    flags: 0,
    timestampMs: BigInt(count),
    impressionKey: `${zero}${'00'.repeat(8)}`,
    priceNano: 1n,
    campaign: zero,
    placement: zero,
    reference: zero,
  });
  const header = { ...context, author, sequence: BigInt(sequence) };
  return buildBatch(context.domain, header, Array<Uint8Array>(count).fill(record), testKey(author));
}

/** In order, of sizes on both sides of where a cut is due. */
const batches = [0, 1].flatMap((author) =>
  [1, 250, 253, 300, 600, 1_021].map((count, sequence) => batchOf(author, sequence, count)),
);

/** What is done to a segment before and after it is sealed. */
const hostility = fc.constantFrom(
  ...([
    'none',
    'none',
    'none',
    'tag',
    'key',
    'root',
    'short',
    'empty',
    'absent',
    'digest',
    'byte',
    'signature',
  ] as const),
);
const part = fc.record({
  /** Which batches, and after which of them a segment ends. */
  taken: fc.array(fc.record({ batch: fc.nat({ max: batches.length - 1 }), ends: fc.boolean() }), {
    maxLength: 9,
  }),
  isOrdered: fc.integer({ min: 0, max: 7 }).map((one) => one > 0),
  hostilities: fc.array(fc.record({ kind: hostility, at: fc.nat() }), { minLength: 9, maxLength: 9 }),
});
type Part = typeof part extends fc.Arbitrary<infer Value> ? Value : never;

function textsOf({ taken, isOrdered }: Part): Uint8Array[] {
  const order = isOrdered
    ? [...new Map(taken.map((one) => [one.batch, one])).values()].sort((a, b) => a.batch - b.batch)
    : taken;
  const texts: Uint8Array[][] = [[]];
  for (const { batch, ends } of order) {
    texts[texts.length - 1].push(batches[batch]);
    if (ends) texts.push([]);
  }
  return texts.filter((one) => one.length > 0).map((one) => join(...one));
}

function rootOf(text: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += headerBytes + (text[at + 24] + 256 * text[at + 25]) * 64) {
    hashes.push(sha256(text.slice(at, at + headerBytes)));
  }
  return merkleRoot(hashes);
}

function storedOf(text: Uint8Array, { kind, at }: Part['hostilities'][number]): StoredSegment {
  const spoilt = text.slice();
  if (kind === 'byte') spoilt[at % spoilt.length] ^= 1 << (at % 8);
  if (kind === 'signature') spoilt[96 + (at % 64)] ^= 1;
  const root = kind === 'root' ? sha256(text) : rootOf(kind === 'signature' ? spoilt : text);
  const key = segmentKey(kind === 'key' ? sha256(blockKey) : blockKey, context as BlockContext, root);
  let sealed = seal(key, kind === 'empty' ? new Uint8Array(0) : spoilt);
  if (kind === 'tag') sealed[sealed.length - 1 - (at % 16)] ^= 1;
  if (kind === 'short') sealed = sealed.slice(0, at % 16);
  const row = join(sha256(sealed), root);
  if (kind === 'digest') sealed[at % sealed.length] ^= 1;
  return { row, sealed: kind === 'absent' ? undefined : sealed };
}

describe('a part of any segments', () => {
  it('counts, or does not for the same reason, in product and reference', () => {
    const seen = new Set<string | undefined>();
    fc.assert(
      fc.property(part, (drawn) => {
        const stored = textsOf(drawn).map((text, at) => storedOf(text, drawn.hostilities[at]));
        const segments = new SegmentCheck(rules);
        const whole = new PartCheck(rules);
        for (const { row, sealed } of stored) whole.add(segments.check(row, sealed));
        seen.add(whole.reason);
        expect(whole.reason).toBe(invalidityOfSealed(stored, context, blockKey));
      }),
      { numRuns: 600 },
    );
    // Valid ones and each reason of a posted part, of which a run may miss a rare one.
    expect(seen.size).toBeGreaterThanOrEqual(8);
  });
});

/**
 * fast-check generators of small blocks: roles, parameters and records as hostile as the rules allow, and
 * their packing into batches and parts. For the laws of the reference and, beside it, of the product's
 * reducer.
 */
import fc from 'fast-check';
import { compareBatches } from './block-part.js';
import { ascii, bigEndian, hex, join, sha256, unhex } from './bytes.js';
import { audit, encodeRecord, everySeller, flag, isAuditor, isSeller, win } from './record.js';
import { buildBatch, type ReferenceBatch, readBatch, recordsMax } from './record-batch.js';
import type { ReducerParameters } from './reduce-impression.js';
import type { ReferenceBlockInput } from './reference-block.js';
import { addressOfKey } from './secp256k1.js';
import { type ChannelTerms, channelIdOf, type Domain, encodeParameters } from './typed-data.js';

export interface Scenario {
  readonly roles: readonly number[];
  readonly parameters: ReducerParameters;
  /** 64 bytes each, all valid for the roles; some occur more than once. */
  readonly records: readonly Uint8Array[];
  /** Of the terms; 64 MiB unless given. */
  readonly authorBytesMax?: number;
}

export interface Packing {
  /** Of one author each; every record of the scenario is in one of them at least. */
  readonly batches: readonly { author: number; sequence: bigint; records: readonly Uint8Array[] }[];
  /** Indexes into `batches` by participant; every batch is in one part at least, a part may be empty. */
  readonly parts: readonly (readonly number[])[];
}

export const testDomain: Domain = {
  name: 'Papyrus',
  version: '1',
  chainId: 31_337,
  verifyingContract: '0x00000000000000000000000000000000c0ffee00',
};

/**
 * Prices that meet, nearly meet, differ by exactly 10 and 5,000 ppm, and leave the exact integers of a float64; sums of
 * 50 stay under 2^63.
 */
const prices = [
  0n,
  1n,
  2n,
  100n,
  101n,
  99_999n,
  100_000n,
  995_000n * 2n ** 33n - 1n,
  995_000n * 2n ** 33n,
  1_000_000n * 2n ** 33n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  2n ** 57n - 1n,
  2n ** 57n,
];

/** Keys that share long beginnings, as an adversary would choose them. */
const impressionKeys = [
  '0x00000000000000000000000000000000',
  '0x00000000000000000000000000000001',
  '0x00000000800000000000000000000000',
  '0x7fffffffffffffffffffffffffffffff',
  '0xffffffffffffffffffffffffffffffff',
];

export const rolesArbitrary: fc.Arbitrary<number[]> = fc
  .record({
    payer: fc.constantFrom(1, 2),
    seller: fc.constantFrom(3, 4),
    others: fc.array(fc.constantFrom(3, 3, 4, 5, 5, 6), { maxLength: 8 }),
    at: fc.nat(),
  })
  .map(({ payer, seller, others, at }) => [payer, ...others.toSpliced(at % (others.length + 1), 0, seller)]);

/** Only what a channel may be opened with: without an auditor nothing can be audited. */
export function parametersArbitrary(roles: readonly number[]): fc.Arbitrary<ReducerParameters> {
  const payees = [...roles.keys()].slice(1);
  const ppm = Math.floor(1_000_000 / payees.length);
  const share = fc.record({ participant: fc.constantFrom(...payees), ppm: fc.integer({ min: 0, max: ppm }) });
  const hasAuditor = roles.some(isAuditor);
  return fc.record({
    priceTolerancePpm: fc.constantFrom(0, 1, 10, 5_000, 10_000, 1_000_000),
    onPriceMismatch: fc.integer({ min: 0, max: 3 }),
    onMissingDsp: fc.integer({ min: 0, max: 1 }),
    onMissingSsp: fc.integer({ min: 0, max: 1 }),
    onMissingAudit: hasAuditor ? fc.integer({ min: 0, max: 1 }) : fc.constant(1),
    requireViewable: hasAuditor ? fc.boolean() : fc.constant(false),
    auditorFeeNano: fc.constantFrom(0, 1, 2_000, 2 ** 34 - 1),
    shares: fc.uniqueArray(share, { selector: (one) => one.participant, maxLength: 3 }),
    discrepancyLimitPpm: fc.constant(100_000),
  });
}

/** One record that the roles allow. `salt` tells apart records that say the same. */
export function recordArbitrary(roles: readonly number[]): fc.Arbitrary<Uint8Array> {
  const sellers = [...roles.keys()].filter((one) => isSeller(roles[one]));
  const auditors = [...roles.keys()].filter((one) => isAuditor(roles[one]));
  const about = {
    impressionKey: fc.constantFrom(...impressionKeys),
    salt: fc.nat({ max: 3 }),
    isTest: fc.integer({ min: 0, max: 9 }).map((one) => one === 9),
  };
  const wins = fc
    .record({
      ...about,
      seller: fc.constantFrom(...sellers),
      isPayers: fc.boolean(),
      priceNano: fc.constantFrom(...prices),
    })
    .map((one) => {
      const author = one.isPayers ? 0 : one.seller;
      const counterparty = one.isPayers ? one.seller : 0;
      return recordOf({ ...one, kind: win, author, counterparty, flags: 0 });
    });
  if (auditors.length === 0) return wins;
  const audits = fc
    .record({
      ...about,
      author: fc.constantFrom(...auditors),
      counterparty: fc.constantFrom(everySeller, ...sellers),
      flags: fc.constantFrom(0, 3, 3, 3, 2, 7, 8, 16, 27),
    })
    .map((one) => recordOf({ ...one, kind: audit, priceNano: 0n }));
  return fc.oneof(wins, audits);
}

export const scenarioArbitrary: fc.Arbitrary<Scenario> = rolesArbitrary.chain((roles) =>
  fc.record({
    roles: fc.constant(roles),
    parameters: parametersArbitrary(roles),
    records: fc
      .record({
        said: fc.array(recordArbitrary(roles), { maxLength: 40 }),
        repeated: fc.array(fc.nat(), { maxLength: 6 }),
        floods: fc.array(fc.record({ at: fc.nat(), count: fc.integer({ min: 14, max: 19 }) }), {
          maxLength: 2,
        }),
      })
      .map(({ said, repeated, floods }) => {
        if (said.length === 0) return [];
        const again = repeated.map((at) => said[at % said.length]);
        return [
          ...said,
          ...again,
          ...floods.flatMap(({ at, count }) => flood(said[at % said.length], count)),
        ];
      }),
  }),
);

/** Any order, any batching, any repetition, any spread over parts. `conflicts` lets sequences repeat. */
export function packingArbitrary(
  { roles, records }: Scenario,
  { conflicts = false }: { readonly conflicts?: boolean } = {},
): fc.Arbitrary<Packing> {
  const place = fc.record({
    batch: fc.nat({ max: 3 }),
    again: fc.option(fc.nat({ max: 3 })),
    order: fc.nat(),
  });
  const places = fc.array(place, { minLength: records.length, maxLength: records.length });
  const batchesMax = roles.length * 4;
  const spread = fc.array(fc.nat({ max: 2 ** roles.length - 2 }), {
    minLength: batchesMax,
    maxLength: batchesMax,
  });
  return fc
    .record({ places, spread, firstSequence: fc.constantFrom(0n, 2n ** 40n, 2n ** 63n) })
    .map((drawn) => {
      const order = [...records.keys()].sort((a, b) => drawn.places[a].order - drawn.places[b].order);
      const byBatch = new Map<number, Uint8Array[]>();
      for (const at of order) {
        const { batch, again } = drawn.places[at];
        for (const one of again === null ? [batch] : [batch, again]) {
          const name = records[at][2] * 4 + one;
          byBatch.set(name, [...(byBatch.get(name) ?? []), records[at]]);
        }
      }
      const names = [...byBatch.keys()];
      const batches = names.map((name) => ({
        author: Math.floor(name / 4),
        sequence: drawn.firstSequence + BigInt(conflicts ? (name % 4) >> 1 : name % 4),
        records: (byBatch.get(name) ?? []).slice(0, recordsMax),
      }));
      const isIn = (participant: number, at: number): boolean =>
        ((drawn.spread[names[at]] + 1) >> participant) % 2 === 1;
      const parts = roles.map((_, participant) => [...batches.keys()].filter((at) => isIn(participant, at)));
      return { batches, parts };
    });
}

/**
 * Signs the batches with test keys and joins them into opened parts, each in the order that makes it valid.
 */
export function packBlock(
  scenario: Scenario,
  packing: Packing,
): ReferenceBlockInput & { blockKey: Uint8Array } {
  const terms = termsOf(scenario);
  const channelId = channelIdOf(testDomain, terms);
  const blockNumber = 7n;
  const batches = packing.batches.map(({ author, sequence, records }) => {
    const header = { channelId, blockNumber, author, sequence };
    const bytes = buildBatch(testDomain, header, records, testKey(author));
    return readBatch(bytes, scenario.roles) as ReferenceBatch;
  });
  const parts = packing.parts.map((indexes, participant): [number, Uint8Array] => {
    const own = indexes.map((at) => batches[at]).sort(compareBatches);
    const isRepeated = (at: number): boolean => at > 0 && compareBatches(own[at - 1], own[at]) === 0;
    return [participant, join(...own.filter((_, at) => !isRepeated(at)).map((one) => one.bytes))];
  });
  return {
    domain: testDomain,
    channelId,
    blockNumber,
    roles: scenario.roles,
    parameters: scenario.parameters,
    authorBytesMax: BigInt(terms.authorBytesMax),
    priceNanoMax: BigInt(terms.priceNanoMax),
    signers: scenario.roles.map((_, participant) => testAddress(participant)),
    parts: new Map(parts),
    blockKey: sha256(ascii('papyrus test block key')),
  };
}

export function testKey(participant: number): Uint8Array {
  return sha256(ascii(`papyrus test record key ${participant}`));
}

/** Terms that give the channel id of packBlock; the test keys serve as accounts too. */
export function termsOf({ roles, parameters, authorBytesMax }: Omit<Scenario, 'records'>): ChannelTerms {
  return {
    participants: roles.map((_, participant) => testAddress(participant)),
    roles,
    blockMaxNano: roles.map((_, participant) => (participant === 0 ? 0 : 2n ** 63n)),
    token: '0x00000000000000000000000000000000000c0123',
    tokenPerUnit: 1_000_000_000,
    reducer: 'rtb-impression/1',
    reducerParameters: hex(encodeParameters(parameters)),
    blockPolicy: 0,
    firstBlockStart: 1_370_448_000,
    blockDuration: 3_600,
    blocksMax: 48,
    collectionGrace: 60,
    collationPeriod: 300,
    processingPeriod: 600,
    challengePeriod: 600,
    answerPeriod: 600,
    disputeMax: 86_400,
    withdrawalNotice: 7_200,
    retentionPeriod: 86_400,
    authorBytesMax: authorBytesMax ?? 67_108_864,
    priceNanoMax: 2n ** 57n,
    keysRoot: hex(sha256(ascii('papyrus test keys root'))),
    boxesHash: hex(sha256(ascii('papyrus test boxes'))),
    salt: hex(sha256(ascii('papyrus test salt'))),
  };
}

const addresses = new Map<number, string>();

export function testAddress(participant: number): string {
  const address = addresses.get(participant) ?? addressOfKey(testKey(participant));
  addresses.set(participant, address);
  return address;
}

interface Said {
  readonly kind: number;
  readonly author: number;
  readonly counterparty: number;
  readonly flags: number;
  readonly impressionKey: string;
  readonly priceNano: bigint;
  readonly salt: number;
  readonly isTest: boolean;
}

function recordOf({ salt, isTest, flags, ...said }: Said): Uint8Array {
  return encodeRecord({
    ...said,
    version: 1,
    flags: isTest ? flags | flag.test : flags,
    timestampMs: 1_370_489_410_000n,
    campaign: '0x0000000000000000',
    placement: '0x0000000000000000',
    reference: hex(bigEndian(salt, 8)),
  });
}

/** The same statement many times over, each with another reference. */
export function flood(record: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) =>
    join(record.slice(0, 56), unhex('0xf10000000000'), bigEndian(at, 2)),
  );
}

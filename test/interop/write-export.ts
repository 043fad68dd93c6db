/**
 * Writes an export of a block, as `papyrus block export --sealed` does, from the reference implementation
 * alone, with parts that are dishonest in a named way.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import {
  type Packing,
  packBlock,
  recordArbitrary,
  type Scenario,
  termsOf,
} from '../reference/arbitraries.js';
import { cutBatches, readBatches, seal, segmentKey } from '../reference/block-part.js';
import { hex, join, keccak256, merkleRoot, sha256 } from '../reference/bytes.js';
import { headerHash, type ReferenceBatch } from '../reference/record-batch.js';
import {
  commitmentOf,
  type ReferenceBlock,
  type ReferenceBlockInput,
  referenceBlock,
  workDigestOf,
} from '../reference/reference-block.js';
import { encodeParameters } from '../reference/typed-data.js';

/** A sealed part: what is posted, and what the store holds under each digest. */
export interface StoredPart {
  readonly commitment: {
    readonly partRoot: string;
    readonly segmentCount: number;
    readonly indexHash: string;
  };
  readonly stored: ReadonlyMap<string, Uint8Array>;
}

/** One segment before it is sealed; what is left out is made as the rules say. */
export interface Segment {
  readonly text: Uint8Array;
  readonly segmentRoot: Uint8Array;
  readonly blockKey?: Uint8Array;
  /** What becomes of the sealed bytes before anybody hashes them. */
  readonly alter?: (sealed: Uint8Array) => Uint8Array;
}

export type SampleBlock = ReferenceBlockInput & {
  readonly blockKey: Uint8Array;
  readonly scenario: Scenario;
};

/** Low, so that a few batches exceed it. */
const authorBytesMax = 20_000;

/** A payer, two sellers and an auditor; each holds all batches, so every part has four segments. */
export function sampleBlock(): SampleBlock {
  const roles = [1, 3, 4, 5];
  const parameters = {
    priceTolerancePpm: 5_000,
    onPriceMismatch: 0,
    onMissingDsp: 0,
    onMissingSsp: 1,
    onMissingAudit: 0,
    requireViewable: 1,
    auditorFeeNano: 7,
    shares: [{ participant: 2, ppm: 333_333 }],
    discrepancyLimitPpm: 100_000,
  };
  const records = fc.sample(recordArbitrary(roles), { numRuns: 120, seed: 3 });
  const packing = packByAuthor(roles, records);
  const scenario = { roles, parameters, records, authorBytesMax };
  return { ...packBlock(scenario, packing), scenario };
}

export function segmentsOf(block: ReferenceBlockInput, participant: number): Segment[] {
  const batches = readBatches(block.parts.get(participant) as Uint8Array, block) as ReferenceBatch[];
  return cutBatches(batches).map(segmentOf);
}

export function segmentOf(batches: readonly ReferenceBatch[]): Segment {
  const text = join(...batches.map((one) => one.bytes));
  return { text, segmentRoot: merkleRoot(batches.map(headerHash)) };
}

export function storePart(block: SampleBlock, segments: readonly Segment[]): StoredPart {
  const stored = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array): Uint8Array => {
    stored.set(hex(sha256(bytes)), bytes);
    return sha256(bytes);
  };
  const rows = segments.map(({ text, segmentRoot, blockKey, alter }) => {
    const key = segmentKey(blockKey ?? block.blockKey, block, segmentRoot);
    const sealed = seal(key, text);
    return join(put(alter?.(sealed) ?? sealed), segmentRoot);
  });
  const index = rows.length === 0 ? new Uint8Array(0) : put(join(...rows));
  const indexHash = hex(put(index));
  const partRoot = hex(merkleRoot(rows.map((row) => sha256(row))));
  return { commitment: { partRoot, segmentCount: rows.length, indexHash }, stored };
}

/** `unopened`: the reasons that the report states for the parts that do not count. */
export function writeExport(
  folder: string,
  block: SampleBlock,
  parts: ReadonlyMap<number, StoredPart>,
  unopened: ReadonlyMap<number, string>,
): void {
  const counted = new Map([...block.parts].filter(([one]) => parts.has(one) && !unopened.has(one)));
  const result = referenceBlock({ ...block, parts: counted, unopened });
  mkdirSync(joinPath(folder, 'sealed'), { recursive: true });
  for (const { stored } of parts.values()) {
    for (const [digest, bytes] of stored) {
      writeFileSync(joinPath(folder, 'sealed', `${digest.slice(2)}.bin`), bytes);
    }
  }
  for (const [participant, bytes] of counted) {
    writeFileSync(joinPath(folder, `part-${participant}.bin`), bytes);
  }
  const json = blockJson(block, parts, counted, result);
  writeFileSync(joinPath(folder, 'block.json'), stringify(json));
  const lines = result.groups.map((group) => `${stringify(impressionJson(group))}\n`);
  writeFileSync(joinPath(folder, 'impressions.ndjson'), lines.join(''));
}

function blockJson(
  block: SampleBlock,
  parts: ReadonlyMap<number, StoredPart>,
  counted: ReadonlyMap<number, Uint8Array>,
  result: ReferenceBlock,
): object {
  const validators = [1, 2].map((participant) => {
    const validator = keccak256(new Uint8Array([participant])).slice(12);
    const salt = sha256(validator);
    const workDigest = workDigestOf(validator, result.recordHashes);
    const commitment = commitmentOf(result.outputHash, validator, workDigest, salt);
    const hashes = { workDigest: hex(workDigest), salt: hex(salt), commitment: hex(commitment) };
    return { participant, validator: hex(validator), ...hashes };
  });
  const base64 = [...counted].map(([one, bytes]) => [one, Buffer.from(bytes).toString('base64')]);
  return {
    name: 'a sample',
    domain: block.domain,
    channelId: hex(block.channelId),
    blockNumber: block.blockNumber,
    terms: termsOf(block.scenario),
    roles: block.roles,
    parameters: { ...block.parameters, encoded: hex(encodeParameters(block.parameters)) },
    signers: block.signers,
    parts: Object.fromEntries(base64),
    blockKey: hex(block.blockKey),
    commitments: Object.fromEntries([...parts].map(([one, { commitment }]) => [one, commitment])),
    result: {
      settlementRoot: hex(result.settlementRoot),
      reportHash: hex(result.reportHash),
      outputHash: hex(result.outputHash),
      impressionCount: result.groups.length,
      amounts: result.amounts.map(String),
      validParts: result.validParts,
      outputTransactions: result.outputTransactions.map(({ payee, nano }) => ({ payee, nano: `${nano}` })),
      report: result.report,
      reportBytes: hex(result.reportBytes),
    },
    ...validators[0],
    validators,
  };
}

function impressionJson(group: ReferenceBlock['groups'][number]): object {
  const differs = group.outcomes.filter((one) => one.reason === 'price-differs').map((one) => one.seller);
  return {
    impressionKey: group.impressionKey,
    records: group.records,
    kept: group.kept,
    outcomes: group.outcomes
      .filter((one) => one.reason !== 'price-differs')
      .map(({ seller, reason, nano }) => {
        return { seller: seller ?? null, reason, nano: `${nano}`, priceDiffers: differs.includes(seller) };
      }),
    amounts: group.amounts.map(String),
    leaf: hex(group.leaf),
  };
}

/** Integers above 53 bits as decimal strings, the others as numbers. */
function stringify(value: object): string {
  return JSON.stringify(value, (_, one) => {
    if (typeof one !== 'bigint') return one;
    return one <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(one) : one.toString();
  });
}

function packByAuthor(roles: readonly number[], records: readonly Uint8Array[]): Packing {
  const batches = roles.flatMap((_, author) => {
    const own = records.filter((one) => one[2] === author);
    const half = own.length >> 1;
    return [own.slice(0, half), own.slice(half)].map((some, at) => {
      return { author, sequence: BigInt(at), records: some };
    });
  });
  return { batches, parts: roles.map(() => [...batches.keys()]) };
}

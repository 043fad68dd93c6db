/** A proof as a JSON file that stands alone: hexadecimal bytes, amounts as decimal text. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { hexOf } from '#api';
import { fromHex, type Hex, toHex } from '#encoding';
import type { ImpressionProof, Neighbour, PathStep, PlaceInPart } from '#proofs';
import { plainTerms, termsSchema } from '../channel/terms-json.js';
import { CommandRefused, onFile } from '../report/command-refused.js';

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const bytesOf = (length: number) => hexOf(length).transform(fromHex);
const amounts = z.array(
  z
    .string()
    .regex(/^\d{1,20}$/)
    .transform(BigInt),
);
const path = z.array(z.strictObject({ sibling: bytesOf(32), amounts }));
const hashes = z.array(bytesOf(32));

const neighbour = z.strictObject({
  index: whole,
  impressionKey: bytesOf(16),
  kept: whole,
  recordsRoot: bytesOf(32),
  amounts,
  path,
});

const place = z.strictObject({
  participant: whole.max(15),
  partRoot: bytesOf(32),
  segmentCount: whole,
  recordIndex: whole,
  recordPath: hashes,
  header: bytesOf(192),
  batchIndex: whole,
  batches: whole,
  batchPath: hashes,
  sealedDigest: bytesOf(32),
  segmentIndex: whole,
  rowPath: hashes,
});

const proofSchema = z.strictObject({
  schemaVersion: z.literal(1),
  chainId: whole,
  verifyingContract: hexOf(20),
  channelId: hexOf(32),
  terms: termsSchema,
  blockNumber: whole,
  result: z.strictObject({
    settlementRoot: hexOf(32),
    impressionCount: whole,
    amounts,
    validParts: whole.max(0xffff),
  }),
  impressionKey: bytesOf(16),
  leaf: z.strictObject({ index: whole, records: z.array(bytesOf(64)).max(256), path }).nullable(),
  left: neighbour.nullable(),
  right: neighbour.nullable(),
  places: z.array(place).max(256),
});

type ProofJson = z.input<typeof proofSchema>;

/** Refuses a file that is no proof; whether it proves anything is for `checkProof`. */
export function readProof(file: string): ImpressionProof {
  if (!existsSync(file)) throw new CommandRefused('proof-not-found', `${file} is not there`);
  const text = onFile(file, () => readFileSync(file, 'utf8'));
  const parsed = proofSchema.safeParse(jsonOf(text, file));
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0];
    throw noProof(file, at.length === 0 ? message : `${at.join('.')}: ${message}`);
  }
  const { schemaVersion: _, chainId, verifyingContract, leaf, left, right, places, ...rest } = parsed.data;
  const records = leaf?.records ?? [];
  return {
    ...rest,
    domain: { chainId, verifyingContract },
    leaf: leaf ?? undefined,
    left: left ?? undefined,
    right: right ?? undefined,
    places: places.map(({ partRoot, segmentCount, ...one }, at) => ({
      ...one,
      record: records[at] ?? new Uint8Array(0),
      commitment: { partRoot, segmentCount },
    })),
  };
}

export function writeProof(file: string, proof: ImpressionProof): void {
  const { domain, terms, result, leaf, left, right, places, ...rest } = proof;
  const json: ProofJson = {
    schemaVersion: 1,
    ...domain,
    channelId: rest.channelId,
    terms: plainTerms(terms),
    blockNumber: rest.blockNumber,
    result: { ...result, amounts: result.amounts.map(String) },
    impressionKey: toHex(rest.impressionKey),
    leaf:
      leaf === undefined
        ? null
        : { ...leaf, records: leaf.records.map(toHex), path: leaf.path.map(stepJson) },
    left: left === undefined ? null : neighbourJson(left),
    right: right === undefined ? null : neighbourJson(right),
    places: places.map(placeJson),
  };
  onFile(file, () => writeFileSync(file, `${JSON.stringify(json, null, 1)}\n`));
}

function stepJson({ sibling, amounts: together }: PathStep): { sibling: Hex; amounts: string[] } {
  return { sibling: toHex(sibling), amounts: together.map(String) };
}

function neighbourJson({ index, kept, ...one }: Neighbour): ProofJson['left'] {
  return {
    ...{ index, kept, impressionKey: toHex(one.impressionKey), recordsRoot: toHex(one.recordsRoot) },
    amounts: one.amounts.map(String),
    path: one.path.map(stepJson),
  };
}

function placeJson({ record: _, commitment, ...one }: PlaceInPart): ProofJson['places'][number] {
  const { partRoot, segmentCount } = commitment;
  return {
    ...one,
    ...{ partRoot: toHex(partRoot), segmentCount },
    recordPath: one.recordPath.map(toHex),
    header: toHex(one.header),
    batchPath: one.batchPath.map(toHex),
    sealedDigest: toHex(one.sealedDigest),
    rowPath: one.rowPath.map(toHex),
  };
}

function jsonOf(text: string, file: string): unknown {
  if (text.trim() === '') throw noProof(file, 'it is empty');
  try {
    return JSON.parse(text);
  } catch {
    throw noProof(file, 'it is not JSON, or was cut');
  }
}

function noProof(file: string, why: string): CommandRefused {
  return new CommandRefused('proof-refused', `${file} is no proof: ${why}`);
}

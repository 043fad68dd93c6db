/**
 * A whole block from its opened parts to output hash, report, work digest and commitment (wire-formats.md 6
 * and 8).
 */

import { type BlockContext, invalidityOf, readBatches } from './block-part.js';
import { bigEndian, hex, isEqual, isZero, join, keccak256, merkleRoot, sha256 } from './bytes.js';
import { encodePlain, type Plain } from './dag-cbor.js';
import type { ReferenceBatch } from './record-batch.js';
import type { ReducerParameters } from './reduce-impression.js';
import { type ReferenceReduction, referenceReduce } from './reduce-records.js';
import { word } from './typed-data.js';

export interface ReferenceBlockInput extends BlockContext {
  readonly parameters: ReducerParameters;
  /** Opened parts by participant. */
  readonly parts: ReadonlyMap<number, Uint8Array>;
  /** Reasons of parts that could not be opened, by participant; who is in neither map is `missing`. */
  readonly unopened?: ReadonlyMap<number, string>;
}

export interface ReferenceBlock extends ReferenceReduction {
  readonly validParts: number;
  readonly report: { readonly [key: string]: Plain };
  readonly reportBytes: Uint8Array;
  readonly reportHash: Uint8Array;
  readonly outputHash: Uint8Array;
  readonly outputTransactions: readonly { readonly payee: number; readonly nano: bigint }[];
}

export function referenceBlock(block: ReferenceBlockInput): ReferenceBlock {
  const invalidParts: [number, string][] = [];
  const batches: ReferenceBatch[] = [];
  let validParts = 0;
  for (const participant of block.roles.keys()) {
    const plaintext = block.parts.get(participant);
    const reason =
      plaintext === undefined
        ? (block.unopened?.get(participant) ?? 'missing')
        : invalidityOf(plaintext, block);
    if (reason !== undefined) {
      invalidParts.push([participant, reason]);
      continue;
    }
    validParts += 2 ** participant;
    batches.push(...(readBatches(plaintext ?? new Uint8Array(0), block) ?? []));
  }
  const records = batches.flatMap((batch) => batch.records.map((one) => one.bytes));
  const reduction = referenceReduce(records, block.roles, block.parameters);
  const report = {
    version: 1,
    reasons: reduction.reasons,
    invalidParts,
    records: reduction.recordHashes.length,
    impressions: reduction.leaves.length,
    contradictory: reduction.contradictory,
    flooding: reduction.flooding,
    sequenceConflicts: sequenceConflicts(batches),
  };
  const reportBytes = encodePlain(report);
  const outputHash = outputHashOf(block, reduction, validParts);
  return {
    ...reduction,
    validParts,
    report,
    reportBytes,
    reportHash: sha256(reportBytes),
    outputHash,
    outputTransactions: [...reduction.amounts.entries()]
      .filter(([payee, nano]) => payee > 0 && nano > 0n)
      .map(([payee, nano]) => ({ payee, nano })),
  };
}

/** `validator`: an address of 20 bytes. */
export function workDigestOf(validator: Uint8Array, recordHashes: readonly Uint8Array[]): Uint8Array {
  return sha256(validator, ...recordHashes);
}

export function commitmentOf(
  outputHash: Uint8Array,
  validator: Uint8Array,
  workDigest: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  return keccak256(outputHash, validator, workDigest, salt);
}

function outputHashOf(block: BlockContext, reduction: ReferenceReduction, validParts: number): Uint8Array {
  const { settlementRoot, leaves, amountWords } = reduction;
  const head = [block.channelId, word(block.blockNumber), settlementRoot, word(leaves.length)];
  const list = join(word(amountWords.length), ...amountWords);
  return keccak256(join(...head, word(6 * 32), bigEndian(validParts, 32), list));
}

/** (author, sequence) with more than one recordsRoot, ascending. */
function sequenceConflicts(batches: readonly ReferenceBatch[]): [number, bigint][] {
  const conflicts: [number, bigint][] = [];
  const roots = new Map<string, Set<string>>();
  for (const { author, sequence, recordsRoot } of batches) {
    const place = `${author}/${sequence}`;
    const known = roots.get(place) ?? new Set();
    roots.set(place, known.add(hex(recordsRoot)));
  }
  for (const [place, known] of roots) {
    const [author, sequence] = place.split('/');
    if (known.size > 1) conflicts.push([Number(author), BigInt(sequence)]);
  }
  return conflicts.sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
}

/** Where the parts of a block are given as vectors and exports give them. */
export function partsFromBase64(parts: Readonly<Record<string, string>>): Map<number, Uint8Array> {
  const entries = Object.entries(parts).map(([participant, text]): [number, Uint8Array] => [
    Number(participant),
    new Uint8Array(Buffer.from(text, 'base64')),
  ]);
  return new Map(entries);
}

/** Whether the root's opening and the amounts give the settlement root, as the contract checks it. */
export function opensSettlementRoot(reduction: ReferenceReduction): boolean {
  const { rootOpening, amountWords, settlementRoot } = reduction;
  if (rootOpening === undefined) return isZero(settlementRoot);
  return isEqual(sha256(rootOpening, merkleRoot(amountWords)), settlementRoot);
}

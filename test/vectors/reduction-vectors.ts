/** The vectors of impressions and whole blocks, against libs/reduction. */
import { sha256 } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import {
  amountsDigest,
  BatchHasher,
  commitmentOf,
  type Eip712Domain,
  encodeBlockReport,
  encodeUnsignedBatch,
  outputHashOf,
  outputTransactions,
  type PartReason,
  reportHashOf,
} from '#protocol';
import { explainImpressions, type OpenedPart, reduceBlock, reducers } from '#reduction';
import { readVectors, type VectorCheck } from './check.js';

interface ParametersJson {
  readonly encoded: Hex;
}

interface ImpressionCase {
  readonly name: string;
  readonly roles: number[];
  readonly parameters: ParametersJson;
  readonly records: Hex[];
  readonly amounts: string[];
  readonly outcomes: [reason: string, nano: string][];
  readonly contradictory: number[];
  readonly flooding: number[];
  readonly kept: number;
  readonly leaf: Hex;
}

const reducerId = 'rtb-impression/1';

export function checkImpressions(folder: string, check: VectorCheck): void {
  const file = readVectors<{ cases: ImpressionCase[] }>(folder, 'impressions.json');
  for (const one of file.cases) {
    const parameters = fromHex(one.parameters.encoded);
    checkParameters(one.name, one.roles, parameters, check);
    const terms = { roles: one.roles, reducer: reducerId, parameters };
    const parts = [{ participant: 0, plaintext: batchesOf(one.records) }];
    const explained = [...explainImpressions(terms, parts)];
    check.equal(`${one.name}: groups`, explained.length, 1);
    const [found] = explained;
    check.equal(`${one.name}: amounts`, found.amounts.map(String), one.amounts);
    check.equal(
      `${one.name}: outcomes`,
      found.outcomes.map(({ reason, nano }) => [reason, String(nano)]),
      one.outcomes,
    );
    check.equal(`${one.name}: contradictory`, found.contradictory, one.contradictory);
    check.equal(`${one.name}: flooding`, found.flooding, one.flooding);
    check.equal(`${one.name}: kept`, found.kept, one.kept);
    check.equal(`${one.name}: leaf`, toHex(found.leaf), one.leaf);
    check.equal(`${one.name}: root`, toHex(reduceBlock(terms, parts).settlementRoot), one.leaf);
  }
}

function checkParameters(name: string, roles: number[], encoded: Uint8Array, check: VectorCheck): void {
  const reducer = reducers.get(reducerId);
  const decoded = reducer?.decodeParameters(encoded, roles);
  const again = decoded?.ok ? reducer?.encodeParameters(decoded.parameters) : undefined;
  check.equal(`${name}: parameters`, again && toHex(again), toHex(encoded));
}

/** The records as batches of one each, since a part is made of batches. */
function batchesOf(records: readonly Hex[]): Uint8Array {
  const hasher = new BatchHasher(new Uint8Array(32));
  const batches = records.map((record, sequence) => {
    const bytes = fromHex(record);
    const header = {
      channelId: toHex(new Uint8Array(32)),
      blockNumber: 0,
      author: bytes[2],
      sequence: BigInt(sequence),
    };
    return encodeUnsignedBatch(hasher, header, bytes);
  });
  return new Uint8Array(Buffer.concat(batches));
}

interface BlockJson {
  readonly name: string;
  readonly roles: number[];
  readonly parameters: ParametersJson;
  readonly parts: Record<string, string>;
  readonly result: {
    readonly settlementRoot: Hex;
    readonly reportHash: Hex;
    readonly outputHash: Hex;
    readonly impressionCount: number;
    readonly amounts: string[];
    readonly validParts: number;
    readonly outputTransactions: { payee: number; nano: string }[];
    readonly report: { invalidParts: [number, PartReason][] } & Record<string, unknown>;
    readonly reportBytes: Hex;
  };
  readonly validator: Hex;
  readonly workDigest: Hex;
  readonly salt: Hex;
  readonly commitment: Hex;
}

interface BlocksFile {
  readonly domain: Eip712Domain;
  readonly channelId: Hex;
  readonly blockNumber: number;
  readonly blocks: BlockJson[];
}

export function checkBlocks(folder: string, check: VectorCheck): void {
  const file = readVectors<BlocksFile>(folder, 'blocks.json');
  for (const block of file.blocks) checkBlock(block, file, check);
}

/** The parts of a block of the vectors: opened, or with the reason that they give. */
export function openedPartsOf(block: BlockJson): OpenedPart[] {
  const reasons = new Map(block.result.report.invalidParts);
  return block.roles.flatMap((_, participant): OpenedPart[] => {
    const reason = reasons.get(participant);
    if (reason !== undefined) return reason === 'missing' ? [] : [{ participant, reason }];
    return [{ participant, plaintext: new Uint8Array(Buffer.from(block.parts[participant], 'base64')) }];
  });
}

function checkBlock(block: BlockJson, file: BlocksFile, check: VectorCheck): void {
  const { name, result } = block;
  const terms = { roles: block.roles, reducer: reducerId, parameters: fromHex(block.parameters.encoded) };
  const found = reduceBlock(terms, openedPartsOf(block), block.validator);
  const outputHash = outputHashOf({
    channelId: file.channelId,
    blockNumber: file.blockNumber,
    settlementRoot: toHex(found.settlementRoot),
    impressionCount: BigInt(found.impressionCount),
    amounts: found.amounts,
    validParts: found.validParts,
  });
  const reportBytes = encodeBlockReport(found.report);
  const workDigest = found.workDigest ?? new Uint8Array(0);
  check.equal(`${name}: settlementRoot`, toHex(found.settlementRoot), result.settlementRoot);
  check.equal(`${name}: impressionCount`, found.impressionCount, result.impressionCount);
  check.equal(`${name}: amounts`, found.amounts.map(String), result.amounts);
  check.equal(`${name}: validParts`, found.validParts, result.validParts);
  check.equal(
    `${name}: outputTransactions`,
    outputTransactions(found.amounts).map(({ payee, nano }) => ({ payee, nano: String(nano) })),
    result.outputTransactions,
  );
  check.equal(`${name}: report`, numbersOf(found.report), result.report);
  check.equal(`${name}: reportBytes`, toHex(reportBytes), result.reportBytes);
  check.equal(`${name}: reportHash`, toHex(reportHashOf(reportBytes)), result.reportHash);
  check.equal(`${name}: outputHash`, outputHash, result.outputHash);
  check.equal(`${name}: workDigest`, toHex(workDigest), block.workDigest);
  const commitment = commitmentOf(outputHash, block.validator, workDigest, fromHex(block.salt));
  check.equal(`${name}: commitment`, commitment, block.commitment);
  const { x } = found;
  const opened = x && toHex(sha256(Buffer.concat([x, amountsDigest(found.amounts)])));
  check.equal(`${name}: x`, opened, result.impressionCount === 0 ? undefined : result.settlementRoot);
}

/** The value with its BigInts as numbers, as JSON has them. */
function numbersOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one)));
}

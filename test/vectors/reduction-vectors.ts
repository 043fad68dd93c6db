/** The vectors of impressions and whole blocks, against libs/reduction. */
import { sha256 } from '#crypto';
import { type Address, concatBytes, type Digest, fromHex, type Hex, toHex } from '#encoding';
import {
  amountWords,
  type BlockRules,
  type ChannelId,
  commitManifest,
  commitmentOf,
  domainSeparator,
  type Eip712Domain,
  encodeBlockReport,
  forEachBatch,
  outputHashOf,
  outputTransactions,
  type PartCommitment,
  type PartReason,
  reportHashOf,
  SegmentCutter,
  sealSegment,
} from '#protocol';
import {
  type BlockOutput,
  decodeParameters,
  encodeParameters,
  explainRecords,
  type ReductionTerms,
  type RtbImpressionParameters,
  reduceSealedBlock,
} from '#reduction';
import { readVectors, type VectorCheck } from './check.js';

interface ParametersJson extends Omit<RtbImpressionParameters, 'auditorFeeNano' | 'requireViewable'> {
  readonly auditorFeeNano: number | string;
  readonly requireViewable: number | boolean;
  readonly encoded: Hex;
}

function checkParameters(
  name: string,
  json: ParametersJson,
  roles: readonly number[],
  check: VectorCheck,
): void {
  const { encoded, ...rest } = json;
  const parameters = {
    ...rest,
    auditorFeeNano: BigInt(json.auditorFeeNano),
    requireViewable: Boolean(json.requireViewable),
  };
  check.equal(`${name}: parameters`, toHex(encodeParameters(parameters)), encoded);
  const decoded = decodeParameters(fromHex(encoded), roles);
  check.equal(`${name}: decoded parameters`, decoded.ok && decoded.parameters, parameters);
}

export function checkImpressions(folder: string, check: VectorCheck): void {
  const file = readVectors<{
    cases: {
      name: string;
      roles: number[];
      parameters: ParametersJson;
      records: Hex[];
      amounts: string[];
      outcomes: [string, string][];
      contradictory: number[];
      flooding: number[];
      kept: number;
      leaf: Hex;
    }[];
  }>(folder, 'impressions.json');
  for (const one of file.cases) {
    checkParameters(one.name, one.parameters, one.roles, check);
    const terms = {
      roles: one.roles,
      reducer: 'rtb-impression/1',
      parameters: fromHex(one.parameters.encoded),
    };
    const found = [...explainRecords(terms, concatBytes(...one.records.map(fromHex)))];
    check.equal(`${one.name}: impressions`, found.length, 1);
    const [impression] = found;
    check.equal(`${one.name}: amounts`, impression.amounts.map(String), one.amounts);
    const outcomes = impression.outcomes.map(({ reason, nano }) => `${reason} ${nano}`);
    check.equal(`${one.name}: outcomes`, outcomes.sort(), one.outcomes.map((pair) => pair.join(' ')).sort());
    check.equal(`${one.name}: contradictory`, impression.contradictory, one.contradictory);
    check.equal(`${one.name}: flooding`, impression.flooding, one.flooding);
    check.equal(`${one.name}: kept`, impression.keptHashes.length, one.kept);
    check.equal(`${one.name}: leaf`, toHex(impression.leaf), one.leaf);
  }
}

interface BlockJson {
  readonly name: string;
  readonly roles: number[];
  readonly parameters: ParametersJson;
  readonly signers: (Hex | null)[];
  readonly parts: Readonly<Record<string, string>>;
  readonly blockKey: Hex;
  readonly commitments: Readonly<
    Record<string, { partRoot: Digest; segmentCount: number; indexHash: Digest }>
  >;
  readonly result: {
    settlementRoot: Digest;
    reportHash: Digest;
    outputHash: Digest;
    impressionCount: number;
    amounts: string[];
    validParts: number;
    outputTransactions: { payee: number; nano: string }[];
    report: { invalidParts: [number, PartReason][] };
    reportBytes: Hex;
  };
  readonly validator: Address;
  readonly workDigest: Digest;
  readonly salt: Hex;
  readonly commitment: Digest;
}

interface BlocksFile {
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly blockNumber: number;
  readonly blocks: BlockJson[];
}

/** What the part store of a block's vectors holds, by digest. */
type Stored = Map<Hex, Uint8Array>;

/** Everything is judged from the sealed bytes on, as a validator judges it. */
export function checkBlocks(folder: string, check: VectorCheck): void {
  const file = readVectors<BlocksFile>(folder, 'blocks.json');
  for (const block of file.blocks) {
    checkParameters(block.name, block.parameters, block.roles, check);
    const stored: Stored = new Map();
    const parts = Object.entries(block.parts).map(([index, base64]) => {
      const participant = Number(index);
      const plaintext = new Uint8Array(Buffer.from(base64, 'base64'));
      const commitment = storePart(file, block, plaintext, stored);
      const { partRoot, segmentCount, indexHash } = commitment;
      const found = { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash) };
      check.equal(`${block.name}: part ${participant}`, found, block.commitments[participant]);
      return { participant, commitment };
    });
    for (const [participant, reason] of block.result.report.invalidParts) {
      const commitment = spoiltPart(file, block, reason, stored);
      if (commitment !== undefined) parts.push({ participant, commitment });
    }
    const get = (digest: Uint8Array): Uint8Array | undefined => stored.get(toHex(digest));
    const output = reduceSealedBlock(termsOf(block), rulesOf(file, block), parts, get, block.validator);
    checkResult(file, block, output, check);
  }
}

function termsOf(block: BlockJson): ReductionTerms {
  const parameters = fromHex(block.parameters.encoded);
  return { roles: block.roles, reducer: 'rtb-impression/1', parameters };
}

function rulesOf(file: BlocksFile, block: BlockJson): BlockRules {
  return {
    channelId: fromHex(file.channelId),
    blockNumber: file.blockNumber,
    blockKey: fromHex(block.blockKey),
    domainSeparator: domainSeparator(file.domain),
    roles: block.roles,
    signers: block.signers.map((signer) => (signer === null ? undefined : fromHex(signer))),
    priceNanoMax: 2n ** 64n - 1n,
    authorBytesMax: Number.MAX_SAFE_INTEGER,
  };
}

/** Cuts, seals and stores a part. */
function storePart(
  file: BlocksFile,
  block: BlockJson,
  plaintext: Uint8Array,
  stored: Stored,
  blockKey: Uint8Array = fromHex(block.blockKey),
): PartCommitment {
  const cutter = new SegmentCutter();
  const cut: (Uint8Array | undefined)[] = [];
  forEachBatch(plaintext, (at, bytes) => cut.push(cutter.push(plaintext.subarray(at, at + bytes))));
  const segments = [...cut, cutter.finish()].filter((one) => one !== undefined);
  const { blockNumber } = file;
  const sealed = segments.map((one) =>
    sealSegment({ channelId: fromHex(file.channelId), blockNumber, blockKey }, one),
  );
  const rows = new Uint8Array(Buffer.concat(sealed.map((one) => one.row)));
  const { commitment, index, pages } = commitManifest(rows);
  for (const bytes of [...sealed.map((one) => one.sealed), ...pages, index]) {
    stored.set(toHex(sha256(bytes)), bytes);
  }
  return commitment;
}

/** A part of one sealed segment that is shorter than a tag. */
function storeShort(stored: Stored): PartCommitment {
  const sealed = new Uint8Array(15);
  const { commitment, index, pages } = commitManifest(concatBytes(sha256(sealed), new Uint8Array(32)));
  for (const bytes of [sealed, ...pages, index]) stored.set(toHex(sha256(bytes)), bytes);
  return commitment;
}

/** A part that has the fault for which the vectors leave it out; undefined for one that was not posted. */
function spoiltPart(
  file: BlocksFile,
  block: BlockJson,
  reason: PartReason,
  stored: Stored,
): PartCommitment | undefined {
  const longest = Object.values(block.parts).reduce((a, b) => (a.length > b.length ? a : b), '');
  const plaintext = new Uint8Array(Buffer.from(longest, 'base64'));
  if (reason === 'missing') return undefined;
  if (reason === 'does-not-open') return storeShort(stored);
  // Another key gives other bytes, which are no batches; and a third key bytes of which the store has none.
  const otherKey = sha256(fromHex(block.blockKey));
  if (reason === 'malformed') return storePart(file, block, plaintext, stored, otherKey);
  if (reason === 'unavailable') {
    return storePart(file, block, plaintext, new Map(), sha256(otherKey));
  }
  if (reason === 'wrong-bytes') {
    const honest = storePart(file, block, plaintext, stored);
    return { ...honest, partRoot: sha256(honest.partRoot) };
  }
  throw new Error(`no vector with ${reason} was expected`);
}

function checkResult(file: BlocksFile, block: BlockJson, output: BlockOutput, check: VectorCheck): void {
  const { result } = block;
  const outputHash = outputHashOf({
    channelId: file.channelId,
    blockNumber: file.blockNumber,
    settlementRoot: toHex(output.settlementRoot),
    impressionCount: BigInt(output.impressionCount),
    amounts: output.amounts,
    validParts: output.validParts,
  });
  const reportBytes = encodeBlockReport(output.report);
  const equal = (what: string, found: unknown, expected: unknown): void =>
    check.equal(`${block.name}: ${what}`, found, expected);
  equal('settlementRoot', toHex(output.settlementRoot), result.settlementRoot);
  equal('impressionCount', output.impressionCount, result.impressionCount);
  equal('amounts', output.amounts.map(String), result.amounts);
  equal('amount words', amountWords(output.amounts).length, Math.ceil(block.roles.length / 4));
  equal('validParts', output.validParts, result.validParts);
  equal(
    'outputTransactions',
    outputTransactions(output.amounts).map(({ payee, nano }) => ({ payee, nano: nano.toString() })),
    result.outputTransactions,
  );
  equal('outputHash', outputHash, result.outputHash);
  equal('reportBytes', toHex(reportBytes), result.reportBytes);
  equal('reportHash', toHex(reportHashOf(reportBytes)), result.reportHash);
  equal('workDigest', output.workDigest && toHex(output.workDigest), block.workDigest);
  const salt = fromHex(block.salt);
  const commitment = commitmentOf(outputHash, block.validator, output.workDigest ?? salt, salt);
  equal('commitment', commitment, block.commitment);
}

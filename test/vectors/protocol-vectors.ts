/** The vectors of records, batches, parts, terms and trees, against libs/protocol and libs/crypto. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  addressOf,
  encryptionPublicKey,
  merklePath,
  merkleRoot,
  openBox,
  rootFromPath,
  sealBox,
  sha256,
  signDigest,
} from '#crypto';
import { type Address, concatBytes, type Digest, fromHex, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  type BlockRules,
  blockKeyOf,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  commitManifest,
  decodeRecord,
  delegationDigest,
  domainSeparator,
  type Eip712Domain,
  encodeRecord,
  forEachBatch,
  impressionKeyOf,
  isAcceptableId,
  type KeyPurpose,
  keyCommitmentOf,
  keyCommitments,
  keyPossessionDigest,
  keysRootOf,
  limits,
  PartCheck,
  type PartReason,
  parseHeader,
  receiptDigest,
  recordFault,
  SegmentCheck,
  SegmentCutter,
  sealSegment,
  secretOf,
  segmentKeyOf,
  segmentRootOf,
  termsStruct,
} from '#protocol';
import { readVectors, type VectorCheck } from './check.js';
import { checkProof, type ProofJson } from './proof-vectors.js';

interface Vectors {
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly blockNumber: number;
}

export function checkMerkle(folder: string, check: VectorCheck): void {
  const file = readVectors<{ roots: Hex[]; paths11: Hex[][] }>(folder, 'merkle.json');
  const leaves = Buffer.concat(file.roots.map((_, n) => sha256(Uint8Array.of(0, 0, 0, n))));
  for (const [count, root] of file.roots.entries()) {
    check.equal(`root of ${count}`, toHex(merkleRoot(leaves.subarray(0, count * 32))), root);
  }
  for (const [index, path] of file.paths11.entries()) {
    const leaf = leaves.subarray(index * 32, index * 32 + 32);
    check.equal(`path ${index}`, merklePath(leaves.subarray(0, 11 * 32), index).map(toHex), path);
    const root = rootFromPath(leaf, index, 11, path.map(fromHex));
    check.equal(`root from path ${index}`, root && toHex(root), file.roots[11]);
    check.equal(`short path ${index}`, rootFromPath(leaf, index, 11, path.slice(1).map(fromHex)), undefined);
  }
}

type TermsJson = Omit<ChannelTerms, 'blockMaxNano' | 'tokenPerUnit' | 'priceNanoMax'> & {
  blockMaxNano: (number | string)[];
  tokenPerUnit: string;
  priceNanoMax: number | string;
};

/** Terms as the vectors and exports write them. */
export function termsOfJson(json: TermsJson): ChannelTerms {
  return {
    ...json,
    blockMaxNano: json.blockMaxNano.map(BigInt),
    tokenPerUnit: BigInt(json.tokenPerUnit),
    priceNanoMax: BigInt(json.priceNanoMax),
  };
}

export function checkTerms(folder: string, check: VectorCheck): void {
  const file = readVectors<
    Vectors & { cases: { terms: TermsJson; structHash: Hex; channelId: ChannelId }[] }
  >(folder, 'terms.json');
  for (const [at, one] of file.cases.entries()) {
    const terms = termsOfJson(one.terms);
    check.equal(`structHash ${at}`, toHex(termsStruct.hash(terms)), one.structHash);
    check.equal(`channelId ${at}`, channelIdOf(file.domain, terms), one.channelId);
  }
}

interface RecordJson {
  readonly bytes: Hex;
  readonly hash: Hex;
  readonly fields: Readonly<Record<string, string | number>>;
}

export function checkRecords(folder: string, check: VectorCheck): void {
  const file = readVectors<{
    roles: number[];
    priceNanoMax: string;
    impressionKeys: { auctionId: string; impId: string; key: Hex }[];
    refusedIds: string[];
    good: RecordJson[];
    bad: { bytes: Hex; field: string }[];
  }>(folder, 'records.json');
  const rules = { roles: file.roles, priceNanoMax: BigInt(file.priceNanoMax) };
  for (const one of file.impressionKeys) {
    check.equal(
      `impression key of ${one.auctionId}`,
      toHex(impressionKeyOf(one.auctionId, one.impId)),
      one.key,
    );
  }
  for (const id of file.refusedIds)
    check.equal(`id ${JSON.stringify(id.slice(0, 9))}`, isAcceptableId(id), false);
  for (const [at, one] of file.good.entries()) {
    const bytes = fromHex(one.bytes);
    const fields = decodeRecord(bytes);
    check.equal(`good ${at}`, recordFault(bytes, rules), undefined);
    check.equal(`hash ${at}`, toHex(sha256(bytes)), one.hash);
    check.equal(`encode ${at}`, toHex(encodeRecord(fields)), one.bytes);
    const { version: _, ...expected } = one.fields;
    check.equal(
      `fields ${at}`,
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          value instanceof Uint8Array ? toHex(value) : typeof value === 'bigint' ? String(value) : value,
        ]),
      ),
      expected,
    );
  }
  for (const [at, one] of file.bad.entries()) {
    check.equal(`bad ${at}`, recordFault(fromHex(one.bytes), rules), one.field);
  }
}

/** The reason that the product gives a part for the fault that a batch of the vectors has. */
function reasonOfFault(fault: string): PartReason {
  // Batches of another channel or block are malformed in a part, whoever signed them.
  if (/block number|another channel/.test(fault)) return 'malformed';
  if (fault.startsWith('signature')) return 'bad-signature';
  return fault.startsWith('records root') ? 'wrong-batch-root' : 'malformed';
}

interface BatchRulesJson extends Vectors {
  readonly roles: number[];
  readonly signers: Hex[];
}

/** What the product's own check of a part knows. */
function rulesOf(file: BatchRulesJson, blockKey: Uint8Array = new Uint8Array(32)): BlockRules {
  return {
    channelId: fromHex(file.channelId),
    blockNumber: file.blockNumber,
    blockKey,
    domainSeparator: domainSeparator(file.domain),
    roles: file.roles,
    signers: file.signers.map(fromHex),
    priceNanoMax: 2n ** 64n - 1n,
    authorBytesMax: Number.MAX_SAFE_INTEGER,
  };
}

export function checkBatches(folder: string, check: VectorCheck): void {
  const file = readVectors<
    BatchRulesJson & {
      privateKeys: Hex[];
      good: {
        bytes: Hex;
        author: number;
        sequence: number;
        count: number;
        recordsRoot: Digest;
        digest: Hex;
        signature: Hex;
      }[];
      faulty: { bytes: Hex; fault: string }[];
    }
  >(folder, 'batches.json');
  const hasher = new BatchHasher(domainSeparator(file.domain));
  const segments = new SegmentCheck(rulesOf(file));
  for (const [at, key] of file.privateKeys.entries()) {
    check.equal(`signer ${at}`, addressOf(fromHex(key)), file.signers[at]);
  }
  for (const [at, one] of file.good.entries()) {
    const bytes = fromHex(one.bytes);
    const header = parseHeader(bytes);
    check.equal(`good ${at}`, segments.checkPlaintext(bytes).reason, undefined);
    check.equal(`digest ${at}`, toHex(hasher.digest(bytes)), one.digest);
    check.equal(
      `header ${at}`,
      [header.author, header.sequence, header.count, header.recordsRoot],
      [one.author, BigInt(one.sequence), one.count, one.recordsRoot],
    );
    const signature = signDigest(hasher.digest(bytes), fromHex(file.privateKeys[one.author]));
    check.equal(`signature ${at}`, toHex(signature), one.signature);
  }
  for (const [at, one] of file.faulty.entries()) {
    const found = segments.checkPlaintext(fromHex(one.bytes)).reason;
    check.equal(`faulty ${at} (${one.fault})`, found, reasonOfFault(one.fault));
  }
}

interface PartJson {
  readonly name: string;
  readonly plaintext: string;
  readonly partRoot: Digest;
  readonly segmentCount: number;
  readonly indexHash: Digest;
  readonly segments: { batches: number; bytes: number; segmentKey: Hex; row: Hex }[];
}

interface PartsFile extends Vectors {
  readonly participant: number;
  readonly channelSecret: Hex;
  readonly blockSecret: Hex;
  readonly blockKey: Hex;
  readonly keyCommitment: Digest;
  readonly blocksMax: number;
  readonly keysRoot: Digest;
  readonly keyPath: Hex[];
  readonly parts: PartJson[];
  readonly proofs: ProofJson[];
  /** Of so many rows; row i is sha256(u32 big-endian i) ‖ sha256(u32 big-endian i + 2^24). */
  readonly manifests: { rows: number; partRoot: Digest; pages: number; indexHash: Digest }[];
  readonly boxes: {
    about: string;
    recipientSecret: Hex;
    recipientPublic: Hex;
    ephemeralSecret: Hex;
    nonce: Hex;
    plaintext: Hex;
    box: Hex;
  }[];
  readonly keyPossession: {
    account: Address;
    purpose: KeyPurpose;
    nonce: number;
    digest: Hex;
    privateKey: Hex;
    signature: Hex;
  };
  readonly delegation: {
    validator: Address;
    binding: boolean;
    feeWei: string;
    nonce: number;
    notAfter: number;
    digest: Hex;
    privateKey: Hex;
    signature: Hex;
  };
  readonly receipt: {
    author: number;
    sequence: number;
    recordsRoot: Digest;
    receivedAt: number;
    digest: Hex;
    privateKey: Hex;
    signature: Hex;
  };
}

export function checkParts(folder: string, check: VectorCheck): void {
  const file = readVectors<PartsFile>(folder, 'parts.json');
  const secret = secretOf(fromHex(file.channelSecret), file.blockNumber);
  const blockKey = blockKeyOf(secret);
  check.equal('block secret', toHex(secret), file.blockSecret);
  check.equal('block key', toHex(blockKey), file.blockKey);
  check.equal('key commitment', toHex(keyCommitmentOf(blockKey)), file.keyCommitment);
  const leaves = keyCommitments(fromHex(file.channelSecret), file.blocksMax);
  check.equal('keys root', toHex(keysRootOf(leaves)), file.keysRoot);
  check.equal('key path', merklePath(leaves, file.blockNumber).map(toHex), file.keyPath);
  for (const part of file.parts) checkPart(part, file, blockKey, check);
  const block = { channelId: fromHex(file.channelId), blockNumber: file.blockNumber, blockKey };
  for (const one of file.proofs) {
    const part = file.parts.find(({ name }) => name === one.part);
    if (part === undefined) check.equal(`part ${one.part}`, part, 'is there');
    else checkProof(one, block, segmentsOf(part), check);
  }
  for (const one of file.manifests) checkManifest(one, check);
  for (const one of file.boxes) checkBox(one, check);
  // Roles and signers of the same channel and block stand in the file of batches.
  if (existsSync(join(folder, 'batches.json'))) {
    const rules = rulesOf(readVectors<BatchRulesJson>(folder, 'batches.json'), blockKey);
    for (const part of file.parts) check.equal(`${part.name}: reason`, reasonOfPart(part, rules), undefined);
  }
  checkSigned(file, check);
}

/** The part's plaintext, cut as it says. */
function segmentsOf(part: PartJson): Uint8Array[] {
  const plaintext = new Uint8Array(Buffer.from(part.plaintext, 'base64'));
  let at = 0;
  return part.segments.map(({ bytes }) => {
    at += bytes;
    return plaintext.subarray(at - bytes, at);
  });
}

/** What the product's own check says of the part, cut and sealed. */
function reasonOfPart(part: PartJson, rules: BlockRules): PartReason | undefined {
  const segments = new SegmentCheck(rules);
  const whole = new PartCheck(rules);
  for (const text of segmentsOf(part)) {
    const { row, sealed } = sealSegment(rules, text);
    whole.add(segments.check(row, sealed));
  }
  return whole.reason;
}

function checkPart(part: PartJson, file: PartsFile, blockKey: Uint8Array, check: VectorCheck): void {
  const channelId = fromHex(file.channelId);
  const block = { channelId, blockNumber: file.blockNumber, blockKey };
  const plaintext = new Uint8Array(Buffer.from(part.plaintext, 'base64'));
  const cutter = new SegmentCutter();
  const segments: Uint8Array[] = [];
  const keep = (segment: Uint8Array | undefined): void => {
    if (segment !== undefined) segments.push(segment);
  };
  forEachBatch(plaintext, (at, bytes) => keep(cutter.push(plaintext.subarray(at, at + bytes))));
  keep(cutter.finish());
  const sealed = segments.map((segment) => sealSegment(block, segment));
  check.equal(
    `${part.name}: bytes`,
    segments.map((one) => one.length),
    part.segments.map((one) => one.bytes),
  );
  check.equal(
    `${part.name}: rows`,
    sealed.map((one) => toHex(one.row)),
    part.segments.map((one) => one.row),
  );
  const keys = segments.map((one) =>
    toHex(segmentKeyOf(blockKey, channelId, file.blockNumber, segmentRootOf(one))),
  );
  check.equal(
    `${part.name}: keys`,
    keys,
    part.segments.map((one) => one.segmentKey),
  );
  const { commitment } = commitManifest(new Uint8Array(Buffer.concat(sealed.map((one) => one.row))));
  check.equal(`${part.name}: partRoot`, toHex(commitment.partRoot), part.partRoot);
  check.equal(`${part.name}: segmentCount`, commitment.segmentCount, part.segmentCount);
  check.equal(`${part.name}: indexHash`, toHex(commitment.indexHash), part.indexHash);
}

function checkManifest(
  { rows, partRoot, pages, indexHash }: PartsFile['manifests'][number],
  check: VectorCheck,
): void {
  const bytes = new Uint8Array(rows * limits.manifestRowBytes);
  const number = Buffer.alloc(4);
  for (let at = 0; at < rows; at++) {
    number.writeUInt32BE(at);
    bytes.set(sha256(number), at * limits.manifestRowBytes);
    number.writeUInt32BE(at + 2 ** 24);
    bytes.set(sha256(number), at * limits.manifestRowBytes + 32);
  }
  const found = commitManifest(bytes);
  check.equal(`manifest of ${rows}: partRoot`, toHex(found.commitment.partRoot), partRoot);
  check.equal(`manifest of ${rows}: indexHash`, toHex(found.commitment.indexHash), indexHash);
  check.equal(`manifest of ${rows}: pages`, found.pages.length, pages);
}

function checkBox(one: PartsFile['boxes'][number], check: VectorCheck): void {
  const [secret, plaintext] = [fromHex(one.recipientSecret), fromHex(one.plaintext)];
  const recipient = encryptionPublicKey(secret);
  check.equal(`${one.about}: public key`, toHex(recipient), one.recipientPublic);
  const randomness = concatBytes(fromHex(one.ephemeralSecret), fromHex(one.nonce));
  const box = sealBox(plaintext, recipient, randomness);
  check.equal(`${one.about}: box`, toHex(box), one.box);
  check.equal(`${one.about}: plaintext`, toHex(openBox(box, secret) ?? new Uint8Array(0)), one.plaintext);
}

function checkSigned(file: PartsFile, check: VectorCheck): void {
  const separator = domainSeparator(file.domain);
  const { channelId, blockNumber, keyCommitment } = file;
  const delegation = delegationDigest(separator, {
    channelId,
    blockNumber,
    participant: file.participant,
    validator: file.delegation.validator,
    binding: file.delegation.binding,
    keyCommitment,
    feeWei: BigInt(file.delegation.feeWei),
    nonce: BigInt(file.delegation.nonce),
    notAfter: BigInt(file.delegation.notAfter),
  });
  const receipt = receiptDigest(separator, {
    channelId,
    blockNumber,
    author: file.receipt.author,
    sequence: BigInt(file.receipt.sequence),
    recordsRoot: file.receipt.recordsRoot,
    receivedAt: BigInt(file.receipt.receivedAt),
  });
  const { account, purpose, nonce } = file.keyPossession;
  const possession = keyPossessionDigest(separator, { account, purpose, nonce: BigInt(nonce) });
  for (const [name, digest, json] of [
    ['key possession', possession, file.keyPossession],
    ['delegation', delegation, file.delegation],
    ['receipt', receipt, file.receipt],
  ] as const) {
    check.equal(`${name} digest`, toHex(digest), json.digest);
    check.equal(`${name} signature`, toHex(signDigest(digest, fromHex(json.privateKey))), json.signature);
  }
}

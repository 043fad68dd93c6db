/**
 * The reference implementation meets every golden vector, or those that PAPYRUS_VECTORS names, with no line of the
 * product's code.
 */
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  type BlockContext,
  blockKeyOf,
  commitRows,
  cutBatches,
  invalidityOf,
  invalidityOfSealed,
  keyCommitmentOf,
  keyCommitments,
  nextSecret,
  openSealed,
  readBatches,
  rootsOfPlace,
  sealPart,
} from './block-part.js';
import { openBox, sealBox, x25519 } from './box.js';
import { bigEndian, hex, join, merklePath, merkleRoot, rootOfPath, sha256, unhex } from './bytes.js';
import { encodeRecord, impressionKeyOf, parseRecord, type ReferenceRecord } from './record.js';
import { buildBatch, hasItsRoot, type ReferenceBatch, readBatch, signerOf } from './record-batch.js';
import type { ReducerParameters } from './reduce-impression.js';
import { referenceReduce } from './reduce-records.js';
import {
  commitmentOf,
  opensSettlementRoot,
  partsFromBase64,
  referenceBlock,
  workDigestOf,
} from './reference-block.js';
import { addressOfKey, recoverAddress, sign } from './secp256k1.js';
import {
  batchDigest,
  type ChannelTerms,
  channelIdOf,
  type Domain,
  delegationDigest,
  keyPossessionDigest,
  encodeParameters,
  receiptDigest,
  termsStructHash,
} from './typed-data.js';

type EncodedParameters = ReducerParameters & { readonly encoded: string };
interface Channel {
  readonly domain: Domain;
  readonly channelId: string;
  readonly blockNumber: number;
}

const folder = process.env.PAPYRUS_VECTORS ?? joinPath(import.meta.dirname, '../vectors/protocol');
const read = <T>(file: string): T => JSON.parse(readFileSync(joinPath(folder, file), 'utf8')) as T;
const contextOf = (
  vectors: Channel,
  roles: readonly number[],
  signers: readonly (string | null)[],
): BlockContext => ({
  domain: vectors.domain,
  channelId: unhex(vectors.channelId),
  blockNumber: BigInt(vectors.blockNumber),
  roles,
  signers,
});

describe('merkle.json', () => {
  const vectors = read<{ roots: string[]; paths11: string[][] }>('merkle.json');
  const leaves = (count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, at) => sha256(bigEndian(at, 4)));

  it('gives every root', () => {
    expect(vectors.roots.map((_, count) => hex(merkleRoot(leaves(count))))).toEqual(vectors.roots);
  });
  it('gives every path, and each leads to the root', () => {
    const paths = leaves(11).map((_, at) => merklePath(leaves(11), at));
    expect(paths.map((path) => path.map(hex))).toEqual(vectors.paths11);
    for (const [at, path] of paths.entries()) {
      expect(hex(rootOfPath(leaves(11)[at], at, 11, path) ?? new Uint8Array(0))).toBe(vectors.roots[11]);
      expect(rootOfPath(leaves(11)[at], at, 11, [...path, path[0]])).toBeUndefined();
    }
  });
});

describe('terms.json', () => {
  interface Case {
    readonly terms: ChannelTerms;
    readonly parameters: EncodedParameters;
    readonly structHash: string;
    readonly channelId: string;
  }
  const vectors = read<{ domain: Domain; cases: Case[] }>('terms.json');
  it.each(vectors.cases.map((one, at) => [at, one] as const))('gives channel id %i', (_, one) => {
    expect(hex(termsStructHash(one.terms))).toBe(one.structHash);
    expect(hex(channelIdOf(vectors.domain, one.terms))).toBe(one.channelId);
    expect(hex(encodeParameters(one.parameters))).toBe(one.parameters.encoded);
    expect(one.terms.reducerParameters).toBe(one.parameters.encoded);
  });
});

describe('records.json', () => {
  const vectors = read<{
    roles: number[];
    priceNanoMax: string;
    impressionKeys: { auctionId: string; impId: string; key: string }[];
    refusedIds: string[];
    good: { bytes: string; fields: Record<string, unknown>; hash: string }[];
    bad: { bytes: string; field: string }[];
  }>('records.json');
  const parse = (bytes: string): ReferenceRecord | string =>
    parseRecord(unhex(bytes), vectors.roles, BigInt(vectors.priceNanoMax));

  it('keys impressions and refuses bad ids', () => {
    for (const { auctionId, impId, key } of vectors.impressionKeys) {
      expect(impressionKeyOf(auctionId, impId)).toBe(key);
    }
    for (const id of [...vectors.refusedIds, '\ud83d', '\ude00\ud83d']) {
      expect(impressionKeyOf(id, '1')).toBeUndefined();
      expect(impressionKeyOf('1', id)).toBeUndefined();
    }
  });
  it('parses good records and encodes them back', () => {
    for (const one of vectors.good) {
      const record = parse(one.bytes);
      if (typeof record === 'string') throw new Error(`refused for ${record}`);
      const { hash, bytes: _, ...fields } = record;
      expect(hex(hash)).toBe(one.hash);
      expect(hex(encodeRecord(fields))).toBe(one.bytes);
      const texts = { timestampMs: `${fields.timestampMs}`, priceNano: `${fields.priceNano}` };
      expect({ ...fields, ...texts }).toEqual(one.fields);
    }
  });
  it('names the field at fault in bad ones', () => {
    expect(vectors.bad.map((one) => parse(one.bytes))).toEqual(vectors.bad.map((one) => one.field));
  });
});

describe('batches.json', () => {
  interface Good {
    readonly bytes: string;
    readonly author: number;
    readonly sequence: number;
    readonly count: number;
    readonly recordsRoot: string;
    readonly digest: string;
    readonly signature: string;
    readonly signer: string;
  }
  const vectors = read<
    Channel & {
      roles: number[];
      privateKeys: string[];
      signers: string[];
      good: Good[];
      faulty: { bytes: string; fault: string }[];
    }
  >('batches.json');
  const context = contextOf(vectors, vectors.roles, vectors.signers);

  it('reads good batches and recovers their signers', () => {
    for (const one of vectors.good) {
      const batch = readBatch(unhex(one.bytes), vectors.roles) as ReferenceBatch;
      expect(hex(batch.bytes)).toBe(one.bytes);
      const { author, sequence, count } = one;
      expect([batch.author, batch.sequence, batch.count]).toEqual([author, BigInt(sequence), count]);
      expect(hex(batch.recordsRoot)).toBe(one.recordsRoot);
      expect(hasItsRoot(batch)).toBe(true);
      expect(hex(batchDigest(vectors.domain, batch, batch.recordsRoot))).toBe(one.digest);
      expect(hex(batch.signature)).toBe(one.signature);
      expect(signerOf(vectors.domain, batch)).toBe(one.signer);
      expect(invalidityOf(unhex(one.bytes), context)).toBeUndefined();
    }
  });
  it('says of each faulty batch why it makes a part invalid', () => {
    const expected = (fault: string): string => {
      if (/block number|another channel/.test(fault)) return 'malformed';
      if (fault.startsWith('signature')) return 'bad-signature';
      return fault.startsWith('records root') ? 'wrong-batch-root' : 'malformed';
    };
    const found = vectors.faulty.map((one) => [one.fault, invalidityOf(unhex(one.bytes), context)]);
    expect(found).toEqual(vectors.faulty.map((one) => [one.fault, expected(one.fault)]));
  });
  it('does not recover the author from a header that was changed', () => {
    const changed = vectors.faulty.filter((one) => one.fault.startsWith('signature'));
    for (const one of changed) {
      const batch = readBatch(unhex(one.bytes), vectors.roles) as ReferenceBatch;
      expect(signerOf(vectors.domain, batch)).not.toBe(vectors.signers[batch.author]);
    }
  });
  it('signs what it verifies, with the addresses of the keys', () => {
    expect(vectors.privateKeys.map((key) => addressOfKey(unhex(key)))).toEqual(vectors.signers);
    for (const { author, bytes } of vectors.good) {
      const { records, sequence } = readBatch(unhex(bytes), vectors.roles) as ReferenceBatch;
      const header = { channelId: context.channelId, blockNumber: context.blockNumber, author, sequence };
      const ownBytes = records.map((one) => one.bytes);
      const built = buildBatch(vectors.domain, header, ownBytes, unhex(vectors.privateKeys[author]));
      expect(invalidityOf(built, context)).toBeUndefined();
      expect(hex(built.slice(161))).toBe(hex(unhex(bytes).slice(161)));
    }
  });
});

describe('parts.json', () => {
  interface Part {
    readonly name: string;
    readonly plaintext: string;
    readonly partRoot: string;
    readonly segmentCount: number;
    readonly indexHash: string;
    readonly segments: readonly { batches: number; bytes: number; segmentKey: string; row: string }[];
  }
  interface ProofJson {
    readonly record: string;
    readonly recordIndex: number;
    readonly count: number;
    readonly recordPath: string[];
    readonly header: string;
    readonly batchIndex: number;
    readonly batches: number;
    readonly batchPath: string[];
    readonly segmentRoot: string;
    readonly sealedDigest: string;
    readonly segmentIndex: number;
    readonly segmentCount: number;
    readonly rowPath: string[];
    readonly partRoot: string;
  }
  interface Signed {
    readonly digest: string;
    readonly privateKey: string;
    readonly signature: string;
  }
  const vectors = read<
    Channel & {
      participant: number;
      channelSecret: string;
      blockSecret: string;
      blockKey: string;
      keyCommitment: string;
      blocksMax: number;
      keysRoot: string;
      keyPath: string[];
      parts: Part[];
      manifests: { rows: number; partRoot: string; pages: number; indexHash: string }[];
      proofs: ProofJson[];
      boxes: {
        recipientSecret: string;
        recipientPublic: string;
        ephemeralSecret: string;
        nonce: string;
        plaintext: string;
        box: string;
      }[];
      keyPossession: Signed & { account: string; purpose: number; nonce: number };
      delegation: Signed & {
        validator: string;
        binding: boolean;
        feeWei: string;
        nonce: number;
        notAfter: number;
      };
      receipt: Signed & { author: number; sequence: number; recordsRoot: string; receivedAt: number };
    }
  >('parts.json');
  const { roles, signers } = read<{ roles: number[]; signers: string[] }>('batches.json');
  const context = contextOf(vectors, roles, signers);

  it('derives secrets, keys and their root', () => {
    let secret = unhex(vectors.channelSecret);
    for (let block = 0; block < vectors.blockNumber; block += 1) secret = nextSecret(secret);
    expect(hex(secret)).toBe(vectors.blockSecret);
    expect(hex(blockKeyOf(secret))).toBe(vectors.blockKey);
    expect(hex(keyCommitmentOf(blockKeyOf(secret)))).toBe(vectors.keyCommitment);
    const leaves = keyCommitments(unhex(vectors.channelSecret), vectors.blocksMax);
    expect(hex(merkleRoot(leaves))).toBe(vectors.keysRoot);
    expect(merklePath(leaves, vectors.blockNumber).map(hex)).toEqual(vectors.keyPath);
  });
  it.each(vectors.parts.map((part) => [part.name, part] as const))('cuts and seals: %s', (_, part) => {
    const plaintext = new Uint8Array(Buffer.from(part.plaintext, 'base64'));
    const batches = readBatches(plaintext, context) as ReferenceBatch[];
    const sealed = sealPart(batches, context, unhex(vectors.blockKey));
    expect(hex(sealed.partRoot)).toBe(part.partRoot);
    expect(sealed.segmentCount).toBe(part.segmentCount);
    expect(hex(sealed.indexHash)).toBe(part.indexHash);
    const segments = sealed.segments.map(({ batches: count, bytes, key }, at) => {
      return { batches: count, bytes, segmentKey: hex(key), row: hex(sealed.rows[at]) };
    });
    expect(segments).toEqual(part.segments);
    const opened = sealed.segments.map((one) => openSealed(one.key, one.sealed));
    expect(opened.map((one) => one?.length)).toEqual(part.segments.map((one) => one.bytes));
    expect(cutBatches(batches).flat()).toHaveLength(batches.length);
    const stored = sealed.segments.map((one, at) => ({ row: sealed.rows[at], sealed: one.sealed }));
    expect(invalidityOfSealed(stored, context, unhex(vectors.blockKey))).toBeUndefined();
  });
  it('commits to manifests of several pages', () => {
    for (const { rows, ...expected } of vectors.manifests) {
      const row = (at: number): Uint8Array =>
        join(sha256(bigEndian(at, 4)), sha256(bigEndian(at + 2 ** 24, 4)));
      const found = commitRows(Array.from({ length: rows }, (_, at) => row(at)));
      const { partRoot, indexHash, pages, segmentCount } = found;
      expect({ partRoot: hex(partRoot), indexHash: hex(indexHash), pages }).toEqual(expected);
      expect(segmentCount).toBe(rows);
    }
  });
  it('seals and opens boxes', () => {
    for (const one of vectors.boxes) {
      const [secret, plaintext] = [unhex(one.recipientSecret), unhex(one.plaintext)];
      expect(hex(x25519(secret))).toBe(one.recipientPublic);
      const recipient = unhex(one.recipientPublic);
      const box = sealBox(plaintext, recipient, unhex(one.ephemeralSecret), unhex(one.nonce));
      expect(hex(box)).toBe(one.box);
      expect(openBox(box, secret)).toEqual(plaintext);
      expect(openBox(box, sha256(secret))).toBeUndefined();
    }
  });
  it('leads from records to the roots of their parts', () => {
    expect(vectors.proofs.length).toBeGreaterThan(0);
    for (const { recordPath, batchPath, rowPath, ...one } of vectors.proofs) {
      const header = unhex(one.header);
      const paths = { recordPath, batchPath, rowPath };
      const [records, batches, rows] = Object.values(paths).map((path) => path.map(unhex));
      const bytes = { record: unhex(one.record), header, sealedDigest: unhex(one.sealedDigest) };
      const place = { ...one, ...bytes, recordPath: records, batchPath: batches, rowPath: rows };
      const found = rootsOfPlace(place);
      expect(found && hex(found.recordsRoot)).toBe(hex(header.slice(64, 96)));
      expect(found && hex(found.segmentRoot)).toBe(one.segmentRoot);
      expect(found && hex(found.partRoot)).toBe(one.partRoot);
      expect([header.length, header[28], one.count]).toEqual([
        192,
        place.record[2],
        header[24] + 256 * header[25],
      ]);
      expect(rootsOfPlace({ ...place, recordIndex: one.count })).toBeUndefined();
      expect(rootsOfPlace({ ...place, rowPath: [...rows, header.slice(0, 32)] })).toBeUndefined();
    }
  });
  it('gives the digests of delegation, receipt and key possession, and recovers who signed them', () => {
    const { delegation, receipt, keyPossession } = vectors;
    const { channelId, blockNumber } = context;
    const keyCommitment = unhex(vectors.keyCommitment);
    const { participant } = vectors;
    const feeWei = BigInt(delegation.feeWei);
    const delegated = { ...delegation, feeWei, channelId, blockNumber, participant, keyCommitment };
    const received = { ...receipt, channelId, blockNumber, recordsRoot: unhex(receipt.recordsRoot) };
    const digests = [
      delegationDigest(vectors.domain, delegated),
      receiptDigest(vectors.domain, received),
      keyPossessionDigest(vectors.domain, keyPossession),
    ];
    for (const [at, one] of [delegation, receipt, keyPossession].entries()) {
      expect(hex(digests[at])).toBe(one.digest);
      const address = addressOfKey(unhex(one.privateKey));
      expect(recoverAddress(digests[at], unhex(one.signature))).toBe(address);
      expect(recoverAddress(digests[at], sign(digests[at], unhex(one.privateKey)))).toBe(address);
    }
  });
});

describe('impressions.json', () => {
  interface Case {
    readonly name: string;
    readonly roles: number[];
    readonly parameters: EncodedParameters;
    readonly records: string[];
    readonly amounts: string[];
    readonly outcomes: [string, string][];
    readonly contradictory: number[];
    readonly flooding: number[];
    readonly kept: number;
    readonly groupRoot: string;
    readonly leaf: string;
  }
  const vectors = read<{ cases: Case[] }>('impressions.json');
  it.each(vectors.cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const reduction = referenceReduce(one.records.map(unhex), one.roles, one.parameters);
    expect(hex(encodeParameters(one.parameters))).toBe(one.parameters.encoded);
    expect(reduction.groups).toHaveLength(1);
    const [group] = reduction.groups;
    expect({
      amounts: group.amounts.map(String),
      outcomes: group.outcomes.map(({ reason, nano }) => [reason, `${nano}`]),
      contradictory: group.contradictory,
      flooding: group.flooding,
      kept: group.kept,
      groupRoot: hex(group.groupRoot),
      leaf: hex(group.leaf),
    }).toEqual({
      amounts: one.amounts,
      outcomes: one.outcomes,
      contradictory: one.contradictory,
      flooding: one.flooding,
      kept: one.kept,
      groupRoot: one.groupRoot,
      leaf: one.leaf,
    });
  });
});

describe('blocks.json', () => {
  interface Commitment {
    readonly partRoot: string;
    readonly segmentCount: number;
    readonly indexHash: string;
  }
  interface Block {
    readonly name: string;
    readonly roles: number[];
    readonly parameters: EncodedParameters;
    readonly signers: string[];
    readonly parts: Record<string, string>;
    readonly blockKey: string;
    readonly commitments: Record<string, Commitment>;
    readonly result: {
      readonly settlementRoot: string;
      readonly reportHash: string;
      readonly outputHash: string;
      readonly impressionCount: number;
      readonly amounts: string[];
      readonly validParts: number;
      readonly outputTransactions: { payee: number; nano: string }[];
      readonly report: { readonly invalidParts: [number, string][] };
      readonly reportBytes: string;
    };
    readonly validator: string;
    readonly workDigest: string;
    readonly salt: string;
    readonly commitment: string;
  }
  const vectors = read<Channel & { blocks: Block[] }>('blocks.json');
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one)));

  it.each(vectors.blocks.map((block) => [block.name, block] as const))('%s', (_, block) => {
    const context = contextOf(vectors, block.roles, block.signers);
    const parts = partsFromBase64(block.parts);
    const unopened = new Map(block.result.report.invalidParts);
    const found = referenceBlock({ ...context, parameters: block.parameters, parts, unopened });
    expect({
      settlementRoot: hex(found.settlementRoot),
      reportHash: hex(found.reportHash),
      outputHash: hex(found.outputHash),
      impressionCount: found.leaves.length,
      amounts: found.amounts.map(String),
      validParts: found.validParts,
      outputTransactions: found.outputTransactions.map(({ payee, nano }) => ({ payee, nano: `${nano}` })),
      report: plain(found.report),
      reportBytes: hex(found.reportBytes),
    }).toEqual(block.result);
    expect(opensSettlementRoot(found)).toBe(true);
    const validator = unhex(block.validator);
    const workDigest = workDigestOf(validator, found.recordHashes);
    expect(hex(workDigest)).toBe(block.workDigest);
    const commitment = commitmentOf(found.outputHash, validator, workDigest, unhex(block.salt));
    expect(hex(commitment)).toBe(block.commitment);
    for (const [participant, plaintext] of parts) {
      const batches = readBatches(plaintext, context) as ReferenceBatch[];
      const { partRoot, segmentCount, indexHash } = sealPart(batches, context, unhex(block.blockKey));
      const sealed = { partRoot: hex(partRoot), segmentCount, indexHash: hex(indexHash) };
      expect(sealed).toEqual(block.commitments[participant]);
    }
  });
});

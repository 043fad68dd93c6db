/**
 * Opened segments with what the product says of them, and sealed ones in a part: what the contracts that
 * decide questions about parts are held against. The same at every run.
 */
import { addressOf, merklePath, sha256, signDigest } from '#crypto';
import { concatBytes, fromHex, type Hex, toHex, u64BigEndian, utf8, viewOf } from '#encoding';
import {
  BatchHasher,
  type BlockRules,
  blockKeyOf,
  commitManifest,
  domainSeparator,
  encodeRecord,
  encodeUnsignedBatch,
  keyCommitments,
  keysRootOf,
  limits,
  SegmentCheck,
  sealSegment,
  secretOf,
  segmentKeyOf,
} from '#protocol';

const domain = {
  name: 'Papyrus',
  version: '1',
  chainId: 31_337,
  verifyingContract: '0x00000000000000000000000000000000c0ffee00',
} as const;
/** Payer, seller, publisher, auditor, and a seller that has no record key. */
const roles = [1, 3, 4, 5, 3];
const blockNumber = 158;
const blocksMax = 200;
const priceNanoMax = 2n ** 63n + 5n;
const channelId = sha256(utf8('a channel of segments'));
const channelSecret = sha256(utf8('a channel secret'));
const blockKey = blockKeyOf(secretOf(channelSecret, blockNumber));
const keys = roles.map((_, author) => sha256(utf8(`record key ${author}`)));
const hasher = new BatchHasher(domainSeparator(domain));
const rules: BlockRules = {
  channelId,
  blockNumber,
  blockKey,
  domainSeparator: domainSeparator(domain),
  roles,
  signers: keys.map((key, author) => (author === 4 ? undefined : fromHex(addressOf(key)))),
  priceNanoMax,
  authorBytesMax: Number.MAX_SAFE_INTEGER,
};

/** Numbers below 2^32, drawn from SHA-256 of a counter. */
class Draw {
  #count = 0;

  below(limit: number): number {
    return viewOf(sha256(u64BigEndian(BigInt(this.#count++)))).getUint32(0) % limit;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

function recordOf(author: number, nonce: number): Uint8Array {
  const isAudit = roles[author] === 5;
  return encodeRecord({
    kind: isAudit ? 2 : 1,
    author,
    counterparty: isAudit ? [1, 2, 255][nonce % 3] : author === 0 ? 1 + (nonce % 2) : 0,
    flags: isAudit ? nonce % 64 : (nonce % 2) * 32,
    timestampMs: BigInt(nonce),
    impressionKey: sha256(utf8(`impression ${nonce}`)).subarray(0, 16),
    priceNano: isAudit ? 0n : BigInt(nonce),
    campaign: new Uint8Array(8),
    placement: new Uint8Array(8),
    reference: sha256(utf8(`line ${nonce}`)).subarray(0, 8),
  });
}

interface Batch {
  readonly author: number;
  readonly sequence: bigint;
  readonly records: readonly Uint8Array[];
  /** Bytes of the header that are written before it is signed, by offset. */
  readonly header?: Readonly<Record<number, number>>;
  /** Whose key signs, if not the author's. */
  readonly signer?: number;
}

function signed({ author, sequence, records, header, signer = author }: Batch): Uint8Array {
  const bytes = encodeUnsignedBatch(
    hasher,
    { channelId: toHex(channelId), blockNumber, author, sequence },
    concatBytes(...records),
  );
  for (const [at, value] of Object.entries(header ?? {})) bytes[Number(at)] = value;
  bytes.set(signDigest(hasher.digest(bytes), keys[signer % keys.length]), 96);
  return bytes;
}

function batchOf(author: number, sequence: number, count: number): Batch {
  const records = Array.from({ length: count }, (_, at) => recordOf(author, sequence * 10 + at));
  return { author, sequence: BigInt(sequence), records };
}

function goodSegments(): Uint8Array[] {
  return [
    [batchOf(0, 1, 2), batchOf(0, 2, 1), batchOf(0, 255, 1), batchOf(0, 256, 3)],
    [batchOf(1, 1, 3)],
    [batchOf(2, 7, 1), batchOf(2, 9, 2)],
    [batchOf(3, 1, 3), batchOf(3, 2, 6)],
  ].map((batches) => concatBytes(...batches.map(signed)));
}

/** What a record may be asked to hold where it decides: kind, version, author, counterparty, flags, price. */
const recordPlaces = [0, 1, 2, 3, 4, 5, 7, 32, 33, 39, 40, 63];
const telling = [0, 1, 2, 3, 4, 5, 6, 16, 31, 32, 33, 63, 64, 127, 128, 255];

function otherRecord(draw: Draw): Uint8Array {
  const batch = batchOf(draw.below(4), draw.below(9), 1 + draw.below(3));
  draw.of(batch.records)[draw.of(recordPlaces)] = draw.of(telling);
  return signed(batch);
}

function otherHeader(draw: Draw): Uint8Array {
  const batch = batchOf(draw.below(4), 3, 1 + draw.below(2));
  const place = draw.of([0, 7, 8, 15, 16, 24, 25, 27, 28, 29, 31, 32, 63, 64, 95, 161, 191]);
  return signed({ ...batch, header: { [place]: draw.of(telling) } });
}

function otherBit(draw: Draw, segment: Uint8Array): Uint8Array {
  const bytes = segment.slice();
  bytes[draw.below(bytes.length)] ^= 1 << draw.below(8);
  return bytes;
}

function otherOrder(draw: Draw): Uint8Array {
  const batches = Array.from({ length: 2 + draw.below(2) }, () => batchOf(draw.below(2), draw.below(3), 1));
  return concatBytes(...batches.map(signed));
}

/** 16,384 bytes that end as `isDue` says, and another batch after them or not. */
function aroundTheCut(isDue: boolean, goesOn: boolean): Uint8Array {
  for (let nonce = 0; ; nonce++) {
    const batch = { ...batchOf(0, 1, 252), sequence: 1n };
    const bytes = signed({ ...batch, records: [...batch.records, recordOf(0, 50_000 + nonce)] });
    if (bytes[64 + 31] === (isDue ? limits.segmentCutBelow - 1 : limits.segmentCutBelow)) {
      return goesOn ? concatBytes(bytes, signed(batchOf(0, 2, 1))) : bytes;
    }
  }
}

function named(): (readonly [string, Uint8Array])[] {
  const good = goodSegments();
  const [payers] = good;
  const highS = payers.slice();
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(toHex(highS.subarray(128, 160)));
  highS.set(fromHex(`0x${s.toString(16).padStart(64, '0')}`), 128);
  highS[160] = 55 - highS[160];
  const twice = { ...batchOf(0, 4, 1), records: [recordOf(0, 4), recordOf(0, 4)] };
  return [
    ...good.map((segment, at) => [`good ${at}`, segment] as const),
    ['nothing', new Uint8Array(0)],
    ['one byte too few', payers.subarray(0, payers.length - 1)],
    ['one byte too many', concatBytes(payers, new Uint8Array(1))],
    ['without the records of the last', payers.subarray(0, payers.length - 192)],
    ['a high s', highS],
    ['signed by another', signed({ ...batchOf(0, 4, 1), signer: 1 })],
    ['by one without a key', signed(batchOf(4, 4, 1))],
    ['by no participant', signed(batchOf(5, 4, 1))],
    ['one record twice', signed(twice)],
    ['two authors', concatBytes(good[1], good[2])],
    ['the same batch twice', concatBytes(good[1], good[1])],
    ['a cut that is due', aroundTheCut(true, false)],
    ['goes on where a cut is due', aroundTheCut(true, true)],
    ['goes on where none is', aroundTheCut(false, true)],
  ];
}

function judgedSegments(): { name: string; opened: Hex; reason: string }[] {
  const draw = new Draw();
  const good = goodSegments();
  const times = (count: number, name: string, make: () => Uint8Array) =>
    Array.from({ length: count }, (_, at) => [`${name} ${at}`, make()] as const);
  const all = [
    ...named(),
    ...times(80, 'another record', () => otherRecord(draw)),
    ...times(40, 'another header', () => otherHeader(draw)),
    ...times(20, 'another bit', () => otherBit(draw, draw.of(good))),
    ...times(20, 'another order', () => otherOrder(draw)),
  ];
  const check = new SegmentCheck(rules);
  return all.map(([name, opened]) => ({
    name,
    opened: toHex(opened),
    reason: check.checkPlaintext(opened).reason ?? 'good',
  }));
}

/** A part of good segments with everything that leads from a row to what it opens to. */
function sealedRows(): Record<string, unknown>[] {
  const segments = [...goodSegments(), aroundTheCut(true, false)];
  const stored = segments.map((segment) => sealSegment(rules, segment));
  const rows = concatBytes(...stored.map(({ row }) => row));
  const leaves = concatBytes(...stored.map(({ row }) => sha256(row)));
  const { partRoot } = commitManifest(rows).commitment;
  return stored.map(({ sealed, row }, at) => ({
    rowIndex: at,
    rows: stored.length,
    partRoot: toHex(partRoot),
    rowPath: merklePath(leaves, at).map(toHex),
    segmentRoot: toHex(row.subarray(32)),
    segmentKey: toHex(segmentKeyOf(blockKey, channelId, blockNumber, row.subarray(32))),
    opened: toHex(segments[at]),
    sealed: toHex(sealed),
  }));
}

export function segmentVectors(): Record<string, unknown> {
  const commitments = keyCommitments(channelSecret, blocksMax);
  return {
    about: 'opened segments with the reason that the product gives them, and the rows of a sealed part',
    domain,
    channelId: toHex(channelId),
    blockNumber,
    roles,
    priceNanoMax: String(priceNanoMax),
    signers: rules.signers.map((one) => toHex(one ?? new Uint8Array(20))),
    blocksMax,
    blockKey: toHex(blockKey),
    keysRoot: toHex(keysRootOf(commitments)),
    keyPath: merklePath(commitments, blockNumber).map(toHex),
    sealed: sealedRows(),
    segments: judgedSegments(),
  };
}

/**
 * Blocks for games in memory: records signed, packed into parts and held opened, as a participant has them.
 */
import { addressOf, sha256 } from '#crypto';
import { concatBytes, fromHex, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  type BlockRules,
  commitManifest,
  domainSeparator,
  encodeRecord,
  limits,
  recordAt,
  recordKind,
  SegmentCutter,
  sealSegment,
  signBatch,
} from '#protocol';
import { explainRecords, type ReductionTerms } from '#reduction';
import { HeldBlock, type HeldPart } from '../held-block.js';

export interface GameRecords {
  readonly terms: ReductionTerms;
  /** 64 bytes each, good ones of the terms' roles. */
  readonly records: readonly Uint8Array[];
  /** For each record in which parts it is, as bits; and which parts count. */
  readonly spread: readonly number[];
  readonly counted: number;
  readonly batchRecords?: number;
}

/** Of what block it is, and who signs. */
export interface GameSigning {
  readonly rules: BlockRules;
  /** Record keys, by participant. */
  readonly keys: readonly Uint8Array[];
}

/** A leaf as whoever makes a tree has it. */
export interface GameLeaf {
  readonly key: Uint8Array;
  readonly records: readonly Uint8Array[];
  readonly amounts: readonly bigint[];
}

export interface GameBlock {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  readonly parts: readonly HeldPart[];
  /** Of the parts that count. */
  readonly held: HeldBlock;
  readonly leaves: readonly GameLeaf[];
  /** As if all parts counted. */
  readonly leavesOfAll: readonly GameLeaf[];
  readonly all: HeldBlock;
}

const privateKeys = Array.from({ length: limits.participantsMax }, (_, at) => sha256(Uint8Array.of(at, 77)));
const signers = privateKeys.map((key) => fromHex(addressOf(key)));

export function gameRules(roles: readonly number[]): BlockRules {
  return {
    roles,
    priceNanoMax: 2n ** 57n,
    channelId: sha256(Uint8Array.of(1)),
    blockNumber: 7,
    blockKey: sha256(Uint8Array.of(2)),
    domainSeparator: domainSeparator({
      chainId: 31_337,
      verifyingContract: '0x1111111111111111111111111111111111111111',
    }),
    signers: signers.slice(0, roles.length),
    authorBytesMax: 2 ** 40,
  };
}

/** A batch of so many wins, each of an impression of its own. */
export function signedBatch(
  rules: BlockRules,
  author: number,
  sequence: number,
  records: number,
): Uint8Array {
  const wins = Array.from({ length: records }, (_, at) =>
    encodeRecord({
      ...{ kind: recordKind.win, author, counterparty: author === 0 ? 1 : 0, flags: 0, timestampMs: 1n },
      impressionKey: sha256(Uint8Array.of(author, sequence, at & 255, at >> 8)).slice(0, 16),
      ...{ priceNano: 5n, campaign: new Uint8Array(8), placement: new Uint8Array(8) },
      reference: new Uint8Array(8),
    }),
  );
  return batchOf({ rules, keys: privateKeys }, author, BigInt(sequence), wins);
}

export function gameBlock(game: GameRecords): GameBlock {
  return signedBlock(game, { rules: gameRules(game.terms.roles), keys: privateKeys });
}

export function signedBlock(game: GameRecords, signing: GameSigning): GameBlock {
  const { terms, records, spread, counted } = game;
  const { rules } = signing;
  const isIn = (at: number, participant: number): boolean => ((spread[at] >> participant) & 1) === 1;
  const parts = [...terms.roles.keys()].map((participant) => {
    const own = records.filter((_, at) => isIn(at, participant));
    return partOf(signing, participant, own, game.batchRecords ?? 100);
  });
  const isCounted = (participant: number): boolean => ((counted >> participant) & 1) === 1;
  const held = new HeldBlock(
    terms,
    parts.filter(({ participant }) => isCounted(participant)),
  );
  const inCounted = records.filter((_, at) => (spread[at] & counted) !== 0);
  return {
    ...{ terms, rules, parts, held, all: new HeldBlock(terms, parts) },
    leaves: leavesOf(terms, inCounted),
    leavesOfAll: leavesOf(terms, records),
  };
}

/** The leaves that records make, whoever wrote them. */
export function leavesOf(terms: ReductionTerms, records: readonly Uint8Array[]): GameLeaf[] {
  const byHash = new Map<Hex, Uint8Array>(records.map((one) => [toHex(sha256(one)), one]));
  return [...explainRecords(terms, concatBytes(...records))].map(
    ({ impressionKey, keptHashes, amounts }) => ({
      key: impressionKey,
      records: keptHashes.map((hash) => byHash.get(toHex(hash)) as Uint8Array),
      amounts,
    }),
  );
}

function partOf(
  { rules, keys }: GameSigning,
  participant: number,
  records: readonly Uint8Array[],
  batchRecords: number,
): HeldPart {
  const cutter = new SegmentCutter();
  const cut: (Uint8Array | undefined)[] = [];
  for (const author of rules.roles.keys()) {
    const own = records.filter((one) => one[recordAt.author] === author);
    for (let at = 0; at < own.length; at += batchRecords) {
      cut.push(cutter.push(batchOf({ rules, keys }, author, BigInt(at), own.slice(at, at + batchRecords))));
    }
  }
  const segments = [...cut, cutter.finish()].filter((one) => one !== undefined);
  const rows = concatBytes(...segments.map((one) => sealSegment(rules, one).row));
  return { participant, commitment: commitManifest(rows).commitment, rows, segments };
}

function batchOf(
  { rules, keys }: GameSigning,
  author: number,
  sequence: bigint,
  records: readonly Uint8Array[],
): Uint8Array {
  const hasher = new BatchHasher(rules.domainSeparator);
  const { channelId, blockNumber } = rules;
  const header = { channelId: toHex(channelId), blockNumber, author, sequence };
  return signBatch(hasher, keys[author], header, concatBytes(...records));
}

/** Between the tuples of the contracts of disputes and the port's types: pure, field by field. */
import { type Address, concatBytes, type Digest, fromHex, type Hex, toHex } from '#encoding';
import {
  type AccusationId,
  type LeftNeighbour,
  type OpenedLeaf,
  type PartCommitment,
  type PlacedHeader,
  type PlacedRecord,
  type RowPublication,
  type TextDisproof,
} from '#protocol';

/** AccusationState of IAdjudicator.sol as the codec gives it. */
export interface AccusationTuple {
  readonly accuser: Address;
  readonly turn: bigint;
  readonly deadline: bigint;
  readonly level: bigint;
  readonly index: bigint;
  readonly entryHash: Digest;
  readonly answerer: Address;
  readonly doubted: bigint;
}

/** What `questionsOf` of IQuestions.sol answers. */
export interface QuestionsTuple {
  readonly asked: bigint;
  readonly open: bigint;
  readonly isStruck: boolean;
  /** By participant, of those who asked. */
  readonly rowIndexes: readonly bigint[];
}

/** RowWords of IQuestions.sol. */
export interface RowTuple {
  readonly publisher: Address;
  readonly until: bigint;
  readonly segmentBytes: bigint;
  readonly asker: bigint;
  readonly sealedDigest: Digest;
  readonly segmentRoot: Digest;
  readonly piecesRoot: Digest;
}

/** What `standing` of IPanel.sol answers. */
export interface StandingTuple {
  readonly asker: Address;
  readonly round: bigint;
  readonly isOver: boolean;
}

/** PanelRound of IPanel.sol. */
export interface RoundTuple {
  readonly height: bigint;
  readonly namedAt: bigint;
  readonly drawnAt: bigint;
  readonly appellant: Address;
  readonly held: bigint;
  readonly notHeld: bigint;
  readonly members: readonly Address[];
  readonly commitments: readonly Digest[];
  readonly revealed: bigint;
}

const noKey: Hex = `0x${'00'.repeat(16)}`;
const zeroWord: Hex = `0x${'00'.repeat(32)}`;

/** Of a tree without leaves: not looked at. */
export const noLeaf = { records: '0x', leftKey: noKey };
/** Of the first leaf: not looked at. */
const noLeft = {
  ...{ impressionKey: noKey, kept: 0, recordsRoot: zeroWord, amountsDigest: zeroWord, path: [] },
};

export function accusationTuple({ channelId, blockNumber, resultIndex, slot }: AccusationId): object {
  return { channelId, blockNumber, result: resultIndex, slot };
}

export function leafTuple({ records, leftKey }: OpenedLeaf): object {
  return { records: toHex(records), leftKey: leftKey === undefined ? noKey : toHex(leftKey) };
}

export function leftTuple(left: LeftNeighbour | undefined): object {
  if (left === undefined) return noLeft;
  const { impressionKey, kept, recordsRoot, amountsDigest, path } = left;
  return {
    impressionKey: toHex(impressionKey),
    kept,
    recordsRoot: toHex(recordsRoot),
    amountsDigest: toHex(amountsDigest),
    path: hexes(path),
  };
}

/** RecordPlace of RecordProof.sol, the part's index, PartFacts of BlockTypes.sol. */
export function placeTuple({ participant, commitment, place }: PlacedRecord): readonly unknown[] {
  const { record, recordPath, header, batchPath, sealedDigest, rowPath, ...indexes } = place;
  const tuple = {
    ...indexes,
    record: toHex(record),
    recordPath: hexes(recordPath),
    header: toHex(header),
    batchPath: hexes(batchPath),
    sealedDigest: toHex(sealedDigest),
    rowPath: hexes(rowPath),
  };
  return [tuple, participant, partFactsTuple(commitment)];
}

export function partFactsTuple({ partRoot, segmentCount, indexHash }: PartCommitment): object {
  return { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash) };
}

export function placedHeaderTuple(place: PlacedHeader): object {
  const { header, batchIndex, batches, batchPath, sealedDigest, segmentIndex, rowPath } = place;
  return {
    ...{ header: toHex(header), batchIndex, batches, batchPath: hexes(batchPath) },
    ...{ sealedDigest: toHex(sealedDigest), rowIndex: segmentIndex, rowPath: hexes(rowPath) },
  };
}

export function openedRowTuple({ row, segment }: RowPublication): object {
  const { segmentIndex, sealedDigest, rowPath } = row;
  return {
    rowIndex: segmentIndex,
    sealedDigest: toHex(sealedDigest),
    rowPath: hexes(rowPath),
    segment: toHex(segment),
  };
}

export function disproofTuple(disproof: TextDisproof): object {
  const { blockKey, keyPath, sealed, place, piece, piecePath } = disproof;
  return {
    ...{ blockKey: toHex(blockKey), keyPath: hexes(keyPath), sealedSegment: toHex(sealed) },
    ...{ place, piece: toHex(piece), piecePath: hexes(piecePath) },
  };
}

/** A row of the manifest, as its words on chain have it. */
export function rowBytesOf({ sealedDigest, segmentRoot }: RowTuple): Uint8Array {
  return concatBytes(fromHex(sealedDigest), fromHex(segmentRoot));
}

export function hexes(path: readonly Uint8Array[]): readonly Hex[] {
  return path.map(toHex);
}

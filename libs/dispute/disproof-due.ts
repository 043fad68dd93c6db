/** Whether a row's sealed bytes decrypt to what was published of it, and what shows that they do not. */
import { merklePath, merkleRoot, open, sealTagBytes, sha256 } from '#crypto';
import { concatBytes, equalBytes } from '#encoding';
import { type LengthDisproof, type PublishedRowFacts, segmentKeyOf, type TextDisproof } from '#protocol';

/** The contract keeps a root over the published bytes in pieces of this size. */
const pieceBytes = 1_024;
/** A block of AES, which is all that the contract decrypts. */
const blockBytes = 16;

/** A row of the manifest, and what was published as its opened bytes. */
export type PublishedRow = Pick<PublishedRowFacts, 'row' | 'segment'>;

export interface BlockKeyProof {
  readonly channelId: Uint8Array;
  readonly blockNumber: number;
  readonly blockKey: Uint8Array;
  /** From its commitment to keysRoot. */
  readonly keyPath: readonly Uint8Array[];
}

export type DisproofMove =
  | (LengthDisproof & { readonly move: 'disprove-length' })
  | (TextDisproof & { readonly move: 'disprove-text' })
  | { readonly move: 'none'; readonly reason: 'decrypts-to-published' | 'other-sealed-bytes' };

export function disproofDue(
  { row, segment }: PublishedRow,
  sealed: Uint8Array,
  { channelId, blockNumber, blockKey, keyPath }: BlockKeyProof,
): DisproofMove {
  if (!equalBytes(sha256(sealed), row.subarray(0, 32))) return { move: 'none', reason: 'other-sealed-bytes' };
  if (sealed.length !== segment.length + sealTagBytes) return { move: 'disprove-length', sealed };
  const opened = open(segmentKeyOf(blockKey, channelId, blockNumber, row.subarray(32)), sealed) as Uint8Array;
  const differing = segment.findIndex((byte, at) => byte !== opened[at]);
  if (differing < 0) return { move: 'none', reason: 'decrypts-to-published' };
  const at = Math.floor(differing / pieceBytes);
  return {
    ...{ move: 'disprove-text', sealed, blockKey, keyPath },
    place: Math.floor(differing / blockBytes),
    piece: segment.slice(at * pieceBytes, (at + 1) * pieceBytes),
    piecePath: merklePath(pieceHashes(segment), at),
  };
}

/** What the contract keeps of published bytes. */
export function piecesRootOf(segment: Uint8Array): Uint8Array {
  return merkleRoot(pieceHashes(segment));
}

function pieceHashes(segment: Uint8Array): Uint8Array {
  const pieces = Math.ceil(segment.length / pieceBytes);
  return concatBytes(
    ...Array.from({ length: pieces }, (_, at) =>
      sha256(segment.subarray(at * pieceBytes, (at + 1) * pieceBytes)),
    ),
  );
}

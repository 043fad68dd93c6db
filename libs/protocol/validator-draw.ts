/**
 * The draw of a validator by weight from a hash of the chain: whoever reads the same height repeats it
 * (protocol.md 6).
 */
import { sha256 } from '#crypto';
import { type Address, concatBytes, type Digest, fromHex, u64BigEndian, utf8 } from '#encoding';
import type { BlockNumber, ChannelId, ParticipantIndex } from './ids.js';

/** For whom a validator is drawn, and the hash of the height that the draw rests on. */
export interface DrawSeed {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
  readonly participant: ParticipantIndex;
  /** Of the height of the block's first part. */
  readonly heightHash: Digest;
}

/** `weight`: wei at stake less what is announced to leave, at that height. */
export interface DrawCandidate {
  readonly account: Address;
  readonly weight: bigint;
}

/**
 * The candidates in the order in which they are asked: the first is the validator, the next its replacement,
 * and so on. Each place is drawn by weight among those that are left; the order of the input does not matter,
 * who has no weight is not drawn.
 */
export function drawValidators(seed: DrawSeed, candidates: readonly DrawCandidate[]): readonly Address[] {
  const left = candidates.filter(({ weight }) => weight > 0n).sort(byAccount);
  const bytes = seedBytes(seed);
  let total = left.reduce((sum, { weight }) => sum + weight, 0n);
  const drawn: Address[] = [];
  while (left.length > 0) {
    const digest = sha256(concatBytes(bytes, u64BigEndian(BigInt(drawn.length))));
    // Weights are below 2^128, so the remainder of 256 bits favours nobody by more than 2^-128.
    let ticket = numberOf(digest) % total;
    const at = left.findIndex(({ weight }) => {
      if (ticket < weight) return true;
      ticket -= weight;
      return false;
    });
    const [one] = left.splice(at, 1);
    if (one === undefined) throw new Error('a ticket below the sum of the weights belongs to somebody');
    total -= one.weight;
    drawn.push(one.account);
  }
  return drawn;
}

function seedBytes({ channelId, blockNumber, participant, heightHash }: DrawSeed): Uint8Array {
  const number = u64BigEndian(BigInt(blockNumber));
  const parts = [fromHex(channelId), number, Uint8Array.of(participant), fromHex(heightHash)];
  return concatBytes(utf8('papyrus draw'), ...parts);
}

function numberOf(digest: Uint8Array): bigint {
  return digest.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function byAccount(a: DrawCandidate, b: DrawCandidate): number {
  const [first, second] = [BigInt(a.account), BigInt(b.account)];
  return first < second ? -1 : Number(first > second);
}

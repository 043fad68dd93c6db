/**
 * The draw of a panel that says whether a part was served, as contracts/src/lib/PanelDraw.sol makes it: each
 * candidate has a rank of its own, by the seed, its address and its weight, and the lowest ranks sit.
 */
import { keccak256 } from '#crypto';
import { type Address, abiEncode, addressWord, bytes32Word, type Digest, toHex, uintWord } from '#encoding';
import type { BlockNumber, ChannelId, ParticipantIndex } from './ids.js';
import type { DrawCandidate } from './validator-draw.js';

/** What a panel is asked, and the hash of the height that the draw of its round rests on. */
export interface PanelSeed {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
  /** Whose part. */
  readonly part: ParticipantIndex;
  /** 0, 1 or 2. */
  readonly round: number;
  readonly heightHash: Digest;
}

const sizes = [7, 15, 31];
/** Bits after the point of a logarithm. */
const fractionBits = 48n;
const rankShift = 96n;

/**
 * The members in the order of their places. `candidates`: to whom the registry's steadyBonds gives a weight
 * for the second in which the round was named, without the validators of the block's seats; in any order.
 */
export function drawPanel(seed: PanelSeed, candidates: readonly DrawCandidate[]): readonly Address[] {
  const hash = seedHash(seed);
  return candidates
    .filter(({ weight }) => weight > 0n)
    .map((one) => ({ account: one.account, rank: rankOf(hash, one) }))
    .sort((a, b) => ascending(a.rank, b.rank) || ascending(BigInt(a.account), BigInt(b.account)))
    .slice(0, sizes[seed.round])
    .map(({ account }) => account);
}

function seedHash({ heightHash, channelId, blockNumber, part, round }: PanelSeed): Uint8Array {
  const numbers = [blockNumber, part, round].map(uintWord);
  return keccak256(wordsOf([bytes32Word(heightHash), bytes32Word(channelId), ...numbers]));
}

/** -log2(ticket / 2^256) / weight, so that it is the least of all as often as the weight's share says. */
function rankOf(hash: Uint8Array, { account, weight }: DrawCandidate): bigint {
  const ticket = BigInt(toHex(keccak256(wordsOf([hash, addressWord(account)])))) | 1n;
  return (minusLog2(ticket) << rankShift) / weight;
}

/** -log2(ticket / 2^256), rounded up to fractionBits after the point. */
function minusLog2(ticket: bigint): bigint {
  let log = BigInt(ticket.toString(2).length - 1);
  // Between 1 and 2, with 127 bits after the point: squared, the next bit is whether it is 2 or more.
  let x = (ticket << (255n - log)) >> 128n;
  for (let bits = fractionBits; bits > 0n; bits--) {
    x = (x * x) >> 127n;
    const bit = x >> 128n;
    x >>= bit;
    log = (log << 1n) | bit;
  }
  return (256n << fractionBits) - log;
}

function wordsOf(words: readonly Uint8Array[]): Uint8Array {
  return abiEncode(words.map((bytes) => ({ type: 'word', bytes })));
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

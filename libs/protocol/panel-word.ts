/** What a member of a panel says, and when (protocol.md 8). */
import { keccak256 } from '#crypto';
import {
  type Address,
  abiEncode,
  addressWord,
  bytes32Word,
  type Digest,
  type Hex,
  toHex,
  uintWord,
} from '#encoding';
import type { ChannelTerms } from './channel-terms.js';
import type { BlockId } from './ids.js';

export interface PanelWord extends BlockId {
  readonly part: number;
  readonly round: number;
  readonly member: Address;
  /** Whether it holds all of the part that is to be served. */
  readonly isHeld: boolean;
  /** 32 bytes. */
  readonly salt: Hex;
}

/** keccak256(abi.encode(channelId, blockNumber, part, round, member, isHeld, salt)). */
export function panelCommitmentOf(word: PanelWord): Digest {
  const { channelId, blockNumber, part, round, member, isHeld, salt } = word;
  const words = [
    bytes32Word(channelId),
    ...[blockNumber, part, round].map((one) => uintWord(one)),
    addressWord(member),
    uintWord(isHeld ? 1 : 0),
    bytes32Word(salt),
  ];
  return toHex(keccak256(abiEncode(words.map((bytes) => ({ type: 'word', bytes })))));
}

/** Of a round that was drawn then: its members commit, then reveal, then its verdict is appealed against. */
export function panelTimes(
  { processingPeriod, answerPeriod }: Pick<ChannelTerms, 'processingPeriod' | 'answerPeriod'>,
  drawnAtSeconds: number,
): {
  readonly commitUntilSeconds: number;
  readonly revealUntilSeconds: number;
  readonly appealUntilSeconds: number;
} {
  const revealUntilSeconds = drawnAtSeconds + processingPeriod;
  return {
    commitUntilSeconds: drawnAtSeconds + Math.floor(processingPeriod / 2),
    revealUntilSeconds,
    appealUntilSeconds: revealUntilSeconds + answerPeriod,
  };
}

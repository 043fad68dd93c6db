/** What a validator says in a panel: its salt follows from its key, and its word from its commitment. */
import { type Address, type Digest, type Hex, toHex } from '#encoding';
import { type BlockId, type PanelWord, panelCommitmentOf } from '#protocol';
import { panelSaltOf } from './salt.js';

/** A validator, by its account's key. */
export interface PanelSpeaker {
  /** Lower case. */
  readonly member: Address;
  readonly privateKey: Uint8Array;
}

/** A round of the panel about a part of the block. */
export type PanelRoundId = BlockId & { readonly part: number; readonly round: number };

export function panelWordOf(
  { member, privateKey }: PanelSpeaker,
  { channelId, blockNumber, part, round }: PanelRoundId,
  isHeld: boolean,
): PanelWord {
  const id = { channelId, blockNumber };
  const salt: Hex = toHex(panelSaltOf(privateKey, id, part, round));
  return { ...id, part, round, member, isHeld, salt };
}

/** What it committed to; undefined where the commitment is none of this key. */
export function committedWord(
  speaker: PanelSpeaker,
  id: PanelRoundId,
  commitment: Digest | undefined,
): PanelWord | undefined {
  const words = [true, false].map((isHeld) => panelWordOf(speaker, id, isHeld));
  return words.find((word) => panelCommitmentOf(word) === commitment);
}

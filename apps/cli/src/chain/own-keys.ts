/** The keys that a command on a chain acts with. */
import { addressOf } from '#crypto';
import type { Address } from '#encoding';
import { type KeyHolder, type PublicKeys, readPublicKeys, readSecret } from '../keys/key-folder.js';
import { CommandRefused } from '../report/command-refused.js';

/** Refuses keys of a participant where a validator's are needed, and the other way round. */
export function keysOf(folder: string, of: KeyHolder): PublicKeys {
  const keys = readPublicKeys(folder);
  if (keys.of === of) return keys;
  const message = `${folder} holds keys of a ${keys.of}: this command takes those of a ${of}`;
  throw new CommandRefused('keys-of-another', message);
}

/** The account's secret and address, of one holder or of `anybody`; the one key that moves money. */
export function accountIn(
  folder: string,
  of: KeyHolder | 'anybody',
): { readonly secret: Uint8Array; readonly address: Address } {
  if (of !== 'anybody') keysOf(folder, of);
  const secret = readSecret(folder, 'account');
  return { secret, address: addressOf(secret) };
}

/** The account's place among the participants; refuses one that has none. */
export function participantIn(participants: readonly Address[], account: Address, where: string): number {
  const index = participants.findIndex((one) => one.toLowerCase() === account.toLowerCase());
  if (index >= 0) return index;
  throw new CommandRefused('keys-of-another', `${account} is no participant of ${where}`);
}

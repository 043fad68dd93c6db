/** Which keys count when: the one place that asks the registry for signers. */
import type { ChainSnapshot, ParticipantKeys } from '#chain';
import { type Address, fromHex, isZero } from '#encoding';
import { blockStart, type ChannelTerms } from '#protocol';

/**
 * By participant, the address that signs its records of the block: the key registered before the block
 * started. Undefined for who had none or had revoked it.
 */
export async function recordSignersOf(
  snapshot: ChainSnapshot,
  terms: ChannelTerms,
  blockNumber: number,
): Promise<readonly (Uint8Array | undefined)[]> {
  const start = blockStart(terms, blockNumber);
  const keys = await Promise.all(terms.participants.map((account) => snapshot.keysAt(account, start)));
  return keys.map((one) => signerOf(one?.recordKey));
}

/** The keys that count at the time of the snapshot: of them the operator key and the endpoint are current. */
export function currentKeysOf(
  snapshot: ChainSnapshot,
  account: Address,
): Promise<ParticipantKeys | undefined> {
  // Keys count strictly before a time: those registered in this very second are current too.
  return snapshot.keysAt(account, snapshot.timestampSeconds + 1);
}

/** A key that was revoked is the zero address: nobody's. */
function signerOf(recordKey: Address | undefined): Uint8Array | undefined {
  const bytes = recordKey && fromHex(recordKey);
  return bytes === undefined || isZero(bytes) ? undefined : bytes;
}

import { describe, expect, it } from '@jest/globals';
import { addressOf } from '#crypto';
import { type Address, fromHex, type Hex } from '#encoding';
import { currentKeysOf, recordSignersOf } from './participant-keys.js';
import { Rehearsal } from './testing/rehearsal.js';
import type { SimulatedChain } from './testing/simulated-chain.js';

const keysOf = (recordKey: Address, operatorKey: Address) => ({
  ...{ recordKey, operatorKey, encryptionKey: recordKey, endpoint: '' },
});
const latestOf = (chain: SimulatedChain) => chain.port().snapshot({ finality: 'latest' });
const nobody: Address = `0x${'00'.repeat(20)}` as const;
const another: Hex = `0x${'77'.repeat(20)}`;

describe('the keys of participants', () => {
  it('are for a block those from before it started, and none where the key was revoked', async () => {
    const rehearsal = new Rehearsal();
    const { chain, participants, terms } = rehearsal;
    const signers = async (blockNumber: number) => recordSignersOf(await latestOf(chain), terms, blockNumber);
    const first = participants.map(({ recordKey }) => fromHex(addressOf(recordKey)));
    expect(await signers(0)).toEqual(first);
    chain.advanceTo(terms.firstBlockStart);
    chain.register(participants[0].account, keysOf(nobody, nobody));
    chain.register(participants[1].account, keysOf(another, another));
    expect(await signers(0)).toEqual(first);
    expect(await signers(1)).toEqual([undefined, fromHex(another), first[2]]);
  });

  it('are current from the very second in which they were registered', async () => {
    const { chain, participants } = new Rehearsal();
    const [{ account }] = participants;
    chain.advanceTo(5_000);
    chain.register(account, keysOf(another, another));
    const keys = await currentKeysOf(await latestOf(chain), account);
    expect([chain.nowSeconds, keys?.operatorKey]).toEqual([5_000, another]);
  });
});

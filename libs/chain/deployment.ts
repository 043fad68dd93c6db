/** Puts the registries on a fresh development chain: always the same key and nonces, so always the same
 *  addresses. */
import { addressOf, keccak256 } from '#crypto';
import { type Address, concatBytes, fromHex, type Hex, toHex } from '#encoding';
import type { ChainOutcome } from './chain.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { createdAddress, creationCode, encodeCall } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';

/** The first account of Foundry's public test mnemonic: anvil gives it coins, everybody knows its key. */
export const developmentKey = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
export const developmentAccount: Address = addressOf(developmentKey);

/** Where the registries lie on every development chain. */
export function developmentContracts(): ContractAddresses {
  return {
    participantRegistry: createdAddress(developmentAccount, 0),
    validatorRegistry: createdAddress(developmentAccount, 1),
    channelRegistry: createdAddress(developmentAccount, 2),
  };
}

/** The development account's first acts, in two heights; `heightsDone` of them are on the chain already. */
export async function deployRegistries(poster: ActPoster, heightsDone: number): Promise<void> {
  const { participantRegistry, validatorRegistry, channelRegistry } = developmentContracts();
  if (heightsDone === 0) {
    const acts = [
      creation(creationCode('ParticipantRegistry', [])),
      creation(creationCode('ValidatorRegistry', [])),
      creation(creationCode('ChannelRegistry', [participantRegistry, validatorRegistry])),
    ];
    assertDone(await Promise.all(acts.map((act) => poster.post(act))));
  }
  const data = encodeCall('ValidatorRegistry', 'setChannelRegistry', [channelRegistry]);
  assertDone([await poster.post({ to: validatorRegistry, data, valueWei: 0n })]);
}

const create2Factory: Hex = '0x4e59b44847b379578588920ca78fbf26c0b4956c';

function creation(data: Hex): ChainAct {
  return { to: undefined, data, valueWei: 0n };
}

/**
 * Puts code at an address that follows from the code alone, so that a run that is repeated finds it there.
 * Anvil has the
 *  factory that does it from the start (EIP-1014; the address is the same on every chain). */
export function repeatableCreation(code: Hex): { readonly address: Address; readonly act: ChainAct } {
  const salt = new Uint8Array(32);
  const hashed = concatBytes(Uint8Array.of(0xff), fromHex(create2Factory), salt, keccak256(fromHex(code)));
  const address = toHex(keccak256(hashed).subarray(12));
  return {
    address,
    act: { to: create2Factory, data: toHex(concatBytes(salt, fromHex(code))), valueWei: 0n },
  };
}

function assertDone(outcomes: readonly ChainOutcome[]): void {
  for (const outcome of outcomes) if (!outcome.ok) throw new Error(`deployment refused: ${outcome.message}`);
}

/** Puts the contracts on a fresh development chain: always the same key and nonces, so always the same
 *  addresses. */
import { addressOf, keccak256 } from '#crypto';
import { type Address, concatBytes, fromHex, type Hex, toHex } from '#encoding';
import type { ChainOutcome } from './chain.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { createdAddress, creationCode, type DeployedContract, deployedContracts } from './contract-codec.js';

/** The first account of Foundry's public test mnemonic: anvil gives it coins, everybody knows its key. */
export const developmentKey = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
export const developmentAccount: Address = addressOf(developmentKey);

/**
 * Places that contracts are told and that no contract takes. Once there is one, its name belongs at the end
 * of `deployedContracts`, and what it is made with in `constructorValues`.
 */
const vacantPlaces = ['Adjudicator', 'Questions', 'Panel'] as const;
/** In the order of their making. */
const places = [...deployedContracts, ...vacantPlaces];
type Place = (typeof places)[number];

/** Where the contracts lie on every development chain. */
export function developmentContracts(): Readonly<Record<Place, Address>> {
  const found = places.map((name, nonce) => [name, createdAddress(developmentAccount, nonce)]);
  return Object.fromEntries(found) as Record<Place, Address>;
}

/**
 * The development account's first acts, by their order in `deployedContracts`, all in one height; `done`
 * of them are on the chain already. Every contract is told the others' addresses beforehand, and nobody
 * can change them.
 */
export async function deployContracts(poster: ActPoster, done: number): Promise<void> {
  const acts = deployedContracts.map((name) => creation(creationCode(name, constructorValues(name))));
  // A place without code would be whatever its holder puts there later.
  for (const _ of vacantPlaces) acts.push(creation(creationCode('Vacant', [])));
  assertDone(await Promise.all(acts.slice(done).map((act) => poster.post(act))));
}

function constructorValues(name: DeployedContract): readonly unknown[] {
  const at = developmentContracts();
  const { Adjudicator: adjudicator, Questions: questions, Panel: panel } = at;
  switch (name) {
    case 'RtbImpression1':
      return [];
    case 'ReducerTable':
      return [at.RtbImpression1];
    case 'TermsRules':
      return [at.ReducerTable, at.ParticipantRegistry];
    case 'ParticipantRegistry':
      return [at.Channels];
    case 'Channels':
      return [at.TermsRules];
    case 'Vault':
      return [at.Channels, at.Blocks, at.ValidatorRegistry, adjudicator, questions, panel];
    case 'ValidatorRegistry':
      return [at.Vault];
    case 'ResultRules':
      return [];
    case 'BlockDisputes':
      return [blockPlaces(at)];
    case 'Blocks':
      return [blockPlaces(at), at.BlockDisputes];
    case 'Lens':
      return [
        {
          channels: at.Channels,
          vault: at.Vault,
          blocks: at.Blocks,
          participantRegistry: at.ParticipantRegistry,
          validatorRegistry: at.ValidatorRegistry,
          reducerTable: at.ReducerTable,
          ...{ adjudicator, questions, panel },
        },
      ];
  }
}

/** `Places` of BlockStore.sol: the same for both codes of Blocks. */
function blockPlaces(at: Readonly<Record<Place, Address>>): Readonly<Record<string, Address>> {
  return {
    channels: at.Channels,
    vault: at.Vault,
    participants: at.ParticipantRegistry,
    validators: at.ValidatorRegistry,
    rules: at.ResultRules,
    ...{ adjudicator: at.Adjudicator, questions: at.Questions, panel: at.Panel },
  };
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

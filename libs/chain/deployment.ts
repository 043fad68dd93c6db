/** Puts the contracts on a fresh development chain: always the same key and nonces, so always the same
 *  addresses. */
import { addressOf, keccak256 } from '#crypto';
import { type Address, concatBytes, fromHex, type Hex, toHex } from '#encoding';
import { Fault } from '#environment';
import type { ChainOutcome } from './chain-outcome.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import {
  createdAddress,
  creationCode,
  type DeployedContract,
  deployedContracts,
  isCodeOf,
} from './contract-codec.js';
import type { RpcCalls } from './json-rpc.js';

/** The first account of Foundry's public test mnemonic: anvil gives it coins, everybody knows its key. */
export const developmentKey = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
export const developmentAccount: Address = addressOf(developmentKey);

type Places = Readonly<Record<DeployedContract, Address>>;

/** Where the contracts lie on every development chain. */
export function developmentContracts(): Places {
  const places = deployedContracts.map((name, nonce) => [name, createdAddress(developmentAccount, nonce)]);
  return Object.fromEntries(places) as Record<DeployedContract, Address>;
}

/**
 * The development account's first acts, by their order in `deployedContracts`, all in one height; `done`
 * of them are on the chain already. Every contract is told the others' addresses beforehand, and nobody
 * can change them.
 */
export async function deployContracts(poster: ActPoster, done: number): Promise<void> {
  const acts = deployedContracts.map((name) => creation(creationCode(name, constructorValues(name))));
  assertDone(await Promise.all(acts.slice(done).map((act) => poster.post(act))));
}

/**
 * Throws a Fault `chain-contracts-older` where a development chain that has begun has other contracts than
 * these at their places: nobody can exchange them.
 */
export async function requireDeployed(rpc: RpcCalls): Promise<void> {
  const at = developmentContracts();
  const codes = deployedContracts.map((name) => rpc.call<Hex>('eth_getCode', at[name], 'latest'));
  const found = await Promise.all(codes);
  const other = deployedContracts.find((name, index) => !isCodeOf(name, found[index]));
  if (other === undefined) return;
  const message =
    `the contracts of this chain are those of another version of Papyrus (first ${other}), and stay: go on ` +
    'with that version, or begin in another folder';
  throw new Fault('chain-contracts-older', message, { retriable: false });
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
    case 'Adjudicator':
      return [at.Channels, at.Vault, at.Blocks, at.ParticipantRegistry, at.ReducerTable];
    case 'Questions':
      return [at.Channels, at.Vault, at.Blocks, at.ParticipantRegistry];
    case 'Panel':
      return [at.Channels, at.Vault, at.Blocks, at.ParticipantRegistry, at.ValidatorRegistry];
  }
}

/** `Places` of BlockStore.sol: the same for both codes of Blocks. */
function blockPlaces(at: Places): Readonly<Record<string, Address>> {
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

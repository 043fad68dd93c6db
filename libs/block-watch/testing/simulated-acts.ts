/** Acts of keys on the simulated chain, and what whoever drives it can do. */
import type {
  ChainOutcome,
  DrivenChain,
  ParticipantActs,
  ParticipantKeys,
  ValidatorActs,
  ValidatorFacts,
} from '#chain';
import { sha256 } from '#crypto';
import { type Address, type Hex, toHex, utf8 } from '#encoding';
import type { ChannelTerms } from '#protocol';
import type { SimulatedBlocks } from './simulated-blocks.js';
import type { SimulatedLines } from './simulated-lines.js';
import type { SimulatedWei } from './simulated-wei.js';

/** When accounts named validators, by both; undefined where one took it back. */
export type AddressNames = Map<string, number | undefined>;

type Acts = ParticipantActs & ValidatorActs;

/** What acts are made of. */
export interface ActedChain {
  readonly blocks: SimulatedBlocks;
  readonly lines: SimulatedLines;
  readonly wei: SimulatedWei;
  /** Runs an act in a height of its own. */
  take(name: string, run: () => void): ChainOutcome;
  register(account: Address, keys: ParticipantKeys): void;
  registerValidator(facts: ValidatorFacts): void;
  nameValidator(account: Address, validator: Address, isNamed: boolean): void;
  openChannel(terms: ChannelTerms, boxes: readonly Hex[]): void;
  advanceTo(seconds: number): void;
}

/** Everything that a key can do here; signatures of whoever opens or registers are not looked at. */
export function actsOf(chain: ActedChain, address: Address): Acts {
  const { blocks } = chain;
  const act = async (name: string, run: () => void): Promise<ChainOutcome> => chain.take(name, run);
  const known: Partial<Acts> = {
    address,
    registerParticipant: (keys) => act('registerParticipant', () => chain.register(address, keys)),
    openChannel: (terms, _, boxes) => act('openChannel', () => chain.openChannel(terms, boxes)),
    deposit: (...given) => act('deposit', () => chain.lines.deposit(...given)),
    depositWei: (account, wei) => act('depositWei', () => chain.wei.add(account, 'freeWei', wei)),
    nameValidator: (...given) => act('nameValidator', () => chain.nameValidator(address, ...given)),
    registerValidator: (facts) =>
      act('registerValidator', () => chain.registerValidator({ ...facts, account: address, exitWei: 0n })),
    ...actsOnBlocks(blocks, address, act),
  };
  return known as Acts;
}

function actsOnBlocks(
  blocks: SimulatedBlocks,
  address: Address,
  act: (name: string, run: () => void) => Promise<ChainOutcome>,
): Partial<Acts> {
  return {
    postPart: (...given) => act('postPart', () => blocks.postPart(address, ...given)),
    commitResult: (...given) => act('commitResult', () => blocks.commitResult(address, ...given)),
    revealResult: (...given) => act('revealResult', () => blocks.revealResult(...given)),
    revealOwnResult: (...given) => act('revealOwnResult', () => blocks.revealOwnResult(address, ...given)),
    acceptResult: (...given) => act('acceptResult', () => blocks.acceptResult(address, ...given)),
    settle: (...given) => act('settle', () => blocks.settle(...given)),
    releaseVoid: (...given) => act('releaseVoid', () => blocks.releaseVoid(...given)),
  };
}

/** Tokens are nobody's here: whoever deposits has them. */
export function drivenBy(chain: ActedChain): Partial<DrivenChain> {
  return {
    advanceTo: async (seconds) => chain.advanceTo(seconds),
    fund: async () => {},
    deployToken: async (name): Promise<Hex> => `0x${toHex(sha256(utf8(name))).slice(-40)}`,
    mint: async () => {},
    gone: new Promise<Error>(() => {}),
    url: '',
    close: async () => {},
  };
}

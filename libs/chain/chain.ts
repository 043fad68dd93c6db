/**
 * The base chain as the services see it: facts to read, acts to post. No hidden waiting: an act resolves when
 * it is in a height.
 */
import type { Address, Digest, Hex } from '#encoding';
import type {
  BlockFacts,
  ChannelId,
  ChannelTerms,
  Eip712Domain,
  RevealedResult,
  SignedDelegation,
  Stage,
} from '#protocol';
import type { ChainEventPage, EventCursor, EventFilter } from './chain-events.js';
import type { RefusalCode } from './refusal-codes.js';

/** How surely a height stays: `latest` may be rolled back by the next, `finalized` never is. */
export type Finality = 'latest' | 'safe' | 'finalized';

export interface ChainTime {
  readonly height: number;
  readonly timestampSeconds: number;
}

export interface ParticipantKeys {
  /** Signs records; address. */
  readonly recordKey: Address;
  /** Posts parts, signs delegations and receipts; address. */
  readonly operatorKey: Address;
  /** X25519 public key, 32 bytes. */
  readonly encryptionKey: Hex;
  /** Base URL of the participant's channel node, empty if it has none. */
  readonly endpoint: string;
}

export interface ValidatorFacts {
  readonly account: Address;
  readonly encryptionKey: Hex;
  /** Base URL of the validator. */
  readonly endpoint: string;
  /** Wei of the base chain's own currency. */
  readonly bondWei: bigint;
}

export interface ChannelFacts {
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  /** The boxed channel secret for each participant, in order, 104 bytes each. */
  readonly boxes: readonly Hex[];
  readonly openedAtSeconds: number;
  /** Token base units that the payer deposited and no settlement, debt or withdrawal has taken. */
  readonly deposit: bigint;
  readonly withdrawalRequested: bigint;
  readonly debt: bigint;
  readonly closedAtSeconds?: number;
}

/** A named no of a contract is a value; broken input or output is a thrown Fault. */
export type ChainOutcome =
  | {
      readonly ok: true;
      readonly height: number;
      readonly timestampSeconds: number;
      readonly gasUsed: bigint;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** What a key has for gas, and what it should have. */
export interface GasBalance {
  readonly balanceWei: bigint;
  /** What one act of the dearest kind costs at present: below it the key may not be able to act. */
  readonly reserveWei: bigint;
}

/** Acts of a participant's account or of its operator key; settling and releasing are open to any key. */
export interface ParticipantActs {
  readonly address: Address;
  registerParticipant(keys: ParticipantKeys): Promise<ChainOutcome>;
  openChannel(terms: ChannelTerms, signatures: readonly Hex[], boxes: readonly Hex[]): Promise<ChainOutcome>;
  /** Approves and deposits token base units. */
  deposit(channelId: ChannelId, amount: bigint): Promise<ChainOutcome>;
  requestWithdrawal(channelId: ChannelId, amount: bigint): Promise<ChainOutcome>;
  executeWithdrawal(channelId: ChannelId): Promise<ChainOutcome>;
  closeChannel(channelId: ChannelId): Promise<ChainOutcome>;
  postPart(
    channelId: ChannelId,
    blockNumber: number,
    part: { partRoot: Digest; segmentCount: number; indexHash: Digest },
  ): Promise<ChainOutcome>;
  /**
   * A participant's own result: in the extension without delegation, or late in the challenge period with a
   * bond.
   */
  revealOwnResult(
    channelId: ChannelId,
    blockNumber: number,
    result: RevealedResult,
    opening: Hex | undefined,
  ): Promise<ChainOutcome>;
  acceptResult(channelId: ChannelId, blockNumber: number, outputHash: Digest): Promise<ChainOutcome>;
  settle(channelId: ChannelId, blockNumber: number, result: RevealedResult): Promise<ChainOutcome>;
  /** Unlocks the bonds of a void block's seats; those of a settled block are unlocked by `settle`. */
  releaseBonds(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome>;
  /** Pulls a balance (token base units) out of the registry to this account. */
  withdraw(token: Address, amount: bigint): Promise<ChainOutcome>;
}

/** Acts of a validator's account. */
export interface ValidatorActs {
  readonly address: Address;
  registerValidator(facts: { encryptionKey: Hex; endpoint: string; bondWei: bigint }): Promise<ChainOutcome>;
  /** `keyPath` proves keyCommitment at index blockNumber under the terms' keysRoot. */
  commitResult(
    delegation: SignedDelegation,
    keyPath: readonly Hex[],
    commitment: Digest,
  ): Promise<ChainOutcome>;
  /** `opening` is x of wire-formats.md 8, absent if the block has no impression. */
  revealResult(
    channelId: ChannelId,
    blockNumber: number,
    participant: number,
    result: RevealedResult,
    opening: Hex | undefined,
    workDigest: Digest,
    salt: Hex,
  ): Promise<ChainOutcome>;
}

/**
 * Facts of one height. Where that height has gone meanwhile (rolled back, or the node keeps no state of it),
 * a read throws a retriable Fault `chain-snapshot-gone`: what was read so far is to be read again as a whole.
 */
export interface ChainSnapshot extends ChainTime {
  /** Snapshots of one id show the same facts; after a rollback the same height has another. */
  readonly id: string;
  channel(channelId: ChannelId): Promise<ChannelFacts | undefined>;
  blockFacts(channelId: ChannelId, blockNumber: number): Promise<BlockFacts>;
  /** Token base units the payer still has for block n (protocol.md 2). */
  cover(channelId: ChannelId, blockNumber: number): Promise<bigint>;
  /** Keys registered strictly before `atSeconds`; undefined if there were none. */
  keysAt(account: Address, atSeconds: number): Promise<ParticipantKeys | undefined>;
  validator(account: Address): Promise<ValidatorFacts | undefined>;
  /** Token base units that `account` can withdraw from the registry. */
  balance(token: Address, account: Address): Promise<bigint>;
  /** Token base units in the account's own hands. */
  tokenBalance(token: Address, account: Address): Promise<bigint>;
  /** The contracts' own stage of a block, for checks against `stageOf`. */
  stage(channelId: ChannelId, blockNumber: number): Promise<Stage>;
}

/**
 * What does not belong to a height, and the way to what does. Acts may rest on `latest`; what cannot be taken
 * back (erased keys, forgotten requests, released parts) rests on `finalized`.
 */
export interface Chain {
  /** chainId and verifyingContract of every EIP-712 signature. */
  domain(): Promise<Eip712Domain>;
  /** Of the latest height. */
  time(): Promise<ChainTime>;
  snapshot(of: { readonly finality: Finality }): Promise<ChainSnapshot>;
  /**
   * The open channels in which `account` takes part, in the order of their opening. Each channel's terms are
   * read once; later calls ask only for channels that have come since.
   */
  channelsOf(account: Address): Promise<readonly Hex[]>;
  /**
   * What happened after `from` (undefined: since the first height), in order, a bounded page at a time. Asked
   * with the cursor of a height that was rolled back, the page begins with `rolled-back`.
   */
  events(from: EventCursor | undefined, filter: EventFilter): Promise<ChainEventPage>;
  gasBalance(account: Address): Promise<GasBalance>;
  participantActs(privateKey: Uint8Array): ParticipantActs;
  validatorActs(privateKey: Uint8Array): ValidatorActs;
  /** Calls `wake` after a new height; returns the unsubscriber. */
  subscribe(wake: () => void): () => void;
  close(): Promise<void>;
}

/** What happened to the embedded chain that whoever runs it should hear of; `code` is kebab-case. */
export interface ChainNotice {
  readonly code: string;
  readonly message: string;
}

/** A chain whose time and coins are in our hands: the embedded development chain. */
export interface DrivenChain extends Chain {
  /** Resolves with why when the chain has ended for good, otherwise than by `close`. */
  readonly gone: Promise<Error>;
  /** Mines one height at `timestampSeconds`, not before the last; acts of other processes that wait get
   *  into it. */
  advanceTo(timestampSeconds: number): Promise<void>;
  /** Gives `account` wei to pay for gas. */
  fund(account: Address, wei: bigint): Promise<void>;
  /**
   * Deploys an ERC-20 for tests, unless the same is there; decimals 9 makes its base unit one nano. Returns
   * its address.
   */
  deployToken(name: string, symbol: string, decimals: number): Promise<Hex>;
  mint(token: Address, account: Address, amount: bigint): Promise<void>;
  /** JSON-RPC URL for other processes. */
  readonly url: string;
}

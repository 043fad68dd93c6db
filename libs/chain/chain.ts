/**
 * The base chain as the services see it: facts to read, acts to post. No hidden waiting: an act resolves when
 * it is in a height.
 */
import type { Address, Digest, Hex } from '#encoding';
import type {
  BlockFacts,
  ChannelId,
  ChannelTerms,
  DisputeFacts,
  DrawCandidate,
  Eip712Domain,
  RevealedResult,
  SignedDelegation,
  Stage,
} from '#protocol';
import type { ChainEventPage, EventCursor, EventFilter } from './chain-events.js';
import type { ChainOutcome } from './chain-outcome.js';
import type { DisputeActs } from './dispute-acts.js';

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

/** What record key and operator key signed of the account that registers them (`keyPossessionDigest`). */
export interface PossessionProofs {
  /** 65 bytes each; absent where the key is the account's already, or none. */
  readonly record?: Hex | undefined;
  readonly operator?: Hex | undefined;
}

export interface ValidatorFacts {
  readonly account: Address;
  readonly encryptionKey: Hex;
  /** Base URL of the validator. */
  readonly endpoint: string;
  /** The least that it takes for a block, wei. */
  readonly leastFeeWei: bigint;
  /** Wei of its stake that no block has locked. */
  readonly stakeWei: bigint;
  /** Wei that is announced to leave, no part of its weight. */
  readonly exitWei: bigint;
  readonly exitAtSeconds?: number;
}

/** What a draw of validators rests on: whoever reads the same height repeats it. */
export interface DrawGround {
  readonly heightHash: Digest;
  /** Who was listed at the end of the height, in no order; `weight` 0 where too little is at stake. */
  readonly candidates: readonly DrawCandidate[];
}

/** Of an account in the Vault, wei. */
export interface WeiAccount {
  /** For bonds, fees, or to be withdrawn. */
  readonly freeWei: bigint;
  /** Of a validator: it leaves through the ValidatorRegistry alone. */
  readonly stakeWei: bigint;
  /** In blocks that are not over. */
  readonly lockedWei: bigint;
}

/** What a payee is paid out of, in token base units. */
export interface Line {
  readonly payee: number;
  readonly amount: bigint;
  /** What blocks owe and the line lacked. */
  readonly debt: bigint;
  /** What the payer asked to have back. */
  readonly requested: bigint;
  readonly requestedAtSeconds?: number;
  /** The most that one block pays. */
  readonly blockMax: bigint;
}

/** Of an ERC-20, for people: a token may say what it likes, or nothing. */
export interface TokenFacts {
  readonly symbol: string | undefined;
  readonly decimals: number | undefined;
}

/** Neither's until one of them gives it up. */
export interface Contested {
  /** Token base units. */
  readonly amount: bigint;
  readonly sinceSeconds: number;
}

export interface ChannelFacts {
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  /** The boxed channel secret for each participant, in order, 104 bytes each. */
  readonly boxes: readonly Hex[];
  readonly openedAtSeconds: number;
  /** One for each payee, from participant 1 on. */
  readonly lines: readonly Line[];
  readonly closedAtSeconds?: number;
}

/** What a key has for gas, and what it should have. */
export interface GasBalance {
  readonly balanceWei: bigint;
  /** What one act of the dearest kind costs at present: below it the key may not be able to act. */
  readonly reserveWei: bigint;
}

/** Acts of a participant's account or of its operator key; what is open to any key says so. */
export interface ParticipantActs {
  readonly address: Address;
  registerParticipant(keys: ParticipantKeys, proofs: PossessionProofs): Promise<ChainOutcome>;
  /** Any key, once all have signed. */
  openChannel(terms: ChannelTerms, signatures: readonly Hex[], boxes: readonly Hex[]): Promise<ChainOutcome>;
  /** Approves and puts token base units into a payee's line; any key. */
  deposit(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome>;
  /** The payer asks for what lies in a payee's line; 0 takes the request back. */
  requestWithdrawal(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome>;
  /** Any key, once every block that the notice covers is over. */
  executeWithdrawal(channelId: ChannelId, payee: number): Promise<ChainOutcome>;
  /** The payee gives back of its own line. */
  release(channelId: ChannelId, amount: bigint): Promise<ChainOutcome>;
  closeChannel(channelId: ChannelId): Promise<ChainOutcome>;
  /** Approves and pays so much of a line's debt with tokens of its own; any key. */
  payDebt(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome>;
  /** Serves a line's debt from what of it is free; any key. */
  serveDebt(channelId: ChannelId, payee: number): Promise<ChainOutcome>;
  /** The payer lets the payee have what is contested of a block. */
  concede(channelId: ChannelId, blockNumber: number, payee: number): Promise<ChainOutcome>;
  /** The payee lets the payer have it. */
  releaseContested(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome>;
  /** What nobody gave up within retentionPeriod is nobody's; any key. */
  burnContested(channelId: ChannelId, blockNumber: number, payee: number): Promise<ChainOutcome>;
  postPart(
    channelId: ChannelId,
    blockNumber: number,
    part: { partRoot: Digest; segmentCount: number; indexHash: Digest },
  ): Promise<ChainOutcome>;
  /**
   * A participant's own result, with a bond: in the second half of the extension and in the challenge
   * period.
   */
  revealOwnResult(
    channelId: ChannelId,
    blockNumber: number,
    result: RevealedResult,
    opening: Hex | undefined,
  ): Promise<ChainOutcome>;
  /** By the participant's account, or by the validator that it named as its own. */
  acceptResult(
    channelId: ChannelId,
    blockNumber: number,
    participant: number,
    outputHash: Digest,
  ): Promise<ChainOutcome>;
  /** Any key, with every result that stands, by first reveal. */
  settle(
    channelId: ChannelId,
    blockNumber: number,
    standing: readonly RevealedResult[],
  ): Promise<ChainOutcome>;
  /**
   * Unlocks the bonds of a void block with parts; those of a settled block are unlocked by `settle`. Any
   * key.
   */
  releaseVoid(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome>;
  /** Pulls a balance (token base units) out of the Vault to any address. */
  withdraw(token: Address, to: Address, amount: bigint): Promise<ChainOutcome>;
  /** Puts wei on an account of the Vault, for its bonds and fees; any key. */
  depositWei(account: Address, wei: bigint): Promise<ChainOutcome>;
  /** The account says that this validator's seats may bind it, or no longer may. */
  nameValidator(validator: Address, isNamed: boolean): Promise<ChainOutcome>;
}

/** Acts of a validator's account. */
export interface ValidatorActs {
  readonly address: Address;
  /** Registers, or replaces what is registered; `stakeWei` is added to its stake. */
  registerValidator(facts: {
    encryptionKey: Hex;
    endpoint: string;
    leastFeeWei: bigint;
    stakeWei: bigint;
  }): Promise<ChainOutcome>;
  /** So much of the stake leaves 90 days from now; 0 takes it back. */
  announceExit(wei: bigint): Promise<ChainOutcome>;
  /** Frees what was announced, once its time has come. */
  completeExit(): Promise<ChainOutcome>;
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
  /** For the participant whose account named this validator as its own. */
  acceptResult: ParticipantActs['acceptResult'];
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
  /** Accusations and questions of a block. */
  disputeFacts(channelId: ChannelId, blockNumber: number): Promise<DisputeFacts>;
  /** Token base units that block n surely pays the payee (protocol.md 2). */
  cover(channelId: ChannelId, blockNumber: number, payee: number): Promise<bigint>;
  /** What several results left open between a block's payer and payee; undefined for nothing. */
  contested(channelId: ChannelId, blockNumber: number, payee: number): Promise<Contested | undefined>;
  /** Keys registered strictly before `atSeconds`; undefined if there were none. */
  keysAt(account: Address, atSeconds: number): Promise<ParticipantKeys | undefined>;
  /** How often the account has registered its keys. */
  registrationCount(account: Address): Promise<bigint>;
  validator(account: Address): Promise<ValidatorFacts | undefined>;
  /** When the account named the validator as its own; undefined if it does not. */
  ownValidatorSince(account: Address, validator: Address): Promise<number | undefined>;
  weiAccount(account: Address): Promise<WeiAccount>;
  /** Token base units that `account` can withdraw from the Vault. */
  balance(token: Address, account: Address): Promise<bigint>;
  /** What an ERC-20 says of itself; undefined where no contract answers as one. */
  tokenFacts(token: Address): Promise<TokenFacts | undefined>;
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
  /** Of the height's block. After a rollback the same height has another. */
  heightHash(height: number): Promise<Digest>;
  /**
   * Read from the log where the node keeps no state of the height any more. That takes long on a long chain,
   * and on a very long one a retriable Fault `chain-snapshot-gone` is thrown instead: ask soon, and keep it.
   */
  drawGround(height: number): Promise<DrawGround>;
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
  disputeActs(privateKey: Uint8Array): DisputeActs;
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

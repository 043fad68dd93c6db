/** The acts of one key: each is one call of a contract, handed to whatever posts it. */
import type { Address, Digest, Hex } from '#encoding';
import type { ChannelId, ChannelTerms, RevealedResult, SignedDelegation } from '#protocol';
import type {
  ChainSnapshot,
  ParticipantActs,
  ParticipantKeys,
  PossessionProofs,
  ValidatorActs,
} from './chain.js';
import type { ChainOutcome } from './chain-outcome.js';
import { encodeCall } from './contract-codec.js';
import { delegationTuple, resultTuple } from './contract-tuples.js';
import type { CalledContract, ContractAddresses } from './contract-views.js';
import { type Refused, refusalOf } from './refusal-of.js';

/** One chain transaction's meaning; whoever posts it adds nonce, gas, fees and signature. */
export interface ChainAct {
  /** Absent where it deploys a contract. */
  readonly to: Address | undefined;
  readonly data: Hex;
  readonly valueWei: bigint;
}

/** Posts acts of one key; resolves when the act is in a height or is refused. */
export interface ActPoster {
  readonly address: Address;
  post(act: ChainAct): Promise<ChainOutcome>;
}

/** What acts look up before they are posted. */
export interface ActReads extends ChainSnapshot {
  /** Token base units that the Vault may take from `account`. */
  allowance(token: Address, account: Address): Promise<bigint>;
}

const zeroWord: Hex = `0x${'00'.repeat(32)}`;

export class PostingActor implements ParticipantActs, ValidatorActs {
  readonly address: Address;
  readonly #poster: ActPoster;
  readonly #latest: () => Promise<ActReads>;
  readonly #contracts: ContractAddresses;

  constructor(poster: ActPoster, latest: () => Promise<ActReads>, contracts: ContractAddresses) {
    this.address = poster.address;
    this.#poster = poster;
    this.#latest = latest;
    this.#contracts = contracts;
  }

  registerParticipant(keys: ParticipantKeys, { record, operator }: PossessionProofs): Promise<ChainOutcome> {
    return this.#call('ParticipantRegistry', 'register', [keys, record ?? '0x', operator ?? '0x']);
  }

  registerValidator(facts: {
    encryptionKey: Hex;
    endpoint: string;
    leastFeeWei: bigint;
    stakeWei: bigint;
  }): Promise<ChainOutcome> {
    const { encryptionKey, endpoint, leastFeeWei, stakeWei } = facts;
    const values = [encryptionKey, endpoint, leastFeeWei, 0n];
    return this.#call('ValidatorRegistry', 'register', values, stakeWei);
  }

  announceExit(wei: bigint): Promise<ChainOutcome> {
    return this.#call('ValidatorRegistry', 'announceExit', [wei]);
  }

  completeExit(): Promise<ChainOutcome> {
    return this.#call('ValidatorRegistry', 'completeExit', []);
  }

  nameValidator(validator: Address, isNamed: boolean): Promise<ChainOutcome> {
    return this.#call('ValidatorRegistry', 'nameOwn', [validator, isNamed]);
  }

  openChannel(terms: ChannelTerms, signatures: readonly Hex[], boxes: readonly Hex[]): Promise<ChainOutcome> {
    return this.#call('Channels', 'openChannel', [terms, signatures, boxes]);
  }

  closeChannel(channelId: ChannelId): Promise<ChainOutcome> {
    return this.#call('Channels', 'closeChannel', [channelId]);
  }

  deposit(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome> {
    return this.#pay('deposit', channelId, payee, amount);
  }

  payDebt(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome> {
    return this.#pay('payDebt', channelId, payee, amount);
  }

  serveDebt(channelId: ChannelId, payee: number): Promise<ChainOutcome> {
    return this.#call('Vault', 'serveDebt', [channelId, payee]);
  }

  concede(channelId: ChannelId, blockNumber: number, payee: number): Promise<ChainOutcome> {
    return this.#call('Vault', 'concede', [channelId, blockNumber, payee]);
  }

  releaseContested(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome> {
    return this.#call('Vault', 'releaseContested', [channelId, blockNumber]);
  }

  burnContested(channelId: ChannelId, blockNumber: number, payee: number): Promise<ChainOutcome> {
    return this.#call('Vault', 'burnContested', [channelId, blockNumber, payee]);
  }

  requestWithdrawal(channelId: ChannelId, payee: number, amount: bigint): Promise<ChainOutcome> {
    return this.#call('Vault', 'requestWithdrawal', [channelId, payee, amount]);
  }

  executeWithdrawal(channelId: ChannelId, payee: number): Promise<ChainOutcome> {
    return this.#call('Vault', 'executeWithdrawal', [channelId, payee]);
  }

  release(channelId: ChannelId, amount: bigint): Promise<ChainOutcome> {
    return this.#call('Vault', 'release', [channelId, amount]);
  }

  withdraw(token: Address, to: Address, amount: bigint): Promise<ChainOutcome> {
    return this.#call('Vault', 'withdraw', [token, to, amount]);
  }

  depositWei(account: Address, wei: bigint): Promise<ChainOutcome> {
    return this.#call('Vault', 'depositWei', [account], wei);
  }

  postPart(
    channelId: ChannelId,
    blockNumber: number,
    part: { partRoot: Digest; segmentCount: number; indexHash: Digest },
  ): Promise<ChainOutcome> {
    const { partRoot, segmentCount, indexHash } = part;
    return this.#call('Blocks', 'postPart', [channelId, blockNumber, partRoot, segmentCount, indexHash]);
  }

  commitResult(
    delegation: SignedDelegation,
    keyPath: readonly Hex[],
    commitment: Digest,
  ): Promise<ChainOutcome> {
    const values = [delegationTuple(delegation), delegation.signature, keyPath, commitment];
    return this.#call('Blocks', 'commitResult', values);
  }

  revealResult(
    channelId: ChannelId,
    blockNumber: number,
    participant: number,
    result: RevealedResult,
    opening: Hex | undefined,
    workDigest: Digest,
    salt: Hex,
  ): Promise<ChainOutcome> {
    const where = [channelId, blockNumber, participant];
    const what = [resultTuple(result), opening ?? zeroWord, workDigest, salt];
    return this.#call('Blocks', 'revealResult', [...where, ...what]);
  }

  revealOwnResult(
    channelId: ChannelId,
    blockNumber: number,
    result: RevealedResult,
    opening: Hex | undefined,
  ): Promise<ChainOutcome> {
    const values = [channelId, blockNumber, resultTuple(result), opening ?? zeroWord];
    return this.#quarrel('revealOwnResult', values);
  }

  acceptResult(
    channelId: ChannelId,
    blockNumber: number,
    participant: number,
    outputHash: Digest,
  ): Promise<ChainOutcome> {
    return this.#quarrel('acceptResult', [channelId, blockNumber, participant, outputHash]);
  }

  settle(
    channelId: ChannelId,
    blockNumber: number,
    standing: readonly RevealedResult[],
  ): Promise<ChainOutcome> {
    return this.#call('Blocks', 'settle', [channelId, blockNumber, standing.map(resultTuple)]);
  }

  releaseVoid(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome> {
    return this.#quarrel('releaseVoid', [channelId, blockNumber]);
  }

  /** Tokens of the account into the Vault, approved before where they are not. */
  async #pay(
    name: 'deposit' | 'payDebt',
    channelId: ChannelId,
    payee: number,
    amount: bigint,
  ): Promise<ChainOutcome> {
    const latest = await this.#latest();
    const channel = await latest.channel(channelId);
    if (channel === undefined) {
      return { ok: false, code: 'unknown-channel', message: `no channel ${channelId} is open` };
    }
    const { token } = channel.terms;
    const allowed = await allowanceOf(latest, token, this.address);
    if (typeof allowed !== 'bigint') return { ok: false, ...allowed };
    const held = await latest.tokenBalance(token, this.address);
    if (held < amount) {
      const message = `${this.address} has ${held} base units of the token, ${amount} are needed`;
      return { ok: false, code: 'erc20-insufficient-balance', message };
    }
    if (allowed < amount) {
      const data = encodeCall('TestToken', 'approve', [this.#contracts.Vault, amount]);
      const approved = await this.#poster.post({ to: token, data, valueWei: 0n });
      if (!approved.ok) return approved;
    }
    return this.#call('Vault', name, [channelId, payee, amount]);
  }

  /** Blocks runs these with the code of BlockDisputes, which alone has them in its ABI. */
  #quarrel(name: string, values: readonly unknown[]): Promise<ChainOutcome> {
    const data = encodeCall('BlockDisputes', name, values);
    return this.#poster.post({ to: this.#contracts.Blocks, data, valueWei: 0n });
  }

  #call(
    contract: CalledContract,
    name: string,
    values: readonly unknown[],
    valueWei = 0n,
  ): Promise<ChainOutcome> {
    const data = encodeCall(contract, name, values);
    return this.#poster.post({ to: this.#contracts[contract], data, valueWei });
  }
}

/** A token that answers nobody is a no to the deposit. */
async function allowanceOf(latest: ActReads, token: Address, account: Address): Promise<bigint | Refused> {
  try {
    return await latest.allowance(token, account);
  } catch (cause) {
    const refusal = refusalOf(cause);
    if (refusal === undefined) throw cause;
    return { ...refusal, message: `the token ${token} names no allowance: ${refusal.message}` };
  }
}

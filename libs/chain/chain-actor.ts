/** The acts of one key: each is one call of a contract, handed to whatever posts it. */
import type { Address, Digest, Hex } from '#encoding';
import type { ChannelId, ChannelTerms, RevealedResult, SignedDelegation } from '#protocol';
import type {
  ChainOutcome,
  ChainSnapshot,
  ParticipantActs,
  ParticipantKeys,
  ValidatorActs,
} from './chain.js';
import { type ContractName, encodeCall } from './contract-codec.js';
import { delegationTuple, resultTuple } from './contract-tuples.js';
import type { ContractAddresses } from './contract-views.js';

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
  /** Token base units that the channel registry may take from `account`. */
  allowance(token: Address, account: Address): Promise<bigint>;
  /** Every block below this number is known to be settled or void. */
  blocksOver(channelId: ChannelId): Promise<number>;
  /** Wei that a participant's own result in the challenge period is sent with. */
  ownResultBondWei(): Promise<bigint>;
}

const zeroWord: Hex = `0x${'00'.repeat(32)}`;
/** Blocks that one `advance` looks at, so that its gas stays far below a height's limit. */
const blocksAdvancedMax = 200;

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

  registerParticipant(keys: ParticipantKeys): Promise<ChainOutcome> {
    return this.#call('ParticipantRegistry', this.#contracts.participantRegistry, 'register', [keys]);
  }

  registerValidator(facts: { encryptionKey: Hex; endpoint: string; bondWei: bigint }): Promise<ChainOutcome> {
    const { encryptionKey, endpoint, bondWei } = facts;
    const { validatorRegistry } = this.#contracts;
    return this.#call('ValidatorRegistry', validatorRegistry, 'register', [encryptionKey, endpoint], bondWei);
  }

  openChannel(terms: ChannelTerms, signatures: readonly Hex[], boxes: readonly Hex[]): Promise<ChainOutcome> {
    return this.#registry('openChannel', [terms, signatures, boxes]);
  }

  async deposit(channelId: ChannelId, amount: bigint): Promise<ChainOutcome> {
    const latest = await this.#latest();
    const channel = await latest.channel(channelId);
    if (channel === undefined) {
      return { ok: false, code: 'unknown-channel', message: `no channel ${channelId} is open` };
    }
    const { token } = channel.terms;
    if ((await latest.allowance(token, this.address)) < amount) {
      const values = [this.#contracts.channelRegistry, amount];
      const approved = await this.#call('TestToken', token, 'approve', values);
      if (!approved.ok) return approved;
    }
    return this.#registry('deposit', [channelId, amount]);
  }

  requestWithdrawal(channelId: ChannelId, amount: bigint): Promise<ChainOutcome> {
    return this.#registry('requestWithdrawal', [channelId, amount]);
  }

  async executeWithdrawal(channelId: ChannelId): Promise<ChainOutcome> {
    for (let over = -1; ; ) {
      const outcome = await this.#registry('executeWithdrawal', [channelId]);
      if (outcome.ok || outcome.code !== 'blocks-not-over') return outcome;
      // The contract looks at few blocks a call; the refusal stands once looking again moves nothing.
      const reached = await (await this.#latest()).blocksOver(channelId);
      if (reached === over) return outcome;
      over = reached;
      await this.#registry('advance', [channelId, blocksAdvancedMax]);
    }
  }

  closeChannel(channelId: ChannelId): Promise<ChainOutcome> {
    return this.#registry('closeChannel', [channelId]);
  }

  postPart(
    channelId: ChannelId,
    blockNumber: number,
    part: { partRoot: Digest; segmentCount: number; indexHash: Digest },
  ): Promise<ChainOutcome> {
    const { partRoot, segmentCount, indexHash } = part;
    return this.#registry('postPart', [channelId, blockNumber, partRoot, segmentCount, indexHash]);
  }

  commitResult(
    delegation: SignedDelegation,
    keyPath: readonly Hex[],
    commitment: Digest,
  ): Promise<ChainOutcome> {
    const values = [delegationTuple(delegation), delegation.signature, keyPath, commitment];
    return this.#registry('commitResult', values);
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
    return this.#registry('revealResult', [...where, ...what]);
  }

  async revealOwnResult(
    channelId: ChannelId,
    blockNumber: number,
    result: RevealedResult,
    opening: Hex | undefined,
  ): Promise<ChainOutcome> {
    const values = [channelId, blockNumber, resultTuple(result), opening ?? zeroWord];
    const free = await this.#registry('revealOwnResult', values);
    if (free.ok || free.code !== 'own-result-bond-wrong') return free;
    return this.#registry('revealOwnResult', values, await (await this.#latest()).ownResultBondWei());
  }

  acceptResult(channelId: ChannelId, blockNumber: number, outputHash: Digest): Promise<ChainOutcome> {
    return this.#registry('acceptResult', [channelId, blockNumber, outputHash]);
  }

  settle(channelId: ChannelId, blockNumber: number, result: RevealedResult): Promise<ChainOutcome> {
    return this.#registry('settle', [channelId, blockNumber, resultTuple(result)]);
  }

  releaseBonds(channelId: ChannelId, blockNumber: number): Promise<ChainOutcome> {
    return this.#registry('releaseBonds', [channelId, blockNumber]);
  }

  withdraw(token: Address, amount: bigint): Promise<ChainOutcome> {
    return this.#registry('withdraw', [token, amount]);
  }

  #registry(name: string, values: readonly unknown[], valueWei = 0n): Promise<ChainOutcome> {
    return this.#call('ChannelRegistry', this.#contracts.channelRegistry, name, values, valueWei);
  }

  #call(
    contract: ContractName,
    to: Address,
    name: string,
    values: readonly unknown[],
    valueWei = 0n,
  ): Promise<ChainOutcome> {
    return this.#poster.post({ to, data: encodeCall(contract, name, values), valueWei });
  }
}

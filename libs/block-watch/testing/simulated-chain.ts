/**
 * A base chain in memory for tests: the acts that services post, under the rules of the contracts and of
 * protocol.md 8. Held against the contracts themselves by TwinChain of test/.
 */
import type {
  ChainOutcome,
  ChainSnapshot,
  ChannelFacts,
  DrivenChain,
  ParticipantKeys,
  ValidatorFacts,
} from '#chain';
import { addressOf, sha256 } from '#crypto';
import type { RefereedBlock } from '#dispute/testing/tree-rules';
import { type Address, type Digest, fromHex, type Hex, toHex, utf8 } from '#encoding';
import type { Fault } from '#environment';
import {
  type BlockFacts,
  type BlockId,
  type BlockRules,
  type BlockStage,
  blockStart,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  type DrawCandidate,
  domainSeparator,
  type Eip712Domain,
  stageOf,
} from '#protocol';
import { reductionTermsOf } from '#proofs';
import { Journal } from './kept.js';
import { type AddressNames, actsOf, drivenBy } from './simulated-acts.js';
import { keyOf, SimulatedBlockStore } from './simulated-block-store.js';
import { SimulatedBlocks } from './simulated-blocks.js';
import { SimulatedDisputes } from './simulated-disputes.js';
import { SimulatedLines } from './simulated-lines.js';
import { leastOf, SimulatedWei } from './simulated-wei.js';

/** Everything that the chain knows at one height, but for what is said in disputes and for money. */
interface State {
  readonly height: number;
  readonly nowSeconds: number;
  readonly namedAtSeconds: number | undefined;
  readonly keys: ReadonlyMap<Hex, readonly KeysSince[]>;
  readonly validators: ReadonlyMap<Hex, ValidatorFacts>;
  readonly channels: ReadonlyMap<Hex, ChannelFacts>;
  readonly blocks: ReadonlyMap<string, BlockFacts>;
}

interface KeysSince {
  readonly atSeconds: number;
  readonly keys: ParticipantKeys;
}

/** What a validator registered, and since when it has so much at stake. */
interface Listed {
  readonly facts: ValidatorFacts;
  readonly stakedWei: bigint;
  readonly raisedAtSeconds: number;
}

const empty: BlockFacts = { parts: [], seats: [], ownResults: [], acceptances: [], results: [] };
const leastStakeWei = 10n ** 17n;

export class SimulatedChain {
  readonly eip712: Eip712Domain;
  nowSeconds: number;
  height = 1;
  /** How many heights the finalized one lies below the latest. */
  finalizedBelow = 0;
  /** When every account named the validator that it uses; undefined if none did. */
  namedAtSeconds: number | undefined = 0;
  /** What it answers, while it is set, to whoever draws validators. */
  drawFault: Fault | undefined;
  /** Hashes of heights that are told; others are made up. */
  readonly hashes = new Map<number, Digest>();
  /** How often each act was accepted. */
  readonly accepted: Record<string, number> = {};
  readonly wei: SimulatedWei;
  readonly lines: SimulatedLines;
  readonly blocks: SimulatedBlocks;
  readonly disputes: SimulatedDisputes;
  readonly #journal = new Journal();
  readonly #store: SimulatedBlockStore;
  readonly #keys = new Map<Hex, readonly KeysSince[]>();
  readonly #validators = new Map<Hex, Listed>();
  readonly #channels = new Map<Hex, ChannelFacts>();
  /** By account and validator, of those that said something themselves. */
  readonly #named: AddressNames = new Map();
  readonly #wakes = new Set<() => void>();
  /** Who was listed at each height, the latest aside. */
  readonly #listed = new Map<number, readonly DrawCandidate[]>();
  /** By height: how often it was rolled back. */
  readonly #rollbacks = new Map<number, number>();
  /** The states of the last heights, the latest last; kept while finality lags. */
  #past: State[] = [];

  constructor(nowSeconds: number, domain?: Eip712Domain) {
    this.nowSeconds = nowSeconds;
    this.eip712 = domain ?? {
      chainId: 31_337,
      verifyingContract: '0x00000000000000000000000000000000000c4a17',
    };
    const journal = this.#journal;
    this.wei = new SimulatedWei(journal, 10n ** 18n);
    this.lines = new SimulatedLines(journal);
    this.#store = new SimulatedBlockStore({
      ...{ journal, wei: this.wei, nowSeconds: () => this.nowSeconds, height: () => this.height + 1 },
      channel: (channelId) => this.#channels.get(channelId),
      operatorKey: (account) => this.#operatorKey(account),
      operatorAccount: (key) => this.#operatorAccount(key),
      ownSince: (account, validator) => this.ownSince(account, validator),
    });
    this.blocks = new SimulatedBlocks(this.#store, this.lines, () => this.eip712);
    this.disputes = new SimulatedDisputes({
      ...{ journal, store: this.#store, nowSeconds: () => this.nowSeconds, height: () => this.height + 1 },
      mine: () => this.#mine(),
      take: (run) => this.take('dispute', run),
      hashOf: (height) => this.#hashOf(height),
      steadyBonds: (beforeSeconds) => this.#steadyBonds(beforeSeconds),
      rules: (id) => this.#rulesOf(id),
      refereed: (id) => this.#refereed(id),
    });
  }

  /** What every account has free in the Vault from now on, for fees and bonds. */
  set freeWei(wei: bigint) {
    this.wei.level(wei);
  }

  register(account: Address, keys: ParticipantKeys): void {
    const history = this.#keys.get(account) ?? [];
    this.#keys.set(account, [...history, { atSeconds: this.nowSeconds, keys }]);
  }

  /** With what it has at stake, which nobody has to pay in. */
  registerValidator(facts: ValidatorFacts): void {
    const { stakeWei } = this.wei.of(facts.account);
    this.wei.add(facts.account, 'stakeWei', facts.stakeWei - stakeWei);
    const listed = { facts, stakedWei: facts.stakeWei, raisedAtSeconds: this.nowSeconds };
    this.#validators.set(facts.account, listed);
  }

  leave(validator: Address): void {
    this.#validators.delete(validator);
  }

  nameValidator(account: Address, validator: Address, isNamed: boolean): void {
    const before = this.ownSince(account, validator);
    if ((before !== undefined) === isNamed) return;
    this.#named.set(`${account}/${validator}`.toLowerCase(), isNamed ? this.nowSeconds : undefined);
  }

  ownSince(account: Address, validator: Address): number | undefined {
    const name = `${account}/${validator}`.toLowerCase();
    return this.#named.has(name) ? this.#named.get(name) : this.namedAtSeconds;
  }

  openChannel(terms: ChannelTerms, boxes: readonly Hex[]): Hex {
    const channelId = channelIdOf(this.eip712, terms);
    const openedAtSeconds = this.nowSeconds;
    this.#channels.set(channelId, { channelId, terms, boxes, openedAtSeconds, lines: [] });
    return channelId;
  }

  closeChannel(channelId: ChannelId): void {
    const channel = this.#channels.get(channelId) as ChannelFacts;
    this.#channels.set(channelId, { ...channel, closedAtSeconds: this.nowSeconds });
    this.#mine();
  }

  advanceTo(seconds: number): void {
    this.nowSeconds = Math.max(this.nowSeconds, seconds);
    this.#mine();
  }

  facts(channelId: ChannelId, blockNumber: number): BlockFacts {
    return this.#store.facts({ channelId, blockNumber });
  }

  /** What others did meanwhile, without asking whether the contracts would have let them. */
  put(channelId: ChannelId, blockNumber: number, change: Partial<BlockFacts>): void {
    this.#store.save({ channelId, blockNumber }, change);
    this.#mine();
  }

  stage(channelId: ChannelId, blockNumber: number): BlockStage {
    return stageIn(this.#state(), channelId, blockNumber);
  }

  /** The facts of the present height. */
  latest(): ChainSnapshot {
    return this.#snapshot(this.#state());
  }

  /** The height keeps its facts and has another hash from now on. */
  rollBack(height: number): void {
    this.#rollbacks.set(height, (this.#rollbacks.get(height) ?? 0) + 1);
  }

  /** Runs an act in a height of its own. */
  take(name: string, run: () => void): ChainOutcome {
    const refused = this.#journal.run(run);
    if (refused !== undefined) return { ok: false, code: refused.code, message: refused.message };
    this.accepted[name] = (this.accepted[name] ?? 0) + 1;
    this.#mine();
    return { ok: true, height: this.height, timestampSeconds: this.nowSeconds, gasUsed: 100_000n };
  }

  /** The port as the services get it. */
  port(): DrivenChain {
    const one: Partial<DrivenChain> = {
      domain: async () => this.eip712,
      time: async () => ({ height: this.height, timestampSeconds: this.nowSeconds }),
      snapshot: async ({ finality }) =>
        finality === 'latest' || this.finalizedBelow === 0
          ? this.latest()
          : this.#snapshot(this.#past.at(-1 - this.finalizedBelow) ?? this.#past[0] ?? this.#state()),
      heightHash: async (height) => this.#hashOf(height),
      drawGround: async (height) => {
        if (this.drawFault !== undefined) throw this.drawFault;
        const candidates = this.#listed.get(height) ?? this.#candidates();
        return { heightHash: this.#hashOf(height), candidates };
      },
      channelsOf: async (account) =>
        [...this.#channels.values()]
          .filter(({ terms }) => terms.participants.includes(account))
          .map(({ channelId }) => channelId),
      gasBalance: async () => ({ balanceWei: 10n ** 18n, reserveWei: 10n ** 15n }),
      participantActs: (privateKey) => actsOf(this, addressOf(privateKey)),
      validatorActs: (privateKey) => actsOf(this, addressOf(privateKey)),
      disputeActs: (privateKey) => this.disputes.acts(addressOf(privateKey)),
      events: async (from) => {
        const events = this.disputes.drawnSince(from?.height ?? 0);
        const height = (from?.height ?? 0) + events.length;
        return { events, cursor: { height, hash: '0x', logIndex: -1 }, isLast: true };
      },
      subscribe: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
      ...drivenBy(this),
    };
    return one as DrivenChain;
  }

  #state(): State {
    return {
      height: this.height,
      nowSeconds: this.nowSeconds,
      namedAtSeconds: this.namedAtSeconds,
      keys: new Map(this.#keys),
      validators: new Map([...this.#validators].map(([account, one]) => [account, this.#factsOf(one)])),
      channels: new Map(this.#channels),
      blocks: this.#store.all(),
    };
  }

  /** What is said in disputes, and money, are seen as they are now at every height. */
  #snapshot(state: State): ChainSnapshot {
    const { height, nowSeconds, keys, validators, channels, blocks } = state;
    const one: Partial<ChainSnapshot> = {
      id: `${height} ${nowSeconds}`,
      height,
      timestampSeconds: nowSeconds,
      channel: async (channelId) => {
        const found = channels.get(channelId);
        return found && { ...found, lines: this.lines.of(channelId, found.terms) };
      },
      blockFacts: async (channelId, blockNumber) => blocks.get(keyOf({ channelId, blockNumber })) ?? empty,
      disputeFacts: async (...block) => this.disputes.of(...block),
      keysAt: async (account, atSeconds) =>
        keys.get(account)?.findLast((kept) => kept.atSeconds < atSeconds)?.keys,
      registrationCount: async (account) => BigInt(keys.get(account)?.length ?? 0),
      validator: async (account) => validators.get(account),
      ownValidatorSince: async (account, validator) => this.ownSince(account, validator),
      weiAccount: async (account) => this.wei.of(account),
      balance: async (token, account) => this.lines.balance(token, account),
      contested: async (channelId, blockNumber, payee) =>
        this.lines.contested({ channelId, blockNumber }, payee),
      stage: async (channelId, blockNumber) => stageIn(state, channelId, blockNumber).stage,
    };
    return one as ChainSnapshot;
  }

  #hashOf(height: number): Digest {
    const told = this.hashes.get(height);
    return told ?? toHex(sha256(utf8(`height ${height} ${this.#rollbacks.get(height) ?? 0}`)));
  }

  #factsOf({ facts }: Listed): ValidatorFacts {
    return { ...facts, stakeWei: this.wei.of(facts.account).stakeWei };
  }

  #candidates(): readonly DrawCandidate[] {
    return [...this.#validators.values()].map((one) => {
      const { account, stakeWei, exitWei } = this.#factsOf(one);
      return { account, weight: stakeWei - exitWei };
    });
  }

  #steadyBonds(beforeSeconds: number): readonly DrawCandidate[] {
    return [...this.#validators.values()]
      .filter(({ raisedAtSeconds }) => raisedAtSeconds < beforeSeconds)
      .map(({ facts: { account, exitWei }, stakedWei }) => {
        const { stakeWei, lockedWei } = this.wei.of(account);
        const bond = leastOf(stakeWei + lockedWei, stakedWei);
        return { account, weight: bond < exitWei + leastStakeWei ? 0n : bond - exitWei };
      });
  }

  #mine(): void {
    this.#listed.set(this.height, this.#candidates());
    this.height++;
    if (this.finalizedBelow > 0) this.#past = [...this.#past.slice(-this.finalizedBelow), this.#state()];
    for (const wake of this.#wakes) wake();
  }

  #operatorKey(account: Address): Address | undefined {
    return this.#keys.get(account)?.at(-1)?.keys.operatorKey;
  }

  #operatorAccount(key: Address): Address | undefined {
    const found = [...this.#keys].find(([, all]) => all.at(-1)?.keys.operatorKey === key);
    return found?.[0];
  }

  /** But for the block's key: nothing sealed is opened with them. */
  #rulesOf({ channelId, blockNumber }: BlockId): BlockRules {
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    const start = blockStart(terms, blockNumber);
    const { roles, priceNanoMax, authorBytesMax } = terms;
    return {
      ...{ roles, priceNanoMax, authorBytesMax, blockNumber },
      channelId: fromHex(channelId),
      blockKey: new Uint8Array(32),
      domainSeparator: domainSeparator(this.eip712),
      signers: terms.participants.map((account) => {
        const known = this.#keys.get(account)?.findLast(({ atSeconds }) => atSeconds < start)?.keys;
        return known && fromHex(known.recordKey);
      }),
    };
  }

  #refereed(id: BlockId): RefereedBlock {
    const { terms } = this.#channels.get(id.channelId) as ChannelFacts;
    const parts = this.#store.facts(id).parts.map(({ participant, partRoot, segmentCount, indexHash }) => {
      const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
      return { participant, commitment };
    });
    return { terms: reductionTermsOf(terms), rules: this.#rulesOf(id), parts };
  }
}

function stageIn(state: State, channelId: ChannelId, blockNumber: number): BlockStage {
  const { terms, closedAtSeconds } = state.channels.get(channelId) as ChannelFacts;
  const facts = state.blocks.get(keyOf({ channelId, blockNumber })) ?? empty;
  return stageOf(terms, blockNumber, facts, state.nowSeconds, closedAtSeconds);
}

/**
 * A base chain in memory for tests: the acts that services post, under the rules of protocol.md 8 through
 * `stageOf`.
 */
import type {
  Chain,
  ChainOutcome,
  ChainSnapshot,
  ChannelFacts,
  ParticipantActs,
  ParticipantKeys,
  RefusalCode,
  ValidatorActs,
  ValidatorFacts,
} from '#chain';
import { addressOf, recoverSigner, rootFromPath, sha256 } from '#crypto';
import { type Address, type Digest, fromHex, type Hex, toHex, utf8 } from '#encoding';
import type { Fault } from '#environment';
import {
  areCountable,
  type BlockFacts,
  type BlockStage,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  commitmentOf,
  type DrawCandidate,
  decidedFacts,
  delegationDigest,
  domainSeparator,
  type Eip712Domain,
  haveAllCommitted,
  type KnownResult,
  lastRevealedAt,
  type OwnResult,
  ownResultWindow,
  processingPeriodAt,
  type RevealedResult,
  type Seat,
  stageOf,
  stanceOf,
} from '#protocol';

import { SimulatedDisputes } from './simulated-disputes.js';

type Acts = Pick<
  ParticipantActs,
  'address' | 'postPart' | 'settle' | 'releaseVoid' | 'revealOwnResult' | 'acceptResult'
> &
  Pick<ValidatorActs, 'commitResult' | 'revealResult'>;
type No = { readonly code: RefusalCode; readonly message: string };

/** Everything that the chain knows at one height. */
interface State {
  readonly height: number;
  readonly nowSeconds: number;
  readonly freeWei: bigint;
  readonly namedAtSeconds: number | undefined;
  readonly keys: ReadonlyMap<Hex, readonly { atSeconds: number; keys: ParticipantKeys }[]>;
  readonly validators: ReadonlyMap<Hex, ValidatorFacts>;
  readonly channels: ReadonlyMap<Hex, ChannelFacts>;
  readonly blocks: ReadonlyMap<string, BlockFacts>;
}

const empty: BlockFacts = { parts: [], seats: [], ownResults: [], acceptances: [], results: [] };
const no = (code: RefusalCode, message: string = code): No => ({ code, message });

export class SimulatedChain {
  readonly eip712: Eip712Domain = {
    chainId: 31_337,
    verifyingContract: '0x00000000000000000000000000000000000c4a17',
  };
  nowSeconds: number;
  height = 1;
  /** How many heights the finalized one lies below the latest. */
  finalizedBelow = 0;
  /** What every account has free in the Vault, for fees and bonds. */
  freeWei = 10n ** 17n;
  /** When every account named the validator that it uses; undefined if none did. */
  namedAtSeconds: number | undefined = 0;
  /** What it answers, while it is set, to whoever draws validators. */
  drawFault: Fault | undefined;
  /** How often each act was accepted. */
  readonly accepted: Record<string, number> = {};
  readonly disputes = new SimulatedDisputes(() => this.#mine());
  readonly #keys = new Map<Hex, { atSeconds: number; keys: ParticipantKeys }[]>();
  readonly #validators = new Map<Hex, ValidatorFacts>();
  readonly #channels = new Map<Hex, ChannelFacts>();
  readonly #blocks = new Map<string, BlockFacts>();
  readonly #wakes = new Set<() => void>();
  /** Who was listed at each height, the latest aside. */
  readonly #listed = new Map<number, readonly DrawCandidate[]>();
  /** By height: how often it was rolled back. */
  readonly #rollbacks = new Map<number, number>();
  /** The states of the last heights, the latest last; kept while finality lags. */
  #past: State[] = [];

  constructor(nowSeconds: number) {
    this.nowSeconds = nowSeconds;
  }

  register(account: Address, keys: ParticipantKeys): void {
    const history = this.#keys.get(account) ?? [];
    this.#keys.set(account, [...history, { atSeconds: this.nowSeconds, keys }]);
  }

  registerValidator(facts: ValidatorFacts): void {
    this.#validators.set(facts.account, facts);
  }

  leave(validator: Address): void {
    this.#validators.delete(validator);
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
    return this.#blocks.get(`${channelId}/${blockNumber}`) ?? empty;
  }

  /** What others did meanwhile, without asking whether the contracts would have let them. */
  put(channelId: ChannelId, blockNumber: number, change: Partial<BlockFacts>): void {
    this.#update(channelId, blockNumber, change);
    this.#mine();
  }

  stage(channelId: ChannelId, blockNumber: number): BlockStage {
    return stageIn(this.#state(), channelId, blockNumber);
  }

  /** The facts of the present height. */
  latest(): ChainSnapshot {
    return this.#snapshot(this.#state());
  }

  /** What is said in disputes is seen at every height. */
  #snapshot(state: State): ChainSnapshot {
    return { ...snapshotOf(state), disputeFacts: async (...block) => this.disputes.of(...block) };
  }

  /** The height keeps its facts and has another hash from now on. */
  rollBack(height: number): void {
    this.#rollbacks.set(height, (this.#rollbacks.get(height) ?? 0) + 1);
  }

  /** The port as the services get it. */
  port(): Chain {
    const one: Partial<Chain> = {
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
      participantActs: (privateKey) =>
        this.#actor(addressOf(privateKey)) as Partial<ParticipantActs> as ParticipantActs,
      validatorActs: (privateKey) =>
        this.#actor(addressOf(privateKey)) as Partial<ValidatorActs> as ValidatorActs,
      disputeActs: (privateKey) => this.disputes.acts(addressOf(privateKey), () => this.#taken()),
      events: async (from) => {
        const events = this.disputes.drawnSince(from?.height ?? 0);
        const height = (from?.height ?? 0) + events.length;
        return { events, cursor: { height, hash: '0x', logIndex: -1 }, isLast: true };
      },
      subscribe: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
      close: async () => {},
    };
    return one as Chain;
  }

  #state(): State {
    return {
      height: this.height,
      nowSeconds: this.nowSeconds,
      freeWei: this.freeWei,
      namedAtSeconds: this.namedAtSeconds,
      keys: new Map(this.#keys),
      validators: new Map(this.#validators),
      channels: new Map(this.#channels),
      blocks: new Map(this.#blocks),
    };
  }

  #hashOf(height: number): Digest {
    return toHex(sha256(utf8(`height ${height} ${this.#rollbacks.get(height) ?? 0}`)));
  }

  #candidates(): readonly DrawCandidate[] {
    return [...this.#validators.values()].map(({ account, stakeWei, exitWei }) => ({
      account,
      weight: stakeWei - exitWei,
    }));
  }

  #mine(): void {
    this.#listed.set(this.height, this.#candidates());
    this.height++;
    if (this.finalizedBelow > 0) this.#past = [...this.#past.slice(-this.finalizedBelow), this.#state()];
    for (const wake of this.#wakes) wake();
  }

  #actor(address: Address): Acts {
    const act = async (name: string, run: () => No | undefined): Promise<ChainOutcome> => {
      const refused = run();
      if (refused !== undefined) return { ok: false, ...refused };
      this.accepted[name] = (this.accepted[name] ?? 0) + 1;
      return this.#taken();
    };
    return {
      address,
      postPart: (...given) => act('postPart', () => this.#postPart(address, ...given)),
      commitResult: (...given) => act('commitResult', () => this.#commit(address, ...given)),
      revealResult: (...given) => act('revealResult', () => this.#reveal(...given)),
      revealOwnResult: (...given) => act('revealOwnResult', () => this.#revealOwn(address, ...given)),
      acceptResult: (...given) => act('acceptResult', () => this.#accept(address, ...given)),
      settle: (...given) => act('settle', () => this.#settle(...given)),
      releaseVoid: (...given) => act('releaseVoid', () => this.#releaseVoid(...given)),
    };
  }

  #taken(): ChainOutcome {
    this.#mine();
    return { ok: true, height: this.height, timestampSeconds: this.nowSeconds, gasUsed: 100_000n };
  }

  #update(channelId: ChannelId, blockNumber: number, change: Partial<BlockFacts>): void {
    const key = `${channelId}/${blockNumber}`;
    this.#blocks.set(key, { ...this.facts(channelId, blockNumber), ...change });
  }

  #operatorKey(account: Address): Hex | undefined {
    return this.#keys.get(account)?.at(-1)?.keys.operatorKey;
  }

  #postPart(
    sender: Address,
    channelId: ChannelId,
    blockNumber: number,
    part: { partRoot: Digest; segmentCount: number; indexHash: Digest },
  ): No | undefined {
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    const participant = terms.participants.findIndex((one) => this.#operatorKey(one) === sender);
    if (participant < 0) return no('not-participant');
    const { parts } = this.facts(channelId, blockNumber);
    const known = parts.find((one) => one.participant === participant);
    if (known !== undefined) return known.partRoot === part.partRoot ? undefined : no('part-already-posted');
    if (this.stage(channelId, blockNumber).stage !== 'collation') return no('wrong-stage');
    // Acts are mined in a height of their own.
    const posted = { participant, ...part, postedAtSeconds: this.nowSeconds, height: this.height + 1 };
    this.#update(channelId, blockNumber, { parts: [...parts, posted] });
    return undefined;
  }

  #commit(
    sender: Address,
    ...[delegation, keyPath, commitment]: Parameters<ValidatorActs['commitResult']>
  ): No | undefined {
    const { channelId, blockNumber, participant } = delegation;
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    const { seats } = this.facts(channelId, blockNumber);
    if (sender !== delegation.validator) return no('not-delegated-validator');
    const { results } = this.facts(channelId, blockNumber);
    if (results.length > 0) return no('first-reveal-done');
    const before = seats.find((seat) => seat.participant === participant);
    const stage = this.stage(channelId, blockNumber);
    if (stage.stage !== 'processing') return no('wrong-stage');
    if (this.nowSeconds >= stage.commitEndsAtSeconds) return no('wrong-time');
    if (delegation.notAfter < BigInt(this.nowSeconds)) return no('delegation-expired');
    const digest = delegationDigest(domainSeparator(this.eip712), delegation);
    const signer = recoverSigner(digest, fromHex(delegation.signature));
    if (signer !== this.#operatorKey(terms.participants[participant])) {
      return no('delegation-signature-refused');
    }
    const leaf = fromHex(delegation.keyCommitment);
    const root = rootFromPath(leaf, blockNumber, terms.blocksMax, keyPath.map(fromHex));
    if (root === undefined || toHex(root) !== terms.keysRoot) return no('key-commitment-not-proven');
    const { validator, binding, nonce, feeWei } = delegation;
    if (before !== undefined && nonce <= before.nonce) return no('nonce-too-low');
    const committedAtSeconds = this.nowSeconds;
    const seat = { participant, validator, binding, nonce, feeWei, commitment, committedAtSeconds };
    const others = seats.filter((one) => one !== before);
    this.#update(channelId, blockNumber, { seats: [...others, seat] });
    return undefined;
  }

  #reveal(
    ...[channelId, blockNumber, participant, result, , workDigest, salt]: Parameters<
      ValidatorActs['revealResult']
    >
  ): No | undefined {
    const { seats } = this.facts(channelId, blockNumber);
    const seat = seats.find((one) => one.participant === participant);
    if (seat === undefined) return no('seat-empty');
    if (seat.outputHash !== undefined) return no('already-revealed');
    const when = this.#revealTime(channelId, blockNumber);
    if (when !== undefined) return when;
    const given = commitmentOf(result.outputHash, seat.validator, fromHex(workDigest), fromHex(salt));
    if (given !== seat.commitment) return no('commitment-mismatch');
    const revealed: Seat = {
      ...seat,
      outputHash: result.outputHash,
      revealedAtSeconds: this.nowSeconds,
    };
    const others = seats.map((one) => (one === seat ? revealed : one));
    const added = this.#withResult(this.facts(channelId, blockNumber), result);
    this.#update(channelId, blockNumber, { seats: others, ...added });
    return undefined;
  }

  /** One that was taken back stands again. */
  #withResult({ results, disputedAtSeconds }: BlockFacts, result: RevealedResult): Partial<BlockFacts> {
    const isIt = (one: KnownResult): boolean => one.outputHash === result.outputHash;
    if (results.some(isIt)) {
      const again = { isGone: false, revealedAgainAtSeconds: this.nowSeconds };
      return { results: results.map((one) => (isIt(one) && one.isGone ? { ...one, ...again } : one)) };
    }
    const isFirst = results.length === 0 || disputedAtSeconds !== undefined;
    const isDispute = !isFirst && !hasSameAmounts(result, results[0]);
    const known = { ...result, firstRevealedAtSeconds: this.nowSeconds, isGone: false };
    const dispute = isDispute ? { disputedAtSeconds: this.nowSeconds } : {};
    return { results: [...results, known], ...dispute };
  }

  /** The facts with what is decided by now. */
  #decided(channelId: ChannelId, blockNumber: number): BlockFacts {
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    return decidedFacts(terms, blockNumber, this.facts(channelId, blockNumber), this.nowSeconds);
  }

  #revealOwn(
    sender: Address,
    ...[channelId, blockNumber, result]: Parameters<ParticipantActs['revealOwnResult']>
  ): No | undefined {
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    const participant = terms.participants.findIndex((one) => this.#operatorKey(one) === sender);
    if (participant < 0) return no('not-participant');
    const facts = this.#decided(channelId, blockNumber);
    const { fromSeconds, untilSeconds } = ownResultWindow(terms, blockNumber, facts, this.nowSeconds);
    if (this.nowSeconds < fromSeconds || this.nowSeconds >= untilSeconds) return no('wrong-time');
    const before = facts.ownResults.find((one) => one.participant === participant);
    const gone = facts.results.find((one) => one.outputHash === before?.outputHash && one.isGone);
    const isAgain = facts.dispute?.counted !== undefined && gone !== undefined;
    if (before !== undefined && (!isAgain || lastRevealedAt(gone) >= fromSeconds)) {
      return no('already-revealed');
    }
    if (stanceOf(facts, participant) !== undefined) return no('already-bound');
    if (!areCountable(facts, result.validParts)) {
      return no(facts.dispute?.counted === undefined ? 'valid-parts-not-posted' : 'other-parts-count');
    }
    const known = facts.results.find((one) => one.outputHash === result.outputHash);
    if (known?.isFallen) return no('result-unknown');
    const own = { participant, outputHash: result.outputHash, revealedAtSeconds: this.nowSeconds };
    const ownResults = [...facts.ownResults.filter((one) => one !== before), own];
    this.#update(channelId, blockNumber, { ...facts, ownResults, ...this.#withResult(facts, result) });
    return undefined;
  }

  /** Whoever sends: that it is the account or its own validator is not checked here. */
  #accept(
    _: Address,
    ...[channelId, blockNumber, participant, outputHash]: Parameters<ParticipantActs['acceptResult']>
  ): No | undefined {
    const facts = this.#decided(channelId, blockNumber);
    const { acceptances, results, ownResults } = facts;
    const { stage } = this.stage(channelId, blockNumber);
    if (stage !== 'processing' && stage !== 'challenge' && stage !== 'dispute') return no('wrong-stage');
    if (!results.some((one) => one.outputHash === outputHash && !one.isGone)) return no('result-unknown');
    if (stanceOf(facts, participant) !== undefined) return no('already-bound');
    const others = acceptances.filter((one) => one.participant !== participant);
    const isTakenBack = (one: OwnResult): boolean =>
      one.participant === participant && one.outputHash !== outputHash;
    const next = {
      ...facts,
      acceptances: [...others, { participant, outputHash }],
      ownResults: ownResults.filter((one) => !isTakenBack(one)),
    };
    const taken = ownResults.find(isTakenBack)?.outputHash;
    const said = [...next.seats, ...next.ownResults, ...next.acceptances];
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    // What nobody can reveal any more goes on to stand.
    const isInTime =
      this.nowSeconds < ownResultWindow(terms, blockNumber, facts, this.nowSeconds).untilSeconds;
    const isLeft = (one: KnownResult): boolean =>
      isInTime && one.outputHash === taken && said.every((by) => by.outputHash !== taken);
    const left = results.map((one) => (isLeft(one) ? { ...one, isGone: true } : one));
    this.#update(channelId, blockNumber, { ...next, results: left });
    return undefined;
  }

  #revealTime(channelId: ChannelId, blockNumber: number): No | undefined {
    const { terms } = this.#channels.get(channelId) as ChannelFacts;
    const facts = this.facts(channelId, blockNumber);
    const now = this.nowSeconds;
    const { fromSeconds, halfSeconds, untilSeconds } = processingPeriodAt(terms, blockNumber, facts, now);
    const opensAt = haveAllCommitted({ terms, facts }) ? fromSeconds : halfSeconds;
    return now >= opensAt && now < untilSeconds ? undefined : no('wrong-time');
  }

  #settle(channelId: ChannelId, blockNumber: number, results: readonly RevealedResult[]): No | undefined {
    const stage = this.stage(channelId, blockNumber);
    if (stage.stage === 'settled') return no('already-ended');
    if (stage.stage !== 'final') return no('not-final');
    if (stage.standing.length !== results.length) return no('results-mismatch');
    const isSame = results.every(({ outputHash }, at) => outputHash === stage.standing[at]);
    if (!isSame) return no('output-hash-mismatch');
    const decided = this.#decided(channelId, blockNumber);
    this.#update(channelId, blockNumber, { ...decided, settledAtSeconds: this.nowSeconds });
    return undefined;
  }

  #releaseVoid(channelId: ChannelId, blockNumber: number): No | undefined {
    const { releasedAtSeconds, parts } = this.facts(channelId, blockNumber);
    if (releasedAtSeconds !== undefined) return no('already-ended');
    if (this.stage(channelId, blockNumber).stage !== 'void' || parts.length === 0) return no('wrong-stage');
    const decided = this.#decided(channelId, blockNumber);
    this.#update(channelId, blockNumber, { ...decided, releasedAtSeconds: this.nowSeconds });
    return undefined;
  }
}

function hasSameAmounts(one: RevealedResult, other: RevealedResult): boolean {
  return one.amountWords.join() === other.amountWords.join();
}

function stageIn(state: State, channelId: ChannelId, blockNumber: number): BlockStage {
  const { terms, closedAtSeconds } = state.channels.get(channelId) as ChannelFacts;
  const facts = state.blocks.get(`${channelId}/${blockNumber}`) ?? empty;
  return stageOf(terms, blockNumber, facts, state.nowSeconds, closedAtSeconds);
}

function snapshotOf(state: State): ChainSnapshot {
  const { height, nowSeconds, freeWei, namedAtSeconds, keys, validators, channels, blocks } = state;
  const one: Partial<ChainSnapshot> = {
    id: `${height} ${nowSeconds}`,
    height,
    timestampSeconds: nowSeconds,
    channel: async (channelId) => channels.get(channelId),
    blockFacts: async (channelId, blockNumber) => blocks.get(`${channelId}/${blockNumber}`) ?? empty,
    keysAt: async (account, atSeconds) =>
      keys.get(account)?.findLast((kept) => kept.atSeconds < atSeconds)?.keys,
    validator: async (account) => validators.get(account),
    ownValidatorSince: async () => namedAtSeconds,
    weiAccount: async () => ({ freeWei, stakeWei: 0n, lockedWei: 0n }),
    stage: async (channelId, blockNumber) => stageIn(state, channelId, blockNumber).stage,
  };
  return one as ChainSnapshot;
}

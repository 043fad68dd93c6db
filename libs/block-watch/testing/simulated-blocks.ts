/** Acts on blocks of the simulated chain (contracts/src/blocks): parts, seats, results, and ends. */
import type { ParticipantActs, ValidatorActs } from '#chain';
import { merkleRoot, recoverSigner, rootFromPath, sha256 } from '#crypto';
import { type Address, concatBytes, fromHex, isZero, toHex } from '#encoding';
import {
  type BlockId,
  blockStart,
  bondWei,
  commitmentOf,
  decisionAt,
  delegationDigest,
  domainSeparator,
  type Eip712Domain,
  haveAllCommitted,
  type KnownResult,
  lastRevealedAt,
  limits,
  outputHashOfWords,
  ownResultWindow,
  processingPeriodAt,
  type RevealedResult,
  rowsMaxOf,
  stanceOf,
} from '#protocol';
import { standingIn } from '#protocol/stances';
import { refuse } from './kept.js';
import { bondsBack } from './simulated-block-ends.js';
import {
  amountsOf,
  cutAmounts,
  type FoundBlock,
  has,
  isSame,
  type SimulatedBlockStore,
  standersOf,
} from './simulated-block-store.js';
import type { SimulatedLines } from './simulated-lines.js';
import { burnt, leastOf, locked, unlocked, type WeiMove } from './simulated-wei.js';

const noBytes = toHex(sha256(new Uint8Array(0)));

export class SimulatedBlocks {
  readonly #store: SimulatedBlockStore;
  readonly #lines: SimulatedLines;
  readonly #domain: () => Eip712Domain;

  constructor(store: SimulatedBlockStore, lines: SimulatedLines, domain: () => Eip712Domain) {
    this.#store = store;
    this.#lines = lines;
    this.#domain = domain;
  }

  postPart(
    sender: Address,
    ...[channelId, blockNumber, part]: Parameters<ParticipantActs['postPart']>
  ): void {
    const id = { channelId, blockNumber };
    const found = this.#store.find(id);
    const { terms, facts, stage } = found;
    const participant = this.#store.participantOf(found, sender);
    const known = facts.parts.find((one) => one.participant === participant);
    if (known !== undefined) {
      const { partRoot, segmentCount, indexHash } = part;
      const isIt =
        [known.partRoot, known.segmentCount, known.indexHash].join() ===
        [partRoot, segmentCount, indexHash].join();
      if (!isIt) refuse('part-already-posted');
      return;
    }
    if (stage !== 'collation') refuse('wrong-stage');
    if (part.segmentCount > terms.participants.length * rowsMaxOf(terms)) refuse('segments-too-many');
    const isEmpty = isZero(fromHex(part.partRoot)) && part.indexHash === noBytes;
    if (part.segmentCount === 0 && !isEmpty) refuse('empty-part-refused');
    const posted = { participant, ...part, postedAtSeconds: this.#now, height: this.#store.setting.height() };
    const parts = [...facts.parts, posted].sort((one, other) => one.participant - other.participant);
    this.#store.save(id, { parts });
    this.#store.setting.wei.move([locked(terms.participants[participant], bondWei.part)]);
  }

  commitResult(
    sender: Address,
    ...[delegation, keyPath, commitment]: Parameters<ValidatorActs['commitResult']>
  ): void {
    const { channelId, blockNumber, participant, validator, binding, nonce, feeWei } = delegation;
    const found = this.#store.find({ channelId, blockNumber });
    const { terms, facts, stage, id } = found;
    const account = terms.participants.at(participant);
    if (account === undefined) refuse('unknown-participant');
    if (!isSame(sender, validator)) refuse('not-delegated-validator');
    if (facts.results.length > 0) refuse('first-reveal-done');
    if (stage !== 'processing') refuse('wrong-stage');
    if (this.#now >= processingPeriodAt(terms, blockNumber, facts, this.#now).halfSeconds)
      refuse('wrong-time');
    if (delegation.notAfter < BigInt(this.#now)) refuse('delegation-expired');
    if (binding && !this.#isOwnValidator(found, participant, validator)) refuse('validator-not-own');
    const digest = delegationDigest(domainSeparator(this.#domain()), delegation);
    const signer = recoverSigner(digest, fromHex(delegation.signature));
    if (signer === undefined || !isSame(this.#store.setting.operatorKey(account), signer)) {
      refuse('delegation-signature-refused');
    }
    const leaf = fromHex(delegation.keyCommitment);
    const root = rootFromPath(leaf, blockNumber, terms.blocksMax, keyPath.map(fromHex));
    if (root === undefined || toHex(root) !== terms.keysRoot) refuse('key-commitment-not-proven');
    const before = facts.seats.find((seat) => seat.participant === participant);
    if (before !== undefined && nonce <= before.nonce) refuse('nonce-too-low');
    const seat = {
      participant,
      validator,
      binding,
      nonce,
      feeWei,
      commitment,
      committedAtSeconds: this.#now,
    };
    const seats = [...facts.seats.filter((one) => one !== before), seat];
    this.#store.save(id, { seats: seats.sort((one, other) => one.participant - other.participant) });
    this.#store.setting.wei.move([
      ...(before === undefined ? [] : [unlocked(before.validator, bondWei.seat, 'stakeWei')]),
      ...(before === undefined || before.feeWei === 0n ? [] : [unlocked(account, before.feeWei)]),
      ...(feeWei === 0n ? [] : [locked(account, feeWei)]),
      locked(validator, bondWei.seat, 'stakeWei'),
    ]);
  }

  revealResult(
    ...[channelId, blockNumber, participant, result, opening, workDigest, salt]: Parameters<
      ValidatorActs['revealResult']
    >
  ): void {
    const id = { channelId, blockNumber };
    const found = this.#store.find(id);
    const { facts } = found;
    const seat = facts.seats.find((one) => one.participant === participant);
    if (seat === undefined) refuse('seat-empty');
    if (seat.outputHash !== undefined) refuse('already-revealed');
    this.#requireRevealTime(found);
    const outputHash = outputHashOfWords({ ...id, ...result });
    const given = commitmentOf(outputHash, seat.validator, fromHex(workDigest), fromHex(salt));
    if (given !== seat.commitment) refuse('commitment-mismatch');
    const stance = stanceOf(facts, participant);
    const hasAccepted = facts.acceptances.some((one) => one.participant === participant);
    if (seat.binding && hasAccepted && stance !== undefined && stance !== outputHash) refuse('already-bound');
    const posted = facts.parts.reduce((mask, one) => mask | (1 << one.participant), 0);
    this.#check(found, posted, result, opening);
    this.#addResult(found, { ...result, outputHash });
    const revealed = { ...seat, outputHash, revealedAtSeconds: this.#now };
    this.#store.save(id, { seats: facts.seats.map((one) => (one === seat ? revealed : one)) });
    if (seat.binding) this.#takeBack(id, participant, outputHash, true);
  }

  revealOwnResult(
    sender: Address,
    ...[channelId, blockNumber, result, opening]: Parameters<ParticipantActs['revealOwnResult']>
  ): void {
    const id = { channelId, blockNumber };
    const found = this.#store.findNow(id);
    const { terms, facts, quarrel } = found;
    const participant = this.#store.participantOf(found, sender);
    this.#requireSpeaking(found);
    const { fromSeconds, untilSeconds } = ownResultWindow(terms, blockNumber, facts, this.#now);
    if (this.#now < fromSeconds || this.#now >= untilSeconds) refuse('wrong-time');
    const before = quarrel.own[participant];
    if (before !== undefined) {
      const said = facts.results.find((one) => one.outputHash === before) as KnownResult;
      const isDecided = facts.dispute?.counted !== undefined;
      const isBefore = lastRevealedAt(said) < decisionAt(terms, blockNumber, facts);
      if (!isDecided || !said.isGone || !isBefore) refuse('already-revealed');
    }
    if (stanceOf(facts, participant) !== undefined) refuse('already-bound');
    const counted = facts.dispute?.counted;
    if (counted !== undefined && counted !== result.validParts) refuse('other-parts-count');
    const countable = facts.parts.reduce(
      (mask, one) => (one.isStruck ? mask : mask | (1 << one.participant)),
      0,
    );
    this.#check(found, countable, result, opening);
    const outputHash = outputHashOfWords({ ...id, ...result });
    this.#addResult(found, { ...result, outputHash });
    const own = { participant, outputHash, revealedAtSeconds: this.#now };
    const others = this.#store.facts(id).ownResults.filter((one) => one.participant !== participant);
    const ownResults = [...others, own].sort((one, other) => one.participant - other.participant);
    const bit = 1 << participant;
    this.#store.save(
      id,
      { ownResults },
      {
        own: { ...quarrel.own, [participant]: outputHash },
        burntOwn: quarrel.burntOwn & ~bit,
        takenBack: quarrel.takenBack & ~bit,
        lostOwn: quarrel.lostOwn & ~bit,
        forfeitable: quarrel.forfeitable & ~bit,
      },
    );
    this.#store.setting.wei.move(bondForOwn(found, participant));
  }

  acceptResult(
    sender: Address,
    ...[channelId, blockNumber, participant, outputHash]: Parameters<ParticipantActs['acceptResult']>
  ): void {
    const id = { channelId, blockNumber };
    const found = this.#store.findNow(id);
    const { terms, facts } = found;
    const account = terms.participants.at(participant);
    if (account === undefined) refuse('unknown-participant');
    if (!isSame(account, sender) && !this.#isOwnValidator(found, participant, sender))
      refuse('not-participant');
    this.#requireSpeaking(found);
    if (!facts.results.some((one) => one.outputHash === outputHash && !one.isGone)) refuse('result-unknown');
    const stance = stanceOf(facts, participant);
    if (stance === outputHash) return;
    if (stance !== undefined) refuse('already-bound');
    const others = facts.acceptances.filter((one) => one.participant !== participant);
    const acceptances = [...others, { participant, outputHash }];
    acceptances.sort((one, other) => one.participant - other.participant);
    this.#store.save(id, { acceptances });
    const { untilSeconds } = ownResultWindow(terms, blockNumber, facts, this.#now);
    this.#takeBack(id, participant, outputHash, this.#now < untilSeconds);
  }

  settle(...[channelId, blockNumber, results]: Parameters<ParticipantActs['settle']>): void {
    const id = { channelId, blockNumber };
    const found = this.#store.findNow(id);
    const { terms, facts, stage } = found;
    if (isEnded(found)) refuse('already-ended');
    if (stage !== 'final') refuse('not-final');
    const standing = standingIn(terms, facts);
    if (standing.length !== results.length) refuse('results-mismatch');
    const isSameResult = (one: RevealedResult, at: number): boolean =>
      outputHashOfWords({ ...id, ...one }) === standing[at];
    if (!results.every(isSameResult)) refuse('output-hash-mismatch');
    const live = this.#liveBelow(found);
    this.#store.save(id, { settledAtSeconds: this.#now });
    const amounts = results.map(({ amountWords }) => cutAmounts(terms, amountWords));
    const [low, high] = [leastOf, mostOf].map((of) =>
      terms.participants.map((_, one) => amounts.map((each) => each[one]).reduce(of)),
    );
    this.#lines.pay(id, terms, live, { low, high, nowSeconds: this.#now });
    this.#store.setting.wei.move(bondsBack(found, standing));
  }

  releaseVoid(...[channelId, blockNumber]: Parameters<ParticipantActs['releaseVoid']>): void {
    const found = this.#store.findNow({ channelId, blockNumber });
    if (isEnded(found)) refuse('already-ended');
    if (found.stage !== 'void' || found.facts.parts.length === 0) refuse('wrong-stage');
    this.#store.save(found.id, { releasedAtSeconds: this.#now });
    this.#store.setting.wei.move(bondsBack(found, []));
  }

  get #now(): number {
    return this.#store.setting.nowSeconds();
  }

  /** Named before the block's start. */
  #isOwnValidator({ terms, id }: FoundBlock, participant: number, validator: Address): boolean {
    const since = this.#store.setting.ownSince(terms.participants[participant], validator);
    return since !== undefined && since < blockStart(terms, id.blockNumber);
  }

  #requireSpeaking({ stage }: FoundBlock): void {
    if (stage !== 'processing' && stage !== 'challenge' && stage !== 'dispute') refuse('wrong-stage');
  }

  #requireRevealTime({ terms, facts, id }: FoundBlock): void {
    const period = processingPeriodAt(terms, id.blockNumber, facts, this.#now);
    const opensAt = haveAllCommitted({ terms, facts }) ? period.fromSeconds : period.halfSeconds;
    if (this.#now < opensAt || this.#now >= period.untilSeconds) refuse('wrong-time');
  }

  /** As much of a result as a contract can see (ResultRules.sol). */
  #check(
    { terms }: FoundBlock,
    countable: number,
    { amountWords, impressionCount, settlementRoot, validParts }: RevealedResult,
    opening: string | undefined,
  ): void {
    const count = terms.participants.length;
    if (amountWords.length !== Math.ceil(count / 4)) refuse('amount-words-count-wrong');
    const view = new DataView(concatBytes(...amountWords.map(fromHex)).buffer);
    const amounts = Array.from({ length: amountWords.length * 4 }, (_, at) =>
      view.getBigUint64(at * 8, false),
    );
    if (amounts.slice(count).some((one) => one > 0n)) refuse('amount-words-padding-not-zero');
    const earned = amounts.slice(1, count).reduce((sum, one) => sum + one, 0n);
    if (amounts[0] !== earned || (earned > 0n && impressionCount === 0n)) refuse('amount-sum-mismatch');
    const recordsMax = BigInt(count * count * rowsMaxOf(terms) * limits.batchRecordsMax);
    if (impressionCount > recordsMax) refuse('impressions-too-many');
    const digest = merkleRoot(concatBytes(...amountWords.map(fromHex)));
    const opened = opening === undefined ? new Uint8Array(32) : fromHex(opening as `0x${string}`);
    const root = impressionCount === 0n ? new Uint8Array(32) : sha256(concatBytes(opened, digest));
    if (toHex(root) !== settlementRoot) refuse('settlement-root-mismatch');
    if ((validParts & ~countable) !== 0) refuse('valid-parts-not-posted');
  }

  /** One that was taken back stands again, one that fell never. */
  #addResult({ id, terms, facts }: FoundBlock, result: RevealedResult): void {
    const { results, disputedAtSeconds } = facts;
    const at = results.findIndex((one) => one.outputHash === result.outputHash);
    if (at >= 0) {
      const known = results[at];
      if (known.isFallen) refuse('result-unknown');
      const again = { ...known, isGone: false, revealedAgainAtSeconds: this.#now };
      if (known.isGone) this.#store.save(id, { results: results.with(at, again) });
      return;
    }
    const known = { ...result, firstRevealedAtSeconds: this.#now, isGone: false };
    const amounts = [results.at(0) ?? result, result].map((one) => amountsOf(terms, one.amountWords));
    const isOther = amounts[0] !== amounts[1];
    const isDispute = isOther && disputedAtSeconds === undefined;
    this.#store.save(id, {
      results: [...results, known],
      ...(isDispute ? { disputedAtSeconds: this.#now } : {}),
    });
  }

  /** See BlockResults.takeBack. */
  #takeBack(id: BlockId, participant: number, stance: string, isInTime: boolean): void {
    const found = this.#store.find(id);
    const { facts, quarrel } = found;
    const own = quarrel.own[participant];
    if (own === undefined || own === stance || has(quarrel.takenBack, participant)) return;
    const at = facts.results.findIndex((one) => one.outputHash === own);
    if (facts.results[at].isFallen) return;
    const takenBack = quarrel.takenBack | (1 << participant);
    const isOwn = (one: number): boolean => !has(takenBack, one);
    const isAlone = standersOf(found, own, isOwn).length === 0;
    const results =
      isAlone && isInTime ? facts.results.with(at, { ...facts.results[at], isGone: true }) : facts.results;
    const lost = has(quarrel.accused, at) ? 1 << participant : 0;
    this.#store.save(
      id,
      { results, ownResults: facts.ownResults.filter((one) => one.participant !== participant) },
      { takenBack, lostOwn: quarrel.lostOwn | lost, forfeitable: quarrel.forfeitable | lost },
    );
  }

  /** Earlier blocks that are neither settled nor void. */
  #liveBelow({ terms, id }: FoundBlock): number {
    const lag = terms.firstBlockStart + terms.collectionGrace + terms.collationPeriod;
    const open = Math.floor(Math.max(0, this.#now - lag) / terms.blockDuration);
    const isLive = (blockNumber: number): boolean => {
      const facts = this.#store.facts({ ...id, blockNumber });
      const hasEnded = facts.settledAtSeconds !== undefined || facts.releasedAtSeconds !== undefined;
      return !hasEnded && (blockNumber >= open || facts.parts.length > 0);
    };
    return [...Array(id.blockNumber).keys()].filter(isLive).length;
  }
}

/** The bond of an own result that fell for its parts is carried over, unless it is lost. */
function bondForOwn({ terms, quarrel }: FoundBlock, participant: number): WeiMove[] {
  const account = terms.participants[participant];
  const isAgain = quarrel.own[participant] !== undefined;
  const isBurnt = isAgain && has(quarrel.burntOwn | quarrel.forfeitable, participant);
  const isCarried = isAgain && !isBurnt && !has(quarrel.lostOwn, participant);
  return [
    ...(isBurnt ? [burnt(account, bondWei.ownResult)] : []),
    ...(isCarried ? [] : [locked(account, bondWei.ownResult)]),
  ];
}

function isEnded({ facts }: FoundBlock): boolean {
  return facts.settledAtSeconds !== undefined || facts.releasedAtSeconds !== undefined;
}

function mostOf(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

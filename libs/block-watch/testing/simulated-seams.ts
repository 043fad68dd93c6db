/** What the games of a dispute ask of a block on the simulated chain (BlockDisputes.sol). */
import type { Address, Digest } from '#encoding';
import {
  accusableUntil,
  type BlockId,
  bondWei,
  type ChannelTerms,
  differingParts,
  doPartsDiffer,
  lastRevealedAt,
  partsInDoubt,
  questionEnd,
} from '#protocol';
import { refuse } from './kept.js';
import { type FoundBlock, has, isSame, type SimulatedBlockStore } from './simulated-block-store.js';
import { burnt, leastOf } from './simulated-wei.js';

export interface Forfeit {
  readonly account: Address;
  readonly wei: bigint;
}

export class SimulatedSeams {
  readonly #store: SimulatedBlockStore;

  constructor(store: SimulatedBlockStore) {
    this.#store = store;
  }

  termsOf(id: BlockId): ChannelTerms {
    return this.#store.find(id).terms;
  }

  find(id: BlockId): FoundBlock {
    return this.#store.find(id);
  }

  isOpen(id: BlockId): boolean {
    return !isOver(this.#store.find(id));
  }

  stands(id: BlockId, result: number): boolean {
    const found = this.#store.findNow(id);
    return !isOver(found) && found.facts.results[result]?.isGone === false;
  }

  /** Whose operator key sends, or the sender itself. */
  accountOf(sender: Address): Address {
    return this.#store.setting.operatorAccount(sender) ?? sender;
  }

  operatorKey(account: Address): Address | undefined {
    return this.#store.setting.operatorKey(account);
  }

  holdAccusation(
    id: BlockId,
    result: number,
    participant: number,
    sender: Address,
  ): { readonly outputHash: Digest; readonly account: Address; readonly isValidator: boolean } {
    const found = this.#disputed(id);
    const { terms, facts, quarrel } = found;
    const account = terms.participants.at(participant);
    if (account === undefined) refuse('unknown-participant');
    this.#requireAccusable(found, result);
    const seat = facts.seats.find((one) => one.participant === participant);
    const isAccount = isSame(account, sender) || isSame(this.operatorKey(account), sender);
    const isSeat = seat?.outputHash !== undefined && isSame(seat.validator, sender);
    if (!isAccount && !isSeat) refuse('not-participant');
    const isStanding = (hash: Digest | undefined): boolean =>
      facts.results.some((one, at) => one.outputHash === hash && !one.isGone && at !== result);
    const words = isAccount
      ? [...facts.seats, ...facts.ownResults, ...facts.acceptances].filter(
          (one) => one.participant === participant,
        )
      : [{ outputHash: seat?.outputHash }];
    if (!words.some((one) => isStanding(one.outputHash))) refuse('nothing-else-stood-for');
    const { openAccusations, ...rest } = disputeOf(found);
    this.#store.save(
      id,
      { dispute: { ...rest, openAccusations: openAccusations + 1 } },
      { accused: quarrel.accused | (1 << result) },
    );
    const { outputHash } = facts.results[result];
    return { outputHash, account: isAccount ? account : sender, isValidator: !isAccount };
  }

  /** With the last one of a block that is over that is burnt which nobody has fetched. */
  freeAccusations(id: BlockId, count: number): void {
    const found = this.#store.findNow(id);
    const { terms, facts, quarrel } = found;
    const { openAccusations, ...rest } = disputeOf(found);
    this.#store.save(id, { dispute: { ...rest, openAccusations: openAccusations - count } });
    const hasEnded = facts.settledAtSeconds !== undefined || facts.releasedAtSeconds !== undefined;
    if (!hasEnded || openAccusations > count) return;
    const burning = terms.participants.filter((_, one) => has(quarrel.forfeitable, one));
    this.#store.save(id, {}, { forfeitable: 0 });
    this.#store.setting.wei.move(burning.map((one) => burnt(one, bondWei.ownResult)));
  }

  /** What its posters lose. */
  fall(id: BlockId, result: number): readonly Forfeit[] {
    const found = this.#disputed(id);
    const { facts } = found;
    if (facts.results[result].isFallen) return [];
    const results = facts.results.with(result, { ...facts.results[result], isGone: true, isFallen: true });
    const forfeits = this.#takeBonds(found, facts.results[result].outputHash, true);
    this.#store.save(id, { results });
    return forfeits;
  }

  /** What those lose who took the result back after it was accused. */
  forfeitTakenBack(id: BlockId, result: number): readonly Forfeit[] {
    const found = this.#store.findNow(id);
    return this.#takeBonds(found, found.facts.results[result].outputHash, false);
  }

  /** Returns who asks; a panel is asked for everybody. */
  holdQuestion(id: BlockId, part: number, sender: Address, isPanel: boolean): number {
    return this.#hold(id, part, sender, { isPanel, mayBeStruck: false });
  }

  /** Of a fault that is shown in the same act. */
  holdProof(id: BlockId, part: number, sender: Address): number {
    return this.#hold(id, part, sender, { isPanel: false, mayBeStruck: true });
  }

  #hold(
    id: BlockId,
    part: number,
    sender: Address,
    { isPanel, mayBeStruck }: { readonly isPanel: boolean; readonly mayBeStruck: boolean },
  ): number {
    const found = this.#disputed(id);
    const { terms, facts, quarrel } = found;
    if (this.#store.setting.nowSeconds() >= questionEnd(terms, id.blockNumber, facts)) {
      refuse('question-too-late');
    }
    const isStruck = facts.parts.some((one) => one.participant === part && one.isStruck === true);
    const doubted = isStruck && mayBeStruck ? differingParts(facts) : partsInDoubt(facts);
    if (!has(doubted, part)) refuse('part-not-in-doubt');
    const participant = this.#store.participantOf(found, sender);
    const { openQuestions, ...rest } = disputeOf(found);
    const asking = isPanel ? 0xffff : 1 << participant;
    const questioned = { ...quarrel.questioned, [part]: (quarrel.questioned[part] ?? 0) | asking };
    this.#store.save(id, { dispute: { ...rest, openQuestions: openQuestions + 1 } }, { questioned });
    return participant;
  }

  freeQuestions(id: BlockId, count: number): void {
    const found = this.#store.findNow(id);
    if (isOver(found) || count === 0) return;
    const { openQuestions, ...rest } = disputeOf(found);
    const resolvedAtSeconds = this.#store.setting.nowSeconds();
    this.#store.save(id, { dispute: { ...rest, openQuestions: openQuestions - count, resolvedAtSeconds } });
  }

  /** `provers`: whose questions are upheld by this. */
  strikePart(id: BlockId, part: number, provers: readonly number[]): void {
    const { facts, quarrel } = this.#disputed(id);
    if (facts.dispute?.counted !== undefined) refuse('part-not-in-doubt');
    const parts = facts.parts.map((one) =>
      one.participant === part ? { ...one, isStruck: true as const } : one,
    );
    const before = quarrel.provers[part] ?? 0;
    const mask = provers.reduce((bits, one) => bits | (1 << one), before);
    this.#store.save(id, { parts }, { provers: { ...quarrel.provers, [part]: mask } });
  }

  /** So much of the owner's bond, or what is left of it, is handed over. */
  chargePart(id: BlockId, part: number, wei: bigint): Forfeit {
    const found = this.#store.findNow(id);
    const account = found.terms.participants[part];
    const { chargedWei } = found.quarrel;
    const before = chargedWei[part] ?? 0n;
    const charged = isOver(found) ? 0n : leastOf(wei, bondWei.part - before);
    this.#store.save(id, {}, { chargedWei: { ...chargedWei, [part]: before + charged } });
    return { account, wei: charged };
  }

  /** Nothing overrules what all agreed on, or what time has made final. */
  #disputed(id: BlockId): FoundBlock {
    const found = this.#store.findNow(id);
    return found.stage === 'dispute' ? found : refuse('wrong-stage');
  }

  #requireAccusable({ id, terms, facts }: FoundBlock, result: number): void {
    const known = facts.results.at(result);
    if (known === undefined || known.isGone) refuse('result-unknown');
    if (doPartsDiffer(facts) && facts.dispute?.counted === undefined) refuse('accusation-too-early');
    const until = accusableUntil(terms, id.blockNumber, facts, lastRevealedAt(known));
    if (this.#store.setting.nowSeconds() >= until) refuse('accusation-too-late');
  }

  #takeBonds(found: FoundBlock, outputHash: Digest, isFallen: boolean): Forfeit[] {
    const { id, terms, facts, quarrel } = found;
    let { lostOwn, lostSeats, forfeitable } = quarrel;
    const forfeits = terms.participants.flatMap((account, one): Forfeit[] => {
      const isMine = quarrel.own[one] === outputHash;
      const isTaken = isMine && (has(forfeitable, one) || (isFallen && !has(lostOwn, one)));
      if (isTaken) {
        lostOwn |= 1 << one;
        forfeitable &= ~(1 << one);
      }
      const seat = facts.seats.find((by) => by.participant === one && by.outputHash === outputHash);
      const isSeat = isFallen && seat !== undefined;
      if (isSeat) lostSeats |= 1 << one;
      return [
        ...(isTaken ? [{ account, wei: bondWei.ownResult }] : []),
        ...(isSeat ? [{ account: seat.validator, wei: bondWei.seat }] : []),
      ];
    });
    this.#store.save(id, {}, { lostOwn, lostSeats, forfeitable });
    return forfeits;
  }
}

function isOver({ stage }: FoundBlock): boolean {
  return stage === 'final' || stage === 'settled' || stage === 'void';
}

function disputeOf({ facts }: FoundBlock) {
  return facts.dispute ?? { openAccusations: 0, openQuestions: 0 };
}

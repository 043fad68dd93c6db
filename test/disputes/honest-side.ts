/** What an honest participant does in a dispute: whatever the pure rules say is due, from what it holds. */
import type { ChainOutcome, DisputeActs, DrivenChain } from '#chain';
import { take } from '#chain/testing/take-move';
import {
  type AccusedMove,
  type AccuserMove,
  accusedMove,
  accuserMove,
  disproofDue,
  type DisputeTask,
  disputeTasks,
  HeldBlock,
  type OwnFound,
  type PartView,
  publicationOf,
  type QuestionMove,
  type SumTree,
} from '#dispute';
import { toHex } from '#encoding';
import {
  type AccusationFacts,
  amountWords,
  type BlockId,
  type BlockSeen,
  type DisputeFacts,
  type Due,
  isDue,
  outputHashOf,
  type RevealedResult,
  revealOwnDue,
} from '#protocol';
import type { ReductionTerms } from '#reduction';
import type { DisputedPart, Signing } from './disputed-parts.js';
import type { Person } from './dispute-people.js';

/** What everybody can see. */
export interface DisputeLook {
  readonly block: BlockSeen;
  readonly dispute: DisputeFacts;
  readonly height: number;
}

/** A result and what shows it. */
export interface OwnResult {
  readonly result: RevealedResult;
  readonly opening: `0x${string}` | undefined;
  readonly held: HeldBlock;
}

export interface HonestSetting {
  readonly chain: DrivenChain;
  readonly id: BlockId;
  readonly terms: ReductionTerms;
  readonly signing: Signing;
  readonly keyPath: readonly Uint8Array[];
  readonly parts: readonly DisputedPart[];
  readonly views: readonly PartView[];
}

export class HonestSide {
  readonly participant: number;
  readonly own: OwnResult;
  readonly #person: Person;
  readonly #setting: HonestSetting;
  readonly #acts: DisputeActs;
  readonly #compared = new Set<string>();
  /** Moments at which something may become due. */
  moments: number[] = [];

  constructor(participant: number, person: Person, setting: HonestSetting) {
    this.participant = participant;
    this.#person = person;
    this.#setting = setting;
    this.#acts = setting.chain.disputeActs(person.operatorKey);
    this.own = resultOf(
      setting,
      setting.parts.filter((one) => isGood(setting, one.participant)),
    );
  }

  /** One act, if something is due; whether the chain took it. */
  async turn(look: DisputeLook): Promise<boolean> {
    this.moments = [];
    const { result, opening } = this.own;
    const { chain, id } = this.#setting;
    if (this.#isNow(revealOwnDue(look.block, this.participant, result))) {
      const acts = chain.participantActs(this.#person.operatorKey);
      if (isTaken(await acts.revealOwnResult(id.channelId, id.blockNumber, result, opening))) return true;
    }
    for (const task of disputeTasks(look, this.#player())) {
      if (this.#isNow(task.due) && (await this.#do(look, task))) return true;
    }
    return false;
  }

  #player() {
    const { outputHash, validParts } = this.own.result;
    const own: OwnFound = { outputHash, validParts };
    const { account } = this.#person;
    const { participant } = this;
    return { participant, account, own, views: this.#setting.views, compared: this.#compared };
  }

  #isNow(due: Due<never> | Due<'dispute'> | Due<'reveal-own'>): boolean {
    const { untilSeconds } = due as { untilSeconds?: number };
    if (untilSeconds !== undefined) this.moments.push(untilSeconds);
    return isDue(due);
  }

  async #do(look: DisputeLook, task: DisputeTask): Promise<boolean> {
    const { id } = this.#setting;
    const acts = this.#acts;
    switch (task.task) {
      case 'accuse': {
        const result = look.block.facts.results[task.resultIndex];
        return isTaken(await acts.accuse(id, task.resultIndex, result, this.participant));
      }
      case 'accuser-move':
      case 'answer':
        return this.#move(task.task, task.accusation);
      case 'time-out':
        return isTaken(await acts.timeOut({ ...id, ...task.accusation }));
      case 'release':
        return isTaken(await acts.release({ ...id, ...task.accusation }));
      case 'question':
        return task.move !== undefined && isTaken(await this.#ask(task.move));
      case 'publish': {
        const { rows, segments, commitment } = this.#part(task.part);
        const said = publicationOf(
          { part: task.part, commitment },
          rows,
          task.rowIndex,
          segments[task.rowIndex],
        );
        return isTaken(await acts.publishRow(id, said));
      }
      case 'disprove':
        return this.#disprove(look, task.part, task.rowIndex);
      case 'conclude-question':
        return isTaken(await acts.concludeQuestion(id, task.part, task.participant));
      case 'draw-panel':
        return isTaken(await acts.drawPanel(id, task.part, 100));
      // All parts were looked at.
      case 'look-at-part':
        return false;
      case 'appeal-panel':
        return isTaken(await acts.appealPanel(id, task.part));
      case 'conclude-panel':
        return isTaken(await acts.concludePanel(id, task.part));
      case 'release-panel':
        return isTaken(await acts.releasePanel(id, task.part));
    }
  }

  async #move(task: 'accuser-move' | 'answer', accusation: AccusationFacts): Promise<boolean> {
    const { held } = this.own;
    const { terms, id } = this.#setting;
    const move: AccusedMove | AccuserMove =
      task === 'answer'
        ? held.made(accusedMove(terms, held.own, accusation))
        : held.made(accuserMove(terms, held.own, accusation));
    if (move.move === 'none') return false;
    return isTaken(await take(this.#acts, { ...id, ...accusation }, move));
  }

  #ask(move: QuestionMove): Promise<ChainOutcome> {
    const { id } = this.#setting;
    switch (move.move) {
      case 'ask-row':
        return this.#acts.askRow(id, move);
      case 'ask-panel':
        return this.#acts.askPanel(id, move.part);
      case 'prove-disorder':
        return this.#acts.proveDisorder(id, move);
      case 'prove-too-many-rows':
        return this.#acts.proveTooManyRows(id, move);
    }
  }

  async #disprove({ dispute }: DisputeLook, part: number, rowIndex: number): Promise<boolean> {
    const { id, signing, keyPath } = this.#setting;
    const rows = dispute.parts.find((one) => one.part === part)?.rows;
    const published = rows?.find((one) => one.rowIndex === rowIndex)?.published;
    const sealed = this.#part(part).sealed[rowIndex];
    if (published === undefined || sealed === undefined) return false;
    const move = disproofDue(published, sealed, { ...signing.rules, keyPath });
    if (move.move === 'none') {
      this.#compared.add(`${part}/${rowIndex}`);
      return true;
    }
    const row = { part, rowIndex };
    return isTaken(
      await (move.move === 'disprove-length'
        ? this.#acts.disproveLength(id, row, move)
        : this.#acts.disproveText(id, row, move)),
    );
  }

  #part(participant: number): DisputedPart {
    return this.#setting.parts.find((one) => one.participant === participant) as DisputedPart;
  }
}

/** Of these parts, by the product's own reducer. */
export function resultOf({ terms, id }: HonestSetting, parts: readonly DisputedPart[]): OwnResult {
  const held = new HeldBlock(terms, parts);
  const { tree, validParts } = held.own;
  return { ...claimOf(id, tree, validParts), held };
}

/** What claims a tree. */
export function claimOf(id: BlockId, tree: SumTree, validParts: number): Omit<OwnResult, 'held'> {
  const isEmpty = tree.count === 0;
  const amounts = isEmpty ? new Array<bigint>(tree.participants).fill(0n) : tree.amountsAt(tree.top);
  const impressionCount = BigInt(tree.count);
  const plain = { settlementRoot: toHex(tree.settlementRoot), impressionCount, validParts };
  const outputHash = outputHashOf({ ...id, amounts, ...plain });
  const opening = isEmpty ? undefined : toHex(tree.entryAt(tree.top).slice(0, 32));
  return { result: { outputHash, amountWords: amountWords(amounts).map(toHex), ...plain }, opening };
}

export function isGood({ views }: Pick<HonestSetting, 'views'>, participant: number): boolean {
  return views.find((one) => one.participant === participant)?.findings.length === 0;
}

function isTaken(outcome: ChainOutcome): boolean {
  return outcome.ok;
}

/** A participant that says what is not true, as a seed has it, and answers for it as well as can be answered. */
import type { ChainOutcome, DisputeActs } from '#chain';
import { take } from '#chain/testing/take-move';
import { HeldBlock, publicationOf } from '#dispute';
import { ForgedTree } from '#dispute/testing/forged-tree';
import { type GameLeaf, leavesOf } from '#dispute/testing/game-block';
import { sha256 } from '#crypto';
import type { Dice } from './dice.js';
import type { DisputedPart } from './disputed-parts.js';
import type { Person } from './dispute-people.js';
import { claimOf, type DisputeLook, type HonestSetting, isGood, type OwnResult } from './honest-side.js';

type Claim = Omit<OwnResult, 'held'>;

export class LyingSide {
  readonly participant: number;
  readonly claim: Claim;
  readonly #forged: ForgedTree;
  readonly #person: Person;
  readonly #setting: HonestSetting;
  readonly #acts: DisputeActs;
  readonly #habits;
  /** What it does once, and has done. */
  readonly #done = new Set<string>();

  constructor(participant: number, person: Person, setting: HonestSetting, dice: Dice) {
    this.participant = participant;
    this.#person = person;
    this.#setting = setting;
    this.#acts = setting.chain.disputeActs(person.operatorKey);
    const counted = dice.pick(masks(setting, participant));
    const parts = setting.parts.filter((one) => ((counted >> one.participant) & 1) === 1);
    const { terms, id } = setting;
    const leaves = altered(
      dice,
      leavesOf(
        terms,
        parts.flatMap(({ records }) => records),
      ),
      terms.roles.length,
    );
    this.#forged = new ForgedTree(terms.roles.length, leaves, new HeldBlock(terms, parts));
    this.claim = claimOf(id, this.#forged.tree, counted);
    this.#habits = {
      answers: dice.chance(80),
      accuses: dice.chance(50),
      asks: dice.chance(40),
      asksPanel: dice.chance(10),
      publishes: dice.chance(70),
      accepts: dice.chance(10),
    };
  }

  /** One act; whether the chain took it. */
  async turn(look: DisputeLook): Promise<boolean> {
    const { stage } = look.block.stage;
    if (stage !== 'challenge' && stage !== 'dispute' && stage !== 'processing') return false;
    const habits = this.#habits;
    if (this.#once('reveal', stage !== 'processing') && (await this.#reveal())) return true;
    if (stage !== 'dispute') return false;
    if (habits.answers && (await this.#answer(look))) return true;
    if (this.#once('accuse', habits.accuses) && (await this.#accuse(look))) return true;
    if (this.#once('ask', habits.asks) && (await this.#ask(look))) return true;
    if (this.#once('ask-panel', habits.asksPanel) && (await this.#askPanel(look))) return true;
    if (habits.publishes && (await this.#publish(look))) return true;
    return this.#once('accept', habits.accepts && look.dispute.accusations.length > 0) && this.#accept(look);
  }

  #once(what: string, isWanted: boolean): boolean {
    if (!isWanted || this.#done.has(what)) return false;
    this.#done.add(what);
    return true;
  }

  async #reveal(): Promise<boolean> {
    const { chain, id } = this.#setting;
    const acts = chain.participantActs(this.#person.operatorKey);
    const { result, opening } = this.claim;
    return isTaken(await acts.revealOwnResult(id.channelId, id.blockNumber, result, opening));
  }

  async #answer({ block, dispute }: DisputeLook): Promise<boolean> {
    const { id } = this.#setting;
    for (const seen of dispute.accusations) {
      const { outputHash } = block.facts.results[seen.resultIndex];
      const isWaiting = seen.turn === 'opening' || seen.turn === 'placing';
      if (outputHash !== this.claim.result.outputHash || !isWaiting) continue;
      for (const move of this.#forged.answers(seen)) {
        if (move.move === 'none') continue;
        if (isTaken(await take(this.#acts, { ...id, ...seen }, move))) return true;
      }
    }
    return false;
  }

  /** Whatever else stands. */
  async #accuse({ block }: DisputeLook): Promise<boolean> {
    const { id } = this.#setting;
    for (const [at, result] of block.facts.results.entries()) {
      if (result.isGone || result.outputHash === this.claim.result.outputHash) continue;
      if (isTaken(await this.#acts.accuse(id, at, result, this.participant))) return true;
    }
    return false;
  }

  async #ask({ block }: DisputeLook): Promise<boolean> {
    const { id, parts } = this.#setting;
    for (const { participant: part } of block.facts.parts) {
      const { commitment } = parts.find((one) => one.participant === part) as DisputedPart;
      if (isTaken(await this.#acts.askRow(id, { part, commitment, rowIndex: 0 }))) return true;
    }
    return false;
  }

  async #askPanel({ block }: DisputeLook): Promise<boolean> {
    for (const { participant } of block.facts.parts) {
      if (isTaken(await this.#acts.askPanel(this.#setting.id, participant))) return true;
    }
    return false;
  }

  /** What it says that the rows of its part open to. */
  async #publish({ dispute }: DisputeLook): Promise<boolean> {
    const { id, parts } = this.#setting;
    const own = parts.find((one) => one.participant === this.participant);
    const row = dispute.parts
      .find((one) => one.part === this.participant)
      ?.rows.find(({ isPublished }) => !isPublished);
    if (own === undefined || row === undefined || !this.#once(`publish ${row.rowIndex}`, true)) return false;
    const { commitment, rows, segments } = own;
    const said = publicationOf(
      { part: own.participant, commitment },
      rows,
      row.rowIndex,
      segments[row.rowIndex],
    );
    return isTaken(await this.#acts.publishRow(id, said));
  }

  async #accept({ block }: DisputeLook): Promise<boolean> {
    const { chain, id } = this.#setting;
    const other = block.facts.results.find(
      ({ outputHash, isGone }) => !isGone && outputHash !== this.claim.result.outputHash,
    );
    if (other === undefined) return false;
    const acts = chain.participantActs(this.#person.accountKey);
    return isTaken(await acts.acceptResult(id.channelId, id.blockNumber, this.participant, other.outputHash));
  }
}

/** Which parts a liar may say that it counts: those that are good, all, all but one, its own. */
function masks(setting: HonestSetting, participant: number): number[] {
  const bits = (all: readonly DisputedPart[]): number =>
    all.reduce((mask, one) => mask | (1 << one.participant), 0);
  const { parts } = setting;
  const good = parts.filter((one) => isGood(setting, one.participant));
  const own = parts.filter((one) => one.participant === participant);
  return [
    bits(good),
    bits(good),
    bits(parts),
    bits(good.slice(1)),
    bits(good.slice(0, -1)),
    bits([...good, ...own]),
  ];
}

function altered(dice: Dice, leaves: readonly GameLeaf[], participants: number): readonly GameLeaf[] {
  const at = dice.below(Math.max(1, leaves.length));
  const payee = 1 + dice.below(participants - 1);
  const more = (leaf: GameLeaf): GameLeaf => ({
    ...leaf,
    amounts: leaf.amounts.map((one, who) => (who === 0 || who === payee ? one + 500n : one)),
  });
  if (leaves.length === 0) return leaves;
  switch (dice.below(8)) {
    case 0:
      return leaves.toSpliced(at, 1);
    case 1:
      return leaves.slice(0, -1);
    case 2:
      return [];
    case 3:
      return leaves.toSpliced(at, 0, leaves[at]);
    case 4:
      return [
        ...leaves,
        { ...more(leaves[at]), key: sha256(Uint8Array.of(at)).slice(0, 16).fill(255, 0, 2) },
      ];
    case 5:
      return leaves;
    default:
      return leaves.with(at, more(leaves[at]));
  }
}

function isTaken(outcome: ChainOutcome): boolean {
  return outcome.ok;
}

/** Accusations of results on the simulated chain (contracts/src/disputes/Adjudicator.sol). */
import type { DisputeActs } from '#chain';
import { type RefereedBlock, TreeRules, isSameLeaf } from '#dispute/testing/tree-rules';
import { eachRecord } from '#dispute/impression-records';
import { topLevelOf } from '#dispute';
import { type Address, equalBytes, fromHex } from '#encoding';
import {
  type AccusationFacts,
  type AccusationId,
  type AccusationOutcome,
  type AccusedResult,
  type BlockId,
  bondWei,
  type EntryPosition,
  outputHashOfWords,
  type OpenedLeaf,
  type OpenedNode,
  validatorSlots,
} from '#protocol';
import { type Journal, Kept, refuse } from './kept.js';
import { isSame, keyOf } from './simulated-block-store.js';
import type { Forfeit, SimulatedSeams } from './simulated-seams.js';
import {
  burnAccount,
  burnt,
  handed,
  locked,
  type SimulatedWei,
  unlocked,
  type WeiMove,
} from './simulated-wei.js';

interface Accusation {
  readonly slot: number;
  readonly accuser: Address;
  readonly since: number;
  readonly named: EntryPosition;
  readonly entryHash: Uint8Array;
  readonly status: 'named' | 'doubted' | 'over' | 'deleted';
  readonly doubted: number;
  readonly end?: NonNullable<AccusationFacts['end']>;
}

interface Answer {
  readonly by: Address;
  readonly atSeconds: number;
}

/** Everything that was said against one result. */
interface Accused {
  readonly resultIndex: number;
  readonly result: AccusedResult;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly nodes: readonly OpenedNode[];
  readonly leaves: readonly OpenedLeaf[];
  /** In the order in which they were made. */
  readonly accusations: readonly Accusation[];
}

/** Whose turn an accusation is, and until when. */
interface Turn {
  readonly turn: AccusationFacts['turn'];
  readonly deadline: number | undefined;
  readonly answerer?: Address;
}

interface Case extends Turn {
  readonly accused: Accused;
  readonly made: Accusation;
}

type Acts = { [Name in keyof DisputeActs]: DisputeActs[Name] };
type Given<Name extends keyof DisputeActs> = Acts[Name] extends (...given: infer All) => unknown
  ? All
  : never;

export class SimulatedAccusations {
  readonly #accused: Kept<Accused>;
  /** By block: the slots that were taken, as `result/slot`, the last made last. */
  readonly #made: Kept<readonly string[]>;
  readonly #seams: SimulatedSeams;
  readonly #wei: SimulatedWei;
  readonly #now: () => number;
  readonly #refereed: (id: BlockId) => RefereedBlock;

  constructor(
    journal: Journal,
    seams: SimulatedSeams,
    wei: SimulatedWei,
    now: () => number,
    /** What records and places are held against. */
    refereed: (id: BlockId) => RefereedBlock,
  ) {
    this.#accused = new Kept(journal);
    this.#made = new Kept(journal);
    this.#seams = seams;
    this.#wei = wei;
    this.#now = now;
    this.#refereed = refereed;
  }

  facts(id: BlockId): AccusationFacts[] {
    return (this.#made.get(keyOf(id)) ?? []).map((name) => {
      const [resultIndex, slot] = name.split('/').map(Number);
      const accused = this.#accusedOf({ ...id, resultIndex, slot });
      const made = accused.accusations.find((one) => one.slot === slot) as Accusation;
      return this.#factsOf(id, accused, made);
    });
  }

  accuse(sender: Address, ...[id, resultIndex, claim, participant]: Given<'accuse'>): void {
    const held = this.#seams.holdAccusation(id, resultIndex, participant, sender);
    if (outputHashOfWords({ ...id, ...claim }) !== held.outputHash) refuse('output-hash-mismatch');
    const slot = held.isValidator ? validatorSlots + participant : participant;
    const { channelId, blockNumber } = id;
    const accusationId = { channelId, blockNumber, resultIndex, slot };
    const { settlementRoot, impressionCount, validParts } = claim;
    const result = { settlementRoot: fromHex(settlementRoot), impressionCount, validParts };
    const known = this.#accused.get(this.#keyOf(accusationId));
    const accused = known ?? { resultIndex, result, answers: {}, nodes: [], leaves: [], accusations: [] };
    const before = accused.accusations.find((one) => one.slot === slot);
    if (before !== undefined && before.status !== 'deleted') refuse('already-accused');
    const made: Accusation = {
      ...{ slot, accuser: held.account, since: this.#now(), status: 'named', doubted: 0 },
      named: { level: topLevelOf(impressionCount), index: 0 },
      entryHash: accused.result.settlementRoot,
    };
    const others = accused.accusations.filter((one) => one.slot !== slot);
    this.#save(accusationId, { ...accused, accusations: [...others, made] });
    const name = `${resultIndex}/${slot}`;
    const names = (this.#made.get(keyOf(id)) ?? []).filter((one) => one !== name);
    this.#made.set(keyOf(id), [...names, name]);
    this.#wei.move([locked(held.account, bondWei.accusation, held.isValidator ? 'stakeWei' : 'freeWei')]);
  }

  openNode(sender: Address, ...[id, { entries }]: Given<'openNode'>): void {
    const { accused, made } = this.#findIn(id, 'opening');
    const refusal = this.#rules(id, accused).nodeRefusal(made, entries);
    if (refusal !== undefined) refuse(refusal as 'wrong-level');
    const nodes = [...accused.nodes, { ...made.named, entries }];
    this.#save(id, this.#answered({ ...accused, nodes }, placeOf(made.named), sender));
  }

  nameEntry(sender: Address, ...[id, next]: Given<'nameEntry'>): void {
    const { accused, made } = this.#findOwn(id, sender);
    const named = this.#rules(id, accused).namedBelow(made, next);
    if (typeof named === 'string') refuse(named as 'wrong-level');
    this.#change(id, accused, { ...made, named, entryHash: next.entryHash, since: this.#now() });
  }

  openLeaf(sender: Address, ...[id, opening]: Given<'openLeaf'>): void {
    const { accused, made } = this.#findIn(id, 'opening');
    const leaf = this.#rules(id, accused).openedLeaf(made, opening);
    if (typeof leaf === 'string') refuse(leaf as 'wrong-level');
    const leaves = [...accused.leaves, leaf];
    this.#save(id, this.#answered({ ...accused, leaves }, placeOf(made.named), sender));
  }

  showOmitted(sender: Address, ...[id, omission]: Given<'showOmitted'>): void {
    const found = this.#findOwn(id, sender);
    const { accused, made } = found;
    const opened = accused.leaves.find(({ index }) => index === made.named.index);
    const refusal = this.#rules(id, accused).omissionRefusal(made.named, opened, omission);
    if (refusal !== undefined) refuse(refusal as 'wrong-level');
    this.#uphold(id, found);
  }

  doubtRecord(sender: Address, ...[id, record]: Given<'doubtRecord'>): void {
    const { accused, made } = this.#findOwn(id, sender);
    if (made.named.level > 0) refuse('wrong-level');
    const opened = accused.leaves.find(({ index }) => index === made.named.index);
    if (opened === undefined || record >= eachRecord(opened.records).length) refuse('record-outside');
    if (accused.answers[placeOf(made.named, record)] !== undefined) refuse('record-already-placed');
    this.#change(id, accused, { ...made, since: this.#now(), status: 'doubted', doubted: record });
  }

  placeRecord(sender: Address, ...[id, { leaf, placed }]: Given<'placeRecord'>): void {
    const { accused, made } = this.#findIn(id, 'placing');
    const opened = accused.leaves.find(({ index }) => index === made.named.index);
    if (opened === undefined || !isSameLeaf(leaf, opened)) refuse('leaf-mismatch');
    if (!equalBytes(placed.place.record, eachRecord(leaf.records)[made.doubted])) refuse('record-mismatch');
    const refusal = this.#rules(id, accused).placeRefusal(placed);
    if (refusal !== undefined) refuse(refusal as 'part-mismatch');
    const next = this.#answered(accused, placeOf(made.named, made.doubted), sender);
    this.#save(id, next);
    this.#fail(id, { accused: next, made }, this.#seams.accountOf(sender));
  }

  timeOut(_: Address, ...[id]: Given<'timeOut'>): void {
    const found = this.#find(id);
    const { accused, made, turn, deadline, answerer } = found;
    if (turn === 'over') refuse('wrong-turn');
    if (this.#now() < (deadline ?? 0)) refuse('turn-not-over');
    this.#requireStanding(id);
    if (turn === 'opening' || turn === 'placing') this.#uphold(id, found);
    else this.#fail(id, { accused, made }, answerer);
  }

  release(_: Address, ...[id]: Given<'release'>): void {
    const { accused, made, turn } = this.#find(id);
    if (turn === 'over') refuse('wrong-turn');
    if (this.#seams.stands(id, id.resultIndex)) refuse('result-standing');
    const end = { outcome: 'returned', to: made.accuser } as const;
    this.#change(id, accused, { ...made, status: 'deleted', end });
    const forfeits = this.#seams.forfeitTakenBack(id, id.resultIndex);
    this.#seams.freeAccusations(id, 1);
    this.#wei.move([...shared(forfeits, made.accuser), bondBack(made)]);
  }

  /** The result falls: half of what its posters lose is the accuser's, and all who accused it get theirs back. */
  #uphold(id: AccusationId, { accused, made }: Pick<Case, 'accused' | 'made'>): void {
    const forfeits = this.#seams.fall(id, id.resultIndex);
    const isOpen = ({ status }: Accusation): boolean => status === 'named' || status === 'doubted';
    const open = accused.accusations.filter(isOpen).sort((one, other) => one.slot - other.slot);
    const accusations = accused.accusations.map((one): Accusation => {
      if (!isOpen(one)) return one;
      const outcome: AccusationOutcome = one.slot === made.slot ? 'upheld' : 'returned';
      return { ...one, status: 'over', end: { outcome, to: one.accuser } };
    });
    this.#save(id, { ...accused, accusations });
    this.#seams.freeAccusations(id, open.length);
    this.#wei.move([...shared(forfeits, made.accuser), ...open.map(bondBack)]);
  }

  /** Half of its bond goes to who answered, the rest to nobody. */
  #fail(
    id: AccusationId,
    { accused, made }: Pick<Case, 'accused' | 'made'>,
    to: Address = burnAccount,
  ): void {
    this.#change(id, accused, { ...made, status: 'over', end: { outcome: 'failed', to } });
    this.#seams.freeAccusations(id, 1);
    const half = bondWei.accusation / 2n;
    this.#wei.move([burnt(made.accuser, bondWei.accusation - half), handed(made.accuser, to, half)]);
  }

  #find(id: AccusationId): Case {
    const accused = this.#accused.get(this.#keyOf(id));
    const made = accused?.accusations.find((one) => one.slot === id.slot);
    if (accused === undefined || made === undefined) refuse('wrong-turn');
    return { accused, made, ...this.#turnOf(id, accused, made) };
  }

  /** One that waits for this, in time, of a result that stands. */
  #findIn(id: AccusationId, expected: Turn['turn']): Case {
    const found = this.#find(id);
    if (found.turn !== expected) refuse('wrong-turn');
    if (this.#now() >= (found.deadline ?? 0)) refuse('turn-over');
    this.#requireStanding(id);
    return found;
  }

  #findOwn(id: AccusationId, sender: Address): Case {
    const found = this.#findIn(id, 'accuser');
    const { accuser } = found.made;
    const isOperator = id.slot < validatorSlots && isSame(this.#seams.operatorKey(accuser), sender);
    return isSame(accuser, sender) || isOperator ? found : refuse('not-accuser');
  }

  #requireStanding(id: AccusationId): void {
    if (!this.#seams.stands(id, id.resultIndex)) refuse('result-not-standing');
  }

  #turnOf(id: AccusationId, { answers, result }: Accused, made: Accusation): Turn {
    if (made.status === 'over' || made.status === 'deleted') return { turn: 'over', deadline: undefined };
    // While the result was taken back nobody could act.
    const again = this.#seams.find(id).facts.results[id.resultIndex].revealedAgainAtSeconds ?? 0;
    const since = Math.max(made.since, again);
    const { answerPeriod } = this.#seams.termsOf(id);
    const isDoubted = made.status === 'doubted';
    const found = answers[placeOf(made.named, isDoubted ? made.doubted : undefined)];
    const deadline = since + answerPeriod;
    // What came later is no answer to this accusation.
    const isAnswered = found !== undefined && found.atSeconds < deadline;
    const by = isAnswered ? { answerer: found.by } : {};
    if (isDoubted) {
      return isAnswered ? { turn: 'placed', deadline: undefined, ...by } : { turn: 'placing', deadline };
    }
    if (!isAnswered && result.impressionCount > 0n) return { turn: 'opening', deadline };
    return { turn: 'accuser', deadline: Math.max(found?.atSeconds ?? 0, since) + answerPeriod, ...by };
  }

  #factsOf(id: BlockId, accused: Accused, made: Accusation): AccusationFacts {
    const { resultIndex, result, nodes, leaves } = accused;
    const { slot, accuser, named, end } = made;
    const { turn, deadline, answerer } = this.#turnOf({ ...id, resultIndex, slot }, accused, made);
    const isDoubted = turn === 'placing' || turn === 'placed';
    return {
      ...{ resultIndex, slot, accuser, result, turn, named },
      ...{ nodes: lastOf(nodes, ({ level, index }) => `${level}:${index}`) },
      leaves: lastOf(leaves, ({ index }) => index),
      doubted: isDoubted ? made.doubted : undefined,
      ...(deadline === undefined ? {} : { untilSeconds: deadline }),
      ...(answerer === undefined ? {} : { answerer }),
      ...(end === undefined ? {} : { end }),
    };
  }

  #answered(accused: Accused, place: string, sender: Address): Accused {
    const by = this.#seams.accountOf(sender);
    return { ...accused, answers: { ...accused.answers, [place]: { by, atSeconds: this.#now() } } };
  }

  #change(id: AccusationId, accused: Accused, made: Accusation): void {
    const accusations = accused.accusations.map((one) => (one.slot === made.slot ? made : one));
    this.#save(id, { ...accused, accusations });
  }

  #save(id: AccusationId, accused: Accused): void {
    this.#accused.set(this.#keyOf(id), accused);
  }

  #keyOf(id: AccusationId): string {
    return `${keyOf(id)}/${id.resultIndex}`;
  }

  #accusedOf(id: AccusationId): Accused {
    return this.#accused.get(this.#keyOf(id)) as Accused;
  }

  #rules(id: AccusationId, { result }: Accused): TreeRules {
    return new TreeRules(this.#refereed(id), result);
  }
}

function placeOf({ level, index }: EntryPosition, record?: number): string {
  return record === undefined ? `${level}:${index}` : `record ${index}:${record}`;
}

/** Half of each to the prover, the rest to nobody. */
function shared(forfeits: readonly Forfeit[], prover: Address): WeiMove[] {
  return forfeits.flatMap(({ account, wei }) => [
    handed(account, prover, wei / 2n),
    burnt(account, wei - wei / 2n),
  ]);
}

function bondBack({ accuser, slot }: Accusation): WeiMove {
  return unlocked(accuser, bondWei.accusation, slot < validatorSlots ? 'freeWei' : 'stakeWei');
}

function lastOf<One>(all: readonly One[], key: (one: One) => unknown): One[] {
  return [...new Map(all.map((one) => [key(one), one])).values()];
}

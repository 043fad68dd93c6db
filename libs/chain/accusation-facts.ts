/**
 * The accusations of a block: which there were, and what was opened, from the log; where each stands, from
 * what is stored. The log is not believed: a claim is held against its outputHash, a node or leaf against the
 * hash of the entry that it opens, and where an accusation stands against the contract's own word.
 */
import { topLevelOf } from '#dispute';
import { type Address, type Digest, fromHex, type Hex } from '#encoding';
import {
  type AccusationFacts,
  type AccusationId,
  type AccusationOutcome,
  accusationOutcomes,
  accusationTurns,
  type AccusedResult,
  amountsOfWords,
  type BlockId,
  type EntryPosition,
  type OpenedLeaf,
  type OpenedNode,
  outputHashOfWords,
} from '#protocol';
import { openedLeaf, openedNode, positionOf } from './checked-openings.js';
import { type ResultTuple, resultOfTuple } from './contract-tuples.js';
import { type DisputeAt, type DisputeEvent, isNobody, MissingEvent } from './dispute-reading.js';
import { type AccusationTuple, accusationTuple } from './dispute-tuples.js';

interface AccusedFields {
  readonly result: bigint;
  readonly slot: bigint;
  readonly accuser: Address;
  readonly claim: ResultTuple;
}

/** In the order of the log; of one slot against one result the last. */
export async function accusationsIn(
  at: DisputeAt,
  events: readonly DisputeEvent[],
): Promise<AccusationFacts[]> {
  const made = new Map<string, { readonly accused: AccusedFields; readonly since: number }>();
  for (const [since, { kind, fields }] of events.entries()) {
    if (kind !== 'accused') continue;
    const accused = fields as unknown as AccusedFields;
    const key = `${accused.result}:${accused.slot}`;
    made.delete(key);
    made.set(key, { accused, since });
  }
  const openings = new Map<number, ResultOpenings>();
  const found = await Promise.all(
    [...made.values()].map(({ accused, since }) => {
      const resultIndex = Number(accused.result);
      const known = openings.get(resultIndex) ?? new ResultOpenings(at, resultIndex, accused.claim, events);
      openings.set(resultIndex, known);
      return accusationAt(at, accused, known, events.slice(since));
    }),
  );
  const open = found.filter(({ turn }) => turn !== 'over').length;
  if (open < Number(at.words.accusations) && (await at.isOpen())) throw new MissingEvent('accused');
  return found;
}

async function accusationAt(
  { id, view }: DisputeAt,
  { result, slot, accuser }: AccusedFields,
  openings: ResultOpenings,
  since: readonly DisputeEvent[],
): Promise<AccusationFacts> {
  const accusationId: AccusationId = { ...id, resultIndex: Number(result), slot: Number(slot) };
  const values = [accusationTuple(accusationId)];
  const state = await view<AccusationTuple>('Adjudicator', 'accusation', values);
  const own = since.filter(({ fields }) => fields.result === result && fields.slot === slot);
  const turn = state.turn === 0n ? 'over' : accusationTurns[Number(state.turn) - 1];
  const named = namedIn(own) ?? openings.root;
  const facts = {
    ...{ resultIndex: accusationId.resultIndex, slot: accusationId.slot, accuser },
    ...{ result: openings.result, turn, named },
    ...{ nodes: openings.nodes, leaves: openings.leaves },
    doubted: turn === 'placing' || turn === 'placed' ? Number(state.doubted) : undefined,
    ...(state.deadline === 0n ? {} : { untilSeconds: Number(state.deadline) }),
    ...(isNobody(state.answerer) ? {} : { answerer: state.answerer }),
  };
  if (turn === 'over') return { ...facts, end: endIn(own, accusationId) };
  const isSame = BigInt(named.level) === state.level && BigInt(named.index) === state.index;
  if (!isSame) throw new MissingEvent(`entry-named of slot ${slot}`);
  // What it stands at was opened, and what was opened is shown.
  if (turn !== 'opening' && openings.result.impressionCount > 0n && !openings.hasOpen(named)) {
    throw new MissingEvent(`opening of entry ${named.index} of level ${named.level}`);
  }
  return facts;
}

function namedIn(own: readonly DisputeEvent[]): EntryPosition | undefined {
  const event = own.findLast(({ kind }) => kind === 'entry-named');
  return event && positionOf(event);
}

function endIn(
  own: readonly DisputeEvent[],
  { slot }: AccusationId,
): { readonly outcome: AccusationOutcome; readonly to: Address } {
  const event = own.findLast(({ kind }) => kind === 'accusation-ended');
  if (event === undefined) throw new MissingEvent(`accusation-ended of slot ${slot}`);
  const { outcome, to } = event.fields as { outcome: bigint; to: Address };
  return { outcome: accusationOutcomes[Number(outcome)], to };
}

/** What is open of one accused result, for all who accuse it. */
class ResultOpenings {
  readonly result: AccusedResult;
  readonly root: EntryPosition;
  readonly nodes: readonly OpenedNode[];
  readonly leaves: readonly OpenedLeaf[];

  constructor(
    { id, words }: DisputeAt,
    resultIndex: number,
    claim: ResultTuple,
    events: readonly DisputeEvent[],
  ) {
    if (outputHashOf(id, claim) !== words.results[resultIndex]?.outputHash) {
      throw new MissingEvent(`claim of result ${resultIndex}`);
    }
    const { settlementRoot, impressionCount, validParts } = claim;
    this.result = {
      ...{ settlementRoot: fromHex(settlementRoot), impressionCount },
      validParts: Number(validParts),
    };
    this.root = { level: topLevelOf(impressionCount), index: 0 };
    const own = events.filter(({ fields }) => fields.result === BigInt(resultIndex));
    const hashes = new Map([[placeOf(this.root), settlementRoot]]);
    for (const event of own) {
      if (event.kind === 'entry-named')
        hashes.set(placeOf(positionOf(event)), event.fields.entryHash as Digest);
    }
    const hashOf = (place: EntryPosition): Hex => hashes.get(placeOf(place)) ?? '0x';
    // Amounts of nobody fill the last word: they change no hash.
    const participants = claim.amountWords.length * 4;
    const nodes = own
      .filter(({ kind }) => kind === 'node-opened')
      .map((event) => openedNode(event, participants, hashOf))
      .filter((node) => node !== undefined);
    this.nodes = lastOf(nodes, placeOf);
    const alone = impressionCount === 1n ? amountsOfWords(claim.amountWords) : undefined;
    const leaves = own
      .filter(({ kind }) => kind === 'leaf-opened')
      .map((event) => openedLeaf(event, participants, hashOf, this.nodes, alone))
      .filter((leaf) => leaf !== undefined);
    this.leaves = lastOf(leaves, ({ index }) => index);
  }

  hasOpen({ level, index }: EntryPosition): boolean {
    if (level === 0) return this.leaves.some((leaf) => leaf.index === index);
    return this.nodes.some((node) => node.level === level && node.index === index);
  }
}

function outputHashOf(id: BlockId, claim: ResultTuple): Digest {
  return outputHashOfWords({ ...id, ...resultOfTuple('0x', claim) });
}

function placeOf({ level, index }: EntryPosition): string {
  return `${level}:${index}`;
}

function lastOf<One>(all: readonly One[], keyOf: (one: One) => unknown): One[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

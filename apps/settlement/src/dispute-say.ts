/** From a task of a dispute to the act that does it: what is said, and in which words the log tells it. */
import type { WatchedBlock } from '#block-watch';
import type { ChainOutcome, DisputeActs } from '#chain';
import {
  type AccusationTask,
  accusedMove,
  accuserMove,
  type DisputeTask,
  disproofDue,
  type PanelTask,
  type QuestionMove,
} from '#dispute';
import { type AccusationFacts, type AccusationId, bondWei } from '#protocol';
import type { OwnBlock } from './own-blocks.js';

/** An act that is ready to be sent. */
export interface Saying {
  readonly done: string;
  readonly fields: object;
  /** What it stakes, where the task did not tell. */
  readonly stakesWei?: bigint;
  readonly send: () => Promise<ChainOutcome>;
}

/** There is nothing to say; `reason` is for people. */
export interface Silence {
  readonly reason: string;
}

type PanelAct = Exclude<PanelTask['task'], 'look-at-part'>;

/** Validators that are looked at in one act of drawing a panel: some millions of gas. */
const drawLimit = 200;

/** What takes no computation of one's own. */
export function sayingOf(acts: DisputeActs, block: WatchedBlock, task: DisputeTask): Saying | undefined {
  switch (task.task) {
    case 'accuse': {
      const { resultIndex } = task;
      const result = block.facts.results[resultIndex];
      return {
        done: 'accused a result that differs from the own computation',
        fields: { resultIndex, outputHash: result.outputHash },
        send: () => acts.accuse(block, resultIndex, result, participantOf(block)),
      };
    }
    case 'time-out':
    case 'release':
      return endingOf(acts, block, task.task, task.accusation);
    case 'conclude-question': {
      const { part, participant } = task;
      return {
        done: 'ended a question about a part',
        fields: { part, participant },
        send: () => acts.concludeQuestion(block, part, participant),
      };
    }
    case 'draw-panel':
    case 'appeal-panel':
    case 'conclude-panel':
    case 'release-panel':
      return ofPanel(acts, block, { ...task, task: task.task });
    default:
      return undefined;
  }
}

function endingOf(
  acts: DisputeActs,
  block: WatchedBlock,
  task: 'time-out' | 'release',
  accusation: AccusationFacts,
): Saying {
  const id = idOf(block, accusation);
  const { resultIndex, slot, turn } = accusation;
  const fields = { resultIndex, slot, turn };
  return task === 'release'
    ? { done: 'got the bond of an accusation back', fields, send: () => acts.release(id) }
    : { done: 'ended an accusation whose turn was over', fields, send: () => acts.timeOut(id) };
}

function ofPanel(
  acts: DisputeActs,
  block: WatchedBlock,
  { task, part, round }: PanelTask & { readonly task: PanelAct },
): Saying {
  const fields = { part, round };
  switch (task) {
    case 'draw-panel':
      return { done: 'drew a panel', fields, send: () => acts.drawPanel(block, part, drawLimit) };
    case 'appeal-panel':
      return { done: 'appealed against a panel', fields, send: () => acts.appealPanel(block, part) };
    case 'conclude-panel':
      return { done: 'counted the words of a panel', fields, send: () => acts.concludePanel(block, part) };
    case 'release-panel':
      return { done: 'got the bonds of a panel back', fields, send: () => acts.releasePanel(block, part) };
  }
}

/** As the accuser of a result, or for one that is the own computation. */
export async function sayingInAccusation(
  acts: DisputeActs,
  block: WatchedBlock,
  task: AccusationTask & { readonly task: 'accuser-move' | 'answer' },
  own: OwnBlock,
): Promise<Saying | Silence> {
  const { accusation } = task;
  return task.task === 'answer' ? answer(acts, block, accusation, own) : accuse(acts, block, accusation, own);
}

async function answer(
  acts: DisputeActs,
  block: WatchedBlock,
  accusation: AccusationFacts,
  { tree, terms, parts }: OwnBlock,
): Promise<Saying | Silence> {
  const id = idOf(block, accusation);
  const { resultIndex, slot, named } = accusation;
  const fields = { resultIndex, slot, ...named };
  const move = await parts.made(accusedMove(terms, tree, accusation), tree.validParts);
  switch (move.move) {
    case 'open-node':
      return { done: 'opened a node for a result', fields, send: () => acts.openNode(id, move) };
    case 'open-leaf':
      return { done: 'opened a leaf for a result', fields, send: () => acts.openLeaf(id, move) };
    case 'place-record':
      return { done: 'showed where a doubted record stands', fields, send: () => acts.placeRecord(id, move) };
    case 'none':
      return move;
  }
}

async function accuse(
  acts: DisputeActs,
  block: WatchedBlock,
  accusation: AccusationFacts,
  { tree, terms, parts }: OwnBlock,
): Promise<Saying | Silence> {
  const id = idOf(block, accusation);
  const { resultIndex, slot } = accusation;
  const move = await parts.made(accuserMove(terms, tree, accusation), tree.validParts);
  if (move.move === 'none') return move;
  const fields = { resultIndex, slot, why: move.reason };
  switch (move.move) {
    case 'name-entry': {
      const named = { ...fields, ...move.entry };
      return {
        done: 'named an entry of an accused result',
        fields: named,
        send: () => acts.nameEntry(id, move),
      };
    }
    case 'show-omitted':
      return { done: 'showed a record that a result lacks', fields, send: () => acts.showOmitted(id, move) };
    case 'doubt-record': {
      const { recordIndex } = move;
      const doubted = { ...fields, recordIndex };
      const send = () => acts.doubtRecord(id, recordIndex);
      return { done: 'doubted a record of a result', fields: doubted, send };
    }
  }
}

export function sayingOfQuestion(acts: DisputeActs, block: WatchedBlock, move: QuestionMove): Saying {
  const { part } = move;
  switch (move.move) {
    case 'ask-row': {
      const fields = { part, rowIndex: move.rowIndex, why: move.reason };
      const send = () => acts.askRow(block, move);
      return { done: 'asked about a row of a part', fields, send, stakesWei: bondWei.question };
    }
    case 'ask-panel': {
      const fields = { part, why: move.reason };
      const done = 'asked a panel whether a part was served';
      return { done, fields, send: () => acts.askPanel(block, part), stakesWei: bondWei.question };
    }
    case 'prove-disorder':
      return {
        done: 'showed that batches of a part are out of order',
        fields: { part },
        send: () => acts.proveDisorder(block, move),
      };
    case 'prove-too-many-rows':
      return {
        done: 'showed that a part has too many rows of an author',
        fields: { part },
        send: () => acts.proveTooManyRows(block, move),
      };
  }
}

export async function sayingOfPublication(
  acts: DisputeActs,
  block: WatchedBlock,
  { part, rowIndex }: { readonly part: number; readonly rowIndex: number },
  { parts }: OwnBlock,
): Promise<Saying> {
  const publication = await parts.publication(part, rowIndex);
  const done = 'published a row of a part that somebody asked about';
  return { done, fields: { part, rowIndex }, send: () => acts.publishRow(block, publication) };
}

/** Silence where the sealed bytes decrypt to what was published, or cannot be had. */
export async function sayingOfDisproof(
  acts: DisputeActs,
  block: WatchedBlock,
  posted: { readonly part: number; readonly rowIndex: number },
  { parts, key }: OwnBlock,
): Promise<Saying | Silence> {
  const { part, rowIndex } = posted;
  const rows = block.dispute?.parts.find((one) => one.part === part)?.rows;
  const published = rows?.find((one) => one.rowIndex === rowIndex)?.published;
  if (published === undefined) return { reason: 'not-published' };
  const sealed = await parts.sealed(published.row);
  if (sealed === undefined) return { reason: 'not-served' };
  const move = disproofDue(published, sealed, key);
  if (move.move === 'none') return move;
  const done = 'showed that a row decrypts to something else than was published';
  const send = () =>
    move.move === 'disprove-length'
      ? acts.disproveLength(block, posted, move)
      : acts.disproveText(block, posted, move);
  return { done, fields: { part, rowIndex, how: move.move }, send };
}

function idOf(
  { channelId, blockNumber }: WatchedBlock,
  { resultIndex, slot }: AccusationFacts,
): AccusationId {
  return { channelId, blockNumber, resultIndex, slot };
}

function participantOf({ participant }: WatchedBlock): number {
  if (participant === undefined) throw new Error('only participants accuse');
  return participant;
}

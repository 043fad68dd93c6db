/**
 * A participant's part in disputes (protocol.md 8): accuses what differs from its own computation, answers
 * for what equals it, asks about parts that it does not count, publishes what others ask of those that it
 * does, ends what is over and gets bonds back. What was played is on the chain, and nowhere else.
 */
import { type BlockAct, type DueJob, toldAct, type WatchedBlock } from '#block-watch';
import type { Chain, DisputeActs } from '#chain';
import {
  countsPart,
  type DisputeTask,
  disputeTasks,
  type OwnFound,
  partsLeftOut,
  type PartView,
  type Player,
  questionsDue,
  unansweredOf,
  verdictsAgainst,
} from '#dispute';
import type { Address } from '#encoding';
import { Fault, type Log } from '#environment';
import { type ChannelId, isDue, standingResults } from '#protocol';
import { bondOf, DisputeBonds } from './dispute-bonds.js';
import {
  type Saying,
  type Silence,
  sayingInAccusation,
  sayingOf,
  sayingOfDisproof,
  sayingOfPublication,
  sayingOfQuestion,
} from './dispute-say.js';
import { type OwnBlock, OwnBlocks, type OwnBlocksPorts } from './own-blocks.js';
import { notServed } from './opened-parts.js';
import type { OwnResults } from './own-results.js';

/** What one block's dispute may cost at most. */
export interface DisputeLimits {
  /** Bonds, whatever becomes of them. */
  readonly bondsMaxWei: bigint;
  /** Of the acts that this process made. */
  readonly gasMax: bigint;
}

export interface DisputesPorts extends OwnBlocksPorts {
  readonly chain: Chain;
  readonly log: Log;
}

/** What a game is about that only computes the block. */
const ownGame = 'own';

/** In lanes of their own: what waits for a store's word of parts, and what answers by a deadline. */
export type DisputeLane = 'dispute' | 'answer';

function laneOf({ task }: DisputeTask): DisputeLane {
  const isLook = task === 'question' || task === 'look-at-part' || task === 'appeal-panel';
  return isLook ? 'dispute' : 'answer';
}

/** Noes that say that others were faster, or that the time for it has passed. */
const overtaken = [
  ...['already-accused', 'wrong-turn', 'turn-over', 'turn-not-over', 'result-not-standing'],
  ...['result-standing', 'result-unknown', 'accusation-too-late', 'nothing-else-stood-for'],
  ...['record-already-placed', 'question-too-late', 'part-not-in-doubt'],
  ...['already-asked', 'row-already-published', 'row-too-late', 'question-not-open', 'question-undecided'],
  ...['already-drawn', 'draw-too-early', 'already-concluded', 'nothing-to-appeal', 'block-over'],
  ...['block-open', 'not-drawn', 'wrong-time', 'wrong-stage'],
];

export class Disputes {
  readonly #account: Address;
  readonly #limits: DisputeLimits;
  readonly #ports: DisputesPorts;
  readonly #acts: DisputeActs;
  readonly #results: Pick<OwnResults, 'foundIn'>;
  readonly #own: OwnBlocks;
  readonly #bonds: DisputeBonds;
  /** By block: parts that were looked at, the rows that were held against what was published, and gas. */
  readonly #looked = new Map<string, Looked>();
  readonly #told = new Set<string>();

  constructor(
    account: Address,
    limits: DisputeLimits,
    results: Pick<OwnResults, 'keys' | 'foundIn'>,
    ports: DisputesPorts,
    acts: DisputeActs,
  ) {
    this.#account = account.toLowerCase() as Address;
    this.#limits = limits;
    this.#ports = ports;
    this.#acts = acts;
    this.#results = results;
    this.#own = new OwnBlocks(account, results.keys, ports);
    const tell = this.#tell.bind(this);
    this.#bonds = new DisputeBonds(this.#account, limits.bondsMaxWei, { chain: ports.chain, tell });
  }

  /** Where each game of the block's dispute stands. */
  duesIn(block: WatchedBlock): readonly DueJob[] {
    const { channelId, blockNumber, stage } = block;
    const job = { kind: 'dispute', channelId, blockNumber } as const;
    const jobs = this.#tasks(block).map((task): DueJob => {
      return { ...job, kind: laneOf(task), about: task.game, due: task.due };
    });
    this.#sayWhatIsAgainst(block);
    if (stage.stage !== 'dispute' || !this.#isToCompute(block)) return jobs;
    const untilSeconds = stage.endsAtSeconds;
    return [{ ...job, about: ownGame, due: { due: 'dispute', untilSeconds } }, ...jobs];
  }

  /** Plays one game as far as it goes now. */
  async act(block: WatchedBlock, lane: DisputeLane, game: string, signal: AbortSignal): Promise<BlockAct> {
    if (game === ownGame) return this.#compute(block);
    const inLane = this.#tasks(block).filter((one) => laneOf(one) === lane && one.game === game);
    const task = inLane.find(({ due }) => isDue(due));
    if (task === undefined) return 0;
    try {
      return await this.#play(block, task, signal);
    } catch (cause) {
      const isMissing = cause instanceof Fault && cause.code === 'part-not-served';
      const words = 'it is the participant’s turn in a dispute, and what it takes of a part cannot be had';
      if (isMissing) this.#tell(block, 'dispute-part-missing', { game, why: cause.message }, words);
      throw cause;
    }
  }

  async #play(block: WatchedBlock, task: DisputeTask, signal: AbortSignal): Promise<BlockAct> {
    if (await this.#isLookDue(block, task)) return 1;
    const saying = sayingOf(this.#acts, block, task) ?? (await this.#sayingWithOwn(block, task));
    if (saying === undefined) return 'again';
    if ('reason' in saying) return this.#silent(block, task, saying);
    signal.throwIfAborted();
    return this.#say(block, task, saying);
  }

  /** Forgets what was computed of blocks that are over. */
  forget(channelId: ChannelId, lowestUnfinished: number): void {
    this.#own.forget(channelId, lowestUnfinished);
    for (const id of this.#looked.keys()) {
      const [channel, block] = id.split('/');
      if (channel === channelId && Number(block) < lowestUnfinished) this.#looked.delete(id);
    }
  }

  #tasks(block: WatchedBlock): DisputeTask[] {
    const { dispute, height } = block;
    if (dispute === undefined) return [];
    return disputeTasks({ block, dispute, height }, this.#player(block));
  }

  #player(block: WatchedBlock): Player {
    const { views, compared } = this.#lookedAt(block);
    const found = this.#found(block);
    const own = found === 'coming' ? undefined : found;
    return { participant: indexIn(block), account: this.#account, own, views: [...views.values()], compared };
  }

  /**
   * What own results are computed for is not computed twice before its tree is needed; and it is of all
   * parts, which may be had no more when the tree is made.
   */
  #found(block: WatchedBlock): OwnFound | 'coming' | undefined {
    const known = this.#results.foundIn(block);
    return known === undefined || known === 'coming' ? (this.#own.found(block) ?? known) : known;
  }

  /** Nothing was found yet, or not all could be had. */
  #isToCompute(block: WatchedBlock): boolean {
    if (this.#found(block) === undefined) return true;
    const isWhole = this.#results.foundIn(block) !== undefined;
    return !isWhole && this.#own.isStale(block);
  }

  async #compute(block: WatchedBlock): Promise<BlockAct> {
    if (block.stage.stage !== 'dispute' || !this.#isToCompute(block)) return 0;
    return (await this.#own.renewed(block)) === undefined ? 'again' : 1;
  }

  async #sayingWithOwn(block: WatchedBlock, task: DisputeTask): Promise<Saying | Silence | undefined> {
    const own = await this.#own.of(block);
    if (own === undefined) return undefined;
    switch (task.task) {
      case 'accuser-move':
      case 'answer':
        return sayingInAccusation(
          this.#acts,
          block,
          { ...task, task: task.task },
          await this.#whole(block, own),
        );
      case 'question':
        return this.#question(block, task.part, own);
      case 'publish':
        return sayingOfPublication(this.#acts, block, task, own);
      case 'disprove':
        return sayingOfDisproof(this.#acts, block, task, own);
      default:
        throw new Error(`${task.task} takes no own computation`);
    }
  }

  /** With the tree of what was found, and not of what was left of it. */
  async #whole(block: WatchedBlock, own: OwnBlock): Promise<OwnBlock> {
    const found = this.#found(block);
    if (found === undefined || found === 'coming') return own;
    if (found.outputHash === own.found.outputHash) return own;
    const renewed = await this.#own.renewed(block);
    if (renewed !== undefined && found.outputHash === renewed.found.outputHash) return renewed;
    throw notServed('a part');
  }

  /**
   * Before a verdict is appealed against, which takes twice the bond, its part is looked at anew: members of
   * the panel that say they hold it serve it. Whether that made another task due.
   */
  async #isLookDue(block: WatchedBlock, task: DisputeTask): Promise<boolean> {
    if (task.task !== 'look-at-part' && task.task !== 'appeal-panel') return false;
    const { part } = task;
    const own = await this.#own.of(block);
    if (own === undefined || countsPart(own.found, part)) return false;
    const { view } = await this.#look(block, part, own);
    return task.task === 'look-at-part' || !view.findings.some(({ fault }) => fault === 'not-served');
  }

  async #look(block: WatchedBlock, part: number, own: OwnBlock) {
    const view = await own.parts.look(part);
    const { views } = this.#lookedAt(block);
    const isNew = !views.has(part);
    views.set(part, view);
    return { view, isNew };
  }

  /** Looks at the part now: what could not be had before may have come. */
  async #question(block: WatchedBlock, part: number, own: OwnBlock): Promise<Saying | Silence> {
    if (block.dispute === undefined) return { reason: 'not-disputed' };
    const { view, isNew } = await this.#look(block, part, own);
    const standing = standingResults(block.facts).map(({ validParts }) => validParts);
    const me = indexIn(block);
    const leftOut = partsLeftOut(block.facts, me);
    const [move] = questionsDue(me, standing, [view], block.dispute.parts, leftOut);
    if (move === undefined) return { reason: 'nothing-to-ask' };
    // Whether it is time to ask is said by the next look.
    if (isNew) return { reason: 'looked-at' };
    return sayingOfQuestion(this.#acts, block, move);
  }

  #silent(block: WatchedBlock, task: DisputeTask, { reason }: Silence): BlockAct {
    const { channelId, blockNumber } = block;
    if (reason === 'looked-at') return 1;
    const isTurn = task.task === 'accuser-move' || task.task === 'answer' || task.task === 'disprove';
    if (reason === 'decrypts-to-published' && 'rowIndex' in task) {
      this.#lookedAt(block).compared.add(`${task.part}/${task.rowIndex}`);
      return 1;
    }
    const fields = { channelId, blockNumber, game: task.game, task: task.task, reason };
    if (isTurn) {
      const words = 'it is the participant’s turn in a dispute, and it finds nothing that it could say';
      this.#tell(block, 'dispute-speechless', fields, words);
    } else this.#ports.log.debug(fields, 'there is nothing to say in a dispute');
    return 'again';
  }

  #sayWhatIsAgainst(block: WatchedBlock): void {
    const { dispute, height } = block;
    if (dispute === undefined || block.stage.stage !== 'dispute') return;
    const seen = { block, dispute, height };
    const player = this.#player(block);
    const results = unansweredOf(seen, player);
    const unanswered =
      'a result is accused for which the participant stands, and its own computation is another: no answer';
    if (results.length > 0) this.#tell(block, 'dispute-unanswered', { results }, unanswered);
    const parts = verdictsAgainst(seen, player);
    const differs = 'A PANEL SAID of parts in the end what is not so by the own look at them';
    if (parts.length > 0) this.#tell(block, 'dispute-verdict-differs', { parts }, differs);
  }

  async #say(block: WatchedBlock, task: DisputeTask, saying: Saying): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const looked = this.#lookedAt(block);
    if (looked.gasUsed >= this.#limits.gasMax) {
      const found = { gasUsed: String(looked.gasUsed), gasMax: String(this.#limits.gasMax) };
      const words = 'the dispute has taken as much gas as it may: nothing more is said in it';
      this.#tell(block, 'dispute-gas-used-up', found, words);
      return 0;
    }
    const wei = saying.stakesWei ?? bondOf(task);
    const outcome = await this.#bonds.staking(block, indexIn(block), wei, saying.send);
    if (outcome === undefined) return 'again';
    if (outcome.ok) looked.gasUsed += outcome.gasUsed;
    return toldAct(outcome, {
      log: this.#ports.log,
      fields: { channelId, blockNumber, ...saying.fields },
      done: saying.done,
      refused: `the chain did not take what was to be said in a dispute: ${task.task}`,
      expected: overtaken,
    });
  }

  #lookedAt({ channelId, blockNumber }: WatchedBlock): Looked {
    const id = `${channelId}/${blockNumber}`;
    const known = this.#looked.get(id) ?? { views: new Map(), compared: new Set(), gasUsed: 0n };
    this.#looked.set(id, known);
    return known;
  }

  /** Once a block. */
  #tell({ channelId, blockNumber }: WatchedBlock, notice: string, fields: object, words: string): void {
    const id = `${notice}/${channelId}/${blockNumber}`;
    if (this.#told.has(id)) return;
    this.#told.add(id);
    this.#ports.log.error({ channelId, blockNumber, notice, ...fields }, words);
  }
}

interface Looked {
  readonly views: Map<number, PartView>;
  readonly compared: Set<string>;
  gasUsed: bigint;
}

function indexIn({ participant }: WatchedBlock): number {
  if (participant === undefined) throw new Error('the watch shows blocks of others');
  return participant;
}

/**
 * The seats of a validator in panels (protocol.md 8): says whether a part is served that it was drawn for, by
 * commit and reveal, and keeps what it says that it holds. It needs no key and sees no record.
 */
import {
  type BlockAct,
  type BlockWatch,
  committedPart,
  type DueJob,
  type PartRetention,
  toldAct,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ChainOutcome, DisputeActs } from '#chain';
import { type PanelSeat, panelSeats } from '#dispute';
import type { Address } from '#encoding';
import { Fault, messageOf } from '#environment';
import { type BlockId, type ChannelId, isDue, panelCommitmentOf } from '#protocol';
import { PanelDraws } from './panel-draws.js';
import { committedWord, type PanelSpeaker, panelWordOf } from './panel-words.js';
import { keepServed, type Served, type ServedPartPorts } from './served-part.js';

export interface PanelSeatsPorts extends ServedPartPorts {
  readonly chain: Chain;
}

/** Noes that say that it is done already, or that the time for it has passed. */
const overtaken = ['wrong-time', 'block-over', 'already-concluded', 'not-drawn', 'commitment-mismatch'];

/** What the last look takes in any case. */
const leastPatienceMs = 1_000;

export class PanelSeats {
  readonly #speaker: PanelSpeaker;
  readonly #watch: BlockWatch;
  readonly #retention: PartRetention;
  readonly #ports: PanelSeatsPorts;
  readonly #acts: DisputeActs;
  /** Blocks with panels in which it may sit; found again after a restart. */
  readonly #draws: PanelDraws;

  constructor(privateKey: Uint8Array, watch: BlockWatch, retention: PartRetention, ports: PanelSeatsPorts) {
    this.#acts = ports.chain.disputeActs(privateKey);
    this.#speaker = { member: this.#acts.address.toLowerCase() as Address, privateKey };
    this.#watch = watch;
    this.#retention = retention;
    this.#ports = ports;
    this.#draws = new PanelDraws(ports);
  }

  async dues(): Promise<readonly DueJob[]> {
    await this.#draws.find();
    const found = await this.#read(this.#draws.blocks);
    return found.flatMap((block) => {
      const { channelId, blockNumber } = block;
      const seats = this.#seatsIn(block);
      if (seats.length === 0) this.#draws.forget(block);
      return seats.map(({ part, due }): DueJob => {
        return { kind: 'panel', channelId, blockNumber, about: `part/${part}`, due };
      });
    });
  }

  async act(
    channelId: ChannelId,
    blockNumber: number,
    signal: AbortSignal,
    about?: string,
  ): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    const seats = block === undefined ? [] : this.#seatsIn(block);
    const seat = seats.find(({ part, due }) => `part/${part}` === about && isDue(due));
    if (block === undefined || seat === undefined) return 0;
    switch (seat.step) {
      case 'commit':
        return this.#commit(block, seat, signal);
      case 'reveal':
        return this.#reveal(block, seat);
      case 'conclude':
        return this.#told(block, seat, this.#acts.concludePanel(block, seat.part));
      case 'release':
        return this.#told(block, seat, this.#acts.releasePanel(block, seat.part));
    }
  }

  /** Those that can be read: they are of anybody's channels, and one of them keeps no other seat waiting. */
  async #read(ids: readonly BlockId[]): Promise<readonly WatchedBlock[]> {
    try {
      return await this.#watch.blocksOf(ids);
    } catch (cause) {
      // A node that does not answer at all is no matter of one block.
      if (!(cause instanceof Fault) || cause.code === 'chain-unavailable') throw cause;
      const words = 'a block with a panel cannot be read, and will be looked at again';
      if (ids.length <= 1) {
        this.#ports.log.warn({ ...ids[0], cause: messageOf(cause) }, words);
        return [];
      }
    }
    const half = Math.ceil(ids.length / 2);
    return [...(await this.#read(ids.slice(0, half))), ...(await this.#read(ids.slice(half)))];
  }

  #seatsIn(block: WatchedBlock): readonly PanelSeat[] {
    const { dispute, height } = block;
    return dispute === undefined ? [] : panelSeats({ block, dispute, height }, this.#speaker.member);
  }

  async #commit(block: WatchedBlock, seat: PanelSeat, signal: AbortSignal): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const { part, place } = seat;
    const lastSeconds = ((isDue(seat.due) ? seat.due.untilSeconds : undefined) ?? 0) - marginOf(block);
    const served = await this.#look(block, part, lastSeconds - block.nowSeconds);
    signal.throwIfAborted();
    // What no store surely lacks may still come; the look may have taken its time.
    const { timestampSeconds } = await this.#ports.chain.time();
    if (served === 'unsure' && timestampSeconds < lastSeconds) return 'again';
    const isHeld = served === 'held';
    if (!isHeld) await this.#ports.partStore.release(this.#ownerOf(block, part));
    this.#ports.log.info({ channelId, blockNumber, part, isHeld }, 'looked whether a part is served');
    const word = panelWordOf(this.#speaker, { channelId, blockNumber, ...seat }, isHeld);
    const commitment = panelCommitmentOf(word);
    return this.#told(block, seat, this.#acts.commitPanel(block, part, place, commitment));
  }

  async #reveal(block: WatchedBlock, seat: PanelSeat): Promise<BlockAct> {
    const { part, round, place } = seat;
    const panel = block.dispute?.parts.find((one) => one.part === part)?.panel;
    const { commitment } = panel?.rounds[round].members[place] ?? {};
    const { channelId, blockNumber } = block;
    const said = committedWord(this.#speaker, { channelId, blockNumber, part, round }, commitment);
    if (said === undefined) {
      const fields = { channelId, blockNumber, part, commitment };
      this.#ports.log.error(fields, 'the commitment in a panel is none of this key');
      return 0;
    }
    return this.#told(block, seat, this.#acts.revealPanel(block, part, place, said.isHeld, said.salt));
  }

  /** Takes half of the time that is left, so that another look may follow. */
  #look(block: WatchedBlock, part: number, leftSeconds: number): Promise<Served> {
    const posted = block.facts.parts.find(({ participant }) => participant === part);
    if (posted === undefined) return Promise.resolve('not-held');
    const patienceMs = Math.max(leastPatienceMs, leftSeconds * 500);
    const { commitment } = committedPart(posted);
    return keepServed(commitment, this.#ownerOf(block, part), patienceMs, this.#ports);
  }

  /** What the retention lets go of by the block's name, some time after it is over. */
  #ownerOf({ channelId, blockNumber }: WatchedBlock, part: number): string {
    return `${this.#retention.ownerOf(channelId, blockNumber)}/part-${part}`;
  }

  async #told(block: WatchedBlock, seat: PanelSeat, outcome: Promise<ChainOutcome>): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const { part, round, step } = seat;
    return toldAct(await outcome, {
      log: this.#ports.log,
      fields: { channelId, blockNumber, part, round },
      done: doneWords[step],
      refused: `the chain did not take what a panel was to do: ${step}`,
      expected: overtaken,
    });
  }
}

const doneWords = {
  commit: 'committed to a word in a panel',
  reveal: 'revealed its word in a panel',
  conclude: 'counted the words of a panel',
  release: 'got the bonds of a panel back',
} as const;

/** It commits no later than so long before the time for it ends. */
function marginOf({ terms }: WatchedBlock): number {
  return Math.min(60, Math.max(1, Math.floor(terms.processingPeriod / 8)));
}

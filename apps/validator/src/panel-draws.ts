/**
 * Which blocks have panels that were drawn, from the chain's log: what happened lately first, so that a
 * process that starts on a long chain finds its seats before their time is over.
 */
import type { WatchedBlock } from '#block-watch';
import type { Chain, EventCursor } from '#chain';
import { type Log, messageOf } from '#environment';
import type { BlockId } from '#protocol';

export interface PanelDrawsPorts {
  readonly chain: Chain;
  readonly log: Log;
}

/** About a week of a chain that makes a height in twelve seconds. */
const recentHeights = 50_000;
/** What was made since is read at once; a look takes no more than these. */
const pagesMax = 64;

/** A reading of the log that goes on where it was, up to a height or without an end. */
interface Reading {
  readonly untilHeight: number;
  cursor: EventCursor | undefined;
}

export class PanelDraws {
  readonly #ports: PanelDrawsPorts;
  /** With the height of the last draw. */
  readonly #found = new Map<string, { readonly id: BlockId; readonly height: number }>();
  #recent: Reading | undefined;
  /** Of what was before, as long as it is not read. */
  #earlier: Reading | undefined;

  constructor(ports: PanelDrawsPorts) {
    this.#ports = ports;
  }

  get blocks(): readonly BlockId[] {
    return [...this.#found.values()].map(({ id }) => id);
  }

  /** Goes on; what fails is read by the next look. */
  async find(): Promise<void> {
    try {
      this.#recent ??= await this.#begin();
      for (let pages = 0; pages < pagesMax; pages++) if (await this.#read(this.#recent)) break;
      // One page a look, so that a long chain keeps no seat waiting.
      if (this.#earlier !== undefined && (await this.#read(this.#earlier))) this.#earlier = undefined;
    } catch (cause) {
      this.#ports.log.warn({ cause: messageOf(cause) }, 'panels will be looked for again');
    }
  }

  /**
   * The block, as it was read, has nothing for the validator any more. One that was read as of a height
   * before the draw says nothing: the next answer of the node may be newer.
   */
  forget(block: Pick<WatchedBlock, 'channelId' | 'blockNumber' | 'height'>): void {
    const known = this.#found.get(nameOf(block));
    if (known !== undefined && block.height >= known.height) this.#found.delete(nameOf(block));
  }

  async #begin(): Promise<Reading> {
    const { chain } = this.#ports;
    const start = (await chain.time()).height - recentHeights;
    if (start <= 0) return { untilHeight: Number.POSITIVE_INFINITY, cursor: undefined };
    this.#earlier = { untilHeight: start, cursor: undefined };
    const cursor = { height: start, hash: await chain.heightHash(start), logIndex: -1 };
    return { untilHeight: Number.POSITIVE_INFINITY, cursor };
  }

  /** A page; whether that was all. */
  async #read(reading: Reading): Promise<boolean> {
    const page = await this.#ports.chain.events(reading.cursor, { kinds: ['panel-drawn'] });
    for (const event of page.events) {
      if (event.kind !== 'panel-drawn') continue;
      const { channelId, blockNumber, at } = event;
      this.#found.set(nameOf(event), { id: { channelId, blockNumber }, height: at.height });
    }
    reading.cursor = page.cursor;
    return page.isLast || page.cursor.height >= reading.untilHeight;
  }
}

const nameOf = ({ channelId, blockNumber }: BlockId): string => `${channelId}/${blockNumber}`;

/**
 * The log of a block's dispute, kept as far as it was read: a dispute lasts for days, and whoever follows it
 * looks again and again.
 */
import { fromHex, type Hex } from '#encoding';
import { lastingTimers, type Timers } from '#environment';
import type { BlockId, DisputeFacts } from '#protocol';
import { accusationsIn } from './accusation-facts.js';
import { decodeEvent } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { type DisputeAt, type DisputeEvent, MissingEvent } from './dispute-reading.js';
import { blockAt } from './finality.js';
import type { RpcCalls } from './json-rpc.js';
import { logsOfBlock, readWhole } from './logs-of-block.js';
import { questionedPartsIn } from './question-facts.js';
import { pageHeights } from './read-events.js';

interface KnownLog {
  readonly events: readonly DisputeEvent[];
  /** The last height of which they are all, by its hash. */
  readonly end: { readonly height: number; readonly hash: Hex };
}

/** Blocks whose log is kept: published segments are in it, and few blocks are ever in dispute at once. */
const blocksKeptMax = 16;

export class DisputeLog {
  readonly #rpc: RpcCalls;
  readonly #addresses: readonly Hex[];
  readonly #timers: Timers;
  /** The longest unused first. */
  readonly #known = new Map<string, KnownLog>();

  constructor(
    rpc: RpcCalls,
    { Adjudicator, Questions, Panel }: Pick<ContractAddresses, 'Adjudicator' | 'Questions' | 'Panel'>,
    timers: Timers = lastingTimers,
  ) {
    this.#rpc = rpc;
    this.#addresses = [Adjudicator, Questions, Panel];
    this.#timers = timers;
  }

  /**
   * The facts behind what is stored at the height. Throws a retriable Fault `chain-snapshot-gone` where the
   * node's log is that of another height and stays so.
   */
  async facts(at: DisputeAt): Promise<DisputeFacts> {
    if (at.words.disputedAt === 0n) return { accusations: [], parts: [] };
    return readWhole(at.height, this.#timers, () => this.#factsOnce(at));
  }

  async #factsOnce(at: DisputeAt): Promise<DisputeFacts | string> {
    const { id, words, height } = at;
    const key = `${id.channelId}:${id.blockNumber}`;
    const from = Math.min(...words.parts.map((part) => Number(part.height)));
    const log = await this.#log(this.#known.get(key), id, from, height);
    const events = log.events.filter((event) => event.height <= height);
    try {
      const [accusations, parts] = await Promise.all([
        accusationsIn(at, events),
        questionedPartsIn(at, events),
      ]);
      this.#keep(key, log);
      return { accusations, parts };
    } catch (cause) {
      if (cause instanceof MissingEvent) return cause.message;
      throw cause;
    }
  }

  async #log(known: KnownLog | undefined, id: BlockId, first: number, height: number): Promise<KnownLog> {
    if (known !== undefined && (await blockAt(this.#rpc, known.end.height)).hash === known.end.hash) {
      return known.end.height >= height ? known : this.#goOn(known, id, known.end.height + 1, height);
    }
    return this.#goOn({ events: [] }, id, first, height);
  }

  async #goOn(
    { events }: Pick<KnownLog, 'events'>,
    id: BlockId,
    from: number,
    to: number,
  ): Promise<KnownLog> {
    // Its hash before its logs: were it rolled back in between, the next call finds the hash to be another.
    const { hash } = await blockAt(this.#rpc, to);
    const found = [...events];
    for (let at = from; at <= to; at += pageHeights) {
      const last = Math.min(to, at + pageHeights - 1);
      const logs = await logsOfBlock(this.#rpc, this.#addresses, id, at, last);
      const page = logs.map((log) => ({ ...log, height: Number(log.blockNumber), at: Number(log.logIndex) }));
      page.sort((one, other) => one.height - other.height || one.at - other.at);
      for (const { topics, data, height } of page) {
        const decoded = decodeEvent(topics, data);
        if (decoded !== undefined) found.push({ ...packed(decoded), height });
      }
    }
    return { events: found, end: { height: to, hash } };
  }

  #keep(key: string, log: KnownLog): void {
    this.#known.delete(key);
    this.#known.set(key, log);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= blocksKeptMax) break;
      this.#known.delete(oldest);
    }
  }
}

/** What is long, as bytes: as text it takes twice the memory, for as long as the dispute lasts. */
const longFields = ['entries', 'records', 'segment'];

function packed({ kind, fields }: Omit<DisputeEvent, 'height'>): Omit<DisputeEvent, 'height'> {
  const entries = Object.entries(fields).map(([name, value]) => {
    return [name, longFields.includes(name) ? fromHex(value as Hex) : value] as const;
  });
  return { kind, fields: Object.fromEntries(entries) };
}

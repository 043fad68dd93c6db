/** Posts the acts of one key to a node that is not ours: its own nonces, estimated gas, fees, an outbox that
 *  survives a restart, and waiting for the height. */
import type { Address, Digest, Hex } from '#encoding';
import { type Clock, Fault, type Log, messageOf, type Timers } from '#environment';
import type { ChainOutcome } from './chain-outcome.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { signTransaction } from './contract-codec.js';
import { blockAt, latestHeight } from './finality.js';
import { type Fees, feesOf, gasLimitOf, gasPriceWei, raised } from './gas.js';
import { GasAlarm } from './gas-alarm.js';
import { JsonRpcRefused, type RpcCalls, unavailable } from './json-rpc.js';
import type { KeyTurns, PendingAct } from './key-turns.js';
import { lookAtHeights } from './look-at-heights.js';
import type { Outbox, OutboxEntry } from './outbox.js';
import { refusalOf } from './refusal-of.js';

export interface TransactionPosterOptions {
  readonly rpc: RpcCalls;
  readonly chainId: number;
  readonly heights: { subscribe(wake: () => void): () => void };
  /** Number of the highest height that is never rolled back. */
  readonly finalizedHeight: () => Promise<number>;
  readonly turns: KeyTurns;
  readonly outbox: Outbox;
  readonly inclusionTimeoutMs: number;
  /** How long a transaction may wait before it is replaced by one with higher fees. */
  readonly replaceAfterMs: number;
  readonly timers: Timers;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

/** What the node says of a transaction in a height. */
export interface TransactionReceipt {
  readonly transactionHash: Digest;
  readonly status: Hex;
  readonly blockNumber: Hex;
  readonly gasUsed: Hex;
}

/** How often an act looks for a free nonce while another process posts with the same key. */
const nonceTriesMax = 10;
/** Heights for which a receipt may lag behind the count of transactions before the nonce counts as taken. */
const receiptLagLooks = 3;

/** Each replacement costs an eighth more: so many cost ten times as much. */
const versionsMax = 20;

type Sent = { readonly pending: PendingAct } | { readonly outcome: ChainOutcome };

export class TransactionPoster implements ActPoster {
  readonly address: Address;
  readonly #privateKey: Uint8Array;
  readonly #options: TransactionPosterOptions;
  readonly #gasAlarm: GasAlarm;

  constructor(privateKey: Uint8Array, address: Address, options: TransactionPosterOptions) {
    this.address = address;
    this.#privateKey = privateKey;
    this.#options = options;
    this.#gasAlarm = new GasAlarm(address, options.clock, options.log);
  }

  /** A refusal is found by the estimate, before anything is sent. Throws a retriable Fault
   *  `chain-unavailable` when the node is away or the act is in no height in time: it is still in the outbox,
   *  and the same act asked for again waits for the one that was sent. */
  async post(act: ChainAct): Promise<ChainOutcome> {
    for (let tries = 1; ; tries++) {
      const sent = await this.#options.turns.take(() => this.#send(act));
      if ('outcome' in sent) return sent.outcome;
      const receipt = await this.#receiptOf(sent.pending);
      if (receipt !== undefined) {
        sent.pending.wasIncluded = true;
        return this.#outcomeOf(act, receipt);
      }
      // Another process took the nonce: whether the act is still called for, the estimate says.
      if (tries === nonceTriesMax) throw unavailable('other processes post with the same key', undefined);
    }
  }

  async #send(act: ChainAct): Promise<Sent> {
    try {
      const waiting = await this.#onItsWay(act);
      if (waiting !== undefined) return { pending: waiting };
      for (let tries = 0; tries < nonceTriesMax; tries++) {
        const composed = await this.#compose(act);
        if ('outcome' in composed) return composed;
        if (await this.#isTaken(composed.pending)) {
          composed.pending.waiting++;
          return composed;
        }
      }
      throw unavailable('other processes post with the same key', undefined);
    } catch (cause) {
      if (isWithoutGas(cause)) return { outcome: await this.#withoutGas() };
      const refusal = refusalOf(cause);
      if (refusal !== undefined) return { outcome: { ok: false, ...refusal } };
      if (cause instanceof JsonRpcRefused) throw unavailable(cause.message, cause);
      throw cause;
    }
  }

  /** Settles what earlier sendings left; gives back the one of `act` that nobody waits for. */
  async #onItsWay(act: ChainAct): Promise<PendingAct | undefined> {
    const { turns, outbox } = this.#options;
    if (!turns.isLoaded) {
      for (const entry of await outbox.entries(this.address)) {
        turns.pending.set(entry.nonce, { entry, waiting: 0, wasIncluded: false, sentAtMs: undefined });
      }
      turns.isLoaded = true;
    }
    if (turns.pending.size === 0) return undefined;
    const [latest, finalized] = await Promise.all([this.#count('latest'), this.#finalizedCount()]);
    for (const [nonce, pending] of [...turns.pending]) {
      if (nonce < finalized && pending.waiting === 0) {
        turns.pending.delete(nonce);
        await outbox.forget(this.address, nonce);
      }
    }
    const left = this.#left(latest);
    for (const pending of left) await this.#broadcast(pending).catch(this.#unanswered);
    const same = left.find(({ entry, wasIncluded }) => !wasIncluded && isSame(entry.act, act));
    if (same !== undefined) same.waiting++;
    return same;
  }

  /** What nobody waits for and no height has, by nonce: what is missing there holds back every later act. */
  #left(count: number): PendingAct[] {
    return [...this.#options.turns.pending.values()]
      .filter(({ entry, waiting }) => waiting === 0 && entry.nonce >= count)
      .sort((one, other) => one.entry.nonce - other.entry.nonce);
  }

  /** Estimated, paid for, signed and kept; not yet sent. */
  async #compose(act: ChainAct): Promise<Sent> {
    const { rpc, chainId, turns, outbox } = this.#options;
    const call = { from: this.address, to: act.to, data: act.data, value: hexOf(act.valueWei) };
    const [estimate, latest, priceWei, count, balance] = await Promise.all([
      rpc.call<Hex>('eth_estimateGas', call, 'latest'),
      latestHeight(rpc),
      gasPriceWei(rpc),
      this.#count('pending'),
      rpc.call<Hex>('eth_getBalance', this.address, 'latest'),
    ]);
    const gasLimit = gasLimitOf(BigInt(estimate));
    const fees = feesOf(latest.baseFeePerGasWei, priceWei);
    const neededWei = gasLimit * fees.maxFeePerGasWei + act.valueWei;
    if (BigInt(balance) < neededWei) {
      return { outcome: { ok: false, ...this.#gasAlarm.refusal(BigInt(balance), neededWei) } };
    }
    const nonce = turns.freeNonce(count);
    const newest = this.#sign({ chainId, nonce, act, gasLimit, fees });
    const entry: OutboxEntry = { nonce, act, gasLimit, newest, earlier: [] };
    await outbox.keep(this.address, entry);
    const pending: PendingAct = { entry, waiting: 0, wasIncluded: false, sentAtMs: undefined };
    turns.pending.set(nonce, pending);
    return { pending };
  }

  /** Sends it; false where the nonce belongs to another process, true also where no answer came. */
  async #isTaken(pending: PendingAct): Promise<boolean> {
    const { turns } = this.#options;
    try {
      await this.#broadcast(pending);
      return true;
    } catch (cause) {
      if (!(cause instanceof JsonRpcRefused)) {
        // It may have arrived: from here on it is sent again until the chain has taken it.
        this.#unanswered(cause);
        return true;
      }
      await this.#drop(pending);
      if (!isForeignNonce(cause)) throw cause;
      turns.skip(pending.entry.nonce);
      return false;
    }
  }

  async #broadcast(pending: PendingAct): Promise<void> {
    const { rpc, clock } = this.#options;
    try {
      await rpc.call('eth_sendRawTransaction', pending.entry.newest.raw);
    } catch (cause) {
      // It is where it should be: an earlier try reached the node, its answer did not reach us.
      const isThere =
        cause instanceof JsonRpcRefused && /already (known|imported)|known transaction/i.test(cause.message);
      if (!isThere) throw cause;
    }
    pending.sentAtMs ??= clock.monotonicMs();
  }

  /** Undefined where the nonce went to a transaction that is not ours. */
  async #receiptOf(pending: PendingAct): Promise<TransactionReceipt | undefined> {
    const { heights, inclusionTimeoutMs: timeoutMs, timers } = this.#options;
    let overdueLooks = 0;
    const looking = { heights, timers, timeoutMs, failed: this.#unanswered };
    const found = await lookAtHeights(looking, async () => {
      const seen = await this.#look(pending);
      if (seen !== 'overdue') return seen;
      if (++overdueLooks < receiptLagLooks) return undefined;
      await this.#drop(pending);
      return seen;
    });
    pending.waiting--;
    const { nonce, newest } = pending.entry;
    if (found === 'too-late') {
      throw unavailable(`${newest.hash} is in no height after ${timeoutMs} ms`, undefined);
    }
    if (found !== 'overdue') return found;
    const message = 'a transaction of another process took the nonce: each key should have one poster';
    this.#options.log.error({ address: this.address, nonce }, message);
    return undefined;
  }

  /** Its own receipt; `overdue` where the nonce is used up without one; undefined while it waits. */
  async #look(pending: PendingAct): Promise<TransactionReceipt | 'overdue' | undefined> {
    const { rpc, clock, replaceAfterMs } = this.#options;
    const { earlier, newest } = pending.entry;
    const hashes = [...earlier, newest.hash];
    const [count, ...receipts] = await Promise.all([
      this.#count('latest'),
      ...hashes.map((hash) => rpc.call<TransactionReceipt | null>('eth_getTransactionReceipt', hash)),
    ]);
    // Some nodes answer with the receipt of what replaced the transaction.
    const receipt = receipts.find((one) => one !== null && hashes.includes(one.transactionHash));
    if (receipt) return receipt;
    if (count > pending.entry.nonce) return 'overdue';
    if (pending.sentAtMs === undefined) await this.#broadcast(pending);
    else if (clock.monotonicMs() - pending.sentAtMs >= replaceAfterMs) {
      // What nobody waits for at a lower nonce holds this one back.
      const before = this.#left(count).filter(({ entry }) => entry.nonce < pending.entry.nonce);
      for (const stuck of [...before, pending]) await this.#replace(stuck);
    }
    return undefined;
  }

  /** The same act at the same nonce for more: one of them gets into a height, never both. */
  async #replace(pending: PendingAct): Promise<void> {
    const { rpc, chainId, outbox, log } = this.#options;
    const { entry } = pending;
    const { nonce, act, gasLimit, newest, earlier } = entry;
    const [latest, priceWei] = await Promise.all([latestHeight(rpc), gasPriceWei(rpc)]);
    pending.sentAtMs = undefined;
    if (newest.maxFeePerGasWei > 0n && earlier.length + 1 < versionsMax) {
      const fees = raised(newest, feesOf(latest.baseFeePerGasWei, priceWei));
      const again = this.#sign({ chainId, nonce, act, gasLimit, fees });
      pending.entry = { ...entry, newest: again, earlier: [...earlier, newest.hash] };
      await outbox.keep(this.address, pending.entry);
      log.warn({ nonce, hash: again.hash, replaces: newest.hash }, 'an act was stuck and is sent for more');
    }
    await this.#broadcast(pending);
  }

  async #drop({ entry: { nonce } }: PendingAct): Promise<void> {
    this.#options.turns.pending.delete(nonce);
    await this.#options.outbox.forget(this.address, nonce);
  }

  async #outcomeOf(act: ChainAct, receipt: TransactionReceipt): Promise<ChainOutcome> {
    const height = Number(receipt.blockNumber);
    if (Number(receipt.status) !== 1) return this.#refusedIn(act, height);
    const { timestampSeconds } = await blockAt(this.#options.rpc, height);
    return { ok: true, height, timestampSeconds, gasUsed: BigInt(receipt.gasUsed) };
  }

  /**
   * An act that ran out of gas, or shared its height with one that made it pointless: asked again on top of
   * that, it says why, if it still does not succeed.
   */
  async #refusedIn(act: ChainAct, height: number): Promise<ChainOutcome> {
    const call = { from: this.address, to: act.to, data: act.data, value: hexOf(act.valueWei) };
    try {
      await this.#options.rpc.call('eth_call', call, 'latest');
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal !== undefined) return { ok: false, ...refusal };
      throw cause;
    }
    return { ok: false, code: 'reverted', message: `the act was reverted in height ${height}` };
  }

  async #withoutGas(): Promise<ChainOutcome> {
    const balance = await this.#options.rpc.call<Hex>('eth_getBalance', this.address, 'latest');
    return { ok: false, ...this.#gasAlarm.refusal(BigInt(balance)) };
  }

  async #count(at: 'latest' | 'pending' | Hex): Promise<number> {
    return Number(await this.#options.rpc.call<Hex>('eth_getTransactionCount', this.address, at));
  }

  /** Transactions that no rollback takes back; none where the node keeps no state of that height. */
  async #finalizedCount(): Promise<number> {
    try {
      return await this.#count(hexOf(await this.#options.finalizedHeight()));
    } catch (cause) {
      if (cause instanceof JsonRpcRefused || cause instanceof Fault) return 0;
      throw cause;
    }
  }

  #sign(given: {
    readonly chainId: number;
    readonly nonce: number;
    readonly act: ChainAct;
    readonly gasLimit: bigint;
    readonly fees: Fees;
  }) {
    const { act, fees, ...rest } = given;
    return { ...signTransaction({ ...rest, ...act, ...fees }, this.#privateKey), ...fees };
  }

  readonly #unanswered = (cause: unknown): void => {
    this.#options.log.debug({ cause: messageOf(cause), address: this.address }, 'no answer about an act');
  };
}

export function hexOf(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

function isSame(one: ChainAct, other: ChainAct): boolean {
  return one.to === other.to && one.data === other.data && one.valueWei === other.valueWei;
}

function isWithoutGas(cause: unknown): boolean {
  return cause instanceof JsonRpcRefused && /insufficient funds/i.test(cause.message);
}

/** What nodes say when another transaction has the nonce, in a height or on its way to one. */
function isForeignNonce(cause: JsonRpcRefused): boolean {
  return /nonce too low|nonce has already been used|replacement transaction underpriced/i.test(cause.message);
}

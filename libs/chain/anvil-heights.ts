/** Makes the heights of an anvil that mines only when told: acts wait in a queue, share a height, and are
 *  journaled first. */
import type { Address, Hex } from '#encoding';
import type { Fault } from '#environment';
import type { AnvilJournal } from './anvil-journal.js';
import type { ChainTime } from './chain.js';
import type { ChainOutcome } from './chain-outcome.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { signTransaction } from './contract-codec.js';
import { type JsonRpc, JsonRpcRefused, unavailable } from './json-rpc.js';
import { type Refused, refusalOf } from './refusal-of.js';
import { hexOf, type TransactionReceipt } from './transaction-poster.js';

export interface AnvilHeightsOptions {
  readonly rpc: JsonRpc;
  readonly journal: AnvilJournal;
  readonly chainId: number;
  /** Timestamp for the next height, seconds; not below `last`. */
  nextTimestamp(last: number): number;
  /** Called after each height, before its acts are answered. */
  reached(acts: number): Promise<void>;
  /** A height that is in the journal could not be mined: anvil has to be started again from the journal. */
  broke(cause: unknown): void;
}

/** As ChainOutcome, with the address of what the act deployed. */
export type HeightOutcome = ChainOutcome & { readonly created?: Address };

export interface HeightPoster extends ActPoster {
  post(act: ChainAct): Promise<HeightOutcome>;
}

interface QueuedAct {
  readonly act: ChainAct;
  readonly from: Hex;
  readonly privateKey: Uint8Array;
  /** A second try, after another act of the same height came between. */
  readonly isRepeated: boolean;
  readonly resolve: (outcome: HeightOutcome) => void;
  readonly reject: (cause: unknown) => void;
}

interface QueuedAdvance {
  readonly at: number;
  readonly isHurried: boolean;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

type DeployReceipt = TransactionReceipt & { readonly contractAddress?: Address | null };

interface SignedAct {
  readonly queued: QueuedAct;
  readonly raw: Hex;
  readonly hash: Hex;
}

/** Above what any act of the contracts takes: nothing is estimated, since gas is free here. */
const gasLimit = 20_000_000n;
/** Acts in one height: together below anvil's gas limit for a height. */
const actsMax = 100;

export class AnvilHeights {
  readonly #options: AnvilHeightsOptions;
  readonly #nonces = new Map<Hex, number>();
  readonly #wakes = new Set<() => void>();
  #acts: QueuedAct[] = [];
  #advances: QueuedAdvance[] = [];
  #last: ChainTime;
  #running: Promise<void> | undefined;
  /** Why nothing can be posted at present. */
  #stopped: Fault | undefined;
  /** The last height as it was mined, while the journal has it without what others posted into it. */
  #owed: { readonly at: number; readonly hashes: readonly Hex[] } | undefined;

  constructor(options: AnvilHeightsOptions) {
    this.#options = options;
    const { genesisTimestampSeconds } = options.journal.head;
    this.#last = { height: 0, timestampSeconds: genesisTimestampSeconds };
  }

  get last(): ChainTime {
    return this.#last;
  }

  /** Goes on from where anvil was brought to; acts are taken again. */
  goOnFrom(last: ChainTime): void {
    this.#last = last;
    this.#nonces.clear();
    this.#owed = undefined;
    this.#stopped = undefined;
    this.#wakeAll();
  }

  /** Nothing is taken any more: what waits is refused with `why`. Resolves when nothing is under way. */
  async stop(why: Fault): Promise<void> {
    this.#stopped = why;
    while (this.#running !== undefined) await this.#running;
  }

  posterOf(privateKey: Uint8Array, address: Address): HeightPoster {
    return { address, post: (act) => this.#post(act, privateKey, address) };
  }

  /** Mines a height at `at` seconds after the acts that wait: empty but for what other processes posted.
   *  Throws when time would go back. */
  advanceTo(at: number): Promise<void> {
    return this.#advance(at, false);
  }

  subscribe(wake: () => void): () => void {
    const own = (): void => wake();
    this.#wakes.add(own);
    return () => this.#wakes.delete(own);
  }

  /** Mines a height at the time that an act would get now. Many may pass before one is flushed: an empty
   *  height by the clock says nothing that the clock will not say again. */
  advanceToNow(): Promise<void> {
    return this.#advance(this.#options.nextTimestamp(this.#last.timestampSeconds), true);
  }

  /** Finishes what waits; nothing can be posted afterwards. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.stop(unavailable('the chain is closed', undefined));
    this.#wakes.clear();
  }

  #advance(at: number, isHurried: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#advances.push({ at, isHurried, resolve, reject });
      this.#run();
    });
  }

  #post(act: ChainAct, privateKey: Uint8Array, from: Hex): Promise<HeightOutcome> {
    return new Promise((resolve, reject) => {
      this.#acts.push({ act, from, privateKey, isRepeated: false, resolve, reject });
      this.#run();
    });
  }

  #run(): void {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#acts.length + this.#advances.length > 0) this.#run();
    });
  }

  async #work(): Promise<void> {
    // Acts that are asked for in the same turn share a height.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#acts.length + this.#advances.length > 0) {
      const acts = this.#acts.splice(0, actsMax);
      if (acts.length > 0) await this.#mineActs(acts);
      else await this.#mineEmpty(this.#advances.shift() as QueuedAdvance);
    }
  }

  async #mineEmpty(advance: QueuedAdvance): Promise<void> {
    const { at, isHurried, resolve, reject } = advance;
    try {
      this.#assertRunning();
      const last = this.#last.timestampSeconds;
      if (at < last) throw new Error(`chain time is ${last} and cannot go back to ${at}`);
      await this.#mineJournaled(at, [], isHurried);
      resolve();
    } catch (cause) {
      reject(cause);
    }
  }

  async #mineActs(acts: readonly QueuedAct[]): Promise<void> {
    try {
      this.#assertRunning();
      const at = this.#options.nextTimestamp(this.#last.timestampSeconds);
      const willing = await this.#tryAll(acts, at);
      if (willing.length === 0) return;
      const signed: SignedAct[] = [];
      for (const queued of willing) signed.push(await this.#send(queued));
      await this.#mineJournaled(at, signed, false);
    } catch (cause) {
      // What was sent and not mined must not slip into a later height unjournaled.
      this.#nonces.clear();
      await this.#options.rpc.call('anvil_dropAllTransactions').catch(() => {});
      const fault = cause instanceof JsonRpcRefused ? unavailable(cause.message, cause) : cause;
      for (const { reject } of acts) reject(fault);
    }
  }

  /** Journals the height, mines it, and answers its acts. */
  async #mineJournaled(at: number, signed: readonly SignedAct[], isHurried: boolean): Promise<void> {
    const { rpc, journal } = this.#options;
    await this.#amendLast();
    const transactions = signed.map(({ raw }) => raw);
    await journal.append({ at, transactions }, isHurried);
    const height = this.#last.height + 1;
    type Mined = { readonly transactions: readonly Hex[] };
    let mined: Mined;
    let receipts: readonly (DeployReceipt | null)[];
    try {
      await rpc.call('evm_mine', hexOf(at));
      [mined, ...receipts] = await Promise.all([
        rpc.call<Mined>('eth_getBlockByNumber', hexOf(height), false),
        ...signed.map(({ hash }) => rpc.call<DeployReceipt | null>('eth_getTransactionReceipt', hash)),
      ]);
    } catch (cause) {
      // Journal and chain may differ now: only a new start makes them one.
      this.#stopped = unavailable('the chain stopped in the middle of a height', cause);
      this.#options.broke(cause);
      throw this.#stopped;
    }
    if (mined.transactions.length !== signed.length) this.#owed = { at, hashes: mined.transactions };
    this.#last = { height, timestampSeconds: at };
    await this.#amendLast();
    await this.#options.reached(signed.length);
    this.#wakeAll();
    for (const [index, { queued, hash }] of signed.entries()) this.#answer(queued, hash, receipts[index]);
  }

  /** Other processes posted into the last height through `url`: the journal gets it as it was mined, and no
   *  other height before that. */
  async #amendLast(): Promise<void> {
    if (this.#owed === undefined) return;
    const { rpc, journal } = this.#options;
    const { at, hashes } = this.#owed;
    const raws = hashes.map((hash) => rpc.call<Hex>('eth_getRawTransactionByHash', hash));
    await journal.append({ at, transactions: await Promise.all(raws), replacesLast: true });
    this.#owed = undefined;
  }

  /** Runs each act on the present state at the time of the coming height; those that would be refused are
   *  answered. */
  async #tryAll(acts: readonly QueuedAct[], at: number): Promise<readonly QueuedAct[]> {
    const tried = await Promise.all(acts.map((queued) => this.#refusal(queued, at)));
    return acts.filter((queued, index) => {
      const refusal = tried[index];
      if (refusal !== undefined) queued.resolve({ ok: false, ...refusal });
      return refusal === undefined;
    });
  }

  async #refusal({ act, from }: QueuedAct, at: number): Promise<Refused | undefined> {
    const call = { from, to: act.to, data: act.data, value: hexOf(act.valueWei), gas: hexOf(gasLimit) };
    try {
      await this.#options.rpc.call('eth_call', call, 'latest', {}, { time: hexOf(at) });
      return undefined;
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal === undefined) throw cause;
      return refusal;
    }
  }

  async #send(queued: QueuedAct): Promise<SignedAct> {
    const { act, from, privateKey } = queued;
    const nonce = await this.#nonceOf(from);
    const fees = { maxFeePerGasWei: 0n, maxPriorityFeePerGasWei: 0n, gasLimit };
    const unsigned = { chainId: this.#options.chainId, nonce, ...act, ...fees };
    const { raw, hash } = signTransaction(unsigned, privateKey);
    await this.#options.rpc.call('eth_sendRawTransaction', raw);
    this.#nonces.set(from, nonce + 1);
    return { queued, raw, hash };
  }

  #assertRunning(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  async #nonceOf(address: Address): Promise<number> {
    const known = this.#nonces.get(address);
    if (known !== undefined) return known;
    return Number(await this.#options.rpc.call<Hex>('eth_getTransactionCount', address, 'latest'));
  }

  #wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }

  #answer(queued: QueuedAct, hash: Hex, receipt: DeployReceipt | null): void {
    if (receipt === null) {
      queued.reject(new Error(`${hash} was sent and is in no height`));
    } else if (Number(receipt.status) === 1) {
      const done = { ok: true, ...this.#last, gasUsed: BigInt(receipt.gasUsed) } as const;
      const created = receipt.contractAddress;
      queued.resolve(created ? { ...done, created } : done);
    } else if (queued.isRepeated) {
      queued.resolve({ ok: false, code: 'reverted', message: `${hash} was reverted` });
    } else {
      // Another act of the same height came between: tried on top of it, this one is refused by name.
      this.#acts.push({ ...queued, isRepeated: true });
    }
  }
}

/** One anvil under our care: brought to where the journal ends, watched, and started again from the journal
 *  when it ends or hangs. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Hex } from '#encoding';
import { type Clock, Fault, type Log, messageOf } from '#environment';
import { AnvilHeights } from './anvil-heights.js';
import type { AnvilJournal, JournalHead } from './anvil-journal.js';
import type { AnvilNote } from './anvil-note.js';
import { type AnvilProcess, startAnvil } from './anvil-process.js';
import { type AnvilSnapshot, readSnapshot, writeSnapshot } from './anvil-snapshot.js';
import type { ChainNotice, ChainTime } from './chain.js';
import { JsonRpc, unavailable } from './json-rpc.js';
import { heightsToReplay, loadSnapshot, replayHeights } from './restore-anvil.js';

export interface AnvilNodeOptions {
  readonly chainId: number;
  readonly journal: AnvilJournal;
  /** Undefined: the chain ends with its anvil. */
  readonly dataFolder: string | undefined;
  /** Undefined where the folder is only looked at: then nothing is written. */
  readonly note: AnvilNote | undefined;
  readonly keeping: AnvilKeeping;
  readonly clock: Clock;
  readonly log: Log;
  nextTimestamp(last: number): number;
  notify(notice: ChainNotice): void;
}

/** A height takes milliseconds; an anvil that needs longer hangs and is started again. */
const mineTimeoutMs = 20_000;
/** A dump or a load of the whole state, or ten thousands of empty heights at once. */
const restoreTimeoutMs = 120_000;
/** So many starts within the time, then the chain is given up. */
const restartsMax = 5;
const restartsWithinMs = 600_000;
/** For so long it is tried to start anvil again. */
const startTriesMs = 60_000;
const restartPauseMs = 500;
/** When state is kept and memory let go. */
export interface AnvilKeeping {
  /** A snapshot follows so many acts or heights: what a start after a kill replays at most. */
  readonly snapshotActs: number;
  readonly snapshotHeights: number;
  /** Anvil keeps all heights since its start in memory: after so many it is started anew from a snapshot. */
  readonly heightsHeldMax: number;
}

export const usualKeeping: AnvilKeeping = {
  snapshotActs: 512,
  snapshotHeights: 4_096,
  heightsHeldMax: 50_000,
};

export class AnvilNode {
  readonly url: string;
  readonly heights: AnvilHeights;
  /** Resolves when the chain is given up. */
  readonly gone: Promise<Fault>;
  readonly #options: AnvilNodeOptions;
  readonly #mining: JsonRpc;
  readonly #restoring: JsonRpc;
  #anvil: AnvilProcess;
  #giveUp: (fault: Fault) => void = () => {};
  #restarting: Promise<void> | undefined;
  #restartsMs: number[] = [];
  #isClosing = false;
  #snapshotHeight = 0;
  #actsSince = 0;
  #heldFrom = 0;

  constructor(anvil: AnvilProcess, options: AnvilNodeOptions) {
    this.#anvil = anvil;
    this.#options = options;
    this.url = anvil.url;
    this.#mining = new JsonRpc(anvil.url, mineTimeoutMs);
    this.#restoring = new JsonRpc(anvil.url, restoreTimeoutMs);
    this.gone = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.heights = new AnvilHeights({
      rpc: this.#mining,
      journal: options.journal,
      chainId: options.chainId,
      nextTimestamp: (last) => options.nextTimestamp(last),
      reached: (acts) => this.#reached(acts),
      broke: () => this.#restart('it does not answer'),
    });
  }

  /** Brings the fresh anvil to where the journal ends; returns how many heights were replayed. */
  async restore(): Promise<number> {
    const { journal } = this.#options;
    const snapshot = await this.#snapshot();
    let plan = await heightsToReplay(journal, snapshot);
    let isLoaded = false;
    if (snapshot !== undefined && plan.isBehindSnapshot) {
      const loaded = await loadSnapshot(this.#restoring, snapshot);
      isLoaded = loaded === true;
      if (!isLoaded) {
        this.#warnOfSnapshot(`anvil does not take it (${loaded})`);
        await this.#startAfresh();
        plan = await heightsToReplay(journal, undefined);
      }
    } else if (snapshot !== undefined) this.#warnOfSnapshot('it is not one of this journal');
    // Each call would be a line of output that nobody reads.
    await this.#restoring.call('anvil_setLoggingEnabled', false);
    const genesis = { height: 0, timestampSeconds: journal.head.genesisTimestampSeconds };
    const from: ChainTime =
      snapshot && isLoaded
        ? { height: snapshot.place.height, timestampSeconds: snapshot.timestampSeconds }
        : genesis;
    const last = await replayHeights(this.#restoring, plan.heights, from);
    this.#snapshotHeight = from.height;
    this.#actsSince = plan.heights.reduce((sum, one) => sum + one.transactions.length, 0);
    this.#heldFrom = from.height;
    this.#watch();
    this.heights.goOnFrom(last);
    return plan.heights.length;
  }

  /** Lets the acts that wait into a height, keeps the state, then ends anvil. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#restarting;
    await this.heights.close();
    if (this.#actsSince > 0 || this.heights.last.height > this.#snapshotHeight) await this.#keepSnapshot();
    this.#mining.close();
    this.#restoring.close();
    await this.#anvil.close();
    await this.#options.note?.close();
    await this.#options.journal.close();
  }

  /** After a height: notes it as acknowledged, and keeps a snapshot now and then. Never throws: the height
   *  is in the journal. */
  async #reached(acts: number): Promise<void> {
    const { note, journal, keeping, dataFolder, log } = this.#options;
    this.#actsSince += acts;
    if (journal.flushed === journal.end) {
      await note
        ?.keep(journal.end)
        .catch((cause) => log.warn({ cause }, 'the note of the chain is not kept'));
    }
    const { height } = this.heights.last;
    const heightsSince = height - this.#snapshotHeight;
    if (this.#actsSince < keeping.snapshotActs && heightsSince < keeping.snapshotHeights) return;
    await this.#keepSnapshot();
    // A chain that ends with its anvil cannot be started anew from anything.
    const isHeldLong = dataFolder !== undefined && height - this.#heldFrom > keeping.heightsHeldMax;
    if (isHeldLong) this.#restart(undefined);
  }

  async #keepSnapshot(): Promise<void> {
    const { journal, log, note } = this.#options;
    const file = this.#snapshotFile;
    if (file === undefined || note === undefined) return;
    const { height, timestampSeconds } = this.heights.last;
    this.#snapshotHeight = height;
    this.#actsSince = 0;
    try {
      const state = await this.#restoring.call<Hex>('anvil_dumpState');
      await writeSnapshot(file, { place: journal.end, timestampSeconds, state });
    } catch (cause) {
      log.warn({ cause, file }, 'no snapshot of the chain could be kept: the next start takes longer');
    }
  }

  get #snapshotFile(): string | undefined {
    return this.#options.dataFolder && join(this.#options.dataFolder, 'snapshot');
  }

  async #snapshot(): Promise<AnvilSnapshot | undefined> {
    const file = this.#snapshotFile;
    const found = file === undefined ? undefined : await readSnapshot(file);
    if (found !== 'damaged') return found;
    this.#warnOfSnapshot('it is damaged');
    return undefined;
  }

  #warnOfSnapshot(why: string): void {
    const message = `the snapshot ${this.#snapshotFile} is not used: ${why}. The journal is replayed instead`;
    this.#options.notify({ code: 'chain-snapshot-unusable', message });
  }

  #watch(): void {
    const anvil = this.#anvil;
    anvil.ended.then(() => {
      if (anvil === this.#anvil) this.#restart('it has ended');
    });
  }

  /** `why` is undefined for a start that nobody needs to hear of. */
  #restart(why: string | undefined): void {
    if (this.#isClosing) return;
    this.#restarting ??= this.#restartTillItRuns(why).finally(() => {
      this.#restarting = undefined;
    });
  }

  async #restartTillItRuns(why: string | undefined): Promise<void> {
    const { clock, dataFolder, notify, log } = this.#options;
    const endedMs = clock.monotonicMs();
    this.#restartsMs = this.#restartsMs.filter((one) => endedMs - one < restartsWithinMs);
    const isTooOften = why !== undefined && this.#restartsMs.length >= restartsMax;
    if (dataFolder === undefined || isTooOften) return this.#end(why);
    if (why !== undefined) this.#restartsMs.push(endedMs);
    while (!this.#isClosing) {
      try {
        await this.#startAfresh();
        const replayed = await this.restore();
        log.info({ url: this.url, ...this.heights.last, replayed }, 'anvil runs again');
        if (why === undefined) return;
        const message = `anvil was started again, since ${why}: height ${this.heights.last.height}`;
        return notify({ code: 'chain-restarted', message });
      } catch (cause) {
        // Its port may be another's for a moment, or the machine too busy to start anything.
        log.warn({ cause }, 'anvil could not be started again');
        if (clock.monotonicMs() - endedMs >= startTriesMs) return this.#end(messageOf(cause));
        await pause(restartPauseMs);
      }
    }
  }

  async #end(why: string | undefined): Promise<void> {
    const message = `the embedded chain is gone and is not started again: ${why}`;
    const fault = new Fault('chain-gone', message, { retriable: false });
    await this.heights.stop(fault);
    this.#options.notify({ code: 'chain-gone', message });
    this.#giveUp(fault);
  }

  async #startAfresh(): Promise<void> {
    const old = this.#anvil;
    await old.close();
    await this.heights.stop(unavailable('the chain is being started again', undefined));
    const { journal, dataFolder, note } = this.#options;
    this.#anvil = await startAnvil(
      anvilOptions(journal.head, dataFolder, note, Number(new URL(this.url).port)),
    );
  }
}

/** Who only looks must not be taken for who owns the folder. */
export function anvilOptions(
  head: JournalHead,
  dataFolder: string | undefined,
  note: AnvilNote | undefined,
  port?: number,
) {
  const pidFile = dataFolder === undefined || note === undefined ? undefined : join(dataFolder, 'anvil.pid');
  return { ...head, pidFile, port };
}

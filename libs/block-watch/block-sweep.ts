/**
 * A shell's work on blocks: its sweep looks and names what is due as jobs, and workers look at each block
 * anew and act. Nothing waits here for a slow block but that block.
 */
import type {} from '#encoding';
import { Fault, type Log, messageOf, SweepLoop, systemTimers, type Timers } from '#environment';
import { type Job, type JobKind, type JobQueue, jobIdOf, type Worker } from '#job-queue';
import { type ChannelId, type Due, isDue } from '#protocol';

/** How many things were done; `again` when what is due could not be done yet. */
export type BlockAct = number | 'again';

/** A kind of work with workers of its own. */
export interface BlockLane {
  readonly kind: JobKind;
  /** Blocks that are worked on at a time. */
  readonly concurrency: number;
  /** How long one block may take before another attempt may begin. */
  readonly lockMs: number;
  /** Reads the facts, and does what they call for. Once `signal` has ended it acts no more. */
  act(channelId: ChannelId, blockNumber: number, signal: AbortSignal, about?: string): Promise<BlockAct>;
}

/** A block in one lane: what is due there, what is waited for, or why nothing ever will be due. */
export interface DueJob extends Job {
  readonly due: Due;
}

/** What a shell does; lanes are driven in their order. */
export interface BlockShell {
  readonly lanes: readonly BlockLane[];
  /** Where every block stands in every lane, by the facts of one height. */
  look(): Promise<readonly DueJob[]>;
  /**
   * Erases what nobody needs any more; after `look`, and never in the way of it. By itself at most once a
   * minute: each erasing writes a store anew.
   */
  tend?(): Promise<void>;
}

export interface BlockSweepPorts {
  readonly jobQueue: JobQueue;
  readonly log: Log;
  readonly subscribe: (wake: () => void) => () => void;
  readonly timers?: Timers;
}

const attemptsMax = 8;
const drainMs = 10_000;
const tendEveryMs = 60_000;
const neverEnds = new AbortController().signal;

export class BlockSweep {
  readonly #shell: BlockShell;
  readonly #ports: BlockSweepPorts;
  readonly #loop: SweepLoop;
  #workers: readonly Worker[] = [];
  #tending: Promise<void> | undefined;
  /** Ends the rest after a tending. */
  #endRest: (() => void) | undefined;

  constructor(
    options: { readonly name: string; readonly intervalMs: number },
    ports: BlockSweepPorts,
    shell: BlockShell,
  ) {
    this.#shell = shell;
    this.#ports = ports;
    this.#loop = new SweepLoop(options, ports, () => this.#name());
  }

  start(): void {
    if (this.#workers.length > 0) return;
    this.#workers = this.#shell.lanes.map(({ kind, concurrency, lockMs, ...lane }) => {
      const options = { concurrency, lockMs, attemptsMax };
      const { act } = lane;
      return this.#ports.jobQueue.work(kind, options, async ({ channelId, blockNumber, about }, signal) =>
        (await act(channelId, blockNumber, signal, about)) === 'again' ? 'again' : 'done',
      );
    });
    this.#loop.start();
  }

  /** Looks soon, for something happened that the chain does not tell. */
  wake(): void {
    this.#loop.wake();
  }

  /** Resolves when nothing is looked for and no job of this shell runs. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all([...workers.map((worker) => worker.stop()), this.#untilTended()]);
    this.#endRest?.();
  }

  /**
   * Does what is due here and now, one block after the other, without the queue: for networks and tests that
   * drive their services. Returns how many things were done. One that fails keeps no other from being done;
   * the first failure is thrown afterwards, bugs before faults.
   */
  async sweep(): Promise<number> {
    const due = jobsOf(await this.#shell.look());
    const acts = this.#shell.lanes.flatMap((lane) =>
      due
        .filter((job) => job.kind === lane.kind)
        .map(
          ({ channelId, blockNumber, about }) =>
            () =>
              lane.act(channelId, blockNumber, neverEnds, about),
        ),
    );
    return sweepEach([...acts, () => this.#tend()], async (act) => {
      const did = await act();
      return did === 'again' ? 0 : did;
    });
  }

  /** Says that there is never more to find: what jobs do moves the chain, and that wakes the loop. */
  async #name(): Promise<boolean> {
    for (const job of jobsOf(await this.#shell.look())) {
      try {
        await this.#ports.jobQueue.add(job);
      } catch (cause) {
        // The next sweep names it again; the others still have their turn.
        this.#ports.log.warn({ ...job, cause: messageOf(cause) }, 'a job was not taken');
      }
    }
    if (this.#endRest === undefined) this.#tending ??= this.#tendAside();
    return false;
  }

  /** Beside the sweep: a store that is slow to let go keeps no block from being named. */
  async #tendAside(): Promise<void> {
    try {
      await this.#tend();
      this.#rest();
    } catch (cause) {
      this.#ports.log.warn({ cause: messageOf(cause) }, 'erasing will be repeated');
    }
    this.#tending = undefined;
  }

  #rest(): void {
    const cancel = (this.#ports.timers ?? systemTimers).after(tendEveryMs, () => this.#endRest?.());
    this.#endRest = () => {
      cancel();
      this.#endRest = undefined;
    };
  }

  /** As long as a job may go on. */
  #untilTended(): Promise<void> {
    const tending = this.#tending;
    if (tending === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = (this.#ports.timers ?? systemTimers).after(drainMs, resolve);
      void tending.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #tend(): Promise<BlockAct> {
    await this.#shell.tend?.();
    return 0;
  }
}

/**
 * Runs `act` for each item and sums what it did. One that fails does not keep the others from being done;
 * the first failure is thrown afterwards, bugs before faults.
 */
export async function sweepEach<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<number>,
): Promise<number> {
  const failures: unknown[] = [];
  let done = 0;
  for (const item of items) {
    try {
      done += await act(item);
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures.find((cause) => !(cause instanceof Fault)) ?? failures[0];
  return done;
}

/** What is due, each block once a lane; what ends first comes first, as far as the queue keeps to it. */
function jobsOf(looked: readonly DueJob[]): Job[] {
  const ends = looked.flatMap(({ due, ...job }) => {
    return isDue(due) ? [{ job, end: due.untilSeconds ?? Number.POSITIVE_INFINITY }] : [];
  });
  ends.sort((a, b) => (a.end === b.end ? 0 : a.end - b.end));
  const byId = new Map<string, Job>();
  for (const { job } of ends) {
    const id = `${job.kind} ${jobIdOf(job)}`;
    if (!byId.has(id)) byId.set(id, job);
  }
  return [...byId.values()];
}

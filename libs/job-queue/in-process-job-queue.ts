/** The embedded job queue: it lives and ends with its process, and the sweep fills it again. */
import { Fault, type Log, messageOf, systemTimers, type Timers } from '#environment';
import type { Job, JobQueue, WorkOptions } from './job-queue.js';

export interface InProcessJobQueueOptions {
  readonly log: Log;
  readonly timers?: Timers;
  /** Wait before the second attempt in milliseconds; each further one doubles it, up to `delayMaxMs`. */
  readonly delayMs?: number;
  readonly delayMaxMs?: number;
}

export function openInProcessJobQueue(options: InProcessJobQueueOptions): JobQueue {
  return new InProcessJobQueue(options);
}

interface Waiting {
  readonly job: Job;
  /** Attempts that failed. */
  readonly failed: number;
}

/** All jobs of one kind and, once there, their worker. */
interface Lane {
  /** By job id: ready to start, in the order of adding. */
  readonly ready: Map<string, Waiting>;
  /** By job id: what takes back the timer of the next attempt. */
  readonly delayed: Map<string, () => void>;
  running: number;
  worker?: { readonly options: WorkOptions; readonly run: (job: Job) => Promise<void> };
}

class InProcessJobQueue implements JobQueue {
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #delayMs: number;
  readonly #delayMaxMs: number;
  readonly #lanes = new Map<string, Lane>();
  #whenStill: (() => void)[] = [];
  #closed = false;

  constructor(options: InProcessJobQueueOptions) {
    this.#log = options.log;
    this.#timers = options.timers ?? systemTimers;
    this.#delayMs = options.delayMs ?? 1_000;
    this.#delayMaxMs = options.delayMaxMs ?? 60_000;
  }

  async add(job: Job): Promise<void> {
    if (this.#closed)
      throw new Fault('job-queue-unavailable', 'the job queue is closed', { retriable: true });
    const lane = this.#lane(job.kind);
    if (lane.ready.has(job.id) || lane.delayed.has(job.id)) return;
    lane.ready.set(job.id, { job, failed: 0 });
    this.#start(lane);
  }

  work(kind: string, options: WorkOptions, run: (job: Job) => Promise<void>): void {
    const lane = this.#lane(kind);
    if (lane.worker) throw new Error(`a second worker for jobs of kind ${kind}`);
    lane.worker = { options, run };
    this.#start(lane);
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenStill.push(resolve);
      this.#settle();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) {
      lane.ready.clear();
      for (const cancel of lane.delayed.values()) cancel();
      lane.delayed.clear();
    }
    await this.idle();
  }

  #lane(kind: string): Lane {
    let lane = this.#lanes.get(kind);
    if (!lane) {
      lane = { ready: new Map(), delayed: new Map(), running: 0 };
      this.#lanes.set(kind, lane);
    }
    return lane;
  }

  #start(lane: Lane): void {
    const { worker } = lane;
    if (!worker) return;
    for (const [id, waiting] of lane.ready) {
      if (lane.running >= worker.options.concurrency) return;
      lane.ready.delete(id);
      lane.running++;
      void this.#run(lane, worker, waiting);
    }
  }

  async #run(lane: Lane, worker: NonNullable<Lane['worker']>, { job, failed }: Waiting): Promise<void> {
    // Nobody who adds a job runs it within the same call.
    await Promise.resolve();
    try {
      await worker.run(job);
    } catch (cause) {
      this.#failed(lane, worker.options, { job, failed: failed + 1 }, cause);
    }
    lane.running--;
    this.#start(lane);
    this.#settle();
  }

  #failed(lane: Lane, options: WorkOptions, { job, failed }: Waiting, cause: unknown): void {
    const fields = { job: job.id, kind: job.kind, attempt: failed, cause: messageOf(cause) };
    if (failed >= options.attemptsMax) {
      this.#log.warn(fields, 'job dropped after its last attempt');
      return;
    }
    this.#log.debug(fields, 'job failed, will be tried again');
    // The same job was added again while this one ran: that is its next attempt.
    if (this.#closed || lane.ready.has(job.id)) return;
    const delayMs = Math.min(this.#delayMs * 2 ** (failed - 1), this.#delayMaxMs);
    const cancel = this.#timers.after(delayMs, () => {
      lane.delayed.delete(job.id);
      lane.ready.set(job.id, { job, failed });
      this.#start(lane);
    });
    lane.delayed.set(job.id, cancel);
  }

  #settle(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.ready.size + lane.delayed.size + lane.running > 0) return;
    }
    const resolves = this.#whenStill;
    this.#whenStill = [];
    for (const resolve of resolves) resolve();
  }
}

/** The embedded job queue: it lives and ends with its process, and the sweep fills it again. */
import { Fault, type Log, messageOf, systemTimers, type Timers } from '#environment';
import {
  type Job,
  type JobKind,
  type JobQueue,
  jobIdOf,
  type RunJob,
  type Worker,
  type WorkOptions,
} from './job-queue.js';

export interface InProcessJobQueueOptions {
  readonly log: Log;
  readonly timers?: Timers;
  /** Wait before the second attempt in milliseconds; each further one doubles it, up to `delayMaxMs`. */
  readonly delayMs?: number;
  readonly delayMaxMs?: number;
  /** Jobs that wait to start or to be tried again, of all kinds together. */
  readonly jobsMax?: number;
  /** How long a worker that stops lets its jobs go on before it takes their locks. */
  readonly drainMs?: number;
}

const defaults = { delayMs: 500, delayMaxMs: 15_000, jobsMax: 65_536, drainMs: 10_000 };

export function openInProcessJobQueue(options: InProcessJobQueueOptions): JobQueue {
  return new InProcessJobQueue(options);
}

interface Waiting {
  readonly job: Job;
  /** Attempts that came to nothing. */
  readonly failed: number;
}

interface Running extends Waiting {
  readonly lock: AbortController;
  /** Resolves when the run has ended or lost its lock. */
  readonly over: Promise<void>;
}

interface LaneWorker {
  readonly options: WorkOptions;
  readonly run: RunJob;
}

/** All jobs of one kind, by id, and, once there, their worker. */
interface Lane {
  readonly ready: Map<string, Waiting>;
  /** What takes back the timer of the next attempt. */
  readonly delayed: Map<string, () => void>;
  readonly running: Map<string, Running>;
  worker?: LaneWorker;
}

class InProcessJobQueue implements JobQueue {
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #options: typeof defaults;
  readonly #lanes = new Map<JobKind, Lane>();
  #isClosed = false;

  constructor({ log, timers, ...options }: InProcessJobQueueOptions) {
    this.#log = log;
    this.#timers = timers ?? systemTimers;
    this.#options = { ...defaults, ...options };
  }

  async add(job: Job): Promise<void> {
    if (this.#isClosed)
      throw new Fault('job-queue-unavailable', 'the job queue is closed', { retriable: true });
    const lane = this.#lane(job.kind);
    const id = jobIdOf(job);
    if (lane.ready.has(id) || lane.delayed.has(id)) return;
    if (this.#waiting() >= this.#options.jobsMax) {
      const message = `${this.#options.jobsMax} jobs wait already, the sweep will name this one again`;
      throw new Fault('job-queue-full', message, { retriable: true });
    }
    lane.ready.set(id, { job, failed: 0 });
    this.#start(lane);
  }

  work(kind: JobKind, options: WorkOptions, run: RunJob): Worker {
    const lane = this.#lane(kind);
    if (lane.worker) throw new Error(`a second worker for jobs of kind ${kind}`);
    const worker = { options, run };
    lane.worker = worker;
    this.#start(lane);
    return {
      stop: () => {
        if (lane.worker === worker) lane.worker = undefined;
        return this.#drain(lane);
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lanes = [...this.#lanes.values()];
    for (const lane of lanes) {
      lane.worker = undefined;
      lane.ready.clear();
      for (const cancel of lane.delayed.values()) cancel();
      lane.delayed.clear();
    }
    await Promise.all(lanes.map((lane) => this.#drain(lane)));
  }

  #lane(kind: JobKind): Lane {
    let lane = this.#lanes.get(kind);
    if (!lane) {
      lane = { ready: new Map(), delayed: new Map(), running: new Map() };
      this.#lanes.set(kind, lane);
    }
    return lane;
  }

  #waiting(): number {
    let count = 0;
    for (const { ready, delayed } of this.#lanes.values()) count += ready.size + delayed.size;
    return count;
  }

  #start(lane: Lane): void {
    const { worker } = lane;
    if (!worker) return;
    for (const [id, waiting] of lane.ready) {
      if (lane.running.size >= worker.options.concurrency) return;
      if (lane.running.has(id)) continue;
      lane.ready.delete(id);
      this.#run(lane, worker, id, waiting);
    }
  }

  #run(lane: Lane, worker: LaneWorker, id: string, { job, failed }: Waiting): void {
    const lock = new AbortController();
    const { signal } = lock;
    const lockIsOver = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const { lockMs } = worker.options;
    const cancel = this.#timers.after(lockMs, () => lock.abort(lockLost(lockMs)));
    const attempt = async (): Promise<void> => {
      // Nobody who adds a job runs it within the same call.
      await Promise.resolve();
      const run = worker.run(job, signal);
      // Without its lock nobody listens any more to how it ends.
      run.catch(() => {});
      try {
        const end = await Promise.race([run, lockIsOver]);
        if (end === 'again') this.#failed(lane, worker.options, { job, failed: failed + 1 });
      } catch (cause) {
        this.#failed(lane, worker.options, { job, failed: failed + 1 }, cause);
      }
      cancel();
      lane.running.delete(id);
      this.#start(lane);
    };
    lane.running.set(id, { job, failed, lock, over: attempt() });
  }

  #failed(lane: Lane, options: WorkOptions, { job, failed }: Waiting, cause?: unknown): void {
    const fields = { ...job, attempt: failed, ...(cause === undefined ? {} : { cause: messageOf(cause) }) };
    if (failed >= options.attemptsMax) {
      this.#log.warn(fields, 'job dropped after its last attempt');
      return;
    }
    this.#log.debug(fields, 'job will be tried again');
    if (this.#isClosed) return;
    const id = jobIdOf(job);
    // Named while it ran: the next attempt is the one that was asked for.
    lane.ready.delete(id);
    const { delayMs, delayMaxMs } = this.#options;
    const cancel = this.#timers.after(Math.min(delayMs * 2 ** (failed - 1), delayMaxMs), () => {
      lane.delayed.delete(id);
      lane.ready.set(id, { job, failed });
      this.#start(lane);
    });
    lane.delayed.set(id, cancel);
  }

  async #drain(lane: Lane): Promise<void> {
    const running = [...lane.running.values()];
    if (running.length === 0) return;
    const cancel = this.#timers.after(this.#options.drainMs, () => {
      for (const { lock } of running) lock.abort(lockLost(this.#options.drainMs));
    });
    await Promise.all(running.map(({ over }) => over));
    cancel();
  }
}

function lockLost(ms: number): Fault {
  return new Fault('job-lock-lost', `the job did not end within ${ms} ms`, { retriable: true });
}

/** A fixed set of worker threads that run one compiled file; the only file that knows piscina. */
import { existsSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { codeOf, Fault, messageOf } from './fault.js';

export interface WorkerPoolOptions {
  /**
   * Absolute path of a compiled module whose default export takes a task and returns its result; see
   * `builtFile`.
   */
  readonly file: string;
  /** Threads that start at once and stay until `close`. */
  readonly threads: number;
  /** What every thread finds as `workerData` of `node:worker_threads`: SharedArrayBuffers, limits. */
  readonly startWith?: unknown;
  /** Ceiling of each thread's JavaScript heap in MiB; typed arrays lie outside of it. */
  readonly heapMebibytesMax?: number;
}

export interface WorkerPool<Task, Result> {
  readonly threads: number;
  /**
   * Queues the task for the next free thread. SharedArrayBuffers in it are shared, `transfer` is given away,
   * the rest
   *  is copied. What the task throws arrives as a plain Error; a refusal belongs into the result.
   *  Throws a retriable Fault `worker-lost` when the thread dies or the pool is closed. */
  run(task: Task, transfer?: readonly ArrayBuffer[]): Promise<Result>;
  /**
   * Stops the threads where they stand, once they have imported `file`, and resolves when they are gone:
   * await your own tasks first.
   */
  close(): Promise<void>;
}

/** Starts the threads; each has imported `file` before its first task. */
export function openWorkerPool<Task, Result>(options: WorkerPoolOptions): WorkerPool<Task, Result> {
  const { file, threads } = options;
  if (!Number.isInteger(threads) || threads < 1) throw new Error(`a pool of ${threads} threads`);
  // Piscina would retry a missing file in silence while the tasks wait for ever.
  if (!existsSync(file)) throw new Error(`no worker file ${file}`);
  const pool = new Piscina<Task, Result>({
    filename: file,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: options.startWith,
    resourceLimits: options.heapMebibytesMax ? { maxOldGenerationSizeMb: options.heapMebibytesMax } : {},
  });
  return new PiscinaPool<Task, Result>(pool, threads);
}

class PiscinaPool<Task, Result> implements WorkerPool<Task, Result> {
  readonly threads: number;
  readonly #pool: Piscina<Task, Result>;
  readonly #waiting = new Set<(lost: Fault) => void>();
  #lost: Fault | undefined;
  /** Every thread that was seen, and when it has imported its file or is gone. */
  readonly #imports = new Map<Worker, Promise<unknown>>();

  constructor(pool: Piscina<Task, Result>, threads: number) {
    this.threads = threads;
    this.#pool = pool;
    // Emitted for a thread that dies outside of a task, above all when importing the file fails: no task
    // could ever run.
    pool.on('error', (cause) => this.#fail(lostFault(cause)));
    this.#watchThreads();
  }

  run(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#pool
        .run(task, { transferList: [...transfer] })
        .then(resolve, (cause) => reject(isLost(cause) ? lostFault(cause) : cause))
        .finally(() => this.#waiting.delete(reject));
    });
  }

  async close(): Promise<void> {
    this.#fail(new Fault('worker-lost', 'the worker pool is closed', { retriable: true }));
    // Node ends the whole process if a thread is stopped in the middle of linking a module.
    for (const worker of this.#pool.threads) worker.ref();
    await Promise.all(this.#imports.values());
    await this.#pool.destroy();
  }

  /** The first message of a thread says that it has imported its file. */
  #watchThreads(): void {
    for (const worker of this.#pool.threads) {
      if (this.#imports.has(worker)) continue;
      const ended = new Promise((resolve) => {
        for (const event of ['error', 'exit']) worker.once(event, resolve);
      });
      const imported = new Promise((resolve) => worker.once('message', resolve));
      this.#imports.set(worker, Promise.race([imported, ended]));
      ended.then(() => {
        this.#imports.delete(worker);
        // Another has taken its place.
        this.#watchThreads();
      });
    }
  }

  #fail(lost: Fault): void {
    this.#lost ??= lost;
    for (const reject of this.#waiting) reject(this.#lost);
    this.#waiting.clear();
  }
}

/** True for a death of the thread, false for an error that the task itself threw. */
function isLost(cause: unknown): boolean {
  if (codeOf(cause) === 'ERR_WORKER_OUT_OF_MEMORY') return true;
  const why = messageOf(cause);
  return why.startsWith('worker exited with code') || why === 'Terminating worker thread';
}

function lostFault(cause: unknown): Fault {
  return new Fault('worker-lost', `a worker thread was lost: ${messageOf(cause)}`, {
    retriable: true,
    cause,
  });
}

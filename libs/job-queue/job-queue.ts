/** The job queue: idempotent nudges. Losing all of it loses nothing, a sweep over the facts rebuilds it. */
export interface Job {
  /** Names the work within its kind; a job with the id of one that waits is the same job and leaves that
   *  one as it is. While one runs, another with its id may wait: the facts may have changed since the first
   *  one looked. */
  readonly id: string;
  /** Kind of work, for example `collate`. */
  readonly kind: string;
  readonly payload: Readonly<Record<string, string | number>>;
}

export interface WorkOptions {
  /** How many jobs of the kind run at the same time. */
  readonly concurrency: number;
  /** After so many failed runs the job is dropped. */
  readonly attemptsMax: number;
}

export interface JobQueue {
  /** Throws a retriable Fault `job-queue-unavailable` when the job cannot be queued. Without a worker it
   *  waits for one. */
  add(job: Job): Promise<void>;
  /** One worker a kind; a second one is a bug. Jobs of a kind start in the order in which they were added.
   *  One that throws is tried again with growing delay, at most `attemptsMax` times in all, then dropped
   *  with a warning: the sweep will name it again. */
  work(kind: string, options: WorkOptions, run: (job: Job) => Promise<void>): void;
  /** Resolves when nothing waits, for another attempt neither, and nothing runs. */
  idle(): Promise<void>;
  /** Starts no more jobs and resolves when those that run have ended. */
  close(): Promise<void>;
}

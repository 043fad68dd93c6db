/** The job queue: idempotent nudges. Losing all of it loses nothing, a sweep over the facts rebuilds it. */
export interface Job {
  /** Names the work; a job with the id of one that waits is the same job. */
  readonly id: string;
  /** Kind of work, for example `collate`. */
  readonly kind: string;
  readonly payload: Readonly<Record<string, string | number>>;
}

export interface JobQueue {
  add(job: Job): Promise<void>;
  /** One worker a kind; jobs of a kind run one after the other up to `concurrency`. A job that throws is tried again
   *  with growing delay, at most `attemptsMax` times, then dropped with a warning: the sweep will name it again. */
  work(kind: string, options: { concurrency: number; attemptsMax: number }, run: (job: Job) => Promise<void>): void;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

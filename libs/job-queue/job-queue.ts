/**
 * The job queue: idempotent nudges to look at a block. Losing all of it loses nothing, a sweep over the facts
 * rebuilds it.
 */

import type {} from '#encoding';
import type { ChannelId } from '#protocol';

/** Reveals and answers have kinds of their own: what waits for a slow part must not delay them. */
const jobKinds = [
  'collate',
  'delegate',
  'validate',
  'reveal',
  'accept',
  'panel',
  'own-result',
  'dispute',
  'answer',
  'settle',
] as const;
export type JobKind = (typeof jobKinds)[number];

/**
 * A job says which block to look at and nothing of what is there: that is read when it runs. One that is
 * named while it waits, also for another attempt, is the same job.
 */
export interface Job {
  readonly kind: JobKind;
  readonly channelId: ChannelId;
  readonly blockNumber: number;
  /** What of the block, where several things of it run side by side. */
  readonly about?: string;
}

/** Names a job within its kind. */
export function jobIdOf({ channelId, blockNumber, about }: Job): string {
  return about === undefined ? `${channelId}/${blockNumber}` : `${channelId}/${blockNumber}/${about}`;
}

/** `again`: what the job is there for could not be done yet, and nothing is broken. */
export type JobEnd = 'done' | 'again';

/**
 * `signal` ends with the job's lock. From then on another worker may have the job: whoever runs it acts no
 * more.
 */
export type RunJob = (job: Job, signal: AbortSignal) => Promise<JobEnd>;

export interface WorkOptions {
  /** How many jobs of the kind run at the same time. */
  readonly concurrency: number;
  /** After so many runs that threw, lost their lock or ended with `again` the job is dropped. */
  readonly attemptsMax: number;
  /** How long one run may take. */
  readonly lockMs: number;
}

export interface Worker {
  /** Starts no more jobs; resolves when those that run have ended or have lost their lock. */
  stop(): Promise<void>;
}

export interface JobQueue {
  /**
   * Without a worker the job waits for one. Throws a retriable Fault: `job-queue-unavailable` when it cannot
   * be queued, `job-queue-full` when too many wait.
   */
  add(job: Job): Promise<void>;
  /**
   * One worker a kind in a process; a second one is a bug. In which order jobs run is not promised, nor that
   * one runs only once. A job never runs twice at a time while its lock holds; one that is named while it
   * runs runs once more. One that is to be tried again waits, longer each time, up to a bound; after its last
   * attempt it is dropped with a warning: the sweep will name it again.
   */
  work(kind: JobKind, options: WorkOptions, run: RunJob): Worker;
  /** Stops every worker and forgets what waits. */
  close(): Promise<void>;
}

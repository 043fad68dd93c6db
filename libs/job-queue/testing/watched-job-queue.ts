/** A job queue whose coming to rest a test can wait for; it wraps every queue alike. */
import { type Job, type JobQueue, jobIdOf, type RunJob } from '../job-queue.js';

export interface WatchedJobQueue extends JobQueue {
  /** Resolves when no job runs and every job that was named has run since; later attempts are not waited for. */
  idle(): Promise<void>;
}

export function watchJobQueue(queue: JobQueue): WatchedJobQueue {
  const named = new Set<string>();
  let running = 0;
  let whenStill: (() => void)[] = [];
  const keyOf = (job: Job): string => `${job.kind} ${jobIdOf(job)}`;
  const settle = (): void => {
    if (named.size + running > 0) return;
    for (const resolve of whenStill.splice(0)) resolve();
  };
  const watched =
    (run: RunJob): RunJob =>
    async (job, signal) => {
      named.delete(keyOf(job));
      running++;
      try {
        return await run(job, signal);
      } finally {
        running--;
        // The queue hears of the end first, and starts what it starts.
        setImmediate(settle);
      }
    };
  return {
    add: async (job) => {
      named.add(keyOf(job));
      await queue.add(job);
    },
    work: (kind, options, run) => queue.work(kind, options, watched(run)),
    close: () => queue.close(),
    idle: () =>
      new Promise((resolve) => {
        whenStill = [...whenStill, resolve];
        settle();
      }),
  };
}

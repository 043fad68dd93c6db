/** A job queue whose jobs run when a test says so: as late, as often and for whatever block it likes. */
import type {} from '#encoding';
import type { Job, JobEnd, JobKind, JobQueue, RunJob } from '#job-queue';

export class LateJobs implements JobQueue {
  readonly #workers = new Map<JobKind, RunJob>();

  async add(): Promise<void> {}

  work(kind: JobKind, _: unknown, run: RunJob) {
    this.#workers.set(kind, run);
    return { stop: async () => void this.#workers.delete(kind) };
  }

  /** Runs the job, whether or not it is still due. */
  run(job: Job): Promise<JobEnd> {
    const worker = this.#workers.get(job.kind);
    if (worker === undefined) throw new Error(`nobody works on jobs to ${job.kind}`);
    return worker(job, new AbortController().signal);
  }

  async close(): Promise<void> {}
}

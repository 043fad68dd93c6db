/** The job queue in the process keeps the promises of the port, its delays grow, and its locks end. */
import { describe, expect, it } from '@jest/globals';
import { DrivenTimers, silentLog } from '#environment';
import { deferred } from '#environment/testing/deferred';
import { openInProcessJobQueue } from './in-process-job-queue.js';
import { exampleJob, jobQueueConformance } from './job-queue.conformance.js';
import type { Job } from './job-queue.js';
import { openJobQueue } from './open-job-queue.js';

/** Lets every promise that is ready take its steps. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

jobQueueConformance('in-process', async (log) => {
  const timers = new DrivenTimers();
  const port = openInProcessJobQueue({ log, timers });
  const passTime = async (ms: number) => {
    await turn();
    timers.advanceBy(ms);
    await turn();
  };
  return { port, passTime, destroy: () => port.close() };
});

describe('the job queue in the process', () => {
  it('waits twice as long after each failure, up to a limit', async () => {
    const timers = new DrivenTimers();
    const queue = openInProcessJobQueue({ log: silentLog, timers, delayMs: 100, delayMaxMs: 500 });
    let runs = 0;
    queue.work('collate', { concurrency: 1, attemptsMax: 9, lockMs: 60_000 }, async () => {
      runs++;
      throw new Error('never');
    });
    await queue.add(exampleJob(1));
    await turn();
    for (const [attempt, delayMs] of [100, 200, 400, 500, 500].entries()) {
      timers.advanceBy(delayMs - 1);
      await turn();
      expect(runs).toBe(attempt + 1);
      timers.advanceBy(1);
      await turn();
      expect(runs).toBe(attempt + 2);
    }
    await queue.close();
  });

  it('takes no more jobs than it was told to keep, and takes them again when there is room', async () => {
    const queue = openInProcessJobQueue({ log: silentLog, timers: new DrivenTimers(), jobsMax: 2 });
    await queue.add(exampleJob(1));
    await queue.add({ ...exampleJob(2), kind: 'settle' });
    const full = { name: 'Fault', code: 'job-queue-full', retriable: true };
    await expect(queue.add(exampleJob(3))).rejects.toMatchObject(full);
    await queue.add(exampleJob(1));
    queue.work('collate', { concurrency: 1, attemptsMax: 1, lockMs: 60_000 }, async () => 'done');
    await turn();
    await queue.add(exampleJob(3));
    await queue.close();
  });

  it('does not wait for ever for a job that does not heed the end of its lock', async () => {
    const timers = new DrivenTimers();
    const queue = openInProcessJobQueue({ log: silentLog, timers, drainMs: 2_000 });
    const options = { concurrency: 1, attemptsMax: 3, lockMs: 60_000 };
    queue.work('collate', options, () => new Promise<never>(() => {}));
    await queue.add(exampleJob(1));
    await turn();
    let isClosed = false;
    const closed = queue.close().then(() => {
      isClosed = true;
    });
    timers.advanceBy(1_999);
    await turn();
    expect(isClosed).toBe(false);
    timers.advanceBy(1);
    await closed;
  });

  it('is opened by URL, and an unknown one is refused with the known ones named', async () => {
    const ran = deferred<Job>();
    const queue = openJobQueue('in-process:', { log: silentLog });
    queue.work('settle', { concurrency: 1, attemptsMax: 1, lockMs: 1_000 }, async (job) => {
      ran.resolve(job);
      return 'done';
    });
    await queue.add({ ...exampleJob(4), kind: 'settle' });
    expect((await ran.promise).blockNumber).toBe(4);
    await queue.close();
    for (const url of ['redis://127.0.0.1', 'memory:', 'in-process', '']) {
      expect(() => openJobQueue(url, { log: silentLog })).toThrow('known are in-process:');
    }
  });
});

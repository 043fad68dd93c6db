/** The job queue in the process keeps the promises of the port, and its delays grow. */
import { expect, it } from '@jest/globals';
import { DrivenTimers, silentLog } from '#environment';
import { openInProcessJobQueue } from './in-process-job-queue.js';
import { jobQueueConformance } from './job-queue.conformance.js';

/** Lets every promise that is ready take its steps. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

jobQueueConformance('in-process', async (log) => {
  const timers = new DrivenTimers();
  const port = openInProcessJobQueue({ log, timers });
  const passTime = async () => {
    await turn();
    timers.advanceBy(3_600_000);
    await turn();
  };
  return { port, passTime, destroy: () => port.close() };
});

it('waits twice as long after each failure, up to a limit', async () => {
  const timers = new DrivenTimers();
  const queue = openInProcessJobQueue({ log: silentLog, timers, delayMs: 100, delayMaxMs: 500 });
  let runs = 0;
  queue.work('collate', { concurrency: 1, attemptsMax: 9 }, async () => {
    runs++;
    throw new Error('never');
  });
  await queue.add({ id: 'a', kind: 'collate', payload: {} });
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

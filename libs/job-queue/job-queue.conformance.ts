/** What every job queue promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Log } from '#environment';
import { deferred } from '#environment/testing/deferred';
import type { Job, JobEnd, JobQueue, RunJob, WorkOptions } from './job-queue.js';
import { type WatchedJobQueue, watchJobQueue } from './testing/watched-job-queue.js';

export interface OpenedJobQueue {
  readonly port: JobQueue;
  /**
   * Lets the next attempts of jobs come due and locks end: moves a driven clock, or waits where the engine
   * keeps its own.
   */
  passTime(ms: number): Promise<void>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

interface Opened extends Omit<OpenedJobQueue, 'port'> {
  readonly queue: WatchedJobQueue;
}

const anHourMs = 3_600_000;
const lockMs = 2 * anHourMs;

export function jobQueueConformance(name: string, open: (log: Log) => Promise<OpenedJobQueue>): void {
  describe(`${name} as a job queue`, () => {
    let opened: Opened;
    let warnings: object[];
    beforeEach(async () => {
      warnings = [];
      const quiet = () => {};
      const warn = (fields: object) => void warnings.push(fields);
      const { port, ...more } = await open({ debug: quiet, info: quiet, warn, error: quiet });
      opened = { ...more, queue: watchJobQueue(port) };
    });
    afterEach(() => opened.destroy());

    runsJobs(() => opened);
    isIdempotent(() => opened);
    triesAgain(
      () => opened,
      () => warnings,
    );
    endsLocks(() => opened);
    ends(() => opened);
  });
}

function runsJobs(opened: () => Opened): void {
  it('runs every job, those that waited for the worker too, in whatever order', async () => {
    const { queue } = opened();
    const seen: Job[] = [];
    await queue.add(exampleJob(7));
    await queue.add(exampleJob(3));
    queue.work('collate', workOptions(), note(seen));
    await queue.add(exampleJob(5));
    await queue.idle();
    const byNumber = seen.toSorted((a, b) => a.blockNumber - b.blockNumber);
    expect(byNumber).toEqual([exampleJob(3), exampleJob(5), exampleJob(7)]);
  });

  it('runs as many at a time as allowed, and no more', async () => {
    const { queue } = opened();
    let running = 0;
    let most = 0;
    const gate = gates();
    queue.work('collate', workOptions({ concurrency: 3 }), async () => {
      most = Math.max(most, ++running);
      if (running === 3) gate.open();
      await gate.opened;
      running--;
      return 'done';
    });
    for (let at = 0; at < 10; at++) await queue.add(exampleJob(at));
    await queue.idle();
    expect(most).toBe(3);
  });

  it('keeps kinds apart: one that is busy does not hold up another', async () => {
    const { queue } = opened();
    const gate = gates();
    const seen: Job[] = [];
    queue.work('validate', workOptions(), () => gate.opened.then((): JobEnd => 'done'));
    queue.work('reveal', workOptions(), async (job) => {
      seen.push(job);
      gate.open();
      return 'done';
    });
    await queue.add({ ...exampleJob(1), kind: 'validate' });
    await queue.add({ ...exampleJob(1), kind: 'reveal' });
    await queue.idle();
    expect(seen).toEqual([{ ...exampleJob(1), kind: 'reveal' }]);
  });

  it('runs what is about several things of a block side by side, each once', async () => {
    const { queue } = opened();
    const gate = gates();
    const seen: (string | undefined)[] = [];
    queue.work('dispute', workOptions({ concurrency: 3 }), async ({ about }) => {
      seen.push(about);
      if (seen.length === 3) gate.open();
      await gate.opened;
      return 'done';
    });
    const job = { ...exampleJob(1), kind: 'dispute' } as const;
    for (const about of [undefined, 'one', 'other', 'one']) {
      await queue.add(about === undefined ? job : { ...job, about });
    }
    await queue.idle();
    // The one that was named again while it ran runs once more, at the end.
    expect(seen.slice(0, 3)).toEqual([undefined, 'one', 'other']);
    expect(seen.slice(3).filter((about) => about !== 'one')).toEqual([]);
  });

  it('takes a second worker of a kind for a bug, until the first has stopped', async () => {
    const { queue } = opened();
    const seen: Job[] = [];
    const worker = queue.work('collate', workOptions(), note([]));
    expect(() => queue.work('collate', workOptions(), note([]))).toThrow('a second worker');
    await worker.stop();
    await queue.add(exampleJob(1));
    queue.work('collate', workOptions(), note(seen));
    await queue.idle();
    expect(seen).toEqual([exampleJob(1)]);
  });
}

function isIdempotent(opened: () => Opened): void {
  it('takes a job of the kind and block of one that waits for the same job', async () => {
    const { queue } = opened();
    const seen: Job[] = [];
    await queue.add(exampleJob(1));
    await queue.add(exampleJob(1));
    queue.work('collate', workOptions(), note(seen));
    await queue.idle();
    expect(seen).toEqual([exampleJob(1)]);
    await queue.add(exampleJob(1));
    await queue.idle();
    expect(seen).toHaveLength(2);
  });

  it('runs a job once more that was named while it ran, however often, and never twice at a time', async () => {
    const { queue } = opened();
    let runs = 0;
    let running = 0;
    let most = 0;
    queue.work('collate', workOptions({ concurrency: 4 }), async (job) => {
      most = Math.max(most, ++running);
      if (runs++ === 0) for (let at = 0; at < 3; at++) await queue.add(job);
      // A worker with room would have started it by now.
      await new Promise<void>((resolve) => setImmediate(resolve));
      running--;
      return 'done';
    });
    await queue.add(exampleJob(1));
    await queue.idle();
    expect([runs, most]).toEqual([2, 1]);
  });
}

function triesAgain(opened: () => Opened, warnings: () => object[]): void {
  it('tries a job again that threw or asks for it, while others go on', async () => {
    const { queue, passTime } = opened();
    const seen: number[] = [];
    queue.work('collate', workOptions(), async ({ blockNumber }) => {
      const isFirst = !seen.includes(blockNumber);
      seen.push(blockNumber);
      if (isFirst && blockNumber === 1) throw new Error('not yet');
      return isFirst && blockNumber === 2 ? 'again' : 'done';
    });
    for (const at of [1, 2, 3]) await queue.add(exampleJob(at));
    await queue.idle();
    expect(seen.toSorted()).toEqual([1, 2, 3]);
    await passTime(anHourMs);
    await queue.idle();
    expect(seen.toSorted()).toEqual([1, 1, 2, 2, 3]);
    expect(warnings()).toEqual([]);
  });

  it('drops a job with a warning after its last attempt, and takes it anew', async () => {
    const { queue, passTime } = opened();
    let runs = 0;
    queue.work('collate', workOptions({ attemptsMax: 3 }), async () => {
      runs++;
      throw new Error('never');
    });
    await queue.add(exampleJob(1));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await queue.idle();
      expect(runs).toBe(attempt);
      await passTime(anHourMs);
    }
    expect(runs).toBe(3);
    const dropped = { kind: 'collate', blockNumber: 1, attempt: 3, cause: 'never' };
    expect(warnings()).toEqual([expect.objectContaining(dropped)]);
    await queue.add(exampleJob(1));
    await queue.idle();
    expect(runs).toBe(4);
  });

  it('does not try again sooner because the job was named while it ran or waits', async () => {
    const { queue } = opened();
    let runs = 0;
    queue.work('collate', workOptions(), async (job) => {
      runs++;
      await queue.add(job);
      return 'again';
    });
    await queue.add(exampleJob(1));
    await new Promise<void>((resolve) => setImmediate(resolve));
    await queue.add(exampleJob(1));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(runs).toBe(1);
  });
}

function endsLocks(opened: () => Opened): void {
  it('ends the signal of a job that takes too long, gives its place away and tries it again', async () => {
    const { queue, passTime } = opened();
    const signals: AbortSignal[] = [];
    const seen: number[] = [];
    queue.work('collate', workOptions(), async ({ blockNumber }, signal) => {
      seen.push(blockNumber);
      if (blockNumber === 2 || signals.push(signal) > 1) return 'done';
      return new Promise<never>(() => {});
    });
    await queue.add(exampleJob(1));
    await passTime(lockMs - 1);
    await queue.add(exampleJob(2));
    expect([seen, signals[0].aborted]).toEqual([[1], false]);
    await passTime(1);
    expect([seen, signals[0].aborted]).toEqual([[1, 2], true]);
    expect(signals[0].reason).toMatchObject({ name: 'Fault', code: 'job-lock-lost', retriable: true });
    await passTime(anHourMs);
    expect(seen).toEqual([1, 2, 1]);
    expect(signals[1].aborted).toBe(false);
  });
}

function ends(opened: () => Opened): void {
  it('closes after the jobs that run, starts no other, and is unavailable afterwards', async () => {
    const { queue } = opened();
    const [started, gate] = [gates(), gates()];
    const seen: Job[] = [];
    queue.work('collate', workOptions(), async (job) => {
      started.open();
      await gate.opened;
      seen.push(job);
      throw new Error('would be tried again');
    });
    await queue.add(exampleJob(1));
    await queue.add(exampleJob(2));
    await started.opened;
    const closed = queue.close();
    gate.open();
    await closed;
    expect(seen).toHaveLength(1);
    const unavailable = { name: 'Fault', code: 'job-queue-unavailable', retriable: true };
    await expect(queue.add(exampleJob(3))).rejects.toMatchObject(unavailable);
  });
}

export function exampleJob(blockNumber: number): Job {
  return { kind: 'collate', channelId: `0x${'01'.repeat(32)}` as const, blockNumber };
}

function workOptions(more: Partial<WorkOptions> = {}): WorkOptions {
  return { concurrency: 1, attemptsMax: 3, lockMs, ...more };
}

function note(seen: Job[]): RunJob {
  return async (job) => {
    seen.push(job);
    return 'done';
  };
}

/** A promise that the test resolves. */
function gates(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = deferred();
  return { opened: promise, open: resolve };
}

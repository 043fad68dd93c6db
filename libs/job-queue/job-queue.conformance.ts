/** What every job queue promises, as tests; an adapter's test file calls this and little else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Log } from '#environment';
import type { Job, JobQueue } from './job-queue.js';

export interface OpenedJobQueue {
  readonly port: JobQueue;
  /** Lets the next attempts of failed jobs come due: moves a driven clock, or waits where the engine keeps
   *  its own. */
  passTime(): Promise<void>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

export function jobQueueConformance(name: string, open: (log: Log) => Promise<OpenedJobQueue>): void {
  describe(`${name} as a job queue`, () => {
    let opened: OpenedJobQueue;
    let warnings: object[];
    beforeEach(async () => {
      warnings = [];
      const quiet = () => {};
      opened = await open({
        debug: quiet,
        info: quiet,
        warn: (fields) => warnings.push(fields),
        error: quiet,
      });
    });
    afterEach(() => opened.destroy());

    runsJobs(() => opened);
    isIdempotent(() => opened);
    triesAgain(
      () => opened,
      () => warnings,
    );
    ends(() => opened);
  });
}

function runsJobs(opened: () => OpenedJobQueue): void {
  it('runs jobs in the order of adding, those that waited for the worker too', async () => {
    const { port } = opened();
    const seen: Job[] = [];
    await port.add(job('a', { channelId: '0x01', blockNumber: 7 }));
    await port.add(job('b'));
    port.work('collate', { concurrency: 1, attemptsMax: 1 }, async (one) => void seen.push(one));
    await port.add(job('c'));
    await port.idle();
    expect(seen).toEqual([job('a', { channelId: '0x01', blockNumber: 7 }), job('b'), job('c')]);
  });

  it('runs as many at a time as allowed, and no more', async () => {
    const { port } = opened();
    let running = 0;
    let most = 0;
    const gate = gates();
    port.work('collate', { concurrency: 3, attemptsMax: 1 }, async () => {
      most = Math.max(most, ++running);
      if (running === 3) gate.open();
      await gate.opened;
      running--;
    });
    for (let at = 0; at < 10; at++) await port.add(job(`${at}`));
    await port.idle();
    expect(most).toBe(3);
  });

  it('keeps kinds apart: one that is busy does not hold up another', async () => {
    const { port } = opened();
    const gate = gates();
    const seen: string[] = [];
    port.work('collate', { concurrency: 1, attemptsMax: 1 }, () => gate.opened);
    port.work('settle', { concurrency: 1, attemptsMax: 1 }, async (one) => {
      seen.push(one.kind);
      gate.open();
    });
    await port.add(job('same'));
    await port.add({ ...job('same'), kind: 'settle' });
    await port.idle();
    expect(seen).toEqual(['settle']);
  });

  it('takes a second worker of a kind for a bug', () => {
    const { port } = opened();
    const work = () => port.work('collate', { concurrency: 1, attemptsMax: 1 }, async () => {});
    work();
    expect(work).toThrow('a second worker');
  });
}

function isIdempotent(opened: () => OpenedJobQueue): void {
  it('takes a job with the id of one that waits for the same job', async () => {
    const { port } = opened();
    const seen: Job[] = [];
    await port.add(job('a', { first: 1 }));
    await port.add(job('a', { second: 2 }));
    port.work('collate', { concurrency: 1, attemptsMax: 1 }, async (one) => void seen.push(one));
    await port.idle();
    expect(seen).toEqual([job('a', { first: 1 })]);
    await port.add(job('a'));
    await port.idle();
    expect(seen).toHaveLength(2);
  });

  it('runs a job once more that was added while it ran, however often it was added', async () => {
    const { port } = opened();
    let runs = 0;
    port.work('collate', { concurrency: 1, attemptsMax: 1 }, async (one) => {
      if (runs++ === 0) for (let at = 0; at < 3; at++) await port.add(one);
    });
    await port.add(job('a'));
    await port.idle();
    expect(runs).toBe(2);
  });
}

function triesAgain(opened: () => OpenedJobQueue, warnings: () => object[]): void {
  it('tries a job again that throws, while others go on', async () => {
    const { port, passTime } = opened();
    const seen: string[] = [];
    const failed = gates();
    port.work('collate', { concurrency: 1, attemptsMax: 3 }, async (one) => {
      seen.push(one.id);
      if (one.id === 'a' && seen.length === 1) throw new Error('not yet');
      if (one.id === 'b') failed.open();
    });
    await port.add(job('a'));
    await port.add(job('b'));
    await failed.opened;
    await passTime();
    await port.idle();
    expect(seen).toEqual(['a', 'b', 'a']);
    expect(warnings()).toEqual([]);
  });

  it('drops a job with a warning after its last attempt, and takes it anew', async () => {
    const { port, passTime } = opened();
    let runs = 0;
    let ran = gates();
    port.work('collate', { concurrency: 1, attemptsMax: 3 }, async () => {
      runs++;
      ran.open();
      throw new Error('never');
    });
    await port.add(job('a'));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await ran.opened;
      ran = gates();
      expect(runs).toBe(attempt);
      if (attempt < 3) await passTime();
    }
    await port.idle();
    expect(warnings()).toEqual([
      expect.objectContaining({ job: 'a', kind: 'collate', attempt: 3, cause: 'never' }),
    ]);
    await port.add(job('a'));
    await ran.opened;
    expect(runs).toBe(4);
  });
}

function ends(opened: () => OpenedJobQueue): void {
  it('is idle when there was never anything to do', () => opened().port.idle());

  it('closes after the jobs that run, starts no other, and is unavailable afterwards', async () => {
    const { port } = opened();
    const [started, gate] = [gates(), gates()];
    const seen: string[] = [];
    port.work('collate', { concurrency: 1, attemptsMax: 3 }, async (one) => {
      started.open();
      await gate.opened;
      seen.push(one.id);
      throw new Error('would be tried again');
    });
    await port.add(job('a'));
    await port.add(job('b'));
    await started.opened;
    const closed = port.close();
    gate.open();
    await closed;
    expect(seen).toEqual(['a']);
    const unavailable = { name: 'Fault', code: 'job-queue-unavailable', retriable: true };
    await expect(port.add(job('c'))).rejects.toMatchObject(unavailable);
  });
}

function job(id: string, payload: Job['payload'] = {}): Job {
  return { id, kind: 'collate', payload };
}

/** A promise that the test resolves. */
function gates(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** What is under way at a time, and what becomes of it when nobody waits any more. */
import { describe, expect, it } from '@jest/globals';
import { DrivenTimers } from '#environment';
import { getInOrder, lookUntil } from './flights.js';
import { bytesInFlightMax, type Found, storedBlockBytesMax } from './part-store.js';

describe('getting many blocks', () => {
  it('asks for as many as have room if each is as large as may be, and for the next when one has come', async () => {
    const answers: ((found: Found) => void)[] = [];
    const get = () => new Promise<Found>((resolve) => answers.push(resolve));
    const digests = Array.from({ length: 40 }, () => new Uint8Array(32));
    const found = getInOrder(digests, {}, get);
    const first = found.next();
    const room = bytesInFlightMax / storedBlockBytesMax;
    expect(answers).toHaveLength(room);
    answers[0](new Uint8Array(storedBlockBytesMax));
    expect((await first).done).toBe(false);
    const second = found.next();
    expect(answers).toHaveLength(room + 1);
    for (const answer of answers) answer('absent');
    await second;
    const ended = found.return(undefined);
    for (const answer of answers) answer('absent');
    await ended;
  });
});

describe('looking for a block', () => {
  const never = new Promise<Found>(() => {});

  it('is told that nobody waits any more, after the deadline as after the abort', async () => {
    const timers = new DrivenTimers();
    const aborting = new AbortController();
    for (const end of [() => timers.advanceBy(50), () => aborting.abort(new Error('enough'))]) {
      let told: AbortSignal | undefined;
      const found = lookUntil({ deadlineMs: 50, signal: aborting.signal }, timers, (signal) => {
        told = signal;
        return never;
      });
      found.catch(() => {});
      expect(told?.aborted).toBe(false);
      end();
      expect(told?.aborted).toBe(true);
    }
  });
});

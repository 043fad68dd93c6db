/** Waiting for facts of processes that run by themselves: looked at again and again, up to a deadline. */
import { setTimeout as pause } from 'node:timers/promises';

const deadlineMs = 60_000;
const lookEveryMs = 50;

/**
 * The first answer of `look` that is not undefined. Throws, naming `what`, when there is none within the
 * deadline.
 */
export async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  const endsAt = performance.now() + deadlineMs;
  while (performance.now() < endsAt) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(lookEveryMs);
  }
  throw new Error(`${what}: not within ${deadlineMs / 1_000} seconds`);
}

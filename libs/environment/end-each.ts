/** Ends several things one after the other: that one cannot be ended leaves no other running. */
import { Fault } from './fault.js';

/** Once each has had its turn the first failure is thrown, bugs before faults. */
export async function endEach(ends: Iterable<() => Promise<unknown>>): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures.find((cause) => !(cause instanceof Fault)) ?? failures[0];
}

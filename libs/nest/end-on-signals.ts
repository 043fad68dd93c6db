/** Ends a process on SIGTERM and SIGINT: with exit code 0, and within the time that is stated. */
import { type Log, messageOf } from '#environment';

/**
 * `close` finishes what was begun. Where that takes longer than `shutdownMs` the process ends all the same:
 * nothing that was promised rests on its end, as it may be killed at any time.
 */
export function endOnSignals(close: () => Promise<void>, shutdownMs: number, log: Log): void {
  let isEnding = false;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    log.info({ signal, shutdownMs }, 'the service is shutting down');
    setTimeout(() => {
      log.warn({ shutdownMs }, 'the service ends with work under way; it is taken up at the next start');
      process.exit(0);
    }, shutdownMs);
    try {
      await close();
      process.exit(0);
    } catch (cause) {
      log.error({ cause: messageOf(cause) }, 'the service could not close everything');
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
}

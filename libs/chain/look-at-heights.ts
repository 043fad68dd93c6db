/** Looks for something that a height brings, after each height and for a bounded time. */
import type { Timers } from '#environment';

export interface Looking {
  readonly heights: { subscribe(wake: () => void): () => void };
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** Hears why a look failed: the next height looks again. */
  failed(cause: unknown): void;
}

/** The first answer of `look` that is not undefined; `too-late` when there was none in time. Looks at once,
 *  then after each height, never twice at the same time. */
export function lookAtHeights<Found>(
  { heights, timers, timeoutMs, failed }: Looking,
  look: () => Promise<Found | undefined>,
): Promise<Found | 'too-late'> {
  return new Promise((resolve) => {
    let isLooking = false;
    const end = (found: Found | 'too-late'): void => {
      cancel();
      unsubscribe();
      resolve(found);
    };
    const lookOnce = async (): Promise<void> => {
      if (isLooking) return;
      isLooking = true;
      try {
        const found = await look();
        if (found !== undefined) end(found);
      } catch (cause) {
        failed(cause);
      }
      isLooking = false;
    };
    const unsubscribe = heights.subscribe(lookOnce);
    const cancel = timers.after(timeoutMs, () => end('too-late'));
    lookOnce();
  });
}

/** Calls that are under way at a time, bounded by bytes: what the adapters' `getMany` and `putMany` have in
 *  common. */
import { type Timers } from '#environment';
import {
  type Blocks,
  bytesInFlightMax,
  type Found,
  type GetOptions,
  storedBlockBytesMax,
} from './part-store.js';

/** Puts `blocks` by `put`; see `PartStore.putMany`. The first that fails ends it, after those under way. */
export async function putEach(
  blocks: Blocks,
  put: (block: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array[]> {
  const digests: Uint8Array[] = [];
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let bytes = 0;
  const start = (block: Uint8Array, at: number): void => {
    const stored = put(block).then((digest) => {
      digests[at] = digest;
    });
    const one = stored
      .catch((cause) => {
        failures.push(cause);
      })
      .then(() => {
        bytes -= block.length;
        underWay.delete(one);
      });
    bytes += block.length;
    underWay.add(one);
  };
  try {
    let count = 0;
    for await (const block of blocks) {
      if (block.length > storedBlockBytesMax) throw new Error(`a block of ${block.length} bytes`);
      start(block, count++);
      while (failures.length === 0 && isFull(underWay.size, bytes)) await Promise.race(underWay);
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) throw failures[0];
  return digests;
}

/** More under way than a disk gathers into one flush bring nothing. */
const putsMax = 64;

/** The next block may have the largest size. */
function isFull(count: number, bytes: number): boolean {
  return count >= putsMax || bytes + storedBlockBytesMax > bytesInFlightMax;
}

interface Flight {
  readonly found: Promise<Found>;
  /** What it takes of the budget: the most that may come until it has come. */
  bytes: number;
}

/** Gets each of `digests` in order by `get`; see `PartStore.getMany`. */
export async function* getInOrder(
  digests: Iterable<Uint8Array>,
  options: GetOptions,
  get: (digest: Uint8Array, options: GetOptions) => Promise<Found>,
): AsyncGenerator<Found> {
  const ended = new AbortController();
  const { signal } = ended;
  const { signal: outer } = options;
  // AbortSignal.any leaves something on a signal that lives on.
  const abort = (): void => ended.abort(outer?.reason);
  outer?.addEventListener('abort', abort);
  if (outer?.aborted) abort();
  const flights: Flight[] = [];
  let reserved = 0;
  const start = (digest: Uint8Array): void => {
    const flight: Flight = { found: get(digest, { ...options, signal }), bytes: storedBlockBytesMax };
    reserved += flight.bytes;
    flights.push(flight);
    // Awaited in its turn; until then a failure is not a rejection that nobody looks at.
    flight.found.then(
      (found) => {
        const bytes = typeof found === 'string' ? 0 : found.length;
        reserved -= flight.bytes - bytes;
        flight.bytes = bytes;
      },
      () => {},
    );
  };
  const next = digests[Symbol.iterator]();
  let isLast = false;
  try {
    for (;;) {
      while (!isLast && (flights.length === 0 || reserved + storedBlockBytesMax <= bytesInFlightMax)) {
        const { done, value } = next.next();
        if (done) isLast = true;
        else start(value);
      }
      const first = flights[0];
      if (first === undefined) return;
      const found = await first.found;
      flights.shift();
      reserved -= first.bytes;
      yield found;
    }
  } finally {
    outer?.removeEventListener('abort', abort);
    ended.abort();
    await Promise.allSettled(flights.map((one) => one.found));
  }
}

/**
 * What `look` finds, `not-found-in-time` after the deadline, or the signal's reason thrown. `look` gets a
 * signal that ends when nobody waits any more, and must not keep what it was given after that.
 */
export async function lookUntil(
  options: GetOptions,
  timers: Timers,
  look: (signal: AbortSignal) => Promise<Found>,
): Promise<Found> {
  const { signal, deadlineMs } = options;
  signal?.throwIfAborted();
  const ended = new AbortController();
  return await new Promise<Found>((resolve, reject) => {
    const end = (settle: () => void): void => {
      cancel?.();
      signal?.removeEventListener('abort', abort);
      ended.abort();
      settle();
    };
    const abort = (): void => end(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort);
    const late = (): void => end(() => resolve('not-found-in-time'));
    const cancel = deadlineMs === undefined ? undefined : timers.after(deadlineMs, late);
    look(ended.signal).then(
      (found) => end(() => resolve(found)),
      (cause) => end(() => reject(cause)),
    );
  });
}

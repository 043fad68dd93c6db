/** Answers of a chain as the tests of what it promises take them. */
import type { ChannelId } from '#protocol';
import type { Chain, ChainSnapshot, Line } from '../chain.js';
import type { ChainEvent, EventCursor, EventFilter } from '../chain-events.js';
import type { ChainOutcome } from '../chain-outcome.js';

/** Throws for a no. */
export function done(outcome: ChainOutcome): Extract<ChainOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.message}`);
  return outcome;
}

/** The code of a no, or `done`. */
export function refused(outcome: ChainOutcome): string {
  return outcome.ok ? 'done' : outcome.code;
}

/** The facts as they are now. */
export function latest(chain: Chain): Promise<ChainSnapshot> {
  return chain.snapshot({ finality: 'latest' });
}

export async function lineOf(chain: Chain, channelId: ChannelId, payee: number): Promise<Line> {
  const channel = await (await latest(chain)).channel(channelId);
  const line = channel?.lines.find((one) => one.payee === payee);
  if (line === undefined) throw new Error(`channel ${channelId} has no line of participant ${payee}`);
  return line;
}

/** All pages up to the latest height. */
export async function eventsAfter(chain: Chain, from: EventCursor | undefined, filter: EventFilter) {
  const events: ChainEvent[] = [];
  for (let cursor = from; ; ) {
    const page = await chain.events(cursor, filter);
    events.push(...page.events);
    cursor = page.cursor;
    if (page.isLast) return { events, cursor, kinds: events.map(({ kind }) => kind) };
  }
}

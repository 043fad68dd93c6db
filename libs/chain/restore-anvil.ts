/** Brings a fresh anvil to where the journal ends: from the snapshot where that is one of this journal, then
 *  height by height. */
import type { Hex } from '#encoding';
import { messageOf } from '#environment';
import { type AnvilJournal, emptyRun, type JournalHeight } from './anvil-journal.js';
import { type AnvilSnapshot, withLastHeights } from './anvil-snapshot.js';
import type { ChainTime } from './chain.js';
import type { JsonRpc } from './json-rpc.js';
import { hexOf } from './transaction-poster.js';

/**
 * What stays of a snapshot: what acts and their receipts of a moment ago, and events of unfinished
 * blocks, may be asked for.
 */
const kept = { heights: 256, heightsMax: 50_000, transactions: 20_000 };

/** Whether anvil took the snapshot and stands where it says; after a no it must be started afresh. */
export async function loadSnapshot(rpc: JsonRpc, snapshot: AnvilSnapshot): Promise<boolean | string> {
  try {
    await rpc.call('anvil_loadState', withLastHeights(snapshot.state, kept));
    const { height, timestampSeconds } = await latestTime(rpc);
    return height === snapshot.place.height && timestampSeconds === snapshot.timestampSeconds;
  } catch (cause) {
    return messageOf(cause);
  }
}

/** Replays `heights` on top of `from`. Throws when anvil does not end where they do. */
export async function replayHeights(
  rpc: JsonRpc,
  heights: readonly JournalHeight[],
  from: ChainTime,
): Promise<ChainTime> {
  let last = from;
  for (let next = 0; next < heights.length; ) {
    const run = emptyRun(heights, next, last.timestampSeconds);
    const { at, transactions } = heights[next + run.count - 1];
    // One after the other, since their order in the height is the order in which they come.
    for (const raw of transactions) await rpc.call('eth_sendRawTransaction', raw);
    if (run.count > 1) await rpc.call('anvil_mine', hexOf(run.count - 1), hexOf(run.stepSeconds));
    // The last by its own time: after a run anvil would refuse another height of the same second.
    await rpc.call('evm_mine', hexOf(at));
    next += run.count;
    last = { height: from.height + next, timestampSeconds: at };
  }
  const { height, timestampSeconds } = await latestTime(rpc);
  if (height !== last.height || timestampSeconds !== last.timestampSeconds) {
    throw new Error(`the journal ends at height ${last.height}, anvil at ${height}`);
  }
  return last;
}

/** What a replay begins with: the heights behind the snapshot if it is one of this journal, or all. */
export async function heightsToReplay(
  journal: AnvilJournal,
  snapshot: AnvilSnapshot | undefined,
): Promise<{ readonly heights: readonly JournalHeight[]; readonly isBehindSnapshot: boolean }> {
  const behind = snapshot && (await journal.heightsAfter(snapshot.place));
  if (behind !== undefined) return { heights: behind, isBehindSnapshot: true };
  return { heights: (await journal.heightsAfter(undefined)) ?? [], isBehindSnapshot: false };
}

/** As the node has it: an anvil that is away answers nothing. */
export async function latestTime(rpc: JsonRpc): Promise<ChainTime> {
  type Height = { readonly number: Hex; readonly timestamp: Hex };
  const { number, timestamp } = await rpc.call<Height>('eth_getBlockByNumber', 'latest', false);
  return { height: Number(number), timestampSeconds: Number(timestamp) };
}

/** The log entries of one block of a channel, as the base chain's node has them. */
import { type Hex, toHex, uintWord } from '#encoding';
import { Fault, type Timers } from '#environment';
import type { BlockId } from '#protocol';
import { AnswerTooLarge, JsonRpcRefused, type RpcCalls, unavailable } from './json-rpc.js';

export interface RpcLog {
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
  /** Not every node says it. */
  readonly blockTimestamp?: Hex;
}

/**
 * From height `from` up to `to`, in halves where that is more than the node answers at once: what others say
 * in a dispute, at whatever length, keeps nobody from reading it. What one height can hold fits an answer.
 */
export async function logsOfBlock(
  rpc: RpcCalls,
  addresses: readonly Hex[],
  id: BlockId,
  from: number,
  to: number,
): Promise<readonly RpcLog[]> {
  try {
    return await logsAtOnce(rpc, addresses, id, from, to);
  } catch (cause) {
    if (from >= to || !mayBeTooMuch(cause)) throw cause;
  }
  const middle = Math.floor((from + to) / 2);
  const earlier = await logsOfBlock(rpc, addresses, id, from, middle);
  return [...earlier, ...(await logsOfBlock(rpc, addresses, id, middle + 1, to))];
}

/** Nodes refuse what is too long for them in words of their own. */
function mayBeTooMuch(cause: unknown): boolean {
  return cause instanceof JsonRpcRefused || (cause instanceof Fault && cause.cause instanceof AnswerTooLarge);
}

/** Both are indexed first: channel and block are topics of every such event. */
async function logsAtOnce(
  rpc: RpcCalls,
  addresses: readonly Hex[],
  { channelId, blockNumber }: BlockId,
  from: number,
  to: number,
): Promise<readonly RpcLog[]> {
  const logs = await rpc.call<readonly RpcLog[]>('eth_getLogs', {
    address: addresses,
    fromBlock: `0x${from.toString(16)}`,
    toBlock: `0x${to.toString(16)}`,
    topics: [null, channelId, toHex(uintWord(blockNumber))],
  });
  if (!Array.isArray(logs)) throw unavailable('the base chain’s node answered no list of logs', undefined);
  return logs;
}

/** A node may answer facts of a height before it has indexed the height's log. */
const readsMax = 8;
const pauseMs = 40;

/**
 * Reads until the log has every event behind what is stored at `height`; `read` answers with the first that
 * it lacks. Throws a retriable Fault `chain-snapshot-gone` where it stays away.
 */
export async function readWhole<Facts extends object>(
  height: number,
  timers: Timers,
  read: () => Promise<Facts | string>,
): Promise<Facts> {
  let missing = '';
  for (let reads = 1; reads <= readsMax; reads++) {
    const found = await read();
    if (typeof found !== 'string') return found;
    missing = found;
    await new Promise<void>((resolve) => timers.after(pauseMs * reads, resolve));
  }
  const message =
    `the log of the base chain's node is not that of height ${height} (it has no ${missing}): ` +
    'read again at a new height';
  throw new Fault('chain-snapshot-gone', message, { retriable: true });
}

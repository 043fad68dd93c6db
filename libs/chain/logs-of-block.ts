/** The log entries of one block of a channel, as the base chain's node has them. */
import { type Hex, toHex, uintWord } from '#encoding';
import { Fault, type Timers } from '#environment';
import type { BlockId } from '#protocol';
import { type RpcCalls, unavailable } from './json-rpc.js';

export interface RpcLog {
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
  /** Not every node says it. */
  readonly blockTimestamp?: Hex;
}

/** From height `from` up to `to`; both indexed first, channel and block are topics of every such event. */
export async function logsOfBlock(
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

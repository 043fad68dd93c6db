/** The contracts' log as events in order, a bounded page at a time, with rollbacks told. */
import type { Digest, Hex } from '#encoding';
import { Fault } from '#environment';
import {
  blockEventKinds,
  type ChainEvent,
  type ChainEventPage,
  channelEventKinds,
  type EventCursor,
  type EventFilter,
} from './chain-events.js';
import { decodeEvent, eventContracts, eventTopics } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { blockAt, blockOf, type FoundHeight, latestHeight } from './finality.js';
import { type RpcCalls, unavailable } from './json-rpc.js';

export interface EventSource {
  readonly rpc: RpcCalls;
  readonly contracts: Pick<ContractAddresses, (typeof eventContracts)[number]>;
}

/** Nodes bound the heights of one question. */
export const pageHeights = 1_000;
/** What follows in the same height begins the next page. */
export const pageEventsMax = 2_000;
/** Two epochs of Ethereum: what lies deeper is final. */
const rollbackHeightsMax = 64;

interface RpcLog {
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Digest;
  readonly logIndex: Hex;
}

export async function readEvents(
  source: EventSource,
  from: EventCursor | undefined,
  filter: EventFilter,
): Promise<ChainEventPage> {
  const latest = await latestHeight(source.rpc);
  if (from === undefined) return readPage(source, filter, latest, 0, -1);
  const there = from.height > latest.height ? undefined : await blockAt(source.rpc, from.height);
  if (there?.hash === from.hash) return readPage(source, filter, latest, from.height, from.logIndex);
  return rollBack(source.rpc, from, latest.height);
}

/** What was told above the last height that both histories share did not happen. */
async function rollBack(rpc: RpcCalls, from: EventCursor, latest: number): Promise<ChainEventPage> {
  const { height, hash } = await sharedHeight(rpc, from, latest);
  return {
    events: [{ kind: 'rolled-back', toHeight: height }],
    cursor: { height, hash, logIndex: Number.MAX_SAFE_INTEGER },
    isLast: false,
  };
}

/**
 * The last height that the cursor's history shares with the node's present one, found from parent to parent
 * as long as the node still knows the blocks that it rolled back; otherwise a height so far below that no
 * rollback reaches it.
 */
async function sharedHeight(rpc: RpcCalls, from: EventCursor, latest: number): Promise<FoundHeight> {
  const lowest = Math.max(0, from.height - rollbackHeightsMax);
  let old = await blockOf(rpc, from.hash);
  while (old !== undefined && old.height > lowest) {
    const now = old.height - 1 > latest ? undefined : await blockAt(rpc, old.height - 1);
    if (now?.hash === old.parentHash) return now;
    old = await blockOf(rpc, old.parentHash);
  }
  if (old === undefined) return blockAt(rpc, Math.min(lowest, latest));
  const message =
    `the ${rollbackHeightsMax} heights up to ${from.height} (hash ${from.hash}) were rolled back, more than` +
    ' a base chain may: its node follows another chain, or finality broke; rebuild what was read from it';
  throw new Fault('chain-rolled-back-finality', message, { retriable: false });
}

async function readPage(
  { rpc, contracts }: EventSource,
  filter: EventFilter,
  latest: FoundHeight,
  fromHeight: number,
  behind: number,
): Promise<ChainEventPage> {
  const toHeight = Math.min(latest.height, fromHeight + pageHeights - 1);
  // Its hash before its logs: were it rolled back in between, the next call finds the hash to be another.
  const to = toHeight === latest.height ? latest : await blockAt(rpc, toHeight);
  const logs = await rpc.call<readonly RpcLog[]>('eth_getLogs', {
    address: eventContracts.map((name) => contracts[name]),
    fromBlock: `0x${fromHeight.toString(16)}`,
    toBlock: `0x${toHeight.toString(16)}`,
    topics: topicsOf(filter),
  });
  if (!Array.isArray(logs)) throw unavailable('the base chain’s node answered no list of logs', undefined);
  const events = logs
    .map(eventOf)
    .filter((event) => event !== undefined)
    .filter(({ at }) => at.height > fromHeight || at.logIndex > behind)
    .sort((one, other) => one.at.height - other.at.height || one.at.logIndex - other.at.logIndex);
  if (events.length > pageEventsMax) {
    const page = events.slice(0, pageEventsMax);
    return { events: page, cursor: page[pageEventsMax - 1].at, isLast: false };
  }
  const cursor = { height: to.height, hash: to.hash, logIndex: Number.MAX_SAFE_INTEGER };
  return { events, cursor, isLast: toHeight === latest.height };
}

type LoggedEvent = Exclude<ChainEvent, { kind: 'rolled-back' }>;

const knownKinds: ReadonlySet<string> = new Set([...channelEventKinds, ...blockEventKinds]);
const blockKinds: ReadonlySet<string> = new Set(blockEventKinds);

function topicsOf({ kinds, channelIds }: EventFilter): (Hex[] | null)[] {
  const topics = eventTopics();
  const wanted = kinds ?? [...channelEventKinds, ...blockEventKinds];
  const named = wanted.map((kind) => {
    const topic = topics.get(kind);
    if (topic === undefined) throw new Error(`the contracts have no event ${kind}`);
    return topic;
  });
  return [named, channelIds === undefined ? null : [...channelIds]];
}

function eventOf(log: RpcLog): LoggedEvent | undefined {
  const decoded = decodeEvent(log.topics, log.data);
  if (decoded === undefined || !knownKinds.has(decoded.kind)) return undefined;
  const at = { height: Number(log.blockNumber), hash: log.blockHash, logIndex: Number(log.logIndex) };
  const channelId = decoded.fields.channelId as Hex;
  const { kind } = decoded;
  if (!blockKinds.has(kind)) return { kind, channelId, at } as LoggedEvent;
  return { kind, channelId, blockNumber: Number(decoded.fields.blockNumber), at } as LoggedEvent;
}

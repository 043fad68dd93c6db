/**
 * Two channel nodes of one participant on one log, driven at random: batches that contradict one another to
 * both, blocks that end, leases that are lost. Then what each promised is held against the log and its cuts.
 */
import { codeOf, DrivenClock, Fault, seededEntropy, silentLog } from '#environment';
import { KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import { collectionEnd, parseHeader } from '#protocol';
import { decodeCutMark, isDamaged, type LogClaim, logBegin, type RecordLog } from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { ChannelNode } from '../channel-node.js';
import { accounts, operatorKeys, rootOf, start, TestChain } from './test-channel.js';

export interface TwoNodesOptions {
  readonly seed: string;
  /** Whether they share the store in which leases are held, as they should. */
  readonly shareLeases: boolean;
}

export interface TwoNodesFound {
  readonly acknowledged: number;
  /** How often one took the channel from the other. */
  readonly takenOver: number;
  /** Acknowledged and not in front of their block's first cut mark. */
  readonly outsideTheCut: number;
  /** Sequences of a block for which two different batches were acknowledged. */
  readonly sequencesTwice: number;
}

const account = accounts[1];
const steps = 120;
const blocks = 4;

export async function runTwoNodes({ seed, shareLeases }: TwoNodesOptions): Promise<TwoNodesFound> {
  const entropy = seededEntropy(seed);
  const below = (end: number): number => new DataView(entropy.bytes(4).buffer).getUint32(0) % end;
  const answers = async (): Promise<void> => {
    for (let turns = below(4); turns > 0; turns--) await new Promise(setImmediate);
  };
  const drawers = new RecordDrawers({ gap: 2, answers });
  const chain = new TestChain();
  const clock = new DrivenClock(0);
  const shared = new KeyValueDrawer();
  const logs = [openMemoryRecordLog(drawers), openMemoryRecordLog(drawers)].map(hearingLate);
  const nodes = logs.map((recordLog) => {
    const keyValue = openMemoryKeyValue(shareLeases ? shared : new KeyValueDrawer());
    const ports = { recordLog, keyValue, chain: chain.port(), clock, log: silentLog };
    return new ChannelNode({ account, operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 }, ports);
  });
  const promised: Uint8Array[] = [];
  const submit = async (node: ChannelNode): Promise<void> => {
    const blockNumber = Math.floor((chain.nowSeconds - start) / chain.terms.blockDuration);
    const impressions = [`${below(1_000)}`];
    const batch = chain.batch({ blockNumber, sequence: BigInt(below(30)), impressions });
    if (await took(node.submit(batch, chain.channelId))) promised.push(batch);
  };
  const under = new Set<Promise<unknown>>();
  for (let step = 0; step < steps; step++) {
    const node = nodes[below(2)];
    const acts = Array.from({ length: 1 + below(4) }, () => submit(node));
    if (below(8) === 0) chain.moveTo(chain.nowSeconds + chain.terms.blockDuration / 4);
    if (below(4) === 0) acts.push(node.sweep().then(undefined, mustPass));
    if (below(8) === 0) shared.loseLease(`channel-node/${account}`);
    if (below(4) === 0) clock.advanceTo(clock.nowMs() + 6_000);
    for (const act of acts) under.add(act.finally(() => under.delete(act)));
    await answers();
    if (chain.nowSeconds > start + blocks * chain.terms.blockDuration) break;
  }
  await Promise.all(under);
  await cutAll(chain, clock, nodes);
  const takenOver = (drawers.claims.get(chain.channelId)?.epoch ?? 1) - 1;
  return { acknowledged: promised.length, takenOver, ...(await judge(logs[0], chain, promised)) };
}

/** As an engine that is far away: only an append that is refused tells that the claim was lost. */
function hearingLate(recordLog: RecordLog): RecordLog {
  const claims = new Map<LogClaim, { readonly inner: LogClaim; readonly heard: AbortController }>();
  recordLog.claim = new Proxy(recordLog.claim, {
    apply: async (claim, _, [channelId]: [string]) => {
      const inner = await claim.call(recordLog, channelId);
      const heard = new AbortController();
      const late = { ...inner, lost: heard.signal };
      claims.set(late, { inner, heard });
      return late;
    },
  });
  recordLog.append = new Proxy(recordLog.append, {
    apply: async (append, _, [late, ...entry]: Parameters<RecordLog['append']>) => {
      const { inner, heard } = claims.get(late)!;
      try {
        return await append.call(recordLog, inner, ...entry);
      } catch (cause) {
        if (codeOf(cause) === 'record-log-fenced') heard.abort();
        throw cause;
      }
    },
  });
  return recordLog;
}

/** Whether it was acknowledged; a port that is away, or a channel that is claimed elsewhere, may say no. */
async function took(answer: ReturnType<ChannelNode['submit']>): Promise<boolean> {
  try {
    return (await answer).ok;
  } catch (cause) {
    mustPass(cause);
    return false;
  }
}

function mustPass(cause: unknown): void {
  if (!(cause instanceof Fault && cause.retriable)) throw cause;
}

/** Until whoever has the channel has cut every block that there was. */
async function cutAll(chain: TestChain, clock: DrivenClock, nodes: readonly ChannelNode[]): Promise<void> {
  const last = Math.floor((chain.nowSeconds - start) / chain.terms.blockDuration);
  chain.moveTo(collectionEnd(chain.terms, last));
  for (let turn = 0; turn < 4; turn++) {
    clock.advanceTo(clock.nowMs() + 10_000);
    for (const node of nodes) await node.sweep().then(undefined, mustPass);
  }
  for (const node of nodes) await node.stop();
}

async function judge(
  recordLog: RecordLog,
  { channelId }: TestChain,
  promised: readonly Uint8Array[],
): Promise<Pick<TwoNodesFound, 'outsideTheCut' | 'sequencesTwice'>> {
  const ends = new Map<number, number>();
  for await (const page of recordLog.read({ channelId, stream: 'cut-marks' }, { from: logBegin })) {
    for (const item of page) {
      if (isDamaged(item)) throw new Error(item.damage);
      const mark = decodeCutMark(item.bytes);
      const [end] = mark.ends.flatMap(([author, position]) => (author === 1 ? [position] : []));
      if (!ends.has(mark.blockNumber)) ends.set(mark.blockNumber, end ?? 0);
    }
  }
  const cut = new Set<string>();
  for await (const page of recordLog.read({ channelId, stream: 1 }, { from: logBegin })) {
    for (const item of page) {
      if (isDamaged(item)) throw new Error(item.damage);
      if (item.position < (ends.get(Number(parseHeader(item.bytes).blockNumber)) ?? 0)) {
        cut.add(nameOf(item.bytes));
      }
    }
  }
  const roots = new Map<string, Set<string>>();
  for (const batch of promised) {
    const { blockNumber, sequence } = parseHeader(batch);
    const place = `${blockNumber}/${sequence}`;
    roots.set(place, (roots.get(place) ?? new Set()).add(rootOf(batch)));
  }
  return {
    outsideTheCut: promised.filter((batch) => !cut.has(nameOf(batch))).length,
    sequencesTwice: [...roots.values()].filter((one) => one.size > 1).length,
  };
}

function nameOf(batch: Uint8Array): string {
  const { blockNumber, sequence } = parseHeader(batch);
  return `${blockNumber}/${sequence}/${rootOf(batch)}`;
}

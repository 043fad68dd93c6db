/** A channel node for tests: its app on a driven chain and clock, its log in memory, asked over HTTP. */
import { batchMediaType } from '#api';
import { DrivenClock, type Log, silentLog } from '#environment';
import type { KeyValue } from '#key-value';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import {
  type CutMark,
  decodeCutMark,
  isDamaged,
  type LogItem,
  type LogPartition,
  type LogStream,
  logBegin,
  type RecordLog,
} from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { type ChannelNodeApp, startChannelNodeApp } from '../channel-node.app.js';
import type { ChannelNodeOptions } from '../channel-node.js';
import { accounts, operatorKeys, TestChain, testTerms } from './test-channel.js';

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export class TestNode {
  readonly chain: TestChain;
  readonly drawers = new RecordDrawers();
  readonly clock = new DrivenClock(1_700_000_000_000);
  /** What the node said of errors and warnings, in order. */
  readonly told: string[] = [];
  #running: { readonly app: ChannelNodeApp; readonly recordLog: RecordLog } | undefined;

  private constructor(change: Parameters<typeof testTerms>[0]) {
    this.chain = new TestChain(testTerms(change));
  }

  static async open(change: Parameters<typeof testTerms>[0] = {}): Promise<TestNode> {
    const node = new TestNode(change);
    await node.reopen();
    return node;
  }

  /** After `close`: what the node remembers beside its log is gone unless it is given. */
  async reopen(
    recordLog: RecordLog = openMemoryRecordLog(this.drawers),
    more: {
      readonly keyValue?: KeyValue;
      readonly options?: Partial<ChannelNodeOptions>;
      readonly runs?: boolean;
    } = {},
  ): Promise<void> {
    const { keyValue = openMemoryKeyValue(), runs = false } = more;
    const ports = { recordLog, keyValue, chain: this.chain.port(), clock: this.clock, log: this.#log() };
    const options = { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 };
    const app = await startChannelNodeApp({ ...options, ...more.options }, ports, { runs });
    this.#running = { app, recordLog };
  }

  #log(): Log {
    const tell = (_: object, words: string): void => {
      this.told.push(words);
    };
    return { ...silentLog, warn: tell, error: tell };
  }

  get app(): ChannelNodeApp {
    if (this.#running === undefined) throw new Error('the node is not open');
    return this.#running.app;
  }

  get recordLog(): RecordLog {
    if (this.#running === undefined) throw new Error('the node is not open');
    return this.#running.recordLog;
  }

  close(): Promise<void> {
    return this.app.close();
  }

  async post(
    body: Uint8Array | string,
    options: {
      readonly type?: string;
      readonly channelId?: string;
      readonly headers?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const { type = batchMediaType, channelId = this.chain.channelId } = options;
    const response = await fetch(`${this.app.url}/v1/channels/${channelId}/records`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-request-id': 'asked-1', ...options.headers },
      body: body as Uint8Array<ArrayBuffer> | string,
    });
    return answerOf(response);
  }

  async get(path: string): Promise<Answer> {
    return answerOf(await fetch(`${this.app.url}${path}`));
  }

  partition(stream: LogStream): LogPartition {
    return { channelId: this.chain.channelId, stream };
  }

  async entries(stream: LogStream): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for await (const page of this.recordLog.read(this.partition(stream), { from: logBegin })) {
      for (const item of page) if (!isDamaged(item)) found.push(item.bytes);
    }
    return found;
  }

  async cutMarks(): Promise<CutMark[]> {
    return (await this.entries('cut-marks')).map(decodeCutMark);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const body = (await response.json()) as Record<string, unknown>;
  return { status, type: headers.get('content-type'), body, headers };
}

/** As `inner`, but that `before` runs before each append. */
export function slowedLog(inner: RecordLog, before: () => Promise<void>): RecordLog {
  return appendingBy(inner, async (...given) => {
    await before();
    return inner.append(...given);
  });
}

/** As `inner`, but that what stands at these places is damaged: `stream/position`. */
export function damagedLog(inner: RecordLog, places: ReadonlySet<string>): RecordLog {
  const seen = ({ stream }: LogPartition, item: LogItem): LogItem =>
    places.has(`${stream}/${item.position}`)
      ? { position: item.position, damage: `segment 0, entry ${item.position}` }
      : item;
  return {
    ...appendingBy(inner, (...given) => inner.append(...given)),
    async *read(partition, range) {
      for await (const page of inner.read(partition, range)) yield page.map((item) => seen(partition, item));
    },
    async get(partition, position) {
      const item = await inner.get(partition, position);
      return item && seen(partition, item);
    },
  };
}

export function appendingBy(inner: RecordLog, append: RecordLog['append']): RecordLog {
  return {
    append,
    claim: (channelId) => inner.claim(channelId),
    read: (...given) => inner.read(...given),
    get: (...given) => inner.get(...given),
    end: (...given) => inner.end(...given),
    partitions: (...given) => inner.partitions(...given),
    truncateBefore: (...given) => inner.truncateBefore(...given),
    identity: () => inner.identity(),
    subscribe: (wake) => inner.subscribe(wake),
    close: () => inner.close(),
  };
}

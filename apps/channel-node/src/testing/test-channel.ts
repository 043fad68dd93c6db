/**
 * A channel for tests: a base chain of which only the needed facts exist, keys from names, batches on
 * demand.
 */
import type { Chain, ChainSnapshot, ChainTime, ChannelFacts, ParticipantKeys } from '#chain';
import { addressOf, sha256 } from '#crypto';
import { type Hex, toHex, utf8 } from '#encoding';
import { Fault } from '#environment';
import {
  BatchHasher,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  domainSeparator,
  encodeRecord,
  impressionKeyOf,
  limits,
  type RecordFields,
  recordKind,
  roleOf,
  signBatch,
} from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';

export const domain = { chainId: 31_337, verifyingContract: `0x${'c0'.repeat(20)}` as Hex };
export const separator = domainSeparator(domain);
const hasher = new BatchHasher(separator);

export function testKey(name: string): Uint8Array {
  return sha256(utf8(`test key ${name}`));
}

export const names = ['dsp', 'ssp', 'auditor'] as const;
export const accounts = names.map((name) => addressOf(testKey(`${name} account`)));
export const operatorKeys = names.map((name) => testKey(`${name} operator`));
const recordKeys = names.map((name) => testKey(`${name} record`));

export const start = 1_000_000;

export function testTerms(change: Partial<ChannelTerms> = {}): ChannelTerms {
  return {
    participants: accounts,
    roles: [roleOf.dsp, roleOf.ssp, roleOf.auditor],
    blockMaxNano: [0n, 10n ** 9n, 10n ** 9n],
    token: `0x${'70'.repeat(20)}` as const,
    tokenPerUnit: 10n ** 9n,
    reducer: 'rtb-impression/1',
    reducerParameters: toHex(encodeParameters(defaultParameters)),
    blockPolicy: 0,
    firstBlockStart: start,
    blockDuration: 3_600,
    blocksMax: 100,
    collectionGrace: 600,
    collationPeriod: 600,
    processingPeriod: 600,
    challengePeriod: 600,
    answerPeriod: 60,
    disputeMax: 600,
    withdrawalNotice: 7_200,
    retentionPeriod: 86_400,
    authorBytesMax: 1_000_000,
    priceNanoMax: 1_000_000_000n,
    keysRoot: `0x${'00'.repeat(32)}` as const,
    boxesHash: `0x${'00'.repeat(32)}` as const,
    salt: `0x${'01'.repeat(32)}`,
    ...change,
  };
}

/** Time moves when told to, and wakes whoever subscribed, as a new height does. */
export class TestChain {
  nowSeconds = start + 60;
  closedAtSeconds: number | undefined;
  /** Time of the finalized height; the latest unless set. */
  finalizedSeconds: number | undefined;
  /** What a block surely pays a payee, token base units. */
  cover: (blockNumber: number, payee: number) => bigint = () => 10n ** 18n;
  /** Of every key. */
  gas = { balanceWei: 10n ** 18n, reserveWei: 10n ** 15n };
  isAway = false;
  /** Questions for facts, each a round trip on a real chain. */
  asked = 0;
  /** The time is told after it. */
  timeGate: Promise<void> = Promise.resolve();
  /** How far behind the time that is told heights are read. */
  lagSeconds = 0;
  /** What is final is told after it. */
  finalityGate: Promise<void> = Promise.resolve();
  /** Questions for keys are answered after it. */
  keysGate: Promise<void> = Promise.resolve();
  /** What keys each participant has, from before the channel; tests replace them. */
  readonly keys: (ParticipantKeys | undefined)[] = names.map((_, index) => ({
    recordKey: addressOf(recordKeys[index]),
    operatorKey: addressOf(operatorKeys[index]),
    encryptionKey: `0x${'00'.repeat(32)}`,
    endpoint: '',
  }));
  readonly terms: ChannelTerms;
  readonly channelId: ChannelId;
  readonly #wakes = new Set<() => void>();

  constructor(terms = testTerms()) {
    this.terms = terms;
    this.channelId = channelIdOf(domain, terms);
  }

  moveTo(nowSeconds: number): void {
    this.nowSeconds = nowSeconds;
    for (const wake of this.#wakes) wake();
  }

  setEndpoint(index: number, endpoint: string): void {
    const keys = this.keys[index];
    if (keys !== undefined) this.keys[index] = { ...keys, endpoint };
  }

  /** The port, of which these tests use the facts below. */
  port(): Chain {
    const time = async (): Promise<ChainTime> => {
      this.asked++;
      await this.timeGate;
      if (this.isAway) throw new Fault('chain-unavailable', 'the chain is away', { retriable: true });
      return { height: 1, timestampSeconds: this.nowSeconds };
    };
    const facts = (): ChannelFacts => ({
      channelId: this.channelId,
      terms: this.terms,
      boxes: [],
      openedAtSeconds: start - 100,
      lines: [],
      closedAtSeconds: this.closedAtSeconds,
    });
    const snapshot: Partial<ChainSnapshot> = {
      channel: async (id) => (id === this.channelId ? facts() : undefined),
      blockFacts: async () => ({ parts: [], seats: [], results: [], ownResults: [], acceptances: [] }),
      cover: async (_, blockNumber, payee) => this.cover(blockNumber, payee),
      keysAt: async (account) => {
        await this.keysGate;
        return this.keys[accounts.indexOf(account)];
      },
    };
    const port: Partial<Chain> = {
      domain: async () => domain,
      time,
      snapshot: async ({ finality }) => {
        const latest = await time();
        if (finality === 'finalized') await this.finalityGate;
        const isFinal = finality === 'finalized' && this.finalizedSeconds !== undefined;
        const lagging = { ...latest, timestampSeconds: latest.timestampSeconds - this.lagSeconds };
        const at = isFinal ? { ...latest, timestampSeconds: this.finalizedSeconds as number } : lagging;
        return { ...snapshot, ...at, id: `${at.timestampSeconds}` } as ChainSnapshot;
      },
      channelsOf: async (account) => {
        await time();
        return accounts.includes(account) ? [this.channelId] : [];
      },
      gasBalance: async () => this.gas,
      subscribe: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
      close: async () => {},
    };
    return port as Chain;
  }

  /** A batch signed by the author's record key; records without a price are wins of one impression each. */
  batch(options: TestBatch = {}): Uint8Array {
    const { author = 1, blockNumber = 0, sequence = 0n, impressions = ['imp'], change = {} } = options;
    const records = new Uint8Array(impressions.length * limits.recordBytes);
    for (const [index, name] of impressions.entries()) {
      encodeRecord({ ...testWin(author, name), ...change }, records, index * limits.recordBytes);
    }
    const header = { channelId: this.channelId, blockNumber, author, sequence };
    return signBatch(hasher, options.signer ?? recordKeys[author] ?? testKey('nobody'), header, records);
  }
}

export interface TestBatch {
  readonly author?: number;
  readonly blockNumber?: number;
  readonly sequence?: bigint;
  /** Names of impressions, a record each. */
  readonly impressions?: readonly string[];
  readonly change?: Partial<RecordFields>;
  readonly signer?: Uint8Array;
}

export function testWin(author: number, name: string): RecordFields {
  return {
    kind: recordKind.win,
    author,
    counterparty: author === 0 ? 1 : 0,
    flags: 0,
    timestampMs: BigInt(start) * 1_000n,
    impressionKey: impressionKeyOf(name, '1'),
    priceNano: 1_250_000n,
    campaign: new Uint8Array(8),
    placement: new Uint8Array(8),
    reference: new Uint8Array(8),
  };
}

export function rootOf(batch: Uint8Array): Hex {
  return toHex(batch.subarray(64, 96));
}

/** A channel of three participants on a simulated chain, with stores in memory and signed batches, for tests of services. */
import { addressOf, encryptionPublicKey, sealBox } from '#crypto';
import { encodeDagCbor, type Hex, toHex } from '#encoding';
import { type Entropy, seededEntropy } from '#environment';
import { type KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import { type BlockDrawer, openMemoryPartStore } from '#part-store/memory-part-store';
import {
  BatchHasher,
  type ChannelTerms,
  domainSeparator,
  encodeRecord,
  keyCommitments,
  keysRootOf,
  recordKind,
  roleOf,
  signBatch,
} from '#protocol';
import { openMemoryRecordLog, type RecordDrawers } from '#record-log/memory-record-log';
import { defaultParameters, encodeParameters } from '#reduction';
import { SimulatedChain } from './simulated-chain.js';

export interface RehearsalParticipant {
  readonly account: Hex;
  readonly operatorKey: Uint8Array;
  readonly recordKey: Uint8Array;
  readonly encryptionSecret: Uint8Array;
  /** Its trusted validator. */
  readonly validatorKey: Uint8Array;
  readonly validator: Hex;
  readonly validatorSecret: Uint8Array;
  readonly logDrawers: RecordDrawers;
  readonly stateDrawer: KeyValueDrawer;
  readonly validatorDrawer: KeyValueDrawer;
}

export const blockSeconds = { start: 10_000, duration: 100, collation: 50, processing: 40, challenge: 30 };

export class Rehearsal {
  readonly chain = new SimulatedChain(1_000);
  readonly parts: BlockDrawer = new Map();
  readonly entropy: Entropy;
  readonly participants: readonly RehearsalParticipant[];
  readonly channelId: Hex;
  readonly terms: ChannelTerms;
  readonly #hasher: BatchHasher;

  constructor(seed = 'rehearsal', roles: readonly number[] = [roleOf.dsp, roleOf.ssp, roleOf.auditor]) {
    this.entropy = seededEntropy(seed);
    this.#hasher = new BatchHasher(domainSeparator(this.chain.eip712));
    this.participants = roles.map(() => this.#participant());
    const secret = this.entropy.bytes(32);
    this.terms = this.#terms(roles, secret);
    const boxes = this.participants.map((one) =>
      toHex(sealBox(secret, encryptionPublicKey(one.encryptionSecret), this.entropy.bytes(56))),
    );
    this.channelId = this.chain.openChannel(this.terms, boxes);
  }

  /** When block n leaves collection. */
  collected(blockNumber: number): number {
    return blockSeconds.start + (blockNumber + 1) * blockSeconds.duration;
  }

  partStore() {
    return openMemoryPartStore(this.parts);
  }

  recordLog(participant: number) {
    return openMemoryRecordLog(this.participants[participant].logDrawers);
  }

  keyValue(participant: number) {
    return openMemoryKeyValue(this.participants[participant].stateDrawer);
  }

  validatorKeyValue(participant: number) {
    return openMemoryKeyValue(this.participants[participant].validatorDrawer);
  }

  /** A signed batch of `count` records: wins of the payer (author 0) and the seller (1), audits of the auditor (2). */
  batch(blockNumber: number, author: number, sequence: number, count = 3, firstImpression = 0): Uint8Array {
    const records = Array.from({ length: count }, (_, at) => {
      const impressionKey = new Uint8Array(16);
      impressionKey[0] = (firstImpression + at) * 37;
      impressionKey[15] = firstImpression + at;
      const isAudit = author === 2;
      return encodeRecord({
        kind: isAudit ? recordKind.audit : recordKind.win,
        author,
        counterparty: author === 1 ? 0 : 1,
        flags: isAudit ? 3 : 0,
        timestampMs: 1_000n,
        impressionKey,
        priceNano: isAudit ? 0n : 1_000n,
        campaign: new Uint8Array(8),
        placement: new Uint8Array(8),
        reference: new Uint8Array(8),
      });
    });
    const bytes = new Uint8Array(Buffer.concat(records));
    const header = { channelId: this.channelId, blockNumber, author, sequence: BigInt(sequence) };
    return signBatch(this.#hasher, this.participants[author].recordKey, header, bytes);
  }

  /** Appends batches to a participant's log, each to its author's partition. */
  async append(participant: number, batches: readonly Uint8Array[]): Promise<void> {
    const log = this.recordLog(participant);
    for (const batch of batches) await log.append({ channelId: this.channelId, stream: batch[28] }, batch, 0);
  }

  /** What the channel node writes when collection ends. */
  async cutOff(participant: number, blockNumber: number): Promise<void> {
    const log = this.recordLog(participant);
    const ends: [number, number][] = [];
    for (let author = 0; author < this.participants.length; author++) {
      const end = await log.end({ channelId: this.channelId, stream: author });
      if (end > 0) ends.push([author, end]);
    }
    const bytes = encodeDagCbor({ blockNumber, ends });
    await log.append({ channelId: this.channelId, stream: 'manifests' }, bytes, 0);
  }

  #participant(): RehearsalParticipant {
    const keys = Array.from({ length: 4 }, () => this.entropy.bytes(32));
    const [accountKey, operatorKey, recordKey, validatorKey] = keys;
    const encryptionSecret = this.entropy.bytes(32);
    const validatorSecret = this.entropy.bytes(32);
    const account = addressOf(accountKey);
    const validator = addressOf(validatorKey);
    this.chain.register(account, {
      recordKey: addressOf(recordKey),
      operatorKey: addressOf(operatorKey),
      encryptionKey: toHex(encryptionPublicKey(encryptionSecret)),
      endpoint: '',
    });
    this.chain.registerValidator({
      account: validator,
      encryptionKey: toHex(encryptionPublicKey(validatorSecret)),
      endpoint: `http://${validator}`,
      bondWei: 1n,
    });
    const drawers = { logDrawers: new Map(), stateDrawer: new Map(), validatorDrawer: new Map() };
    const keysKept = { operatorKey, recordKey, encryptionSecret, validatorKey, validatorSecret };
    return { account, validator, ...keysKept, ...drawers };
  }

  #terms(roles: readonly number[], secret: Uint8Array): ChannelTerms {
    const blocksMax = 9;
    const { start, duration, collation, processing, challenge } = blockSeconds;
    return {
      participants: this.participants.map((one) => one.account),
      roles,
      token: '0x00000000000000000000000000000000000070e4',
      tokenPerUnit: 1_000_000_000n,
      reducer: 'rtb-impression/1',
      reducerParameters: toHex(encodeParameters(defaultParameters)),
      blockPolicy: 0,
      firstBlockStart: start,
      blockDuration: duration,
      blocksMax,
      collectionGrace: 0,
      collationPeriod: collation,
      processingPeriod: processing,
      challengePeriod: challenge,
      disputeMax: 500,
      retentionPeriod: 1_000,
      authorBytesMax: 1_048_576,
      priceNanoMax: 1_000_000n,
      keysRoot: toHex(keysRootOf(keyCommitments(secret, blocksMax))),
      salt: toHex(new Uint8Array(32)),
    };
  }
}

/**
 * A channel of three participants on a simulated chain, with stores in memory and signed batches, for tests
 * of services.
 */
import { addressOf, encryptionPublicKey, sealBox, sha256 } from '#crypto';
import { type Hex, toHex } from '#encoding';
import { type Entropy, seededEntropy } from '#environment';
import { KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import { blockDrawer, openMemoryPartStore } from '#part-store/memory-part-store';
import {
  boxesHashOf,
  BatchHasher,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  domainSeparator,
  type Eip712Domain,
  encodeRecord,
  keyCommitments,
  keysRootOf,
  recordKind,
  roleOf,
  signBatch,
} from '#protocol';
import { encodeCutMark, endsNow } from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { defaultParameters, encodeParameters } from '#reduction';
import { SimulatedChain } from './simulated-chain.js';

/** With its trusted validator, and what its stores hold from one opening to the next. */
export interface RehearsalParticipant extends CastMember {
  readonly logDrawers: RecordDrawers;
  readonly stateDrawer: KeyValueDrawer;
  readonly validatorDrawer: KeyValueDrawer;
}

export const blockSeconds = { start: 10_000, duration: 100, collation: 50, processing: 40, challenge: 30 };

/** As the contracts take it: without rows there is nothing to hash. */
export const emptyPart = {
  partRoot: toHex(new Uint8Array(32)),
  segmentCount: 0,
  indexHash: toHex(sha256(new Uint8Array(0))),
};

export class Rehearsal {
  readonly chain = new SimulatedChain(1_000);
  readonly parts = blockDrawer();
  readonly entropy: Entropy;
  readonly participants: readonly RehearsalParticipant[];
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  /** s(0) of the channel. */
  readonly channelSecret: Uint8Array = cast.secret;
  /** The same, boxed for each participant. */
  readonly boxes: readonly Hex[];
  readonly #hasher: BatchHasher;

  /** On its own simulated chain, or with the domain and terms of another one. */
  constructor(setting: { readonly domain?: Eip712Domain; readonly terms?: Partial<ChannelTerms> } = {}) {
    const domain = setting.domain ?? this.chain.eip712;
    this.entropy = seededEntropy('rehearsal');
    this.#hasher = new BatchHasher(domainSeparator(domain));
    this.participants = cast.members.map((one) => this.#participant(one));
    this.terms = { ...this.#terms(), ...setting.terms };
    this.boxes = cast.boxes;
    this.chain.openChannel(this.terms, cast.boxes);
    this.channelId = channelIdOf(domain, this.terms);
  }

  /** When block n leaves collection. */
  collected(blockNumber: number): number {
    return this.terms.firstBlockStart + (blockNumber + 1) * blockSeconds.duration;
  }

  partStore() {
    return openMemoryPartStore(this.parts, { losesUnheld: true });
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

  /**
   * A signed batch of `count` records: wins of the payer (author 0) and the seller (1), audits of the auditor
   * (2).
   */
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
    const claim = await log.claim(this.channelId);
    for (const batch of batches) {
      await log.append(claim, { channelId: this.channelId, stream: batch[28] }, batch, 0);
    }
  }

  /** What the channel node writes when collection ends. */
  async cutOff(participant: number, blockNumber: number): Promise<void> {
    const log = this.recordLog(participant);
    const bytes = encodeCutMark({ blockNumber, ends: await endsNow(log, this.channelId) });
    const claim = await log.claim(this.channelId);
    await log.append(claim, { channelId: this.channelId, stream: 'cut-marks' }, bytes, 0);
  }

  #participant(member: CastMember): RehearsalParticipant {
    this.chain.register(member.account, {
      recordKey: addressOf(member.recordKey),
      operatorKey: addressOf(member.operatorKey),
      encryptionKey: member.encryptionKey,
      endpoint: '',
    });
    this.chain.registerValidator({
      account: member.validator,
      encryptionKey: member.validatorEncryptionKey,
      endpoint: `http://${member.validator}`,
      ...{ leastFeeWei: 0n, stakeWei: 10n ** 18n, exitWei: 0n },
    });
    const [stateDrawer, validatorDrawer] = [new KeyValueDrawer(), new KeyValueDrawer()];
    return { ...member, logDrawers: new RecordDrawers(), stateDrawer, validatorDrawer };
  }

  #terms(): ChannelTerms {
    const { start, duration, collation, processing, challenge } = blockSeconds;
    return {
      participants: this.participants.map((one) => one.account),
      roles: cast.roles,
      blockMaxNano: cast.roles.map((_, index) => (index === 0 ? 0n : 1_000_000_000n)),
      token: '0x00000000000000000000000000000000000070e4',
      tokenPerUnit: 1_000_000_000n,
      reducer: 'rtb-impression/1',
      reducerParameters: toHex(encodeParameters(defaultParameters)),
      blockPolicy: 0,
      firstBlockStart: start,
      blockDuration: duration,
      blocksMax: cast.blocksMax,
      collectionGrace: 0,
      collationPeriod: collation,
      processingPeriod: processing,
      challengePeriod: challenge,
      answerPeriod: 5,
      disputeMax: 500,
      withdrawalNotice: 2 * duration,
      retentionPeriod: 1_000,
      authorBytesMax: 1_048_576,
      priceNanoMax: 1_000_000n,
      keysRoot: cast.keysRoot,
      boxesHash: boxesHashOf(cast.boxes),
      salt: toHex(new Uint8Array(32)),
    };
  }
}

type CastMember = ReturnType<typeof castMember>;

/** Made once: the same people play in every rehearsal, as making keys takes longest. */
const cast = (() => {
  const entropy = seededEntropy('cast');
  const roles = [roleOf.dsp, roleOf.ssp, roleOf.auditor];
  const members = roles.map(() => castMember(entropy));
  const secret = entropy.bytes(32);
  const blocksMax = 9;
  const keysRoot = toHex(keysRootOf(keyCommitments(secret, blocksMax)));
  const boxes = members.map((one) =>
    toHex(sealBox(secret, encryptionPublicKey(one.encryptionSecret), entropy.bytes(56))),
  );
  return { roles, members, secret, boxes, blocksMax, keysRoot };
})();

function castMember(entropy: Entropy) {
  const [accountKey, operatorKey, recordKey, validatorKey, encryptionSecret, validatorSecret] = Array.from(
    { length: 6 },
    () => entropy.bytes(32),
  );
  return {
    accountKey,
    account: addressOf(accountKey),
    operatorKey,
    recordKey,
    encryptionSecret,
    encryptionKey: toHex(encryptionPublicKey(encryptionSecret)),
    validatorKey,
    validator: addressOf(validatorKey),
    validators: { kind: 'own', validators: [addressOf(validatorKey)] } as const,
    fee: { offeredWei: 0n, mostWei: 0n },
    validatorSecret,
    validatorEncryptionKey: toHex(encryptionPublicKey(validatorSecret)),
  };
}

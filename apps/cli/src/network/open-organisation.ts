/**
 * One participant's services in this process, each on the participant's own log and state, as separate
 * processes would be.
 */

import { join } from 'node:path';
import { batchMediaType, endpoints, exchange } from '#api';
import type { ChannelNode } from '#apps/channel-node/src/channel-node';
import { startChannelNodeApp } from '#apps/channel-node/src/channel-node.app';
import { Collator } from '#apps/collator/src/collator';
import { Coordinator } from '#apps/coordinator/src/coordinator';
import type { OwnComputing } from '#apps/settlement/src/own-results';
import { Settlement } from '#apps/settlement/src/settlement';
import type { ReduceBlock } from '#block-reduction';
import { BlockReduction } from '#block-reduction/block-reduction';
import { Validator } from '#apps/validator/src/validator';
import { startValidatorApp } from '#apps/validator/src/validator.app';
import type { DrivenChain } from '#chain';
import type {} from '#encoding';
import { type Clock, endEach, type Log, systemEntropy } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { openFileKeyValue } from '#key-value/file-key-value';
import type { PartStore } from '#part-store';
import type { ChannelId } from '#protocol';
import { openFileRecordLog } from '#record-log/file-record-log';
import type { ParticipantSecrets } from './participant-keys.js';

export interface Organisation {
  readonly node: ChannelNode;
  readonly collator: Collator;
  readonly coordinator: Coordinator;
  readonly validator: Validator;
  readonly settlement: Settlement;
  readonly nodeUrl: string;
  readonly validatorUrl: string;
  submit(channelId: ChannelId, body: Uint8Array, contentType?: string): Promise<SubmitAnswer>;
  /** Lets the services run by themselves, on wakes and timers. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export type SubmitAnswer =
  | { readonly ok: true; readonly receipt: { readonly recordsRoot: string } }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface OrganisationPorts {
  readonly chain: DrivenChain;
  readonly partStore: PartStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly reduction: BlockReduction;
  /** Chain time for which validators wait for parts that the store lacks. */
  readonly availabilityWaitSeconds: number;
  /** Ports of its channel node and its validator; free ones where it is left out. */
  readonly listen?: { readonly node: number; readonly validator: number };
}

const sweepIntervalMs = 2_000;
const requestTimeoutMs = 60_000;
/** The embedded chain mines every second, and is started anew when it does not for 20. */
const heightIntervalMs = 5_000;
const requestsMax = 1_024;
const reductionThreads = 2;
const reductionMebibytes = 256;

/** One's own trusted validator works for nothing. */
const noFee = { offeredWei: 0n, mostWei: 0n };
const ownValidator = ({ validator }: ParticipantSecrets) =>
  ({ kind: 'own', validators: [validator.address] }) as const;

/** Validators of one process reduce one after the other, in threads that they share. */
export function openReduction(spillFolder: string, partStore: PartStore, log?: Log): BlockReduction {
  const options = { threads: reductionThreads, spillFolder, rowMebibytes: reductionMebibytes };
  return new BlockReduction(options, { partStore, log });
}

export async function openOrganisation(
  folder: string,
  secrets: ParticipantSecrets,
  shared: OrganisationPorts,
): Promise<Organisation> {
  const { chain, partStore, clock, log, reduction, listen } = shared;
  const account = secrets.account.address;
  const operatorKey = secrets.operator.privateKey;
  const encryptionSecret = secrets.encryption.secretKey;
  const recordLog = await openFileRecordLog(join(folder, 'log'));
  const keyValue = await openFileKeyValue(join(folder, 'state'));
  const validatorState = await openFileKeyValue(join(folder, 'validator'));
  const jobQueue = openInProcessJobQueue({ log });
  const every = { account, operatorKey, sweepIntervalMs };
  const collator = new Collator(
    { ...every, encryptionSecret },
    { recordLog, partStore, chain, keyValue, jobQueue, clock, log },
  );
  const coordinator = new Coordinator(
    { ...every, encryptionSecret, validators: ownValidator(secrets), fee: noFee, requestTimeoutMs },
    { chain, keyValue, jobQueue, entropy: systemEntropy, log },
  );
  const reduceBlock: ReduceBlock = (block) => reduction.reduce(block);
  const ownComputing: OwnComputing = { encryptionSecret, keyValue, reduceBlock, partStores: [partStore] };
  const settlement = new Settlement(every, { chain, jobQueue, log, ownComputing });
  const nodeApp = await startChannelNodeApp(
    { ...every, requestTimeoutMs, heightIntervalMs },
    { recordLog, keyValue, chain, clock, log },
    { runs: false, port: listen?.node },
  );
  const validator = new Validator(
    {
      privateKey: secrets.validator.privateKey,
      encryptionSecret: secrets.validatorEncryption.secretKey,
      feeFreeAccounts: [],
      requestsMax,
      availabilityWaitSeconds: shared.availabilityWaitSeconds,
      sweepIntervalMs,
    },
    { chain, partStore, keyValue: validatorState, jobQueue, reduceBlock, log },
  );
  const validatorHttp = { host: '127.0.0.1', port: listen?.validator ?? 0, log };
  const validatorApp = await startValidatorApp(validator, validatorHttp);
  const shells = [nodeApp.node, collator, coordinator, validator, settlement];
  return {
    node: nodeApp.node,
    collator,
    coordinator,
    validator,
    settlement,
    nodeUrl: nodeApp.url,
    validatorUrl: validatorApp.url,
    submit: (channelId, body, contentType) => submit(nodeApp.url, channelId, body, contentType),
    start: async () => {
      for (const shell of shells) await shell.start();
    },
    close: () => {
      const shellsFirst = shells.toReversed().map((shell) => () => shell.stop());
      const ports = [jobQueue, validatorState, keyValue, recordLog].map((port) => () => port.close());
      return endEach([() => nodeApp.close(), () => validatorApp.close(), ...shellsFirst, ...ports]);
    },
  };
}

/** As the participant's own back end submits. */
async function submit(
  nodeUrl: string,
  channelId: ChannelId,
  body: Uint8Array,
  contentType: string = batchMediaType,
): Promise<SubmitAnswer> {
  const answer = await exchange(nodeUrl, endpoints.submitRecords, {
    parameters: { channelId },
    sent: { contentType, body },
    timeoutMs: requestTimeoutMs,
  });
  if (answer.kind === 'unreached') throw new Error(answer.detail, { cause: answer.cause });
  if (answer.kind === 'taken') return { ok: true, receipt: answer.body };
  return { ok: false, code: answer.problem.code, message: answer.problem.detail };
}

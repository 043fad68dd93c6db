/** One participant's services in this process, each on the participant's own log and state, as separate processes would be. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelNode } from '#apps/channel-node/src/channel-node';
import { startChannelNodeApp } from '#apps/channel-node/src/channel-node.app';
import { Collator } from '#apps/collator/src/collator';
import { Coordinator } from '#apps/coordinator/src/coordinator';
import { Settlement } from '#apps/settlement/src/settlement';
import { BlockReduction } from '#apps/validator/src/block-reduction/block-reduction';
import { Validator } from '#apps/validator/src/validator';
import { startValidatorApp } from '#apps/validator/src/validator.app';
import type { DrivenChain } from '#chain';
import { fromHex, type Hex } from '#encoding';
import { type DrivenClock, type Log, systemClock, systemEntropy } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { openLmdbKeyValue } from '#key-value/lmdb-key-value';
import type { PartStore } from '#part-store';
import { openLmdbRecordLog } from '#record-log/lmdb-record-log';
import type { ParticipantSecrets } from './participant-keys.js';

export interface Organisation {
  readonly node: ChannelNode;
  readonly collator: Collator;
  readonly coordinator: Coordinator;
  readonly validator: Validator;
  readonly settlement: Settlement;
  readonly nodeUrl: string;
  readonly validatorUrl: string;
  submit(channelId: Hex, body: Uint8Array, contentType?: string): Promise<SubmitAnswer>;
  /** Lets the services run by themselves, on wakes and timers. */
  start(): void;
  close(): Promise<void>;
}

export type SubmitAnswer =
  | { readonly ok: true; readonly receipt: { readonly recordsRoot: string } }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface OrganisationPorts {
  readonly chain: DrivenChain;
  readonly partStore: PartStore;
  readonly clock: DrivenClock;
  readonly log: Log;
  readonly reduction: BlockReduction;
  /** Follows the system's clock instead of the driven one. */
  readonly isReal: boolean;
}

const sweepIntervalMs = 5_000;
const requestTimeoutMs = 30_000;
const reductionThreads = 2;
const reductionMebibytes = 256;

/** Validators of one process reduce one after the other, in threads that they share. */
export function openReduction(spillFolder: string, partStore: PartStore): BlockReduction {
  const options = { threads: reductionThreads, spillFolder, rowMebibytes: reductionMebibytes };
  return new BlockReduction(options, { partStore });
}

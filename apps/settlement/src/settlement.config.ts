/** Environment → configuration of the settlement service, parsed once. */
import { z } from 'zod';
import {
  adapterField,
  amountField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  parseEnvironment,
  participantFields,
  partStoreField,
  type ReductionConfig,
  reductionConfigOf,
  reductionFields,
  secretField,
  type ServiceConfig,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import { defaultDisputeLimits, type SettlementOptions } from './settlement.js';

export interface SettlementConfig extends ServiceConfig {
  readonly listen: ListenConfig;
  readonly jobQueue: string;
  /** Where the outbox of the key lies. */
  readonly keyValue: string;
  readonly options: SettlementOptions;
  /** Absent where nothing is to be computed. */
  readonly own?: ReductionConfig & {
    readonly encryptionSecret: Uint8Array;
    /** Adapter by URL. */
    readonly partStore: string;
  };
}

export const settlementEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_084),
  KEY_VALUE: adapterField(['file']),
  ENCRYPTION_SECRET: secretField.optional(),
  PART_STORE: partStoreField.optional(),
  DISPUTE_BONDS_MAX_WEI: amountField.default(defaultDisputeLimits.bondsMaxWei),
  DISPUTE_GAS_MAX: amountField.default(defaultDisputeLimits.gasMax),
  ...reductionFields,
});

export function readSettlementConfig(
  environment: Readonly<Record<string, string | undefined>>,
): SettlementConfig {
  const parsed = parseEnvironment(settlementEnvironment, environment);
  const options = {
    account: parsed.ACCOUNT,
    operatorKey: parsed.OPERATOR_KEY,
    sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    disputeLimits: { bondsMaxWei: parsed.DISPUTE_BONDS_MAX_WEI, gasMax: parsed.DISPUTE_GAS_MAX },
  };
  const listen = listenConfigOf(parsed);
  const { JOB_QUEUE: jobQueue, KEY_VALUE: keyValue } = parsed;
  const { ENCRYPTION_SECRET: encryptionSecret, PART_STORE: partStore } = parsed;
  const config = { ...serviceConfigOf(parsed), listen, jobQueue, keyValue, options };
  if (encryptionSecret === undefined && partStore === undefined) return config;
  if (encryptionSecret === undefined || partStore === undefined) {
    const missing = partStore === undefined ? 'PART_STORE' : 'ENCRYPTION_SECRET';
    throw new Error(
      `the environment is not as expected: ${missing}: is not set, and the other of the two is`,
    );
  }
  return { ...config, own: { ...reductionConfigOf(parsed), encryptionSecret, partStore } };
}

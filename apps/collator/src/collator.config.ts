/** Environment → configuration of the collator, parsed once. */
import { z } from 'zod';
import { partStoreSchemes } from '#part-store/open-part-store';
import {
  adapterField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  parseEnvironment,
  participantFields,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { CollatorOptions } from './collator.js';

export interface CollatorConfig extends ServiceConfig {
  readonly listen: ListenConfig;
  readonly jobQueue: string;
  readonly options: CollatorOptions;
  /** Adapters by URL. */
  readonly recordLog: string;
  readonly partStore: string;
  readonly keyValue: string;
}

export const collatorEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_082),
  ENCRYPTION_SECRET: secretField,
  RECORD_LOG: adapterField(['file']),
  PART_STORE: adapterField(partStoreSchemes),
  KEY_VALUE: adapterField(['file']),
});

export function readCollatorConfig(
  environment: Readonly<Record<string, string | undefined>>,
): CollatorConfig {
  const parsed = parseEnvironment(collatorEnvironment, environment);
  return {
    ...serviceConfigOf(parsed),
    listen: listenConfigOf(parsed),
    jobQueue: parsed.JOB_QUEUE,
    options: {
      account: parsed.ACCOUNT,
      operatorKey: parsed.OPERATOR_KEY,
      encryptionSecret: parsed.ENCRYPTION_SECRET,
      sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    },
    recordLog: parsed.RECORD_LOG,
    partStore: parsed.PART_STORE,
    keyValue: parsed.KEY_VALUE,
  };
}

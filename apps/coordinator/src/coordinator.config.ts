/** Environment → configuration of the coordinator, parsed once. */
import { z } from 'zod';
import {
  adapterField,
  addressField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  milliseconds,
  parseEnvironment,
  participantFields,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { CoordinatorOptions } from './coordinator.js';

export interface CoordinatorConfig extends ServiceConfig {
  readonly listen: ListenConfig;
  readonly jobQueue: string;
  readonly options: CoordinatorOptions;
  /** Adapter by URL. */
  readonly keyValue: string;
}

export const coordinatorEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_083),
  ENCRYPTION_SECRET: secretField,
  VALIDATOR: addressField,
  SILENCE_SECONDS: z.coerce.number().int().min(1).optional(),
  REQUEST_TIMEOUT_MS: milliseconds(100, 10_000),
  KEY_VALUE: adapterField(['file']),
});

export function readCoordinatorConfig(
  environment: Readonly<Record<string, string | undefined>>,
): CoordinatorConfig {
  const parsed = parseEnvironment(coordinatorEnvironment, environment);
  return {
    ...serviceConfigOf(parsed),
    listen: listenConfigOf(parsed),
    jobQueue: parsed.JOB_QUEUE,
    options: {
      account: parsed.ACCOUNT,
      operatorKey: parsed.OPERATOR_KEY,
      encryptionSecret: parsed.ENCRYPTION_SECRET,
      validator: parsed.VALIDATOR,
      silenceSeconds: parsed.SILENCE_SECONDS,
      requestTimeoutMs: parsed.REQUEST_TIMEOUT_MS,
      sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    },
    keyValue: parsed.KEY_VALUE,
  };
}

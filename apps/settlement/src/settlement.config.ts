/** Environment → configuration of the settlement service, parsed once. */
import { z } from 'zod';
import {
  adapterField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  parseEnvironment,
  participantFields,
  type ServiceConfig,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { SettlementOptions } from './settlement.js';

export interface SettlementConfig extends ServiceConfig {
  readonly listen: ListenConfig;
  readonly jobQueue: string;
  /** Where the outbox of the key lies. */
  readonly keyValue: string;
  readonly options: SettlementOptions;
}

export const settlementEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_084),
  KEY_VALUE: adapterField(['file']),
});

export function readSettlementConfig(
  environment: Readonly<Record<string, string | undefined>>,
): SettlementConfig {
  const parsed = parseEnvironment(settlementEnvironment, environment);
  const options = {
    account: parsed.ACCOUNT,
    operatorKey: parsed.OPERATOR_KEY,
    sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
  };
  const listen = listenConfigOf(parsed);
  const { JOB_QUEUE: jobQueue, KEY_VALUE: keyValue } = parsed;
  return { ...serviceConfigOf(parsed), listen, jobQueue, keyValue, options };
}

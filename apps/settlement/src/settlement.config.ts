/** Environment → configuration of the settlement service, parsed once. */
import { z } from 'zod';
import {
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
  readonly options: SettlementOptions;
}

export const settlementEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_084),
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
  return { ...serviceConfigOf(parsed), listen, jobQueue: parsed.JOB_QUEUE, options };
}

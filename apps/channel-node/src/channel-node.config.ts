/**
 * Environment → configuration of the channel node, parsed once; secrets are kept apart so that the rest may
 * be logged.
 */
import { z } from 'zod';
import type { Address } from '#encoding';
import {
  adapterField,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  milliseconds,
  parseEnvironment,
  participantFields,
  type ServiceConfig,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { CoverLimit } from './cover-limit.js';
import type { ExposureLimit } from './exposure-limit.js';

export const channelNodeEnvironment = z.object({
  ...serviceFields,
  ...participantFields,
  RECORD_LOG: adapterField(['file']),
  KEY_VALUE: adapterField(['file']),
  ...listenFields(8_080),
  REQUEST_TIMEOUT_MS: milliseconds(100, 10_000),
  SWEEP_INTERVAL_MS: milliseconds(100, 1_000),
  IMPRESSIONS_MIB: z.coerce.number().int().min(1).max(65_536).default(256),
  CHAIN_HEIGHT_MS: milliseconds(1_000, 15_000),
  EXPOSURE_LIMIT_NANO: z.coerce
    .bigint()
    .positive()
    .lt(2n ** 64n)
    .optional(),
  EXPOSURE_ACT: z.enum(['warn', 'refuse']).default('warn'),
  COVER_PERCENT: z.coerce.number().int().min(1).max(100).default(100),
  COVER_ACT: z.enum(['warn', 'refuse']).default('warn'),
});

export interface ChannelNodeConfig extends ServiceConfig {
  readonly account: Address;
  /** Adapters by URL. */
  readonly recordLog: string;
  readonly keyValue: string;
  readonly listen: ListenConfig;
  readonly requestTimeoutMs: number;
  readonly sweepIntervalMs: number;
  readonly heightIntervalMs: number;
  readonly impressionBytesMax: number;
  readonly exposureLimit: ExposureLimit | undefined;
  readonly coverLimit: CoverLimit;
}

export interface ChannelNodeSecrets {
  readonly operatorKey: Uint8Array;
}

/** Throws an error that names every variable at fault, and no value. */
export function readChannelNodeConfig(environment: Readonly<Record<string, string | undefined>>): {
  readonly config: ChannelNodeConfig;
  readonly secrets: ChannelNodeSecrets;
} {
  const parsed = parseEnvironment(channelNodeEnvironment, environment);
  const nano = parsed.EXPOSURE_LIMIT_NANO;
  const config = {
    ...serviceConfigOf(parsed),
    account: parsed.ACCOUNT,
    recordLog: parsed.RECORD_LOG,
    keyValue: parsed.KEY_VALUE,
    listen: listenConfigOf(parsed),
    requestTimeoutMs: parsed.REQUEST_TIMEOUT_MS,
    sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    heightIntervalMs: parsed.CHAIN_HEIGHT_MS,
    impressionBytesMax: parsed.IMPRESSIONS_MIB * 2 ** 20,
    exposureLimit: nano === undefined ? undefined : { nano, act: parsed.EXPOSURE_ACT },
    coverLimit: { percent: parsed.COVER_PERCENT, act: parsed.COVER_ACT },
  };
  return { config, secrets: { operatorKey: parsed.OPERATOR_KEY } };
}

/** Environment → configuration of the validator, parsed once. */
import { z } from 'zod';
import {
  adapterField,
  addressField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  parseEnvironment,
  partStoreField,
  type ReductionConfig,
  reductionConfigOf,
  reductionFields,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { ValidatorOptions } from './validator.js';

export interface ValidatorConfig extends ServiceConfig, ReductionConfig {
  readonly jobQueue: string;
  readonly options: ValidatorOptions;
  readonly listen: ListenConfig;
  /** Adapters by URL. */
  readonly partStore: string;
  readonly keyValue: string;
}

const count = (min: number, fallback: number) => z.coerce.number().int().min(min).default(fallback);

export const validatorEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  VALIDATOR_KEY: secretField,
  ENCRYPTION_SECRET: secretField,
  FEE_FREE_ACCOUNTS: z
    .string()
    .default('')
    .transform((accounts) => accounts.split(/\s+/).filter((one) => one !== ''))
    .pipe(z.array(addressField)),
  REQUESTS_MAX: count(1, 10_000),
  AVAILABILITY_WAIT_SECONDS: count(0, 60),
  ...listenFields(8_081),
  PART_STORE: partStoreField,
  KEY_VALUE: adapterField(['file']),
  ...reductionFields,
});

export function readValidatorConfig(
  environment: Readonly<Record<string, string | undefined>>,
): ValidatorConfig {
  const parsed = parseEnvironment(validatorEnvironment, environment);
  return {
    ...serviceConfigOf(parsed),
    jobQueue: parsed.JOB_QUEUE,
    options: {
      privateKey: parsed.VALIDATOR_KEY,
      encryptionSecret: parsed.ENCRYPTION_SECRET,
      feeFreeAccounts: parsed.FEE_FREE_ACCOUNTS,
      requestsMax: parsed.REQUESTS_MAX,
      availabilityWaitSeconds: parsed.AVAILABILITY_WAIT_SECONDS,
      sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    },
    ...reductionConfigOf(parsed),
    listen: listenConfigOf(parsed),
    partStore: parsed.PART_STORE,
    keyValue: parsed.KEY_VALUE,
  };
}

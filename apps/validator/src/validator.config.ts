/** Environment → configuration of the validator, parsed once. */
import { z } from 'zod';
import { partStoreSchemes } from '#part-store/open-part-store';
import {
  adapterField,
  addressField,
  jobFields,
  type ListenConfig,
  listenConfigOf,
  listenFields,
  parseEnvironment,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from '#service-config';
import type { BlockReductionOptions } from '#block-reduction/block-reduction';
import type { ValidatorOptions } from './validator.js';

export interface ValidatorConfig extends ServiceConfig {
  readonly jobQueue: string;
  readonly options: ValidatorOptions;
  readonly reduction: BlockReductionOptions;
  readonly listen: ListenConfig;
  /** Adapters by URL. */
  readonly partStore: string;
  readonly otherPartStores: readonly string[];
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
  PART_STORE: adapterField(partStoreSchemes),
  OTHER_PART_STORES: z
    .string()
    .default('')
    .transform((urls) => urls.split(/\s+/).filter((url) => url !== ''))
    .pipe(z.array(adapterField(partStoreSchemes))),
  KEY_VALUE: adapterField(['file']),
  THREADS: count(1, 2),
  SPILL_FOLDER: z.string().default('./data/spill'),
  ROW_MEBIBYTES: count(16, 512),
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
    reduction: {
      threads: parsed.THREADS,
      spillFolder: parsed.SPILL_FOLDER,
      rowMebibytes: parsed.ROW_MEBIBYTES,
    },
    listen: listenConfigOf(parsed),
    partStore: parsed.PART_STORE,
    otherPartStores: parsed.OTHER_PART_STORES,
    keyValue: parsed.KEY_VALUE,
  };
}

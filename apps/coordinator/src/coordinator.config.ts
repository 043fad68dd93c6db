/** Environment → configuration of the coordinator, parsed once. */
import { z } from 'zod';
import {
  adapterField,
  addressField,
  amountField,
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
import type { ValidatorPolicy } from './validator-order.js';

export interface CoordinatorConfig extends ServiceConfig {
  readonly listen: ListenConfig;
  readonly jobQueue: string;
  readonly options: CoordinatorOptions;
  /** Adapter by URL. */
  readonly keyValue: string;
}

/** Accounts with spaces between, first the one that is asked first; or `drawn`. */
const validatorsField = z.string().transform((text, context): ValidatorPolicy => {
  if (text.trim() === 'drawn') return { kind: 'drawn' };
  const accounts = text
    .trim()
    .split(/\s+/)
    .map((one) => addressField.safeParse(one));
  const [first, ...others] = accounts.flatMap(({ data }) => data ?? []);
  const isEach = accounts.every(({ success }) => success);
  if (first !== undefined && isEach && new Set([first, ...others]).size === accounts.length) {
    return { kind: 'own', validators: [first, ...others] };
  }
  context.addIssue({ code: 'custom', message: 'distinct accounts with spaces between, or drawn' });
  return z.NEVER;
});

export const coordinatorEnvironment = z.object({
  ...serviceFields,
  ...jobFields,
  ...participantFields,
  ...listenFields(8_083),
  ENCRYPTION_SECRET: secretField,
  VALIDATORS: validatorsField,
  FEE_WEI: amountField.default(0n),
  FEE_MAX_WEI: amountField.optional(),
  SILENCE_SECONDS: z.coerce.number().int().min(1).optional(),
  REQUEST_TIMEOUT_MS: milliseconds(100, 10_000),
  KEY_VALUE: adapterField(['file']),
});

export function readCoordinatorConfig(
  environment: Readonly<Record<string, string | undefined>>,
): CoordinatorConfig {
  const parsed = parseEnvironment(coordinatorEnvironment, environment);
  const { FEE_WEI: offeredWei, FEE_MAX_WEI: mostWei = offeredWei } = parsed;
  if (mostWei < offeredWei) throw new Error('the environment is not as expected: FEE_MAX_WEI: below FEE_WEI');
  return {
    ...serviceConfigOf(parsed),
    listen: listenConfigOf(parsed),
    jobQueue: parsed.JOB_QUEUE,
    options: {
      account: parsed.ACCOUNT,
      operatorKey: parsed.OPERATOR_KEY,
      encryptionSecret: parsed.ENCRYPTION_SECRET,
      validators: parsed.VALIDATORS,
      fee: { offeredWei, mostWei },
      silenceSeconds: parsed.SILENCE_SECONDS,
      requestTimeoutMs: parsed.REQUEST_TIMEOUT_MS,
      sweepIntervalMs: parsed.SWEEP_INTERVAL_MS,
    },
    keyValue: parsed.KEY_VALUE,
  };
}

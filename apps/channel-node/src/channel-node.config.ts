/** Environment to configuration, parsed once; secrets are kept apart so that the rest may be logged. */
import { z } from 'zod';
import { hexOf } from '#api';
import { fromHex, type Hex } from '#encoding';

const wholeNumber = (text: string) => z.string().regex(/^\d+$/).default(text).transform(Number);
const adapterUrl = (...schemes: string[]) =>
  z.string().refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}:`)), {
    message: `starts with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`,
  });

const environmentSchema = z.object({
  ACCOUNT: hexOf(20),
  OPERATOR_KEY: hexOf(32),
  RECORD_LOG: adapterUrl('lmdb', 'memory'),
  KEY_VALUE: adapterUrl('lmdb', 'memory'),
  CHAIN: adapterUrl('http', 'https'),
  CHANNEL_REGISTRY: hexOf(20),
  HOST: z.string().default('0.0.0.0'),
  PORT: wholeNumber('8080'),
  REQUEST_TIMEOUT_MS: wholeNumber('10000'),
  SWEEP_INTERVAL_MS: wholeNumber('1000'),
  CHAIN_POLL_INTERVAL_MS: wholeNumber('1000'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export interface ChannelNodeConfig {
  readonly account: Hex;
  /** `lmdb:FOLDER`, or `memory:` for trying out. */
  readonly recordLog: string;
  readonly keyValue: string;
  /** JSON-RPC URL. */
  readonly chain: string;
  readonly channelRegistry: Hex;
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly sweepIntervalMs: number;
  readonly chainPollIntervalMs: number;
  readonly logLevel: z.output<typeof environmentSchema>['LOG_LEVEL'];
}

export interface ChannelNodeSecrets {
  readonly operatorKey: Uint8Array;
}

/** Throws an error that names every variable at fault, and no value. */
export function channelNodeConfig(environment: Readonly<Record<string, string | undefined>>): {
  readonly config: ChannelNodeConfig;
  readonly secrets: ChannelNodeSecrets;
} {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`the environment is not as expected: ${faults.join('; ')}`);
  }
  const found = parsed.data;
  return {
    config: {
      account: found.ACCOUNT,
      recordLog: found.RECORD_LOG,
      keyValue: found.KEY_VALUE,
      chain: found.CHAIN,
      channelRegistry: found.CHANNEL_REGISTRY,
      host: found.HOST,
      port: found.PORT,
      requestTimeoutMs: found.REQUEST_TIMEOUT_MS,
      sweepIntervalMs: found.SWEEP_INTERVAL_MS,
      chainPollIntervalMs: found.CHAIN_POLL_INTERVAL_MS,
      logLevel: found.LOG_LEVEL,
    },
    secrets: { operatorKey: fromHex(found.OPERATOR_KEY) },
  };
}

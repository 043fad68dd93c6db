/**
 * The environment variables that services of an organisation share, as fields of their configuration schemas.
 */
import { z } from 'zod';
import type { FinalityRule } from '#chain/finality';
import { type Address, fromHex, type Hex } from '#encoding';

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), `${bytes} bytes as 0x-hexadecimal`);

/** 20 bytes, lower case. */
export const addressField = hex(20).transform((text) => text.toLowerCase() as Hex);
/** 32 bytes that nobody else may see. */
/** Wei or gas. */
export const amountField = z
  .string()
  .regex(/^\d{1,29}$/, 'wei, below 10^29')
  .transform(BigInt);
export const secretField = hex(32).transform(fromHex);
export const milliseconds = (min: number, fallback: number) =>
  z.coerce.number().int().min(min).default(fallback);
/** An adapter and where it keeps its data, for example `file:./data/state`. */
export const adapterField = (schemes: readonly string[]) =>
  z.string().superRefine((url, context) => {
    if (new RegExp(`^(${schemes.join('|')}):`).test(url)) return;
    const known = `a URL of ${schemes.map((one) => `${one}:`).join(' or ')}`;
    const why = url.startsWith('memory:') ? ', as what is in memory is lost when the service ends' : '';
    context.addIssue({ code: 'custom', message: `${known}${why}` });
  });

/** What every service reads. */
export const serviceFields = {
  /** JSON-RPC of the base chain. */
  CHAIN: z.string().regex(/^https?:\/\//, 'an HTTP address'),
  /** Of the contracts: it names the others. */
  LENS: addressField,
  CHAIN_POLL_MS: milliseconds(50, 1_000),
  /** Heights on top of one that make it final; not set, the node's own `safe` and `finalized` count. */
  CHAIN_CONFIRMATIONS: z.coerce.number().int().min(0).max(10_000).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SWEEP_INTERVAL_MS: milliseconds(100, 5_000),
};

/**
 * Where and how a service listens, and how long it may take to end; each has a port of its own unless told
 * otherwise, 0 takes a free one.
 */
export const listenFields = (port: number) => ({
  HOST: z.string().default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(port),
  CONNECTIONS_MAX: z.coerce.number().int().min(16).max(65_536).default(8_192),
  SHUTDOWN_SECONDS: z.coerce.number().int().min(1).max(3_600).default(8),
});

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
  readonly limits: { readonly connectionsMax: number };
  readonly shutdownMs: number;
}

export function listenConfigOf(parsed: z.output<z.ZodObject<ReturnType<typeof listenFields>>>): ListenConfig {
  return {
    host: parsed.HOST,
    port: parsed.PORT,
    limits: { connectionsMax: parsed.CONNECTIONS_MAX },
    shutdownMs: parsed.SHUTDOWN_SECONDS * 1_000,
  };
}

/** What services that work through jobs read beside. */
export const jobFields = { JOB_QUEUE: adapterField(['in-process']).default('in-process:') };

/** What services of a participant read beside. */
export const participantFields = { ACCOUNT: addressField, OPERATOR_KEY: secretField };

export interface ServiceConfig {
  readonly chain: {
    readonly url: string;
    readonly lens: Address;
    readonly pollIntervalMs: number;
    readonly finality: FinalityRule;
  };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

export function serviceConfigOf(parsed: z.output<z.ZodObject<typeof serviceFields>>): ServiceConfig {
  const { CHAIN, LENS, CHAIN_POLL_MS, CHAIN_CONFIRMATIONS, LOG_LEVEL } = parsed;
  const finality: FinalityRule =
    CHAIN_CONFIRMATIONS === undefined ? 'tags' : { confirmations: CHAIN_CONFIRMATIONS };
  const chain = { url: CHAIN, lens: LENS, pollIntervalMs: CHAIN_POLL_MS, finality };
  return { chain, logLevel: LOG_LEVEL };
}

/** Throws an error that names the variables at fault, and never what was in them. */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  // Set to nothing is not set: that is how containers pass on what they were not given.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name}: ${given[name] === undefined ? 'is not set' : issue.message}`;
  });
  throw new Error(`the environment is not as expected: ${faults.join('; ')}`);
}

/** A draft: what people agree on before a channel, as a file that they write by hand. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { hexOf } from '#api';
import { type Address, type Digest, fromHex, type Hex, toHex } from '#encoding';
import { type ChannelTerms, disputeSecondsMin, isPayerRole, limits, type RoleName, roleOf } from '#protocol';
import {
  decodeParameters,
  defaultParameters,
  encodeParameters,
  onMissing,
  onPriceMismatch,
  type RtbImpressionParameters,
} from '#reduction';
import { CommandRefused, onFile } from '../report/command-refused.js';
import { nanoOf } from './money.js';

const seconds = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.string().regex(/^\d+(\.\d{1,9})?$/, 'an amount as text, such as "0.05"');
const ppm = z.number().int().min(0).max(1_000_000);
const missing = z.enum(['reject', 'pay']);
const roles = Object.keys(roleOf) as [RoleName, ...RoleName[]];

const policiesSchema = z.strictObject({
  priceTolerancePpm: ppm.optional(),
  onPriceMismatch: z.enum(['lower', 'ssp', 'dsp', 'reject']).optional(),
  onMissingDsp: missing.optional(),
  onMissingSsp: missing.optional(),
  onMissingAudit: missing.optional(),
  requireViewable: z.boolean().optional(),
  auditorFee: amount.optional(),
  shares: z.array(z.strictObject({ participant: z.number().int().min(1).max(15), ppm })).optional(),
  discrepancyLimitPpm: ppm.optional(),
});

const draftSchema = z.strictObject({
  schemaVersion: z.literal(1),
  participants: z
    .array(z.strictObject({ role: z.enum(roles), account: hexOf(20), blockMax: amount.optional() }))
    .min(2)
    .max(16),
  token: hexOf(20),
  tokenPerUnit: z.string().regex(/^\d{1,39}$/, 'a whole number as text, such as "1000000"'),
  firstBlockStart: z.iso.datetime({ error: 'a time such as 2026-01-01T00:00:00Z' }),
  blockDuration: seconds.default(3_600),
  blocksMax: z.number().int().min(1).max(limits.blocksMaxLimit),
  collectionGrace: seconds.default(300),
  collationPeriod: seconds.default(300),
  processingPeriod: seconds.default(600),
  challengePeriod: seconds.default(600),
  answerPeriod: seconds.default(300),
  disputeMax: seconds.optional(),
  withdrawalNotice: seconds.optional(),
  retentionPeriod: seconds.default(90 * 86_400),
  authorBytesMax: z
    .number()
    .int()
    .default(64 * 1_048_576),
  priceMax: amount.default('1'),
  policies: policiesSchema.default({}),
});

export type Draft = z.output<typeof draftSchema>;

/** Refuses, naming each place, what is no draft. */
export function readDraft(path: string): Draft {
  if (!existsSync(path)) throw refused(`${path} is not there`);
  let json: unknown;
  try {
    json = JSON.parse(onFile(path, () => readFileSync(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof CommandRefused) throw cause;
    throw refused(`${path} is not JSON`);
  }
  const parsed = draftSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'it'}: ${message}`);
  throw refused(`${path}: ${faults.join('; ')}`);
}

/** What a channel adds to its draft. */
export interface ChannelKeys {
  readonly keysRoot: Digest;
  readonly boxesHash: Digest;
  readonly salt: Hex;
}

/** The terms that a draft means; what it leaves out is the least that works, or the default of the docs. */
export function termsOf(draft: Draft, keys: ChannelKeys): ChannelTerms {
  const { participants, policies, priceMax, ...rest } = draft;
  const accounts = participants.map(({ account }) => account as Address);
  const channelRoles = participants.map(({ role }) => roleOf[role]);
  return {
    participants: accounts,
    roles: channelRoles,
    blockMaxNano: participants.map((one) => (isPayerRole(roleOf[one.role]) ? 0n : blockMaxOf(one))),
    token: rest.token as Address,
    tokenPerUnit: BigInt(rest.tokenPerUnit),
    reducer: 'rtb-impression/1',
    reducerParameters: parametersOf(policies, channelRoles),
    blockPolicy: 0,
    firstBlockStart: Math.ceil(Date.parse(rest.firstBlockStart) / 1_000),
    blockDuration: rest.blockDuration,
    blocksMax: rest.blocksMax,
    collectionGrace: rest.collectionGrace,
    collationPeriod: rest.collationPeriod,
    processingPeriod: rest.processingPeriod,
    challengePeriod: rest.challengePeriod,
    answerPeriod: rest.answerPeriod,
    disputeMax: rest.disputeMax ?? disputeSecondsMin(rest),
    withdrawalNotice: rest.withdrawalNotice ?? 2 * rest.blockDuration,
    retentionPeriod: rest.retentionPeriod,
    authorBytesMax: rest.authorBytesMax,
    priceNanoMax: nanoOf(priceMax),
    ...keys,
  };
}

function blockMaxOf({ account, blockMax }: Draft['participants'][number]): bigint {
  if (blockMax !== undefined) return nanoOf(blockMax);
  throw refused(`${account}: a payee has a blockMax, the most that one block pays it`);
}

function parametersOf(policies: Draft['policies'], channelRoles: readonly number[]): Hex {
  const { onPriceMismatch: mismatch, auditorFee, shares, ...rest } = policies;
  const hasAuditor = channelRoles.includes(roleOf.auditor);
  // Nobody says that an impression was seen: it is paid without.
  const without = hasAuditor ? {} : { onMissingAudit: onMissing.pay, requireViewable: false };
  const chosen = (which: 'onMissingDsp' | 'onMissingSsp' | 'onMissingAudit') =>
    rest[which] === undefined ? {} : { [which]: onMissing[rest[which]] };
  const parameters: RtbImpressionParameters = {
    ...defaultParameters,
    ...without,
    ...(rest.priceTolerancePpm === undefined ? {} : { priceTolerancePpm: rest.priceTolerancePpm }),
    ...(mismatch === undefined ? {} : { onPriceMismatch: onPriceMismatch[mismatch] }),
    ...chosen('onMissingDsp'),
    ...chosen('onMissingSsp'),
    ...chosen('onMissingAudit'),
    ...(rest.requireViewable === undefined ? {} : { requireViewable: rest.requireViewable }),
    ...(auditorFee === undefined ? {} : { auditorFeeNano: nanoOf(auditorFee) }),
    ...(shares === undefined ? {} : { shares }),
    ...(rest.discrepancyLimitPpm === undefined ? {} : { discrepancyLimitPpm: rest.discrepancyLimitPpm }),
  };
  return toHex(encodeParameters(parameters));
}

/** The policies that the terms' parameters mean; refuses what the reducer of a channel would not take. */
export function policiesOf({
  reducerParameters,
  roles: channelRoles,
}: ChannelTerms): RtbImpressionParameters {
  const decoded = decodeParameters(fromHex(reducerParameters), channelRoles);
  if (decoded.ok) return decoded.parameters;
  throw new CommandRefused('terms-refused', `${decoded.refusal.code}: ${decoded.refusal.detail}`);
}

function refused(message: string): CommandRefused {
  return new CommandRefused('draft-not-readable', message);
}

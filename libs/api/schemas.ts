/**
 * The JSON of the endpoints: one schema gives validation, type and documentation. Money and u64 are decimal
 * strings.
 */
import { z } from 'zod';
import type { Hex } from '#encoding';
import { type SignedReceiptFacts, stages, type ValidationRequest } from '#protocol';

const u64Max = (1n << 64n) - 1n;

/** Exactly `bytes` bytes as 0x-hex; lower case inside the program. */
export const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), `${bytes} bytes as 0x-hexadecimal`)
    .transform((text) => text.toLowerCase() as Hex);

/** Of an account of the Vault, in wei. */
const feeWei = z
  .string()
  .regex(/^(0|[1-9]\d{0,28})$/, 'a uint96 in decimal')
  .transform(BigInt)
  .refine((value) => value < 1n << 96n, 'a uint96 in decimal');
/** Decimal text of an unsigned 64-bit integer, or a JSON integer that is exact. */
const u64 = z
  .union([z.string().regex(/^\d{1,20}$/, 'decimal digits'), z.int().nonnegative()])
  .transform((value) => BigInt(value))
  .refine((value) => value <= u64Max, 'below 2^64');

const participantIndex = z.int().min(0).max(255);

/** What a batch signs, but for the number and the root of its records, which follow from them. */
export const batchHeaderSchema = z.strictObject({
  channelId: hexOf(32).optional(),
  blockNumber: u64,
  author: participantIndex,
  sequence: u64,
  /** Checked if given. */
  count: z.int().optional(),
  recordsRoot: hexOf(32).optional(),
  signature: hexOf(65),
});

export const flagNames = [
  'measurable',
  'viewable',
  'click',
  'generalInvalidTraffic',
  'sophisticatedInvalidTraffic',
  'test',
] as const;

/** Prices and ids are looked at afterwards: each fault of theirs has its own code. */
export const recordSchema = z.strictObject({
  kind: z.enum(['win', 'audit']),
  impression: z.strictObject({ auctionId: z.string(), impId: z.string() }).optional(),
  impressionKey: hexOf(16).optional(),
  counterparty: participantIndex,
  /** Per thousand impressions, in currency units. */
  price: z.unknown().optional(),
  /** Of this one impression, in 1e-9 of the currency unit. */
  priceNano: z.unknown().optional(),
  flags: z.array(z.enum(flagNames)).default([]),
  timestampMs: u64,
  /** Ids as text, or the first 8 bytes of their SHA-256. */
  campaign: z.string().optional(),
  campaignKey: hexOf(8).optional(),
  placement: z.string().optional(),
  placementKey: hexOf(8).optional(),
  /** The author's own log line, or the first 8 bytes of its SHA-256. */
  reference: z.string().optional(),
  referenceKey: hexOf(8).optional(),
});

export const receiptSchema = z.object({
  channelId: hexOf(32),
  blockNumber: z.int().nonnegative(),
  author: participantIndex,
  sequence: z
    .string()
    .regex(/^\d{1,20}$/, 'decimal digits')
    .refine((text) => BigInt(text) <= u64Max, 'below 2^64'),
  recordsRoot: hexOf(32),
  /** Seconds. */
  receivedAt: z.int().nonnegative(),
  /** The receiving participant's operator key. */
  signer: hexOf(20),
  signature: hexOf(65),
  /** Where the batch lies in the author's partition of the node's record log. */
  logOffset: z.int(),
});
export type SignedReceipt = z.infer<typeof receiptSchema>;

/** What a receipt says, as the protocol has it. */
export function receiptFactsOf(receipt: SignedReceipt): SignedReceiptFacts {
  return { ...receipt, sequence: BigInt(receipt.sequence), receivedAt: BigInt(receipt.receivedAt) };
}

/** What came of forwarding the own participant's batches to one counterparty, since the node began. */
const forwardingSchema = z.object({
  participant: participantIndex,
  delivered: z.int(),
  /** Batches that it will never take, by the code of its refusal. */
  refused: z.record(z.string(), z.int()),
  /** Batches whose block was over before they could be delivered. */
  late: z.int(),
  /** Entries of the node's own log that cannot be read. */
  damaged: z.int(),
  /** Requests that brought neither receipt nor final refusal, by the name of what came; they are repeated. */
  unreached: z.record(z.string(), z.int()),
  /** It did not answer as its channel node when it was last sent to. */
  isAway: z.boolean(),
});
export type ForwardingView = z.infer<typeof forwardingSchema>;

const lineSchema = z.object({
  payee: participantIndex,
  amount: z.string(),
  /** What blocks owe and the line lacked. */
  debt: z.string(),
  /** What the payer asked to have back, and when, in seconds of chain time. */
  requested: z.string(),
  requestedAt: z.int().optional(),
  /** The most that one block pays. */
  blockMax: z.string(),
});

export const channelSchema = z.object({
  channelId: hexOf(32),
  /** Index of the node's own participant. */
  participant: participantIndex,
  participants: z.array(z.object({ account: hexOf(20), role: z.string() })),
  reducer: z.string(),
  /** Seconds, chain time. */
  firstBlockStart: z.int(),
  blockDuration: z.int(),
  collectionGrace: z.int(),
  blocksMax: z.int(),
  authorBytesMax: z.int(),
  priceNanoMax: z.string(),
  /** What each payee is paid out of, in token base units. */
  lines: z.array(lineSchema),
  /** The block that collects by chain time, absent before the first and after the last. */
  currentBlock: z.int().optional(),
  closedAt: z.int().optional(),
  forwarding: z.array(forwardingSchema),
});
export type ChannelView = z.infer<typeof channelSchema>;

export const blockSchema = z.object({
  channelId: hexOf(32),
  blockNumber: z.int(),
  stage: z.enum(stages),
  /** Seconds, chain time. */
  collectionStart: z.int(),
  collectionEnd: z.int(),
  /** Whether this node has cut the block off in its log. */
  isCut: z.boolean(),
  /** What this node holds, by author; counted while the block collects and shortly after. */
  authors: z.array(z.object({ author: participantIndex, batches: z.int(), budgetBytes: z.int() })),
  parts: z.array(z.object({ participant: participantIndex, partRoot: hexOf(32), segmentCount: z.int() })),
  /** The results that are paid, several of them at the lowest common amounts. */
  standing: z.array(hexOf(32)).optional(),
});
export type BlockView = z.infer<typeof blockSchema>;

/**
 * What a payee's node knows of money that is not sure yet: what is delivered, and what its line surely pays.
 * Amounts are nano-units in decimal, and token base units where that is said.
 */
export const exposureSchema = z.object({
  channelId: hexOf(32),
  /** Index of the node's own participant. */
  participant: participantIndex,
  /** Value of own wins that would not yet be paid, over all blocks that the node remembers. */
  exposedNano: z.string(),
  limitNano: z.string().optional(),
  /** What the node does beyond the limit. */
  act: z.enum(['warn', 'refuse']).optional(),
  isBeyondLimit: z.boolean(),
  /** So many percent of a block's cover may be delivered. */
  coverPercent: z.int().optional(),
  /** What the node does beyond that. */
  coverAct: z.enum(['warn', 'refuse']).optional(),
  /** Of the block whose impressions are won now. */
  isBeyondCover: z.boolean(),
  blocks: z.array(
    z.object({
      blockNumber: z.int(),
      /** Value of all own wins, each impression once, at the lowest price that was signed. */
      deliveredNano: z.string(),
      exposedNano: z.string(),
      impressions: z.int(),
      exposedImpressions: z.int(),
      /** False where the node's memory was too small: the exposure is at most what is said. */
      isExact: z.boolean(),
      /** Token base units that the own wins bring, without what shares take of them. */
      earned: z.string(),
      /**
       * Token base units that the block surely pays the participant, as last read while it collected; absent
       * where that was not read.
       */
      cover: z.string().optional(),
      /** The same of the auditors: without cover they have no reason to audit. */
      auditors: z.array(z.object({ participant: participantIndex, cover: z.string() })).optional(),
      isBeyondCover: z.boolean(),
    }),
  ),
});
export type ExposureView = z.infer<typeof exposureSchema>;

/**
 * A signed delegation and, beside it, the boxed block key with the path of its commitment (protocol.md 6).
 */
export const validationRequestSchema = z
  .strictObject({
    channelId: hexOf(32),
    blockNumber: z.int().nonnegative(),
    participant: participantIndex,
    validator: hexOf(20),
    binding: z.boolean(),
    keyCommitment: hexOf(32),
    feeWei,
    nonce: u64,
    notAfter: u64,
    signature: hexOf(65),
    sealedBlockKey: hexOf(136),
    keyPath: z.array(hexOf(32)).max(20),
  })
  .transform(
    ({ sealedBlockKey, keyPath, ...delegation }): ValidationRequest => ({
      delegation,
      sealedBlockKey,
      keyPath,
    }),
  );

/** The body that `validationRequestSchema` parses. */
export function jsonOfValidationRequest({ delegation, ...more }: ValidationRequest): string {
  const { feeWei, nonce, notAfter, ...fields } = delegation;
  const texts = { feeWei: String(feeWei), nonce: String(nonce), notAfter: String(notAfter) };
  return JSON.stringify({ ...fields, ...texts, ...more });
}

export const validationAcceptedSchema = z.object({ accepted: z.literal(true), nonce: z.string() });

/** The first faults of a value against a schema, as places within it. */
export function placesOf(
  issues: readonly z.core.$ZodIssue[],
  prefix = '',
): { pointer: string; detail: string }[] {
  return issues.slice(0, 10).map((issue) => ({
    pointer: `${prefix}${issue.path.map((part) => `/${String(part)}`).join('')}`,
    detail: issue.message,
  }));
}

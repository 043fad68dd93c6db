/** Channel terms as JSON, for files that people pass on. */
import { z } from 'zod';
import { hexOf } from '#api';
import type { Hex } from '#encoding';
import type { ChannelTerms } from '#protocol';

const whole = z.number().int().min(0);
const big = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);
const bytes = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .transform((text) => text as Hex);

/** Terms in a JSON file: integers of more than 53 bits are decimal text. */
export const termsSchema = z.strictObject({
  participants: z.array(hexOf(20)),
  roles: z.array(whole),
  blockMaxNano: z.array(big),
  token: hexOf(20),
  tokenPerUnit: big,
  reducer: z.string(),
  reducerParameters: bytes,
  blockPolicy: whole,
  firstBlockStart: whole,
  blockDuration: whole,
  blocksMax: whole,
  collectionGrace: whole,
  collationPeriod: whole,
  processingPeriod: whole,
  challengePeriod: whole,
  answerPeriod: whole,
  disputeMax: whole,
  withdrawalNotice: whole,
  retentionPeriod: whole,
  authorBytesMax: whole,
  priceNanoMax: big,
  keysRoot: hexOf(32),
  boxesHash: hexOf(32),
  salt: hexOf(32),
});

export function plainTerms(terms: ChannelTerms): z.input<typeof termsSchema> {
  const { participants, roles, blockMaxNano, tokenPerUnit, priceNanoMax, ...rest } = terms;
  return {
    ...{ ...rest, participants: [...participants], roles: [...roles] },
    blockMaxNano: blockMaxNano.map(String),
    tokenPerUnit: String(tokenPerUnit),
    priceNanoMax: String(priceNanoMax),
  };
}

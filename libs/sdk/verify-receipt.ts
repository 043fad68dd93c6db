/**
 * Receipts are verified offline: all it takes is the chain's domain and the operator key of the node's
 * participant.
 */
import type { SignedReceipt } from '#api';
import { recoverSigner } from '#crypto';
import { type Address, fromHex, toHex } from '#encoding';
import { batchAt, domainSeparator, type Eip712Domain, parseHeader, receiptDigest } from '#protocol';

export type ReceiptFault = 'signature' | 'signer' | 'batch';

/**
 * Undefined for a good receipt. `operatorKey` is the address registered on the base chain for the participant
 * whose node answered; with `batch`, its canonical bytes, the receipt must be of that batch.
 */
export function receiptFault(
  receipt: SignedReceipt,
  expected: { readonly domain: Eip712Domain; readonly operatorKey: Address; readonly batch?: Uint8Array },
): ReceiptFault | undefined {
  const { channelId, blockNumber, author, sequence, recordsRoot, receivedAt } = receipt;
  const signed = {
    channelId,
    blockNumber,
    author,
    sequence: BigInt(sequence),
    recordsRoot,
    receivedAt: BigInt(receivedAt),
  };
  const digest = receiptDigest(domainSeparator(expected.domain), signed);
  const signer = recoverSigner(digest, fromHex(receipt.signature));
  if (signer === undefined || signer !== receipt.signer) return 'signature';
  if (signer !== expected.operatorKey.toLowerCase()) return 'signer';
  return expected.batch === undefined || isOf(receipt, expected.batch) ? undefined : 'batch';
}

function isOf(receipt: SignedReceipt, batch: Uint8Array): boolean {
  const header = parseHeader(batch);
  return (
    toHex(batch.subarray(batchAt.recordsRoot, batchAt.signature)) === receipt.recordsRoot &&
    header.channelId === receipt.channelId &&
    header.blockNumber === BigInt(receipt.blockNumber) &&
    header.author === receipt.author &&
    String(header.sequence) === receipt.sequence
  );
}

/**
 * Receipts are verified offline: all it takes is the chain's domain and the operator key of the node's
 * participant.
 */
import { receiptFactsOf, type SignedReceipt } from '#api';
import type { Address } from '#encoding';
import { domainSeparator, type Eip712Domain, type ReceiptFault, receiptFault as faultOf } from '#protocol';

/**
 * Undefined for a good receipt. `operatorKey` is the address registered on the base chain for the participant
 * whose node answered; with `batch`, its canonical bytes, the receipt must be of that batch.
 */
export function receiptFault(
  receipt: SignedReceipt,
  expected: { readonly domain: Eip712Domain; readonly operatorKey: Address; readonly batch?: Uint8Array },
): ReceiptFault | undefined {
  return faultOf(domainSeparator(expected.domain), receiptFactsOf(receipt), expected);
}

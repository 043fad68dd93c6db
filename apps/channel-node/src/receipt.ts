/** Receipts: what the node signs for a batch that is durably in its log. */
import type { SignedReceipt } from '#api';
import { addressOf, signDigest } from '#crypto';
import { type Address, toHex } from '#encoding';
import { type BatchHeader, receiptDigest } from '#protocol';

export class ReceiptSigner {
  readonly address: Address;
  readonly #operatorKey: Uint8Array;
  readonly #separator: Uint8Array;

  constructor(operatorKey: Uint8Array, separator: Uint8Array) {
    this.address = addressOf(operatorKey);
    this.#operatorKey = operatorKey;
    this.#separator = separator;
  }

  /** The same for the same log entry at any time: nonces follow RFC 6979. */
  sign(header: BatchHeader, entry: { position: number; receivedAtMs: number }): SignedReceipt {
    const { channelId, author, sequence, recordsRoot } = header;
    const blockNumber = Number(header.blockNumber);
    const receivedAt = Math.floor(entry.receivedAtMs / 1_000);
    const receipt = { channelId, blockNumber, author, sequence, recordsRoot, receivedAt: BigInt(receivedAt) };
    const signature = toHex(signDigest(receiptDigest(this.#separator, receipt), this.#operatorKey));
    return {
      channelId,
      blockNumber,
      author,
      sequence: String(sequence),
      recordsRoot,
      receivedAt,
      signer: this.address,
      signature,
      logOffset: entry.position,
    };
  }
}

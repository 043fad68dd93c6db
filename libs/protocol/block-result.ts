/**
 * A block's result: amounts, output transactions, and the hashes that are committed and revealed (wire-
 * formats.md 6 to 8).
 */
import { keccak256, merkleRoot } from '#crypto';
import {
  type Address,
  abiEncode,
  bytes32Word,
  concatBytes,
  type Digest,
  fromHex,
  type Hex,
  toHex,
  uintWord,
  viewOf,
} from '#encoding';
import type { ChannelId, Nano, ParticipantIndex } from './ids.js';

export interface OutputTransaction {
  readonly payee: ParticipantIndex;
  readonly nano: Nano;
}

export interface BlockResult {
  readonly channelId: ChannelId;
  readonly blockNumber: number;
  readonly settlementRoot: Digest;
  readonly impressionCount: bigint;
  /** What each participant earns; entry 0 what the payer owes, the sum of the others. */
  readonly amounts: readonly Nano[];
  /** Bit i: participant i's part counted. */
  readonly validParts: number;
}

const u64End = 1n << 64n;

/**
 * Four uint64 to a big-endian word, participant 0 first, zero-filled. Throws a RangeError for an amount that
 * is none.
 */
export function amountWords(amounts: readonly Nano[]): Uint8Array[] {
  const wrong = amounts.find((nano) => nano < 0n || nano >= u64End);
  if (wrong !== undefined) throw new RangeError(`an amount of ${wrong} nano-units is no uint64`);
  const words: Uint8Array[] = [];
  for (let at = 0; at < amounts.length; at += 4) {
    const word = new Uint8Array(32);
    const view = viewOf(word);
    for (let i = 0; i < 4 && at + i < amounts.length; i++) view.setBigUint64(i * 8, amounts[at + i], false);
    words.push(word);
  }
  return words;
}

/** What `amountWords` made, zeros that fill the last word included. */
export function amountsOfWords(words: readonly Hex[]): Nano[] {
  const view = viewOf(concatBytes(...words.map(fromHex)));
  return Array.from({ length: words.length * 4 }, (_, at) => view.getBigUint64(at * 8, false));
}

export function amountsDigest(amounts: readonly Nano[]): Uint8Array {
  return merkleRoot(concatBytes(...amountWords(amounts)));
}

export function outputHashOf({ amounts, ...result }: BlockResult): Digest {
  return outputHashOfWords({ ...result, amountWords: amountWords(amounts).map(toHex) });
}

/** Of a result as the chain keeps it. */
export function outputHashOfWords(
  result: Omit<BlockResult, 'amounts'> & { readonly amountWords: readonly Hex[] },
): Digest {
  return toHex(
    keccak256(
      abiEncode([
        { type: 'word', bytes: bytes32Word(result.channelId) },
        { type: 'word', bytes: uintWord(result.blockNumber) },
        { type: 'word', bytes: bytes32Word(result.settlementRoot) },
        { type: 'word', bytes: uintWord(result.impressionCount) },
        { type: 'words', words: result.amountWords.map(bytes32Word) },
        { type: 'word', bytes: uintWord(result.validParts) },
      ]),
    ),
  );
}

/** By payee, none of zero. */
export function outputTransactions(amounts: readonly Nano[]): OutputTransaction[] {
  return amounts.map((nano, payee) => ({ payee, nano })).filter(({ payee, nano }) => payee > 0 && nano > 0n);
}

/** keccak256(outputHash ‖ validator ‖ workDigest ‖ salt): hides the result until it is revealed. */
export function commitmentOf(
  outputHash: Digest,
  validator: Address,
  workDigest: Uint8Array,
  salt: Uint8Array,
): Hex {
  return toHex(keccak256(concatBytes(fromHex(outputHash), fromHex(validator), workDigest, salt)));
}

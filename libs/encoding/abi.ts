/** The part of the Ethereum contract ABI that Papyrus hashes: 32-byte words, bytes and arrays of words. */
import { type Address, fromHex, type Hex } from './hex.js';

export type AbiValue =
  | { readonly type: 'word'; readonly bytes: Uint8Array }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'words'; readonly words: readonly Uint8Array[] }
  | { readonly type: 'tuples'; readonly rows: readonly (readonly Uint8Array[])[] };

/** An unsigned integer or boolean as a big-endian word; throws beyond 256 bits. */
export function uintWord(value: bigint | number | boolean): Uint8Array {
  let rest = BigInt(value);
  if (rest < 0n || rest >= 1n << 256n) throw new RangeError(`no 256-bit word: ${value}`);
  const out = new Uint8Array(32);
  for (let at = 31; rest > 0n; at--) {
    out[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

export function addressWord(address: Address): Uint8Array {
  const bytes = fromHex(address);
  if (bytes.length !== 20) throw new RangeError(`no address: ${address}`);
  const out = new Uint8Array(32);
  out.set(bytes, 12);
  return out;
}

export function bytes32Word(value: Hex): Uint8Array {
  const bytes = fromHex(value);
  if (bytes.length !== 32) throw new RangeError(`not 32 bytes: ${value}`);
  return bytes;
}

/** `abi.encode` of the values: heads in order, then the tails of those of dynamic length. */
export function abiEncode(values: readonly AbiValue[]): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let tailAt = values.length * 32;
  for (const value of values) {
    if (value.type === 'word') {
      heads.push(value.bytes);
      continue;
    }
    const tail = encodeTail(value);
    heads.push(uintWord(tailAt));
    tails.push(tail);
    tailAt += tail.length;
  }
  return joinAll([...heads, ...tails]);
}

function encodeTail(value: Exclude<AbiValue, { type: 'word' }>): Uint8Array {
  if (value.type === 'bytes') {
    const padded = new Uint8Array(Math.ceil(value.bytes.length / 32) * 32);
    padded.set(value.bytes);
    return joinAll([uintWord(value.bytes.length), padded]);
  }
  if (value.type === 'words') return joinAll([uintWord(value.words.length), ...value.words]);
  return joinAll([uintWord(value.rows.length), ...value.rows.flat()]);
}

function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Reads the word at index `index` as an unsigned integer. */
export function readWord(bytes: Uint8Array, index: number): bigint {
  let value = 0n;
  for (let at = index * 32; at < index * 32 + 32; at++) value = (value << 8n) | BigInt(bytes[at]);
  return value;
}

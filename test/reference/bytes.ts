/**
 * Bytes, digests, HKDF and Merkle trees of the reference implementation: plain, slow, and nothing from libs/.
 */
import { createHash, hkdfSync } from 'node:crypto';
import { createKeccak } from 'hash-wasm';

const keccak = await createKeccak(256);

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(join(...parts))
      .digest(),
  );
}

export function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    keccak
      .init()
      .update(join(...parts))
      .digest('binary'),
  );
}

/** HKDF-SHA256 without salt, 32 bytes. */
export function hkdf(key: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, 32));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'ascii'));
}

export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

export function unhex(text: string): Uint8Array {
  if (!/^0x([0-9a-f]{2})*$/i.test(text)) throw new Error(`not hexadecimal: ${text.slice(0, 20)}`);
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export function bigEndian(value: bigint | number, length: number): Uint8Array {
  const digits = BigInt(value)
    .toString(16)
    .padStart(length * 2, '0');
  if (digits.length !== length * 2 || digits.startsWith('-'))
    throw new Error(`${value} takes not ${length} bytes`);
  return unhex(`0x${digits}`);
}

export function littleEndian(value: bigint | number, length: number): Uint8Array {
  return bigEndian(value, length).reverse();
}

export function fromBigEndian(bytes: Uint8Array): bigint {
  return BigInt(bytes.length === 0 ? 0 : hex(bytes));
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return fromBigEndian(bytes.slice().reverse());
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((one) => one === 0);
}

/** wire-formats.md 1: 32 zero bytes for none, an odd last node carried up unchanged. */
export function merkleRoot(hashes: readonly Uint8Array[]): Uint8Array {
  return merkleLevels(hashes).at(-1)?.[0] ?? new Uint8Array(32);
}

/** The siblings from leaf to root. */
export function merklePath(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  let at = index;
  const path: Uint8Array[] = [];
  for (const level of merkleLevels(hashes)) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) path.push(sibling);
    at >>= 1;
  }
  return path;
}

/**
 * The root that leaf and path give, or undefined where the path has not the length that (index, count) fix.
 */
export function rootOfPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index >= count) return undefined;
  const rest = [...path];
  let node = leaf;
  let at = index;
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    if ((at ^ 1) < width) {
      const sibling = rest.shift();
      if (sibling === undefined) return undefined;
      node = at % 2 === 0 ? sha256(node, sibling) : sha256(sibling, node);
    }
    at >>= 1;
  }
  return rest.length === 0 ? node : undefined;
}

function merkleLevels(hashes: readonly Uint8Array[]): Uint8Array[][] {
  const levels = [[...hashes]];
  for (let level = levels[0]; level.length > 1; level = levels[levels.length - 1]) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? sha256(level[at], level[at + 1]) : level[at]);
    }
    levels.push(above);
  }
  return levels;
}

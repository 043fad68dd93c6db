/** NaCl boxes (X25519, XSalsa20-Poly1305), as wire-formats.md 6 uses them. */
import { ascii, fromLittleEndian, isEqual, join, littleEndian } from './bytes.js';

const prime = 2n ** 255n - 19n;
const two32 = 2 ** 32;
/** Which words each quarter of a double round mixes: columns, then rows. */
const quarters = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
];

const mod = (value: bigint): bigint => ((value % prime) + prime) % prime;

function inverse(value: bigint): bigint {
  let [result, base] = [1n, value];
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent % 2n === 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

/** RFC 7748; without a point the public key of the secret. */
export function x25519(secret: Uint8Array, point = littleEndian(9n, 32)): Uint8Array {
  const low = 2n ** 255n - 1n;
  const scalar = (fromLittleEndian(secret) & low & ~7n) | (2n ** 254n);
  const u = fromLittleEndian(point) & low;
  let near = { x: 1n, z: 0n };
  let far = { x: u, z: 1n };
  for (let at = 254n; at >= 0n; at--) {
    const isSet = ((scalar >> at) & 1n) === 1n;
    if (isSet) [near, far] = [far, near];
    const [sum, difference] = [near.x + near.z, near.x - near.z];
    const [da, cb] = [(far.x - far.z) * sum, (far.x + far.z) * difference];
    const [aa, bb] = [sum * sum, difference * difference];
    near = { x: mod(aa * bb), z: mod((aa - bb) * (aa + 121_665n * (aa - bb))) };
    far = { x: mod((da + cb) ** 2n), z: mod(u * (da - cb) ** 2n) };
    if (isSet) [near, far] = [far, near];
  }
  return littleEndian(mod(near.x * inverse(near.z)), 32);
}

function wordsOf(bytes: Uint8Array): number[] {
  const count = bytes.length / 4;
  return Array.from({ length: count }, (_, at) => Number(fromLittleEndian(bytes.slice(4 * at, 4 * at + 4))));
}

const joined = (words: readonly number[]): Uint8Array => join(...words.map((one) => littleEndian(one, 4)));

/** The words before and after the twenty rounds; `middle` is nonce and counter, 16 bytes. */
function salsa(key: Uint8Array, middle: Uint8Array): readonly [before: number[], after: number[]] {
  const [c, k, n] = [ascii('expand 32-byte k'), key, middle].map(wordsOf);
  const before = [c[0], ...k.slice(0, 4), c[1], ...n, c[2], ...k.slice(4), c[3]];
  const x = [...before];
  for (let round = 0; round < 10; round++) {
    for (const quarter of quarters) {
      for (const [step, by] of [7, 9, 13, 18].entries()) {
        const sum = (x[quarter[step]] + x[quarter[(step + 3) % 4]]) % two32;
        const turned = ((sum << by) | (sum >>> (32 - by))) >>> 0;
        x[quarter[(step + 1) % 4]] = (x[quarter[(step + 1) % 4]] ^ turned) >>> 0;
      }
    }
  }
  return [before, x];
}

function hsalsa(key: Uint8Array, middle: Uint8Array): Uint8Array {
  const [, after] = salsa(key, middle);
  return joined([0, 5, 10, 15, 6, 7, 8, 9].map((at) => after[at]));
}

/** XSalsa20. */
function stream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  const inner = hsalsa(key, nonce.slice(0, 16));
  const blocks: Uint8Array[] = [];
  for (let at = 0; at * 64 < length; at++) {
    const [before, after] = salsa(inner, join(nonce.slice(16), littleEndian(at, 8)));
    blocks.push(joined(before.map((one, word) => (one + after[word]) % two32)));
  }
  return join(...blocks).slice(0, length);
}

function poly1305(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const r = fromLittleEndian(key.slice(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < bytes.length; at += 16) {
    const chunk = join(bytes.slice(at, at + 16), Uint8Array.of(1));
    sum = ((sum + fromLittleEndian(chunk)) * r) % (2n ** 130n - 5n);
  }
  return littleEndian((sum + fromLittleEndian(key.slice(16))) % 2n ** 128n, 16);
}

const mixed = (bytes: Uint8Array, pad: Uint8Array): Uint8Array => bytes.map((byte, at) => byte ^ pad[at]);

export function sealBox(
  plaintext: Uint8Array,
  recipient: Uint8Array,
  ephemeralSecret: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  const key = hsalsa(x25519(ephemeralSecret, recipient), new Uint8Array(16));
  const pad = stream(key, nonce, 32 + plaintext.length);
  const text = mixed(plaintext, pad.slice(32));
  return join(x25519(ephemeralSecret), nonce, poly1305(pad.slice(0, 32), text), text);
}

/** The plaintext, or undefined if the box was not made for this key or was changed. */
export function openBox(box: Uint8Array, secret: Uint8Array): Uint8Array | undefined {
  const text = box.slice(72);
  const key = hsalsa(x25519(secret, box.slice(0, 32)), new Uint8Array(16));
  const pad = stream(key, box.slice(32, 56), 32 + text.length);
  return isEqual(poly1305(pad.slice(0, 32), text), box.slice(56, 72))
    ? mixed(text, pad.slice(32))
    : undefined;
}

/**
 * ECDSA on secp256k1 in plain BigInt arithmetic (SEC 1, 4.1): slow, and free of the library that the product
 * uses.
 */
import { bigEndian, fromBigEndian, hex, join, keccak256, sha256 } from './bytes.js';

const field = 2n ** 256n - 2n ** 32n - 977n;
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const base: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  z: 1n,
};

/** Jacobian: x / z², y / z³; z = 0 at infinity. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}
const infinity: Point = { x: 1n, y: 1n, z: 0n };

/**
 * The address (0x and 40 digits) that signed the digest; undefined for another v than 27 or 28, a high s, or
 * no point.
 */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): string | undefined {
  const r = fromBigEndian(signature.slice(0, 32));
  const s = fromBigEndian(signature.slice(32, 64));
  const v = signature[64];
  if (signature.length !== 65 || (v !== 27 && v !== 28)) return undefined;
  if (r === 0n || r >= order || s === 0n || s > order / 2n) return undefined;
  const square = modulo(r ** 3n + 7n, field);
  const root = power(square, (field + 1n) / 4n, field);
  if (modulo(root * root, field) !== square) return undefined;
  const y = root % 2n === BigInt(v - 27) ? root : field - root;
  const inverse = invert(r, order);
  const u = modulo(-fromBigEndian(digest) * inverse, order);
  const w = modulo(s * inverse, order);
  const key = sumOfMultiples(u, base, w, { x: r, y, z: 1n });
  return key.z === 0n ? undefined : addressOf(key);
}

/** Signs with a nonce made of key and digest: for tests only. */
export function sign(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const nonce = modulo(fromBigEndian(sha256(privateKey, digest)), order);
  const point = affine(multiple(nonce, base));
  const r = modulo(point.x, order);
  const s = modulo(invert(nonce, order) * (fromBigEndian(digest) + r * fromBigEndian(privateKey)), order);
  const isHigh = s > order / 2n;
  const isOdd = (point.y % 2n === 1n) !== isHigh;
  return join(bigEndian(r, 32), bigEndian(isHigh ? order - s : s, 32), bigEndian(isOdd ? 28 : 27, 1));
}

export function addressOfKey(privateKey: Uint8Array): string {
  return addressOf(multiple(fromBigEndian(privateKey), base));
}

function addressOf(key: Point): string {
  const { x, y } = affine(key);
  return hex(keccak256(bigEndian(x, 32), bigEndian(y, 32)).slice(12));
}

function multiple(scalar: bigint, point: Point): Point {
  return sumOfMultiples(scalar, point, 0n, infinity);
}

/** a · p + b · q, bit by bit from the top. */
function sumOfMultiples(a: bigint, p: Point, b: bigint, q: Point): Point {
  const both = add(p, q);
  const choices = [undefined, p, q, both];
  const aBits = a.toString(2).padStart(256, '0');
  const bBits = b.toString(2).padStart(256, '0');
  let sum = infinity;
  for (let bit = 0; bit < 256; bit += 1) {
    sum = double(sum);
    const choice = choices[Number(aBits[bit]) + 2 * Number(bBits[bit])];
    if (choice !== undefined) sum = add(sum, choice);
  }
  return sum;
}

function double({ x, y, z }: Point): Point {
  if (z === 0n || y === 0n) return infinity;
  const ySquared = modulo(y * y, field);
  const s = modulo(4n * x * ySquared, field);
  const m = modulo(3n * x * x, field);
  const x3 = modulo(m * m - 2n * s, field);
  const y3 = modulo(m * (s - x3) - 8n * ySquared * ySquared, field);
  return { x: x3, y: y3, z: modulo(2n * y * z, field) };
}

function add(p: Point, q: Point): Point {
  if (p.z === 0n) return q;
  if (q.z === 0n) return p;
  const pp = modulo(p.z * p.z, field);
  const qq = modulo(q.z * q.z, field);
  const u1 = modulo(p.x * qq, field);
  const s1 = modulo(p.y * qq * q.z, field);
  const h = modulo(q.x * pp - u1, field);
  const r = modulo(q.y * pp * p.z - s1, field);
  if (h === 0n) return r === 0n ? double(p) : infinity;
  const hh = modulo(h * h, field);
  const hhh = modulo(hh * h, field);
  const x = modulo(r * r - hhh - 2n * u1 * hh, field);
  const y = modulo(r * (u1 * hh - x) - s1 * hhh, field);
  return { x, y, z: modulo(h * p.z * q.z, field) };
}

function affine({ x, y, z }: Point): { x: bigint; y: bigint } {
  const inverse = invert(z, field);
  const squared = modulo(inverse * inverse, field);
  return { x: modulo(x * squared, field), y: modulo(y * squared * inverse, field) };
}

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(value: bigint, exponent: bigint, by: bigint): bigint {
  let result = 1n;
  let squared = modulo(value, by);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = modulo(result * squared, by);
    squared = modulo(squared * squared, by);
  }
  return result;
}

/** By the extended Euclidean algorithm. */
function invert(value: bigint, by: bigint): bigint {
  let [r, nextR] = [modulo(value, by), by];
  let [t, nextT] = [1n, 0n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return modulo(t, by);
}

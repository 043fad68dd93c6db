/**
 * DAG-CBOR, the deterministic encoding of objects of variable size (https://ipld.io/specs/codecs/dag-
 * cbor/spec/).
 */
import * as dagCbor from '@ipld/dag-cbor';

export function encodeDagCbor(value: unknown): Uint8Array {
  return dagCbor.encode(value);
}

/** Strict: throws on anything that is not the one canonical encoding of its value. */
export function decodeDagCbor(bytes: Uint8Array): unknown {
  return dagCbor.decode(bytes);
}

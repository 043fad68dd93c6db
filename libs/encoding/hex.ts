/** Bytes as 0x-prefixed lower-case hexadecimal. */

export type Hex = `0x${string}`;

/**
 * Hexadecimal text that means one thing: it can stand where any is wanted, and text of which nothing is known
 * where it is wanted, but what means another thing is an error of types.
 */
export type HexOf<Meaning extends string> = Hex & { readonly ofWhat?: Meaning };
/** Of 20 bytes: a participant, a validator, an operator, a contract. */
export type Address = HexOf<'address'>;
/** A hash or the root of a tree, 32 bytes. */
export type Digest = HexOf<'digest'>;
/** r ‖ s ‖ v, 65 bytes. */
export type Signature = HexOf<'signature'>;

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/**
 * Throws on anything but an even number of hexadecimal digits behind 0x: text from outside is parsed before
 * it gets here.
 */
export function fromHex(text: string): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) throw new Error(`not 0x-hexadecimal: ${text.slice(0, 20)}`);
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

/** Whether `text` is the hexadecimal form of exactly `length` bytes. */
export function isHexOf(text: unknown, length: number): text is Hex {
  return typeof text === 'string' && text.length === 2 + 2 * length && /^0x[0-9a-fA-F]*$/.test(text);
}

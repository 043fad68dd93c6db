/** Bytes as 0x-prefixed lower-case hexadecimal. */

export type Hex = `0x${string}`;

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

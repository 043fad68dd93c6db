/**
 * Numbers texts in the order in which they first come, by their bytes: names of placements, campaigns,
 * sellers.
 */

/** The number of a text that came when the table was full. */
const otherTexts = 0;

const textDecoder = new TextDecoder();

/** Of longer texts the beginning tells them apart. */
const textBytesMax = 256;

/** Number 0 stands for all texts beyond `textsMax`; a text that is there keeps its number. */
export class TextTable {
  readonly #textsMax: number;
  #slots = new Uint32Array(1_024);
  #starts = new Uint32Array(1_024);
  #bytes = new Uint8Array(16_384);
  #count = 1;

  constructor(textsMax: number) {
    this.#textsMax = textsMax;
  }

  numberOf(bytes: Uint8Array, start: number, textEnd: number): number {
    const end = Math.min(textEnd, start + textBytesMax);
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot];
      if (number === 0) return this.#count > this.#textsMax ? otherTexts : this.#add(bytes, start, end, slot);
      if (this.#isText(number, bytes, start, end)) return number;
    }
  }

  /** The text of each number; the first is empty and stands for no text in particular. */
  texts(): string[] {
    const found = [''];
    for (let number = 1; number < this.#count; number++) {
      found.push(textDecoder.decode(this.#bytes.subarray(this.#starts[number], this.#starts[number + 1])));
    }
    return found;
  }

  #isText(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[number];
    if (this.#starts[number + 1] - from !== end - start) return false;
    for (let at = 0; at < end - start; at++) if (this.#bytes[from + at] !== bytes[start + at]) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, end: number, slot: number): number {
    const number = this.#count++;
    const from = this.#starts[number];
    const to = from + end - start;
    if (to > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(to * 2));
    if (number + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, new Uint32Array(this.#starts.length * 2));
    }
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#starts[number + 1] = to;
    this.#slots[slot] = number;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 1; number < this.#count; number++) {
      let hash = 0x811c9dc5;
      for (let at = this.#starts[number]; at < this.#starts[number + 1]; at++) {
        hash = Math.imul(hash ^ this.#bytes[at], 0x01000193);
      }
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    }
  }
}

function grown<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

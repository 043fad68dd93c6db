/**
 * Unpacks bzip2, in which iPinYou published its logs: no library of Node does. Blocks of at most 900 kB come
 * out one by one, each held against its checksum. Format: bzip2 1.0.8, decompress.c.
 */

const blockUnit = 100_000;
/** More than any block takes packed, with its tables. */
const packedBlockBytesMax = 1_200_000;
const [blockMagic, endMagic] = [0x314159265359, 0x177245385090];
const [runA, runB] = [0, 1];
const groupSymbols = 50;
const codeBitsMax = 20;
const quickBits = 10;

/** Thrown as an Error that says what is wrong: damage, or a file that was cut. */
export class Bzip2 {
  #bytes = new Uint8Array(0);
  #bit = 0;
  #isEnded = false;
  /** Of the stream in hand; 0 between streams. */
  #blockBytesMax = 0;
  #streamCrc = 0;
  #streams = 0;

  /** What comes out of the bytes so far. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    const from = this.#bit >>> 3;
    const joined = new Uint8Array(this.#bytes.length - from + chunk.length);
    joined.set(this.#bytes.subarray(from));
    joined.set(chunk, this.#bytes.length - from);
    this.#bytes = joined;
    this.#bit &= 7;
    while (this.#bytes.length - (this.#bit >>> 3) > packedBlockBytesMax) yield* this.#next();
  }

  *end(): Generator<Uint8Array> {
    this.#isEnded = true;
    while (!(this.#blockBytesMax === 0 && this.#bytes.length === this.#bit >>> 3)) yield* this.#next();
    if (this.#streams === 0) throw new Error('no bzip2 stream');
  }

  /** A head, a block or an end of a stream. */
  *#next(): Generator<Uint8Array> {
    if (this.#blockBytesMax === 0) {
      const isHead = this.#bits(24) === 0x425a68;
      const level = this.#bits(8) - 0x30;
      if (!isHead || level < 1 || level > 9) throw new Error('no head of a bzip2 stream');
      this.#blockBytesMax = level * blockUnit;
      this.#streamCrc = 0;
      return;
    }
    const magic = this.#bits(24) * 2 ** 24 + this.#bits(24);
    const crc = this.#bits(32);
    if (magic === endMagic) {
      if (crc !== this.#streamCrc) throw new Error('the checksum of the stream is another');
      this.#bit = (this.#bit + 7) & ~7;
      this.#blockBytesMax = 0;
      this.#streams += 1;
      return;
    }
    if (magic !== blockMagic) throw new Error('no block where one should begin');
    const block = this.#block();
    if (crcOf(block) !== crc) throw new Error('the checksum of a block is another');
    this.#streamCrc = (((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc) >>> 0;
    yield block;
  }

  #block(): Uint8Array {
    if (this.#bits(1) === 1) throw new Error('a randomized block of bzip2 0.9.0');
    const origin = this.#bits(24);
    const used = this.#usedBytes();
    const { transformed, counts } = this.#symbols(used);
    if (origin >= transformed.length) throw new Error('a block begins outside of itself');
    return withoutRuns(inverseBurrowsWheeler(transformed, counts, origin));
  }

  #usedBytes(): Uint8Array {
    const groups = this.#bits(16);
    const used: number[] = [];
    for (let group = 0; group < 16; group++) {
      if ((groups & (0x8000 >>> group)) === 0) continue;
      const members = this.#bits(16);
      for (let at = 0; at < 16; at++) if ((members & (0x8000 >>> at)) !== 0) used.push(group * 16 + at);
    }
    if (used.length === 0) throw new Error('a block without bytes');
    return Uint8Array.from(used);
  }

  /** The Huffman codes, and through them move-to-front and runs: the block as Burrows and Wheeler left it. */
  #symbols(used: Uint8Array): { transformed: Uint8Array; counts: Uint32Array } {
    const tableCount = this.#bits(3);
    const selectorCount = this.#bits(15);
    if (tableCount < 2 || tableCount > 6 || selectorCount === 0) throw new Error('tables that cannot be');
    const selectors = this.#selectors(tableCount, selectorCount);
    const tables = Array.from({ length: tableCount }, () => this.#table(used.length + 2));
    const out = new Uint8Array(this.#blockBytesMax);
    const counts = new Uint32Array(256);
    const front = used.slice();
    const endOfBlock = used.length + 1;
    let length = 0;
    let run = 0;
    let runUnit = 1;
    for (let selector = 0; ; selector++) {
      if (selector === selectorCount) throw new Error('a block that does not end');
      const table = tables[selectors[selector]];
      for (let left = groupSymbols; left > 0; left--) {
        const symbol = this.#symbol(table);
        if (symbol === runA || symbol === runB) {
          run += symbol === runA ? runUnit : runUnit * 2;
          runUnit *= 2;
          if (run > out.length - length) throw new Error('a block longer than it may be');
          continue;
        }
        if (run > 0) {
          out.fill(front[0], length, length + run);
          counts[front[0]] += run;
          length += run;
          run = 0;
          runUnit = 1;
        }
        if (symbol === endOfBlock) return { transformed: out.subarray(0, length), counts };
        if (length === out.length) throw new Error('a block longer than it may be');
        const byte = front[symbol - 1];
        front.copyWithin(1, 0, symbol - 1);
        front[0] = byte;
        counts[byte] += 1;
        out[length++] = byte;
      }
    }
  }

  #selectors(tableCount: number, count: number): Uint8Array {
    const front = Array.from({ length: tableCount }, (_, at) => at);
    const selectors = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      let place = 0;
      while (this.#bits(1) === 1) if (++place >= tableCount) throw new Error('a table that is not there');
      const [chosen] = front.splice(place, 1);
      front.unshift(chosen);
      selectors[at] = chosen;
    }
    return selectors;
  }

  #table(symbols: number): HuffmanTable {
    const lengths = new Uint8Array(symbols);
    let length = this.#bits(5);
    for (let at = 0; at < symbols; at++) {
      while (this.#bits(1) === 1) length += this.#bits(1) === 0 ? 1 : -1;
      if (length < 1 || length > codeBitsMax) throw new Error('a code that cannot be');
      lengths[at] = length;
    }
    return huffmanTable(lengths);
  }

  #symbol({ quick, limits, offsets, symbols }: HuffmanTable): number {
    const at = this.#bit >>> 3;
    const bytes = this.#bytes;
    const word = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    const code = (word << (this.#bit & 7)) >>> (32 - codeBitsMax);
    let length = quick[code >>> (codeBitsMax - quickBits)];
    if (length === 0) {
      length = quickBits + 1;
      while (length <= codeBitsMax && code >>> (codeBitsMax - length) > limits[length]) length += 1;
      if (length > codeBitsMax) throw new Error('a code that none of the tables has');
    }
    this.#bit += length;
    if (this.#bit > bytes.length * 8) throw this.#cut();
    return symbols[(code >>> (codeBitsMax - length)) - offsets[length]];
  }

  /** At most 32 of them, as an unsigned number. */
  #bits(count: number): number {
    const bytes = this.#bytes;
    let value = 0;
    let left = count;
    while (left > 0) {
      const at = this.#bit >>> 3;
      if (at >= bytes.length) throw this.#cut();
      const free = 8 - (this.#bit & 7);
      const take = Math.min(free, left);
      value = value * 2 ** take + ((bytes[at] >>> (free - take)) & ((1 << take) - 1));
      this.#bit += take;
      left -= take;
    }
    return value;
  }

  #cut(): Error {
    return new Error(this.#isEnded ? 'it ends in the middle' : 'a block longer than it may be packed');
  }
}

interface HuffmanTable {
  /** By the first bits of what comes: how long its code is, 0 for more than `quickBits`. */
  readonly quick: Uint8Array;
  /** By length: the last code of it, −1 where it has none. */
  readonly limits: Int32Array;
  /** By length: what to take off a code to have its place among the symbols. */
  readonly offsets: Int32Array;
  readonly symbols: Uint16Array;
}

function huffmanTable(lengths: Uint8Array): HuffmanTable {
  const limits = new Int32Array(codeBitsMax + 1).fill(-1);
  const offsets = new Int32Array(codeBitsMax + 1);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let place = 0;
  const quick = new Uint8Array(1 << quickBits);
  for (let length = 1; length <= codeBitsMax; length++) {
    offsets[length] = code - place;
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      symbols[place++] = symbol;
      limits[length] = code;
      const from = code << (quickBits - length);
      if (length <= quickBits) quick.fill(length, from, from + (1 << (quickBits - length)));
      code += 1;
    }
    code <<= 1;
  }
  return { quick, limits, offsets, symbols };
}

function inverseBurrowsWheeler(last: Uint8Array, counts: Uint32Array, origin: number): Uint8Array {
  const starts = new Uint32Array(256);
  for (let byte = 1; byte < 256; byte++) starts[byte] = starts[byte - 1] + counts[byte - 1];
  const next = new Uint32Array(last.length);
  for (let at = 0; at < last.length; at++) next[starts[last[at]]++] = at;
  const out = new Uint8Array(last.length);
  let at = next[origin];
  for (let to = 0; to < out.length; to++) {
    out[to] = last[at];
    at = next[at];
  }
  return out;
}

/** Four equal bytes are followed by how many more of them there are. */
function withoutRuns(bytes: Uint8Array): Uint8Array {
  let length = 0;
  const walk = (each: (byte: number, times: number) => void): void => {
    let equal = 0;
    for (let at = 0; at < bytes.length; at++) {
      equal = at > 0 && bytes[at] === bytes[at - 1] && equal > 0 ? equal + 1 : 1;
      each(bytes[at], 1);
      if (equal < 4) continue;
      at += 1;
      if (at < bytes.length) each(bytes[at - 1], bytes[at]);
      equal = 0;
    }
  };
  walk((_, times) => {
    length += times;
  });
  const out = new Uint8Array(length);
  let to = 0;
  walk((byte, times) => {
    out.fill(byte, to, to + times);
    to += times;
  });
  return out;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = (crc << 8) ^ crcTable[((crc >>> 24) ^ bytes[at]) & 255];
  return ~crc >>> 0;
}

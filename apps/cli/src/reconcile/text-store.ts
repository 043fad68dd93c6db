/** The ids of statements and where each stands, in a temporary file: for lists of impressions. */
import { type Statements, tailAt, textTailWords } from '#reconciliation';
import { readFully, TemporaryFile } from './temporary-file.js';

/** line u32 ‖ log u16 ‖ length of the id u16, then id and imp. */
const headerBytes = 8;
const bufferBytes = 1 << 20;
const textBytesMax = headerBytes + 2 * 256;
/** A place is its offset of 44 bits, its length of 10 and the scan of 10, in two words. */
const highBits = 12;
const lengthBits = 10;
const two32 = 2 ** 32;
const decoder = new TextDecoder();

export interface StatementText {
  readonly log: number;
  readonly line: number;
  readonly id: string;
  readonly imp: string;
}

export class TextStore {
  readonly #scan: number;
  readonly #file: TemporaryFile;
  readonly #buffer = new Uint8Array(bufferBytes);
  #filled = 0;

  constructor(scan: number, folder?: string) {
    this.#scan = scan;
    this.#file = new TemporaryFile(folder);
  }

  /** Writes the places of their texts into the tails. `impField` is below zero where every imp is '1'. */
  add({ count, tails, rows, block }: Statements, log: number, idField: number, impField: number): void {
    const { bytes, starts, ends, fields, lines } = block;
    for (let at = 0; at < count; at++) {
      const row = rows[at];
      const id = row * fields + idField;
      const imp = impField < 0 ? -1 : row * fields + impField;
      const idLength = ends[id] - starts[id];
      const impLength = imp < 0 ? 1 : ends[imp] - starts[imp];
      if (this.#filled + textBytesMax > bufferBytes) this.flush();
      const place = this.#file.length + this.#filled;
      const buffer = this.#buffer;
      const to = this.#filled;
      buffer[to] = lines[row];
      buffer[to + 1] = lines[row] >>> 8;
      buffer[to + 2] = lines[row] >>> 16;
      buffer[to + 3] = lines[row] >>> 24;
      buffer[to + 4] = log;
      buffer[to + 5] = log >>> 8;
      buffer[to + 6] = idLength;
      buffer[to + 7] = idLength >>> 8;
      for (let one = 0; one < idLength; one++) buffer[to + headerBytes + one] = bytes[starts[id] + one];
      const impTo = to + headerBytes + idLength;
      if (imp < 0) buffer[impTo] = 49;
      else for (let one = 0; one < impLength; one++) buffer[impTo + one] = bytes[starts[imp] + one];
      const length = headerBytes + idLength + impLength;
      this.#filled += length;
      const high = Math.floor(place / two32);
      tails[at * textTailWords + tailAt.textLow] = place % two32;
      tails[at * textTailWords + tailAt.textHigh] =
        high | (length << highBits) | (this.#scan << (highBits + lengthBits));
    }
  }

  flush(): void {
    this.#file.append(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  get descriptor(): number {
    return this.#file.descriptor;
  }

  close(): void {
    this.#file.close();
  }
}

/** `descriptors` are those of the scans. */
export function readText(descriptors: readonly number[], tails: Uint32Array, tail: number): StatementText {
  const low = tails[tail + tailAt.textLow];
  const word = tails[tail + tailAt.textHigh];
  const length = (word >>> highBits) & (2 ** lengthBits - 1);
  const bytes = new Uint8Array(length);
  const place = (word & (2 ** highBits - 1)) * two32 + low;
  readFully(descriptors[word >>> (highBits + lengthBits)], bytes, place);
  const view = new DataView(bytes.buffer);
  const idEnd = headerBytes + view.getUint16(6, true);
  return {
    line: view.getUint32(0, true),
    log: view.getUint16(4, true),
    id: decoder.decode(bytes.subarray(headerBytes, idEnd)),
    imp: decoder.decode(bytes.subarray(idEnd)),
  };
}

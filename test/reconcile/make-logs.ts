/** Makes the logs of a seller and a buyer from a seed: 1 % missing, 1 % repeated, 1 % differing. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface MadeLogs {
  readonly ssp: string;
  readonly dsp: string;
}

const day = 1_370_476_800;
const columns = ['auction_id', 'price', 'timestamp', 'placement', 'campaign'];
const bufferCharacters = 1 << 20;

/** Writes two files of about `rows` rows of CSV into the folder. */
export function makeLogs(folder: string, rows: number, seed: number): MadeLogs {
  const next = chance(seed);
  const [ssp, dsp] = ['ssp', 'dsp'].map((name) => new LineFile(join(folder, `${name}.csv`)));
  for (let at = 0; at < rows; at++) {
    const id = [next(), next(), next(), next()].map((word) => word.toString(16).padStart(8, '0')).join('');
    const price = 100 + (next() % 4_900);
    const second = day + Math.floor((at * 86_400) / rows);
    const rest = `,${second},slot-${next() % 500},c${next() % 40}\n`;
    const line = (thousandths: number): string => `${id},${(thousandths / 1_000).toFixed(3)}${rest}`;
    const kind = next() % 1_000;
    if (kind >= 10) dsp.write(line(kind >= 30 && kind < 40 ? price + 1 + (next() % 50) : price));
    if (kind < 10 || kind >= 20) ssp.write(line(price));
    if (kind >= 20 && kind < 25) ssp.write(line(price));
    if (kind >= 25 && kind < 30) dsp.write(line(price));
  }
  return { ssp: ssp.close(), dsp: dsp.close() };
}

/** xorshift32: the same numbers on every machine. */
function chance(seed: number): () => number {
  let state = (Math.imul(seed + 1, 0x9e37_79b9) | 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

class LineFile {
  readonly #path: string;
  readonly #file: number;
  #lines: string[] = [`${columns.join(',')}\n`];
  #characters = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'w');
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters > bufferCharacters) this.#flush();
  }

  close(): string {
    this.#flush();
    closeSync(this.#file);
    return this.#path;
  }

  #flush(): void {
    writeSync(this.#file, this.#lines.join(''));
    this.#lines = [];
    this.#characters = 0;
  }
}

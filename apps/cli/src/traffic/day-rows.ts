/** The usable impression rows of a log, set aside on disk by the day of each, to be read a day at a time. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readLines } from '#log-files';
import { onFile } from '../report/command-refused.js';

export interface DayRow {
  /** Index of the file, and line from 1. */
  readonly file: number;
  readonly line: number;
  readonly bidId: string;
  readonly exchange: string;
  readonly timestampMs: number;
  readonly payFenCpm: number;
  readonly advertiser: string;
  readonly slot: string;
  /** What wins and audits of it refer to, 8 bytes as hex. */
  readonly winReference: string;
  readonly auditReference: string;
}

const bufferedCharsMax = 1 << 18;

export class DayRows {
  readonly #folder: string;
  readonly #open = new Map<number, { readonly file: number; texts: string[]; chars: number }>();

  /** `folder` is there and empty. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  add(day: number, row: DayRow): void {
    let to = this.#open.get(day);
    if (to === undefined) {
      const path = this.#pathOf(day);
      to = { file: onFile(path, () => openSync(path, 'w')), texts: [], chars: 0 };
      this.#open.set(day, to);
    }
    const { file, line, bidId, exchange, timestampMs, payFenCpm, advertiser, slot } = row;
    const fields = [file, line, bidId, exchange, timestampMs, payFenCpm, advertiser, slot];
    const text = [...fields, row.winReference, row.auditReference].join('\t');
    to.texts.push(text);
    to.chars += text.length;
    if (to.chars > bufferedCharsMax) this.#flush(day);
  }

  /** Nothing is added afterwards. */
  close(): void {
    for (const [day, { file }] of this.#open) {
      this.#flush(day);
      closeSync(file);
    }
  }

  /** In the order in which they were added, some at a time. */
  async *read(day: number): AsyncGenerator<DayRow[]> {
    if (!this.#open.has(day)) return;
    for await (const lines of readLines(this.#pathOf(day))) yield lines.map(({ text }) => rowOf(text ?? ''));
  }

  #flush(day: number): void {
    const to = this.#open.get(day);
    if (to === undefined || to.texts.length === 0) return;
    onFile(this.#folder, () => writeSync(to.file, `${to.texts.join('\n')}\n`));
    to.texts = [];
    to.chars = 0;
  }

  #pathOf(day: number): string {
    return join(this.#folder, `${day}.rows`);
  }
}

function rowOf(text: string): DayRow {
  const [file, line, bidId, exchange, timestampMs, payFenCpm, advertiser, slot, ...references] =
    text.split('\t');
  return {
    file: Number(file),
    line: Number(line),
    bidId,
    exchange,
    timestampMs: Number(timestampMs),
    payFenCpm: Number(payFenCpm),
    advertiser,
    slot,
    winReference: references[0],
    auditReference: references[1],
  };
}

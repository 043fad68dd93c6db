/**
 * Writes small logs in the iPinYou format: with repetitions, clicks, and rows that nothing can be made of.
 */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

export const logColumns = [
  ...['source', 'bid_id', 'timestamp', 'log_type', 'ad_exchange', 'slot_id', 'slot_w', 'slot_h'],
  ...['floor_fen_cpm', 'creative', 'bid_fen_cpm', 'pay_fen_cpm', 'advertiser'],
];
export const logHeader = logColumns.join('\t');

export interface LogRow {
  readonly source?: string;
  readonly id: string;
  readonly day: string;
  /** Seconds of the day, below 3,600 × 24. */
  readonly second?: number;
  readonly exchange: number;
  readonly fen: number | string;
}

export function logRow({ source, id, day, second = 0, exchange, fen }: LogRow): string {
  const clock = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  const time = `${day}${clock.map((one) => String(one).padStart(2, '0')).join('')}123`;
  const file = source ?? `imp.${day}.txt`;
  const type = file.startsWith('clk') ? 2 : 1;
  return [file, id, time, type, exchange, 'slot', 300, 250, 0, 'creative', 300, fen, 7].join('\t');
}

/**
 * `count` impressions of each day over three exchanges at prices that differ, every fiftieth row twice, every
 * hundredth clicked.
 */
export function usableRows(days: readonly string[], count: number): string[] {
  return days.flatMap((day) =>
    Array.from({ length: count }, (_, at) => {
      const second = (at * 7_919) % 86_400;
      const row = { id: `${day}a${at}`, day, second, exchange: 1 + (at % 3), fen: 20 + ((at * 31) % 280) };
      const clicks = at % 100 === 0 ? [logRow({ ...row, source: `clk.${day}.txt` })] : [];
      const repeated =
        at % 50 === 0 ? [logRow(row), logRow({ ...row, second: (second + 1) % 86_400 })] : [logRow(row)];
      return [...repeated, ...clicks];
    }).flat(),
  );
}

/** A line each, packed where the name says so. */
export function writeLog(path: string, lines: readonly string[]): string {
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

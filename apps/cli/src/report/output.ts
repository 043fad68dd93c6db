/**
 * What a command says: tables for people on standard output, or NDJSON whose last line is the result; talk
 * goes to standard error.
 */
import Table from 'cli-table3';

const schemaVersion = 1;

export interface Output {
  readonly isJson: boolean;
  /** An event of a stream: one line of JSON, nothing for people. */
  event(type: string, fields: Readonly<Record<string, unknown>>): void;
  /** A line for people, nothing in JSON mode. */
  line(text?: string): void;
  table(head: readonly string[], rows: readonly (readonly string[])[], rightFrom?: number): void;
  /** The one result, last. */
  result(data: unknown, problems?: { errors?: readonly object[]; warnings?: readonly object[] }): void;
}

export function openOutput(
  isJson: boolean,
  write = (text: string) => void process.stdout.write(text),
): Output {
  const json = (value: object): void => write(`${JSON.stringify(value, stringifyBigInts)}\n`);
  return {
    isJson,
    event: (type, fields) => {
      if (isJson) json({ type, ...fields });
    },
    line: (text = '') => {
      if (!isJson) write(`${text}\n`);
    },
    table: (head, rows, rightFrom = 1) => {
      if (!isJson) write(`${tableOf(head, rows, rightFrom)}\n`);
    },
    result: (data, { errors = [], warnings = [] } = {}) => {
      if (isJson)
        json({ type: 'result', schemaVersion, success: errors.length === 0, data, errors, warnings });
    },
  };
}

/** What happens beside the work and should be known: an event, or talk for people. */
export function sayNotice(notice: { readonly code: string; readonly message: string }, output: Output): void {
  output.event('notice', { ...notice });
  if (!output.isJson) process.stderr.write(`papyrus: ${notice.code}: ${notice.message}\n`);
}

/** 1,234.500000000 from nano-units. */
export function formatNano(nano: bigint): string {
  const sign = nano < 0n ? '-' : '';
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0');
  const whole = digits.slice(0, -9).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${whole}.${digits.slice(-9)}`;
}

export function formatCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 2026-01-01 12:00:00Z */
export function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('T', ' ').replace('.000', '');
}

/** in 41 s, in 5 min, 3 h 20 min ago; from the chain's time. */
export function relativeText(seconds: number, nowSeconds: number): string {
  const away = Math.abs(seconds - nowSeconds);
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(away / unit));
  const text =
    days > 0
      ? `${days} d ${hours % 24} h`
      : hours > 0
        ? `${hours} h ${minutes % 60} min`
        : minutes > 0
          ? `${minutes} min ${away % 60} s`
          : `${away} s`;
  const short = text.replace(/ 0 (h|min|s)$/, '');
  return seconds < nowSeconds ? `${short} ago` : `in ${short}`;
}

/** Columns stand two spaces apart, or one where a table would be wider than a terminal. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[], rightFrom: number): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at].length)));
  const width = widths.reduce((sum, one) => sum + one + 2, -2);
  const gap = width > terminalColumns ? 1 : 2;
  const table = new Table({
    head: [...head],
    chars: { ...noBorder, middle: ' '.repeat(gap), mid: '─', 'mid-mid': '─'.repeat(gap) },
    colAligns: head.map((_, at) => (at < rightFrom ? 'left' : 'right')),
    style: {
      'padding-left': 0,
      'padding-right': 0,
      head: useColour() ? ['cyan'] : [],
      border: useColour() ? ['grey'] : [],
      compact: true,
    },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

const terminalColumns = 80;

const noBorder = Object.fromEntries(
  ['top', 'bottom', 'left', 'right'].flatMap((side) =>
    [side, `${side}-left`, `${side}-right`, `${side}-mid`].map((name) => [name, '']),
  ),
);

/** https://no-color.org: colour only where someone looks and did not ask for none. */
function useColour(): boolean {
  if (process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '') return false;
  return process.env.FORCE_COLOR !== undefined || process.stdout.isTTY === true;
}

function stringifyBigInts(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

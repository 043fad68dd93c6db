/** Reads the wanted columns of a log, whatever it is packed and written in, as blocks of rows. */
import { DelimitedText } from './delimited-text.js';
import { openLogBytes } from './log-bytes.js';
import { LogRefused } from './log-refused.js';
import type { RowBlock } from './row-block.js';

/** Which columns are wanted, once it is known what there is. */
export interface WantedColumns {
  /** From 0; a column may be wanted twice. */
  readonly columns: readonly number[];
  /** Whether the first line names columns and is no row. */
  readonly hasHeader: boolean;
}

export interface ReadRowsOptions {
  /**
   * Is given the fields of the first line. Throws a `LogRefused` where what is wanted is not among them.
   */
  readonly choose: (firstLine: readonly string[]) => WantedColumns;
  /** Is told how many bytes of the file on disk have been read. */
  readonly onRead?: (bytes: number) => void;
}

const newline = 10;
const firstLineBytesMax = 1 << 20;

/** Hands over block after block; a block is overwritten by the next. Throws a `LogRefused`. */
export async function readRows(
  path: string,
  options: ReadRowsOptions,
  take: (block: RowBlock) => void,
): Promise<void> {
  const { readBytes, chunks } = await openLogBytes(path);
  let head = new Uint8Array(0);
  let text: DelimitedText | undefined;
  for await (const chunk of chunks) {
    if (text === undefined) {
      head = new Uint8Array(Buffer.concat([head, chunk]));
      if (head.indexOf(newline) < 0 && head.length < firstLineBytesMax) continue;
      const opened = openText(path, head, options);
      text = opened.text;
      take(text.push(head.subarray(opened.from)));
    } else {
      take(text.push(chunk));
    }
    options.onRead?.(readBytes());
  }
  if (text === undefined) {
    if (head.length === 0) throw new LogRefused('log-without-rows', `${path} is empty`);
    const opened = openText(path, head, options);
    text = opened.text;
    take(text.push(head.subarray(opened.from)));
  }
  take(text.end());
  options.onRead?.(readBytes());
}

function openText(
  path: string,
  head: Uint8Array,
  options: ReadRowsOptions,
): { readonly text: DelimitedText; readonly from: number } {
  const mark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new LogRefused('log-not-readable', `${path} is UTF-16 text; save it as UTF-8`);
  }
  const end = head.indexOf(newline);
  const line = head.subarray(mark, end < 0 ? head.length : end + 1);
  const delimiter = delimiterOf(line);
  const hasQuotes = delimiter !== tab;
  const fields = splitLine(line, delimiter, hasQuotes);
  const { columns, hasHeader } = options.choose(fields);
  const layout = { delimiter, hasQuotes, columns: fields.length, wanted: columns };
  return {
    text: new DelimitedText({ ...layout, firstLine: hasHeader ? 2 : 1 }),
    from: hasHeader ? mark + line.length : mark,
  };
}

const tab = 9;

/** The first of these that the line has, of tab, comma, semicolon and bar; comma where it has none. */
function delimiterOf(line: Uint8Array): number {
  return [tab, 44, 59, 124].find((byte) => line.includes(byte)) ?? 44;
}

function splitLine(line: Uint8Array, delimiter: number, hasQuotes: boolean): string[] {
  const columns = line.reduce((count, byte) => count + (byte === delimiter ? 1 : 0), 1);
  const wanted = Array.from({ length: columns }, (_, at) => at);
  const text = new DelimitedText({ delimiter, hasQuotes, columns, wanted, firstLine: 1 });
  const whole = text.push(line);
  const block = whole.rows > 0 ? whole : text.end();
  return block.rows === 0 ? [] : fieldsOf(block, 0);
}

/** The fields of a row as text, up to the first that it lacks. */
function fieldsOf(block: RowBlock, row: number): string[] {
  const found: string[] = [];
  for (let at = row * block.fields; at < (row + 1) * block.fields && block.starts[at] >= 0; at++) {
    found.push(new TextDecoder().decode(block.bytes.subarray(block.starts[at], block.ends[at])));
  }
  return found;
}

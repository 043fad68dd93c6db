/** Reads the wanted columns of a log, whatever it is packed and written in, as blocks of rows. */
import { messageOf } from '#environment';
import { DelimitedText } from './delimited-text.js';
import { JsonLines, pathsOf } from './json-lines.js';
import { openLogBytes, packingOf } from './log-bytes.js';
import { LogRefused } from './log-refused.js';
import { openParquet } from './parquet-rows.js';
import type { RowBlock } from './row-block.js';

/** What is in a log, as far as its beginning says. */
export interface LogColumns {
  /** The fields of the first line, or the names of the columns. */
  readonly fields: readonly string[];
  /** Whether they are names for certain: of Parquet and JSON, where no line names columns. */
  readonly areNames: boolean;
}

/** Which columns are wanted, once it is known what there is. */
export interface WantedColumns {
  /** From 0, each once. */
  readonly columns: readonly number[];
  /** Whether the first line names columns and is no row. */
  readonly hasHeader: boolean;
}

export interface ReadRowsOptions {
  /** Throws a `LogRefused` where what is wanted is not there. */
  readonly choose: (found: LogColumns) => WantedColumns;
  /** Is told how many bytes of the file on disk have been read. */
  readonly onRead?: (bytes: number) => void;
}

/** Text that comes chunk by chunk, as rows. */
interface RowText {
  push(chunk: Uint8Array): RowBlock;
  end(): RowBlock;
}

const newline = 10;
const tab = 9;
/** Of a log of JSON so much is looked at for its keys; no first line is longer. */
const headBytesMax = 1 << 20;

/** Hands over block after block; a block is overwritten by the next. Throws a `LogRefused`. */
export async function readRows(
  path: string,
  options: ReadRowsOptions,
  take: (block: RowBlock) => void,
): Promise<void> {
  if ((await packingOf(path)) === 'parquet') return readParquet(path, options, take);
  return readText(path, options, take);
}

async function readParquet(
  path: string,
  options: ReadRowsOptions,
  take: (block: RowBlock) => void,
): Promise<void> {
  const file = await openParquet(path);
  try {
    const { columns } = options.choose({ fields: file.columns, areNames: true });
    await file.read(columns, take, (bytes) => options.onRead?.(bytes));
  } catch (cause) {
    if (cause instanceof LogRefused) throw cause;
    throw new LogRefused('log-not-readable', `cannot read ${path} as Parquet: ${messageOf(cause)}`);
  } finally {
    await file.close();
  }
}

async function readText(
  path: string,
  options: ReadRowsOptions,
  take: (block: RowBlock) => void,
): Promise<void> {
  const { readBytes, chunks } = await openLogBytes(path);
  let head = new Uint8Array(0);
  let text: RowText | undefined;
  for await (const chunk of chunks) {
    if (text !== undefined) {
      take(text.push(chunk));
    } else {
      head = new Uint8Array(Buffer.concat([head, chunk]));
      if (head.length < headBytesMax && head.indexOf(newline) < 0) continue;
      const opened = openText(path, head, options);
      text = opened.text;
      take(text.push(head.subarray(opened.from)));
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

/** `from`: where the first row begins. */
function openText(
  path: string,
  head: Uint8Array,
  options: ReadRowsOptions,
): { readonly text: RowText; readonly from: number } {
  const mark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new LogRefused('log-not-readable', `${path} is UTF-16 text: save it as UTF-8`);
  }
  const end = head.indexOf(newline);
  const line = head.subarray(mark, end < 0 ? head.length : end + 1);
  if (line.find((byte) => byte > 32) === 123) {
    const paths = pathsOf(head.subarray(mark, headBytesMax));
    const { columns } = options.choose({ fields: paths, areNames: true });
    return { text: new JsonLines(columns.map((at) => paths[at])), from: mark };
  }
  const delimiter = delimiterOf(line);
  const hasQuotes = delimiter !== tab;
  const fields = splitLine(line, delimiter, hasQuotes);
  const { columns, hasHeader } = options.choose({ fields, areNames: false });
  const layout = { delimiter, hasQuotes, columns: fields.length, wanted: columns };
  return {
    text: new DelimitedText({ ...layout, firstLine: hasHeader ? 2 : 1 }),
    from: hasHeader ? mark + line.length : mark,
  };
}

/** The first of these that the line has: tab, comma, semicolon, bar; comma where it has none. */
function delimiterOf(line: Uint8Array): number {
  return [tab, 44, 59, 124].find((byte) => line.includes(byte)) ?? 44;
}

function splitLine(line: Uint8Array, delimiter: number, hasQuotes: boolean): string[] {
  const columns = line.reduce((count, byte) => count + (byte === delimiter ? 1 : 0), 1);
  const wanted = Array.from({ length: columns }, (_, at) => at);
  const text = new DelimitedText({ delimiter, hasQuotes, columns, wanted, firstLine: 1 });
  const whole = text.push(line);
  const block = whole.rows > 0 ? whole : text.end();
  return block.rows === 0 ? [] : fieldsOf(block);
}

/** The fields of the first row as text, up to the first that it lacks. */
function fieldsOf(block: RowBlock): string[] {
  const found: string[] = [];
  for (let at = 0; at < block.fields && block.starts[at] >= 0; at++) {
    found.push(new TextDecoder().decode(block.bytes.subarray(block.starts[at], block.ends[at])));
  }
  return found;
}

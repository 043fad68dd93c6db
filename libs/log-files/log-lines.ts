/** Lines of a log, whatever it is packed by, with their numbers; bytes that are no UTF-8 are never merged. */
import { isUtf8 } from 'node:buffer';
import { openLogBytes } from './log-bytes.js';

export interface LogLine {
  /** From 1. */
  readonly line: number;
  /** Undefined where the bytes are not UTF-8, or more than any row has. */
  readonly text: string | undefined;
}

const newline = 10;
const carriageReturn = 13;
/** A longer line is no row of a log. */
const lineBytesMax = 1 << 20;

/** Chunk by chunk, so that a reader waits seldom. `onBytes` sees all of them, unpacked. Throws LogRefused. */
export async function* readLines(
  path: string,
  onBytes: (bytes: Uint8Array) => void = () => {},
): AsyncGenerator<LogLine[]> {
  const { chunks } = await openLogBytes(path);
  let rest: Uint8Array = new Uint8Array(0);
  let line = 0;
  for await (const chunk of chunks) {
    onBytes(chunk);
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(newline) + 1;
    const lines = linesIn(bytes.subarray(0, end), line);
    line += lines.length;
    yield lines;
    // A copy: what a chunk lies in is filled anew. (`slice` of a Buffer would be none.)
    rest = new Uint8Array(bytes.subarray(end));
    // The rest of a line that is too long is not kept: its first bytes stand for it.
    if (rest.length > 2 * lineBytesMax) rest = rest.subarray(0, lineBytesMax + 1);
  }
  if (rest.length > 0) yield linesIn(Buffer.concat([rest, Uint8Array.of(newline)]), line);
}

/** `bytes` ends with a newline or is empty. */
function linesIn(bytes: Uint8Array, before: number): LogLine[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isAllText = isUtf8(buffer);
  const lines: LogLine[] = [];
  for (let from = 0; from < buffer.length; ) {
    const newlineAt = buffer.indexOf(newline, from);
    const to = newlineAt > from && buffer[newlineAt - 1] === carriageReturn ? newlineAt - 1 : newlineAt;
    const isText = to - from <= lineBytesMax && (isAllText || isUtf8(buffer.subarray(from, to)));
    const mark =
      before === 0 && lines.length === 0 && buffer.subarray(from, from + 3).equals(byteOrder) ? 3 : 0;
    const text = isText ? buffer.toString('utf8', from + mark, to) : undefined;
    lines.push({ line: before + lines.length + 1, text });
    from = newlineAt + 1;
  }
  return lines;
}

/** U+FEFF, which some programs write before a text. */
const byteOrder = Buffer.from([0xef, 0xbb, 0xbf]);

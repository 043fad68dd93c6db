/** Delimited text, whole and cut anywhere. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvRows, type DelimitedLayout, DelimitedText } from './delimited-text.js';
import { rowBytesMax } from './line-cutter.js';
import { type RowBlock, rowFault } from './row-block.js';

const csv = { delimiter: 44, hasQuotes: true, firstLine: 1 };

/** Of each row its line, its fault, and the text of its fields. */
function rowsOf(layout: DelimitedLayout, chunks: readonly Uint8Array[]): unknown[] {
  const text = new DelimitedText(layout);
  const found: unknown[] = [];
  const take = ({ bytes, rows, fields, starts, ends, lines, faults }: RowBlock): void => {
    for (let row = 0; row < rows; row++) {
      const values = Array.from({ length: fields }, (_, field) => {
        const at = row * fields + field;
        return starts[at] < 0 ? undefined : Buffer.from(bytes.subarray(starts[at], ends[at])).toString();
      });
      found.push(
        faults[row] === rowFault.none ? [lines[row], ...values] : { line: lines[row], fault: faults[row] },
      );
    }
  };
  for (const chunk of chunks) take(text.push(chunk));
  take(text.end());
  return found;
}

const read = (text: string, layout: Partial<DelimitedLayout> = {}): unknown[] =>
  rowsOf({ ...csv, columns: 3, wanted: [0, 2], ...layout }, [Buffer.from(text)]);

describe('delimited text', () => {
  it('gives the wanted fields of each row with its line, with any end of line', () => {
    expect(read('a,b,c\r\nd,,\n\n e ,f,g')).toEqual([
      [1, 'a', 'c'],
      [2, 'd', ''],
      [4, ' e ', 'g'],
    ]);
  });

  it('reads quotes, doubled quotes and lines inside of them', () => {
    expect(read('"a,1","x\ny","say ""hi"""\n"","",z\n')).toEqual([
      [1, 'a,1', 'say "hi"'],
      [3, '', 'z'],
    ]);
    expect(read('a\t"b\t"c"\n', { delimiter: 9, hasQuotes: false })).toEqual([[1, 'a', '"c"']]);
  });

  it('says of rows that have other columns, or a quote that does not close, where they are, and loses no other', () => {
    expect(read('a,b\na,b,c,d\n"a"x,b,c\nd,e,f\n"never,b,c\ng,h,i\n')).toEqual([
      { line: 1, fault: rowFault.columnCount },
      { line: 2, fault: rowFault.columnCount },
      { line: 3, fault: rowFault.quoteNotClosed },
      [4, 'd', 'f'],
      { line: 5, fault: rowFault.quoteNotClosed },
      [6, 'g', 'i'],
    ]);
  });

  it('gives up a row that does not end, and goes on after it', () => {
    const long = Buffer.alloc(rowBytesMax, 120);
    const chunks = [Buffer.from('a,b,c\n'), long, long, long, Buffer.from('\nd,e,f\n')];
    expect(rowsOf({ ...csv, columns: 3, wanted: [0] }, chunks)).toEqual([
      [1, 'a'],
      { line: 2, fault: rowFault.tooLong },
      [3, 'd'],
    ]);
  });

  it('reads the same however it is cut', () => {
    const field = fc.stringMatching(/^[ab",\n\r]{0,4}$/);
    const rows = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.array(fc.nat(40), { maxLength: 12 }), (table, cuts) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const bytes = Buffer.from(table.map((row) => `${row.map(quoted).join(',')}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        expect([...csvRows(chunks, 3)]).toEqual(table);
      }),
    );
  });
});

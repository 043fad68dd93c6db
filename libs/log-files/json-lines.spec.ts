/** Logs of one JSON object a line. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonLines, pathsOf } from './json-lines.js';
import { type RowBlock, rowFault } from './row-block.js';

function rowsOf(paths: readonly string[], chunks: readonly Uint8Array[]): unknown[] {
  const text = new JsonLines(paths);
  const found: unknown[] = [];
  const take = ({ bytes, rows, fields, starts, ends, lines, faults }: RowBlock): void => {
    for (let row = 0; row < rows; row++) {
      const values = Array.from({ length: fields }, (_, field) => {
        const at = row * fields + field;
        return starts[at] < 0 ? undefined : Buffer.from(bytes.subarray(starts[at], ends[at])).toString();
      });
      found.push(faults[row] === rowFault.none ? [lines[row], ...values] : { line: lines[row] });
    }
  };
  for (const chunk of chunks) take(text.push(chunk));
  take(text.end());
  return found;
}

const read = (paths: readonly string[], text: string): unknown[] => rowsOf(paths, [Buffer.from(text)]);

describe('lines of JSON', () => {
  it('give values by their path, of inner objects and lists too, with the digits that they were written with', () => {
    const text =
      '{"id":12345678901234567890,"imp":[{"id":"a"},{"id":"b"}],"price":1.10}\n\n{"imp":[],"id":"x"}';
    expect(read(['id', 'imp.1.id', 'price'], text)).toEqual([
      [1, '12345678901234567890', 'b', '1.10'],
      [3, 'x', undefined, undefined],
    ]);
  });

  it('read escapes, true, false and null', () => {
    const text = '{"i\\u0064":"a\\n\\u00e9\\"","ok":true,"no":null}\n';
    expect(read(['id', 'ok', 'no'], text)).toEqual([[1, 'a\né"', 'true', undefined]]);
  });

  it('name lines that are no object, and keys that stand twice', () => {
    const bad = [
      '{"id":1',
      '[1]',
      '{"id":01}',
      '{"id":tru}',
      '{"id":1,"id":2}',
      '{"id":1} x',
      '{"id":"\t"}',
      'x',
    ];
    for (const line of bad) expect(read(['id'], `${line}\n{"id":2}`)).toEqual([{ line: 1 }, [2, '2']]);
  });

  it('are read the same however they are cut, as JSON.parse reads them', () => {
    const values = fc.record({
      id: fc.string({ unit: 'binary', maxLength: 6 }),
      n: fc.integer(),
      deep: fc.json(),
    });
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(50)), (objects, cuts) => {
        const lines = objects.map(({ id, n, deep }) => JSON.stringify({ deep: JSON.parse(deep), id, n }));
        const bytes = Buffer.from(lines.join('\n'));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(bytes.subarray(at));
        expect(rowsOf(['id', 'n'], chunks)).toEqual(
          objects.map(({ id, n }, line) => [line + 1, Buffer.from(id).toString(), String(n)]),
        );
      }),
    );
  });

  it('have the paths of all their values', () => {
    const head = Buffer.from('{"a":1,"b":{"c":[2,{"d":3}]}}\n{"e":null}\n{"cut":');
    expect(pathsOf(head)).toEqual(['a', 'b.c.0', 'b.c.1.d', 'e']);
  });
});

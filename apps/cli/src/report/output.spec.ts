import { describe, expect, it } from '@jest/globals';
import { Fault } from '#environment';
import { exitOfFault } from './command-refused.js';
import { formatCount, formatNano, openOutput, relativeText } from './output.js';

function written(isJson: boolean): { lines: string[]; output: ReturnType<typeof openOutput> } {
  const lines: string[] = [];
  return { lines, output: openOutput(isJson, (text) => void lines.push(text)) };
}

describe('the output of a command', () => {
  it('is JSON a line in JSON mode, without a word for people', () => {
    const { lines, output } = written(true);
    output.line('talk');
    output.table(['a'], [['b']]);
    output.event('block', { blockNumber: 1 });
    output.result({ nano: 2n ** 70n });
    expect(lines).toEqual([
      '{"type":"block","blockNumber":1}\n',
      '{"type":"result","schemaVersion":1,"success":true,"data":{"nano":"1180591620717411303424"},' +
        '"errors":[],"warnings":[]}\n',
    ]);
  });

  it('is lines and tables for people otherwise', () => {
    const { lines, output } = written(false);
    output.event('block', {});
    output.line('talk');
    output.table(['name', 'nano'], [['dsp', '1']]);
    output.result({});
    expect(lines).toHaveLength(2);
    expect(lines.join('')).toMatch(/^talk\n[\s\S]*name[\s\S]*nano[\s\S]*dsp[\s\S]*1/);
  });

  it('succeeds only without errors', () => {
    const { lines, output } = written(true);
    output.result(null, { errors: [{ code: 'usage', message: 'no' }] });
    expect(JSON.parse(lines[0])).toMatchObject({ success: false, data: null, errors: [{ code: 'usage' }] });
  });
});

describe('a table', () => {
  const cells = (width: number): string[] => Array.from({ length: 5 }, () => 'x'.repeat(width));

  it('has two spaces between columns, and one where it would not fit a terminal otherwise', () => {
    for (const [width, line] of [
      [14, 78],
      [15, 79],
    ]) {
      const { lines, output } = written(false);
      output.table(cells(1), [cells(width)]);
      const [head, rule, row] = lines.join('').split('\n');
      expect([head.length, rule.length, row.length]).toEqual([line, line, line]);
    }
  });
});

describe('amounts', () => {
  it.each([
    [0n, '0.000000000'],
    [1n, '0.000000001'],
    [-1n, '-0.000000001'],
    [999_999_999n, '0.999999999'],
    [1_234_567_000_000_000n, '1,234,567.000000000'],
    [-1_000_000_000_000n, '-1,000.000000000'],
  ])('of %s nano show every digit', (nano, text) => {
    expect(formatNano(nano)).toBe(text);
  });

  it('that count things are grouped by thousands', () => {
    expect([0, 999, 1_000, 12_345_678n].map(formatCount)).toEqual(['0', '999', '1,000', '12,345,678']);
  });
});

describe('a fault that ends a command', () => {
  it.each([
    ['data-in-use', 5],
    ['chain-in-use', 5],
    ['key-value-damaged', 5],
    ['chain-journal-older', 5],
    ['record-log-shorter', 5],
    ['record-log-other', 5],
    ['record-log-incomplete', 5],
    ['record-log-gone', 5],
    ['chain-gone', 6],
    ['chain-unavailable', 6],
    ['data-folder-unavailable', 6],
    ['job-queue-full', 6],
  ])('%s ends it with %d, which says whether the same command may go on', (code, exit) => {
    expect(exitOfFault(new Fault(code, 'broken', { retriable: false }))).toBe(exit);
  });
});

it('times from now, in the two largest units', () => {
  const at = (seconds: number) => relativeText(1_000_000 + seconds, 1_000_000);
  expect([0, 41, 60, 61, 3_599, 3_600, 12_000, 86_400, 190_000].map(at)).toEqual([
    ...['in 0 s', 'in 41 s', 'in 1 min', 'in 1 min 1 s', 'in 59 min 59 s', 'in 1 h', 'in 3 h 20 min'],
    ...['in 1 d', 'in 2 d 4 h'],
  ]);
  expect([-1, -86_400].map(at)).toEqual(['1 s ago', '1 d ago']);
});

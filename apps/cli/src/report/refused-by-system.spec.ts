/** What a system refuses has a name and an exit code, wherever in a command it is thrown. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CommandRefused, exitCode, refusedBySystem } from './command-refused.js';

const thrown = (step: () => unknown): unknown => {
  try {
    return step();
  } catch (cause) {
    return cause;
  }
};

describe('a refusal of the system', () => {
  it.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EEXIST', 'ENOTEMPTY'])(
    'has a no and exit code 6: %s',
    (code) => {
      const refused = refusedBySystem(Object.assign(new Error(`${code}: no, write`), { code }));
      expect(refused).toMatchObject({ code: 'file-unavailable', exit: exitCode.unavailable });
      expect(refused?.message).toBe(`${code}: no, write`);
    },
  );

  it('names the path that it was about', () => {
    const folder = mkdtempSync(join(tmpdir(), 'papyrus-refused-'));
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(refusedBySystem(thrown(() => readdirSync(file)))?.message).toContain(file);
    rmSync(folder, { recursive: true });
  });

  it('is nothing else: no bug, and no no that has a name already', () => {
    expect(refusedBySystem(new TypeError('x is undefined'))).toBeUndefined();
    expect(refusedBySystem(thrown(() => readdirSync('/no/such/folder')))).toBeUndefined();
    expect(refusedBySystem(new CommandRefused('out-unavailable', 'full'))).toBeUndefined();
  });
});

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RefusalNotes } from './refusal-notes.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-notes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('notes of refusals', () => {
  const late = { id: 'late/0/1', code: 'block-closed', records: 7, kind: 'late' } as const;
  const invalid = { id: 'invalid/0/high-s', code: 'high-s', records: 1, kind: 'invalid' } as const;

  it('count each refusal once, also after a restart', () => {
    const path = join(folder, 'notes.ndjson');
    const first = new RefusalNotes(path);
    expect(first.has(late.id)).toBe(false);
    for (const one of [late, invalid, late]) first.note(one);
    const second = new RefusalNotes(path);
    second.note(late);
    expect(second.all()).toEqual([late, invalid]);
    expect(new RefusalNotes(path).all()).toEqual([late, invalid]);
  });

  it('forget a note that a crash cut off, and keep what follows it', () => {
    const path = join(folder, 'notes.ndjson');
    new RefusalNotes(path).note(late);
    appendFileSync(path, '\n{"id":"invalid/0/hi\n{"id: }');
    const after = new RefusalNotes(path);
    expect(after.all()).toEqual([late]);
    after.note(invalid);
    expect(new RefusalNotes(path).all()).toEqual([late, invalid]);
  });
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFolders } from './make-folders.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('making a folder', () => {
  it('makes what it lies in, and leaves one that is there', () => {
    const path = join(folder, 'a', 'b');
    makeFolders(path);
    writeFileSync(join(path, 'file'), '');
    makeFolders(path);
    expect(existsSync(join(path, 'file'))).toBe(true);
  });

  it('fails at once where there can be none', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolders(join(folder, 'file'))).toThrow('EEXIST');
    expect(() => makeFolders(join(folder, 'file', 'a'))).toThrow('ENOTDIR');
    if (!existsSync('/proc/self')) return;
    expect(() => makeFolders('/proc/papyrus')).toThrow('ENOENT');
    expect(() => makeFolders('/proc/papyrus/a')).toThrow('ENOENT');
  });
});

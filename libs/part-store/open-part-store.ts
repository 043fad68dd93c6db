/** Chooses the part store that a URL names. */
import type { Log } from '#environment';
import { openFilePartStore } from './file-part-store.js';
import type { PartStore } from './part-store.js';

/** Schemes of `openPartStore`. */
export const partStoreSchemes = ['file'] as const;

export interface OpenPartStoreOptions {
  readonly log: Log;
  readonly access?: 'write' | 'read';
}

/**
 * `file:FOLDER`. A store in memory would be forgotten with its process, and no other sees it: tests make one
 * directly. Throws an error that names the schemes that are known.
 */
export function openPartStore(url: string, { log, access }: OpenPartStoreOptions): PartStore {
  const [, scheme, rest] = /^([a-z]*):(.*)$/s.exec(url) ?? [];
  if (scheme === 'file' && rest !== '') return openFilePartStore(rest, { log, access });
  throw new Error(`no part store has the URL ${url}: there is file:FOLDER`);
}

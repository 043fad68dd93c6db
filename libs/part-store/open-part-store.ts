/** Chooses the part store that a URL names. */
import type { Log } from '#environment';
import { openFilePartStore } from './file-part-store.js';
import { openMemoryPartStore } from './memory-part-store.js';
import type { PartStore } from './part-store.js';

/** Schemes of `openPartStore`. */
export const partStoreSchemes = ['file', 'memory'] as const;

export interface OpenPartStoreOptions {
  readonly log: Log;
  /** Whether those who need the blocks run in this process too; otherwise a store in memory is useless. */
  readonly isShared: boolean;
  readonly access?: 'write' | 'read';
}

/** Throws an error that names the schemes that are known. */
export function openPartStore(url: string, options: OpenPartStoreOptions): PartStore {
  const { log, isShared, access } = options;
  const at = url.indexOf(':');
  const scheme = url.slice(0, Math.max(0, at));
  const place = url.slice(at + 1);
  if (scheme === 'file' && place !== '') return openFilePartStore(place, { log, access });
  if (scheme === 'memory' && isShared) return openMemoryPartStore();
  const why =
    scheme === 'memory'
      ? 'is gone when this process ends, and no other sees it: a process of its own needs file:FOLDER'
      : `is no part store; known are ${partStoreSchemes.map((one) => `${one}:`).join(', ')}`;
  throw new Error(`${url} ${why}`);
}

/** Chooses the key-value store that a URL names. */
import { openFileKeyValue } from './file-key-value.js';
import type { KeyValue } from './key-value.js';

/** `file:FOLDER`. A store in memory would be forgotten with its process: tests make one directly. */
export async function openKeyValue(url: string): Promise<KeyValue> {
  const [, scheme, rest] = /^([a-z]*):(.*)$/s.exec(url) ?? [];
  if (scheme === 'file' && rest !== '') return openFileKeyValue(rest);
  throw new Error(`no key-value store has the URL ${url}: there is file:FOLDER`);
}

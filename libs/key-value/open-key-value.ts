/** Chooses the key-value store that a URL names. */
import { openFileKeyValue } from './file-key-value.js';
import type { KeyValue } from './key-value.js';
import { openMemoryKeyValue } from './memory-key-value.js';

/** `file:FOLDER`, or `memory:` where what is written may be forgotten with the process. */
export async function openKeyValue(url: string): Promise<KeyValue> {
  const [, scheme, rest] = /^([a-z]*):(.*)$/s.exec(url) ?? [];
  if (scheme === 'file' && rest !== '') return openFileKeyValue(rest);
  if (scheme === 'memory' && rest === '') return openMemoryKeyValue();
  throw new Error(`no key-value store has the URL ${url}: there are file:FOLDER and memory:`);
}

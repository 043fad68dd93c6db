/** Chooses the record log that a URL names. */
import { openFileRecordLog } from './file-record-log.js';
import { openMemoryRecordLog } from './memory-record-log.js';
import type { RecordLog } from './record-log.js';

export interface OpenRecordLogOptions {
  /** One process at a time owns a `file:` log and appends; others read it. */
  readonly access: 'own' | 'read';
}

/** `file:FOLDER`, or `memory:` for a log that no other process sees and that ends with this one. */
export async function openRecordLog(url: string, options: OpenRecordLogOptions): Promise<RecordLog> {
  const [, scheme, rest] = /^([a-z]*):(.*)$/s.exec(url) ?? [];
  if (scheme === 'file' && rest !== '') return openFileRecordLog(rest, options);
  if (scheme === 'memory' && rest === '') return openMemoryRecordLog();
  throw new Error(`no record log has the URL ${url}: there are file:FOLDER and memory:`);
}

/** Chooses the record log that a URL names. */
import { openFileRecordLog } from './file-record-log.js';
import type { RecordLog } from './record-log.js';

export interface OpenRecordLogOptions {
  /** One process at a time owns a `file:` log and appends; others read it. */
  readonly access: 'own' | 'read';
}

/** `file:FOLDER`. A log in memory would be forgotten with its process: tests make one directly. */
export async function openRecordLog(url: string, options: OpenRecordLogOptions): Promise<RecordLog> {
  const [, scheme, rest] = /^([a-z]*):(.*)$/s.exec(url) ?? [];
  if (scheme === 'file' && rest !== '') return openFileRecordLog(rest, options);
  throw new Error(`no record log has the URL ${url}: there is file:FOLDER`);
}

/** Says what is wrong with the folder of a key-value store on files; changes nothing. */
import { equalBytes } from '#encoding';
import { Fault, type Finding, good, systemFiles, unlessAbsent, wrong } from '#environment';
import { StateFile } from './state-file.js';
import { olderState } from './state-faults.js';
import { headerBytes, parseHeader } from './state-format.js';
import { StoreNote } from './store-note.js';

/** `what` names the store for the reader. Nobody may be writing to it meanwhile. */
export async function inspectFileKeyValue(folder: string, what: string): Promise<readonly Finding[]> {
  const note = new StoreNote(folder, systemFiles);
  const noted = await note.read();
  const file = new StateFile(folder, systemFiles);
  const bytes = await unlessAbsent(() => systemFiles.read(file.path));
  if (bytes === undefined && noted === undefined) return [];
  const copy = `bring back ${folder} from a copy`;
  if (bytes === undefined) return [wrong(what, `${file.path} is gone: ${copy}`)];
  const storeId = noted?.storeId;
  if (noted !== undefined && storeId === undefined) return [wrong(what, `${note.path} is damaged: ${copy}`)];
  const known = parseHeader(bytes.subarray(0, headerBytes));
  if (storeId !== undefined && typeof known !== 'string' && !equalBytes(storeId, known)) {
    return [wrong(what, `${file.path} is of another store than ${note.path} says: ${copy}`)];
  }
  try {
    await file.refresh();
    const { revision } = await file.tail();
    const known = noted?.revision ?? 0;
    if (revision < known) throw olderState(file.path, note.path, `revision ${revision} of ${known}`);
    const count = [...file.entries.all()].length;
    return [good(what, `${count} ${count === 1 ? 'entry' : 'entries'}`)];
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return [wrong(what, cause.message)];
  } finally {
    await file.close();
  }
}

/** What has been flushed, by key. Throws a Fault where it is damaged; changes nothing, as above. */
export async function readFlushed(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const file = new StateFile(folder, systemFiles);
  try {
    await file.refresh();
    return new Map([...file.entries.all()].map(([key, { value }]) => [key, value]));
  } finally {
    await file.close();
  }
}

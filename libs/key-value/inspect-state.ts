/** Says what is wrong with the folder of a key-value store on files; changes nothing. */
import { join } from 'node:path';
import { equalBytes } from '#encoding';
import { Fault, type Finding, good, systemFiles, unlessAbsent, wrong } from '#environment';
import { StateFile } from './state-file.js';
import { headerBytes, parseHeader, parseStoreId } from './state-format.js';

/** `what` names the store for the reader. Nobody may be writing to it meanwhile. */
export async function inspectFileKeyValue(folder: string, what: string): Promise<readonly Finding[]> {
  const idPath = join(folder, 'store-id');
  const id = await unlessAbsent(() => systemFiles.read(idPath));
  const file = new StateFile(folder, systemFiles);
  const bytes = await unlessAbsent(() => systemFiles.read(file.path));
  if (bytes === undefined && id === undefined) return [];
  const copy = `bring back ${folder} from a copy`;
  if (bytes === undefined) return [wrong(what, `${file.path} is gone: ${copy}`)];
  const storeId = id && parseStoreId(id);
  if (id !== undefined && storeId === undefined) return [wrong(what, `${idPath} is damaged: ${copy}`)];
  const known = parseHeader(bytes.subarray(0, headerBytes));
  if (storeId !== undefined && typeof known !== 'string' && !equalBytes(storeId, known)) {
    return [wrong(what, `${file.path} is of another store than ${idPath} says: ${copy}`)];
  }
  try {
    await file.refresh();
    const count = [...file.entries.all()].length;
    return [good(what, `${count} ${count === 1 ? 'entry' : 'entries'}`)];
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return [wrong(what, cause.message)];
  } finally {
    await file.close();
  }
}

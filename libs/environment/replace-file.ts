/**
 * Puts a new file in the place of another: under the name there is always a whole one, the old or the new.
 */
import { concatBytes } from '#encoding';
import { codeOf } from './fault.js';
import type { FileSystem, OpenFile } from './file-system.js';

const writeBytes = 4 * 1_048_576;

/** Where the new file is made; one that is left there by a killed process is worth nothing. */
export const nextOf = (path: string): string => `${path}.next`;

/** The pieces are flushed before the file has its name; returns it, open. The folder is not flushed. */
export async function replaceFile(
  files: FileSystem,
  path: string,
  pieces: readonly Uint8Array[],
): Promise<OpenFile> {
  const next = nextOf(path);
  await files.remove(next);
  const file = await files.open(next, 'create');
  try {
    let at = 0;
    for (const bytes of joined(pieces)) {
      await file.write(bytes, at);
      at += bytes.length;
    }
    await file.datasync();
    await files.rename(next, path);
  } catch (cause) {
    await file.close().catch(() => {});
    // A disk that is full gets its room back.
    await files.remove(next).catch(() => {});
    throw cause;
  }
  return file;
}

/** Small pieces together, so that each is not a call of its own. */
function* joined(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    group.push(piece);
    bytes += piece.length;
    if (bytes < writeBytes) continue;
    yield concatBytes(...group);
    group = [];
    bytes = 0;
  }
  yield concatBytes(...group);
}

export async function unlessAbsent<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await look();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Says what is wrong with the folder of an embedded chain, and mends what may be lost. */
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, type Finding, good, wrong } from '#environment';
import { heightsAfter, type JournalPlace, readJournal, requireKnown } from './anvil-journal.js';
import { readNote } from './anvil-note.js';
import { readSnapshot } from './anvil-snapshot.js';

/** Changes nothing. The folder must not be in use. */
export async function inspectAnvilFolder(folder: string, noteFile: string): Promise<readonly Finding[]> {
  const [journalFile, snapshotFile] = [join(folder, 'heights'), join(folder, 'snapshot')];
  const findings: Finding[] = [];
  const note = await readNote(noteFile);
  if (note === 'damaged') {
    const detail = `${noteFile} is damaged: whether the journal is whole at its end cannot be told`;
    const does = 'removes it; the next height writes it again';
    findings.push(wrong('chain note', detail, { does, run: () => rm(noteFile) }));
  } else if (note !== undefined) {
    findings.push(good('chain note', `height ${note.height} was acknowledged`));
  }
  try {
    const { head, end, fileBytes } = await readJournal(journalFile);
    await requireKnown(journalFile, end, note === 'damaged' ? undefined : note);
    const torn = fileBytes - end.bytes;
    if (torn > 0) {
      const detail = `${journalFile} ends in ${torn} bytes of an entry that was not finished`;
      const does = 'cuts them off, as the next start does: nobody was told of that height';
      findings.push(wrong('chain journal', detail, { does, run: () => truncate(journalFile, end.bytes) }));
    } else findings.push(good('chain journal', head === undefined ? 'none yet' : `${end.height} heights`));
    findings.push(...(await inspectSnapshot(snapshotFile, journalFile, end)));
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    findings.push(wrong('chain journal', cause.message));
  }
  return findings;
}

async function inspectSnapshot(
  file: string,
  journalFile: string,
  end: JournalPlace,
): Promise<readonly Finding[]> {
  const snapshot = await readSnapshot(file);
  if (snapshot === undefined) return [];
  const does = 'removes it; the next start replays the whole journal';
  const mend = { does, run: () => rm(file) };
  if (snapshot === 'damaged') return [wrong('chain snapshot', `${file} is not what was written`, mend)];
  const isOfJournal = (await heightsAfter(journalFile, snapshot.place, end)) !== undefined;
  if (!isOfJournal) return [wrong('chain snapshot', `${file} is of another journal`, mend)];
  return [good('chain snapshot', `the state at height ${snapshot.place.height}`)];
}

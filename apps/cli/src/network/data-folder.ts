/**
 * The folders of a network's stores in its data folder. All are made before `network.json` is: where that is
 * and one of them is not, it was lost, and must not be made anew.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '#environment';
import { makeFolders } from '#environment/make-folders';
import { CommandRefused } from '../report/command-refused.js';

interface Named {
  readonly name: string;
}

/** In a participant's folder. */
export const participantStores = ['log', 'state', 'validator'] as const;

export const partsFolder = (dataFolder: string): string => join(dataFolder, 'parts');

export const participantFolder = (dataFolder: string, name: string): string =>
  join(dataFolder, 'participants', name);

export function makeStores(dataFolder: string, participants: readonly Named[]): void {
  for (const folder of storesOf(dataFolder, participants)) makeFolders(folder);
}

/** What lies in the folder of a network but `network.json`: the parts of it that are not empty. */
export function remainsOf(dataFolder: string): readonly string[] {
  const participants = join(dataFolder, 'participants');
  const named = entriesOf(participants).flatMap((name) =>
    entriesOf(join(participants, name)).map((store) => join(participants, name, store)),
  );
  const folders = [join(dataFolder, 'chain'), partsFolder(dataFolder), ...named];
  return folders.filter((folder) => entriesOf(folder).length > 0);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return [];
    throw cause;
  }
}

/** Refuses with `data-incomplete` where one is missing; changes nothing. */
export function requireStores(dataFolder: string, participants: readonly Named[]): void {
  const missing = storesOf(dataFolder, participants).filter((folder) => !existsSync(folder));
  if (missing.length === 0) return;
  const message =
    `the network in ${dataFolder} lacks ${missing.join(', ')}: bring the data folder back from a copy as a ` +
    'whole, or make an empty folder in its place to go on without what it held';
  throw new CommandRefused('data-incomplete', message);
}

function storesOf(dataFolder: string, participants: readonly Named[]): readonly string[] {
  const ofParticipants = participants.flatMap(({ name }) =>
    participantStores.map((store) => join(participantFolder(dataFolder, name), store)),
  );
  return [partsFolder(dataFolder), ...ofParticipants];
}

/** The chain's state at one place of the journal, so that a start replays only what follows. It may be lost
 *  or damaged at any time: the journal alone is what counts. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { concatBytes, fromHex, type Hex, toHex, utf8 } from '#encoding';
import { codeOf, type FileSystem, systemFiles } from '#environment';
import type { JournalPlace } from './anvil-journal.js';

/** `state` as anvil dumps it. */
export interface AnvilSnapshot {
  readonly place: JournalPlace;
  readonly timestampSeconds: number;
  readonly state: Hex;
}

/** A file: SHA-256 of the rest, then place and time as one line of JSON, then the state's bytes. Resolves
 *  when it is in the place of the one before, durably. */
export async function writeSnapshot(
  file: string,
  snapshot: AnvilSnapshot,
  files: FileSystem = systemFiles,
): Promise<void> {
  const { state, ...head } = snapshot;
  const body = concatBytes(utf8(`${JSON.stringify(head)}\n`), fromHex(state));
  const incoming = `${file}.new`;
  try {
    await files.remove(incoming);
    const opened = await files.open(incoming, 'create');
    try {
      await opened.append(concatBytes(digestOf(body), body));
      await opened.datasync();
    } finally {
      await opened.close();
    }
    await files.rename(incoming, file);
  } catch (cause) {
    await files.remove(incoming).catch(() => {});
    throw cause;
  }
  await files.syncFolder(dirname(file));
}

/** Undefined when there is none, `damaged` when it is not what was written. */
export async function readSnapshot(file: string): Promise<AnvilSnapshot | 'damaged' | undefined> {
  const bytes = await readFile(file).catch((cause) => {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  });
  if (bytes === undefined) return undefined;
  const body = bytes.subarray(digestBytes);
  if (!bytes.subarray(0, digestBytes).equals(digestOf(body))) return 'damaged';
  const end = body.indexOf(0x0a);
  return { ...JSON.parse(body.toString('utf8', 0, end)), state: toHex(body.subarray(end + 1)) };
}

interface DumpedBlock {
  readonly header: { readonly number: Hex };
  readonly transactions: readonly unknown[];
}

interface DumpedState {
  readonly blocks: readonly DumpedBlock[];
  readonly transactions: readonly { readonly block_number: number }[];
}

/** The state with the last `heightsKept` heights only: anvil dumps every one since its start, and the
 *  services ask for the present and for what was mined a moment ago. */
export function withLastHeights(state: Hex, heightsKept: number): Hex {
  const dumped = JSON.parse(gunzipSync(fromHex(state)).toString('utf8')) as DumpedState;
  const blocks = [...dumped.blocks]
    .sort((a, b) => Number(a.header.number) - Number(b.header.number))
    .slice(-heightsKept);
  const first = Number(blocks[0].header.number);
  const transactions = dumped.transactions.filter((one) => Number(one.block_number) >= first);
  return toHex(gzipSync(JSON.stringify({ ...dumped, blocks, transactions })));
}

const digestBytes = 32;

function digestOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

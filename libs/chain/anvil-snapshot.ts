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

/**
 * The state with its last heights only, since anvil dumps every one since its start: at least `heights`
 * of them, and as many more, up to `heightsMax`, as hold the last `transactions`, whose events tell of
 * unfinished blocks.
 */
export function withLastHeights(
  state: Hex,
  kept: { readonly heights: number; readonly heightsMax: number; readonly transactions: number },
): Hex {
  const dumped = JSON.parse(gunzipSync(fromHex(state)).toString('utf8')) as DumpedState;
  const byHeight = [...dumped.blocks].sort((a, b) => Number(a.header.number) - Number(b.header.number));
  const heights = byHeight.map(({ header }) => Number(header.number));
  const numbers = dumped.transactions.map((one) => Number(one.block_number)).sort((a, b) => a - b);
  const heightBack = (count: number): number => heights[Math.max(0, heights.length - count)];
  const told = numbers.at(-kept.transactions) ?? numbers.at(0) ?? Number.POSITIVE_INFINITY;
  const first = Math.max(heightBack(kept.heightsMax), Math.min(heightBack(kept.heights), told));
  const blocks = byHeight.filter(({ header }) => Number(header.number) >= first);
  const transactions = dumped.transactions.filter((one) => Number(one.block_number) >= first);
  return toHex(gzipSync(JSON.stringify({ ...dumped, blocks, transactions })));
}

const digestBytes = 32;

function digestOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

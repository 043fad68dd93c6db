/**
 * What a network of the command line is made of; kept in its data folder, so that a restart finds the same
 * network.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf } from '#environment';
import { type RoleName, roleOf } from '#protocol';
import { CommandRefused, onFile, refusedBySystem } from '../report/command-refused.js';
import { makeStores, remainsOf, requireStores } from './data-folder.js';

/** A name is a folder's name too. */
const participant = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  role: z.enum(Object.keys(roleOf) as [RoleName, ...RoleName[]]),
});
const nanoText = z.string().regex(/^\d{1,30}$/);
const seconds = z.int().nonnegative();

const networkSpec = z.strictObject({
  schemaVersion: z.literal(4),
  /** Which command made it, and from what. */
  origin: z.string(),
  /** Everything random follows from it: keys, ids, traffic. */
  seed: z.string(),
  /** Participant 0 is the payer. */
  participants: z.array(participant).min(2),
  currency: z.string(),
  /** Nano-units that the payer deposits, as decimal text. */
  depositNano: nanoText,
  /** What one block may pay each payee at most. */
  blockMaxNano: nanoText,
  auditorFeeNano: nanoText,
  priceNanoMax: nanoText,
  /** Of one author in one block; 64 MiB where a network does not say. */
  authorBytesMax: z.int().positive().optional(),
  /** Chain time. */
  firstBlockStart: seconds,
  blockDuration: seconds,
  blocksMax: z.int().positive(),
  collectionGrace: seconds,
  collationPeriod: seconds,
  processingPeriod: seconds,
  challengePeriod: seconds,
});
export type NetworkSpec = z.infer<typeof networkSpec>;

const fileName = 'network.json';

/**
 * The spec that the folder holds, or `wanted` written to it when the stores have their folders. A folder of
 * another network is refused, and one that lacks a store, before anything is made anew.
 */
export function settleSpec(dataFolder: string, wanted: NetworkSpec): NetworkSpec {
  const known = readSpec(dataFolder);
  if (known === undefined) {
    requireNone(dataFolder);
    onFile(dataFolder, () => makeStores(dataFolder, wanted.participants));
    const path = join(dataFolder, fileName);
    onFile(path, () => {
      writeFileSync(`${path}.new`, `${JSON.stringify(wanted, null, 2)}\n`, { flush: true });
      renameSync(`${path}.new`, path);
    });
    return wanted;
  }
  if (JSON.stringify(known) !== JSON.stringify(wanted)) {
    throw new CommandRefused(
      'data-of-another-network',
      `${dataFolder} holds the network of "${known.origin}" (seed ${known.seed}); ` +
        'name another folder with --data, or repeat that command to continue it',
    );
  }
  requireStores(dataFolder, known.participants);
  return known;
}

/** Refuses stores without their description: nobody may begin anew in them, and nobody can read them. */
export function requireNone(dataFolder: string): void {
  const [remains] = remainsOf(dataFolder);
  if (remains === undefined) return;
  const message =
    `${join(dataFolder, fileName)} is gone, and ${remains} is there: bring the data folder back from a copy ` +
    'as a whole, or begin in another';
  throw new CommandRefused('data-incomplete', message);
}

/** Undefined where there is none; refuses one that is not what was written as `network-damaged`. */
export function readSpec(dataFolder: string): NetworkSpec | undefined {
  const path = join(dataFolder, fileName);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw refusedBySystem(cause, path) ?? damaged(path, messageOf(cause));
  }
  return parseSpec(path, text);
}

function parseSpec(path: string, text: string): NetworkSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, messageOf(cause));
  }
  const parsed = networkSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path: place, message }] = parsed.error.issues;
  throw damaged(path, [...place, message].join(': '));
}

function damaged(path: string, what: string): CommandRefused {
  const message = `${path} is not the description of a network (${what}): bring it back from a copy`;
  return new CommandRefused('network-damaged', message);
}

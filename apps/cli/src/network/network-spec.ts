/**
 * What a network of the command line is made of; kept in its data folder, so that a restart finds the same
 * network.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoleName } from '#protocol';
import { CommandRefused, exitCode } from '../report/output.js';

export interface SpecParticipant {
  readonly name: string;
  readonly role: RoleName;
}

export interface NetworkSpec {
  readonly schemaVersion: 1;
  /** Which command made it, and from what. */
  readonly origin: string;
  /** Everything random follows from it: keys, ids, traffic. */
  readonly seed: string;
  /** Participant 0 is the payer. */
  readonly participants: readonly SpecParticipant[];
  readonly currency: string;
  /** Nano-units that the payer deposits, as decimal text. */
  readonly depositNano: string;
  readonly auditorFeeNano: string;
  readonly priceNanoMax: string;
  /** Seconds, chain time. */
  readonly firstBlockStart: number;
  readonly blockDuration: number;
  readonly blocksMax: number;
  readonly collectionGrace: number;
  readonly collationPeriod: number;
  readonly processingPeriod: number;
  readonly challengePeriod: number;
}

const fileName = 'network.json';

/** The spec that the folder holds, or `wanted` written to it; a folder of another network is refused. */
export function settleSpec(dataFolder: string, wanted: NetworkSpec): NetworkSpec {
  const known = readSpec(dataFolder);
  if (known === undefined) {
    mkdirSync(dataFolder, { recursive: true });
    const path = join(dataFolder, fileName);
    writeFileSync(`${path}.new`, `${JSON.stringify(wanted, null, 2)}\n`, { flush: true });
    renameSync(`${path}.new`, path);
    return wanted;
  }
  if (JSON.stringify(known) !== JSON.stringify(wanted)) {
    throw new CommandRefused(
      'data-of-another-network',
      exitCode.conflict,
      `${dataFolder} holds the network of "${known.origin}" (seed ${known.seed}); ` +
        'name another folder with --data, or repeat that command to continue it',
    );
  }
  return known;
}

export function readSpec(dataFolder: string): NetworkSpec | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataFolder, fileName), 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text) as NetworkSpec;
}

/** A chain that knows less than the participants' stores do is an older copy, whatever its own files say. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BlockWatch, keptKeysIn } from '#block-watch';
import type { Chain } from '#chain';
import { Fault } from '#environment';
import { openFileKeyValue } from '#key-value/file-key-value';
import { isOver } from '#protocol';
import type { NetworkSpec } from './network-spec.js';

/**
 * A participant keeps keys of channels that are on the chain, and has erased those of blocks that were over
 * for good. Throws a Fault `chain-journal-older` where that is not so; for the owner of the folder, before
 * anything is posted.
 */
export async function requireKnownChain(spec: NetworkSpec, dataFolder: string, chain: Chain): Promise<void> {
  const watch = new BlockWatch({}, { chain });
  for (const { name } of spec.participants) {
    const folder = join(dataFolder, 'participants', name, 'state');
    if (!existsSync(folder)) continue;
    const keyValue = await openFileKeyValue(folder);
    let missing: string | undefined;
    try {
      for (const { channelId, from } of await keptKeysIn(keyValue)) {
        const block = await watch.block(channelId, Math.max(0, from - 1), 'finalized');
        if (block === undefined) missing = `there is no channel ${channelId}`;
        else if (from > 0 && !isOver(block.stage)) {
          missing = `block ${block.blockNumber} of ${channelId} is in ${block.stage.stage}`;
        }
      }
    } finally {
      await keyValue.close();
    }
    if (missing !== undefined) throw older(folder, dataFolder, missing);
  }
}

function older(folder: string, dataFolder: string, missing: string): Fault {
  const message =
    `the chain in ${join(dataFolder, 'chain')} is older than the store ${folder}, which has gone on: on the ` +
    `chain ${missing}, and the store has keys of it that were kept or erased later. Bring back the folder chain and the file chain-note that belong ` +
    'to this data';
  return new Fault('chain-journal-older', message, { retriable: false });
}

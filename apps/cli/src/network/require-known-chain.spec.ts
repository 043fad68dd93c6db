import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ChannelKeys } from '#block-watch';
import { Rehearsal } from '#block-watch/testing/rehearsal';
import { openFileKeyValue } from '#key-value/file-key-value';
import type { NetworkSpec } from './network-spec.js';
import { requireKnownChain } from './require-known-chain.js';

const spec = { participants: [{ name: 'none yet' }, { name: 'dsp' }] } as unknown as NetworkSpec;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-known-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As the services of a participant do while the network runs. */
async function keepKeys(rehearsal: Rehearsal, erasedBefore: number): Promise<void> {
  const keyValue = await openFileKeyValue(join(folder, 'participants', 'dsp', 'state'));
  const ports = { chain: rehearsal.chain.port(), keyValue };
  const opened = await new ChannelKeys(rehearsal.participants[0], ports).of(rehearsal.channelId);
  if (!opened.ok) throw new Error(opened.code);
  await opened.keys.eraseBefore(erasedBefore);
  await keyValue.close();
}

it('a chain is refused that knows less than a participant has kept or erased keys for', async () => {
  const rehearsal = new Rehearsal();
  const { chain, terms } = rehearsal;
  const check = () => requireKnownChain(spec, folder, chain.port());
  await check();
  chain.advanceTo(rehearsal.collected(0));
  await keepKeys(rehearsal, 0);
  await check();
  await keepKeys(rehearsal, 1);
  const older = { code: 'chain-journal-older', retriable: false };
  await expect(check()).rejects.toMatchObject(older);
  await expect(check()).rejects.toThrow(/participants.dsp.state.*block 0 of 0x[0-9a-f]{64} is in collation/);
  // Nobody posts a part: the block becomes void.
  chain.advanceTo(rehearsal.collected(0) + terms.collationPeriod + 2 * terms.processingPeriod);
  await check();
  chain.finalizedBelow = 1;
  chain.advanceTo(chain.nowSeconds + 1);
  await check();
  const another = new Rehearsal({ terms: { blockDuration: terms.blockDuration + 1 } });
  const foreign = requireKnownChain(spec, folder, another.chain.port());
  await expect(foreign).rejects.toMatchObject(older);
  await expect(foreign).rejects.toThrow(/there is no channel/);
});

import { describe, expect, it } from '@jest/globals';
import { rootFromPath } from '#crypto';
import { fromHex, toHex } from '#encoding';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { blockKeyOf, keyCommitmentOf } from '#protocol';
import { type BlockKeys, ChannelKeys } from './channel-keys.js';
import { Rehearsal } from './testing/rehearsal.js';

async function keysOf(rehearsal: Rehearsal, participant: number): Promise<BlockKeys> {
  const one = rehearsal.participants[participant];
  const ports = { chain: rehearsal.chain.port(), keyValue: rehearsal.keyValue(participant) };
  const outcome = await new ChannelKeys(one, ports).of(rehearsal.channelId);
  if (!outcome.ok) throw new Error(outcome.code);
  return outcome.keys;
}

describe('the keys of a channel', () => {
  it('are the same for every participant, and each is proved by its path under keysRoot', async () => {
    const rehearsal = new Rehearsal();
    const { blocksMax, keysRoot } = rehearsal.terms;
    const first = await keysOf(rehearsal, 0);
    const last = await keysOf(rehearsal, 2);
    for (let n = 0; n < blocksMax; n++) {
      const key = first.blockKey(n) as Uint8Array;
      expect(toHex(last.blockKey(n) as Uint8Array)).toBe(toHex(key));
      expect(first.keyCommitment(n)).toBe(toHex(keyCommitmentOf(key)));
      const path = first.keyPath(n).map(fromHex);
      const root = rootFromPath(fromHex(first.keyCommitment(n)), n, blocksMax, path);
      expect(toHex(root as Uint8Array)).toBe(keysRoot);
    }
  });

  it('are erased behind the blocks that are over, also from the store, and later ones stay', async () => {
    const rehearsal = new Rehearsal();
    const keys = await keysOf(rehearsal, 1);
    const fifth = toHex(keys.blockKey(5) as Uint8Array);
    await keys.eraseBefore(4);
    await keys.eraseBefore(2);
    const again = await keysOf(rehearsal, 1);
    for (const one of [keys, again]) {
      expect(one.blockKey(3)).toBeUndefined();
      expect(toHex(one.blockKey(5) as Uint8Array)).toBe(fifth);
      expect(one.keyPath(3)).toHaveLength(4);
    }
    const stored = [...rehearsal.participants[1].stateDrawer].find(([key]) => key.endsWith('/secret'));
    expect(toHex(blockKeyOf((stored as [string, Uint8Array])[1].slice(4)))).toBe(
      toHex(again.blockKey(4) as Uint8Array),
    );
  });

  it('are gone altogether once the last block is over', async () => {
    const rehearsal = new Rehearsal();
    const keys = await keysOf(rehearsal, 1);
    const { blocksMax } = rehearsal.terms;
    await keys.eraseBefore(blocksMax);
    const again = await keysOf(rehearsal, 1);
    for (const one of [keys, again]) expect(one.blockKey(blocksMax - 1)).toBeUndefined();
  });

  it('are refused where the box is for another, the channel is unknown, or the account takes no part', async () => {
    const rehearsal = new Rehearsal();
    const [payer, seller] = rehearsal.participants;
    const chain = rehearsal.chain.port();
    const code = async (
      account: typeof payer.account,
      encryptionSecret: Uint8Array,
      id = rehearsal.channelId,
    ) => {
      const outcome = await new ChannelKeys(
        { account, encryptionSecret },
        { chain, keyValue: openMemoryKeyValue() },
      ).of(id);
      return outcome.ok ? 'ok' : outcome.code;
    };
    expect(await code(payer.account, payer.encryptionSecret)).toBe('ok');
    expect(await code(payer.account, seller.encryptionSecret)).toBe('box-does-not-open');
    expect(await code(payer.validator, payer.encryptionSecret)).toBe('not-a-participant');
    expect(await code(payer.account, payer.encryptionSecret, rehearsal.terms.salt)).toBe('unknown-channel');
  });

  it('are refused where the boxed secret does not lead to the keysRoot that was signed', async () => {
    const rehearsal = new Rehearsal();
    const [payer] = rehearsal.participants;
    const boxes = (await rehearsal.chain.latest().channel(rehearsal.channelId))?.boxes ?? [];
    const channelId = rehearsal.chain.openChannel(
      { ...rehearsal.terms, keysRoot: rehearsal.terms.salt },
      boxes,
    );
    const ports = { chain: rehearsal.chain.port(), keyValue: openMemoryKeyValue() };
    expect(await new ChannelKeys(payer, ports).of(channelId)).toMatchObject({ code: 'keys-root-differs' });
  });
});

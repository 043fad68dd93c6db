import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFromPath } from '#crypto';
import { fromHex, toHex } from '#encoding';
import { seededEntropy } from '#environment';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import type { KeyValue } from '#key-value';
import { openFileKeyValue } from '#key-value/file-key-value';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { blockKeyOf, keyCommitmentOf, secretOf } from '#protocol';
import { type BlockKeys, ChannelKeys, openChannelBox } from './channel-keys.js';
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
      const { commitment, path } = first.proof(n)!;
      expect(commitment).toBe(toHex(keyCommitmentOf(key)));
      const root = rootFromPath(fromHex(commitment), n, blocksMax, path.map(fromHex));
      expect(toHex(root as Uint8Array)).toBe(keysRoot);
    }
  });

  it('are checked before the terms are signed: the box opens with the own key, to the secret of keysRoot', async () => {
    const { terms, boxes, participants, channelSecret } = new Rehearsal();
    const box = fromHex(boxes[1]);
    const [{ encryptionSecret: foreign }, { encryptionSecret: own }] = participants;
    const opened = await openChannelBox(terms, box, own);
    expect(opened.ok && toHex(opened.secret)).toBe(toHex(channelSecret));
    expect(await openChannelBox(terms, box, foreign)).toMatchObject({ code: 'box-does-not-open' });
    const other = { ...terms, keysRoot: terms.salt };
    expect(await openChannelBox(other, box, own)).toMatchObject({ code: 'keys-root-differs' });
  });

  it('are erased behind the blocks that are over, also from the store, and later ones stay', async () => {
    const rehearsal = new Rehearsal();
    const keys = await keysOf(rehearsal, 1);
    const fifth = toHex(keys.blockKey(5) as Uint8Array);
    const proofOfFifth = keys.proof(5);
    await keys.eraseBefore(4);
    await keys.eraseBefore(2);
    const again = await keysOf(rehearsal, 1);
    for (const one of [keys, again]) {
      expect(one.blockKey(3)).toBeUndefined();
      expect(toHex(one.blockKey(5) as Uint8Array)).toBe(fifth);
      expect(one.proof(3)).toBeUndefined();
      expect(one.proof(5)).toEqual(proofOfFifth);
    }
    const { entries } = rehearsal.participants[1].stateDrawer;
    const stored = [...entries.all()].find(([key]) => key.endsWith('/secret'))?.[1].value as Uint8Array;
    expect(toHex(blockKeyOf(stored.slice(8, 40)))).toBe(toHex(again.blockKey(4) as Uint8Array));
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

describe('the keys of a channel in two processes on one store', () => {
  const open = async (rehearsal: Rehearsal, keyValue: KeyValue): Promise<BlockKeys> => {
    const ports = { chain: rehearsal.chain.port(), keyValue };
    const outcome = await new ChannelKeys(rehearsal.participants[1], ports).of(rehearsal.channelId);
    if (!outcome.ok) throw new Error(outcome.code);
    return outcome.keys;
  };
  const lowestKept = async (rehearsal: Rehearsal, keyValue: KeyValue): Promise<number> => {
    const found = await keyValue.get(`channel-keys/${rehearsal.channelId}/secret`);
    return Buffer.from(found?.value ?? []).readUInt32BE(0);
  };

  it('stay erased when the other erases less, later', async () => {
    const rehearsal = new Rehearsal();
    const first = await open(rehearsal, rehearsal.keyValue(1));
    const other = await open(rehearsal, rehearsal.keyValue(1));
    const seventh = toHex(first.blockKey(7) as Uint8Array);
    await first.eraseBefore(6);
    await other.eraseBefore(3);
    expect(await lowestKept(rehearsal, rehearsal.keyValue(1))).toBe(6);
    expect(other.blockKey(5)).toBeUndefined();
    expect(toHex(other.blockKey(7) as Uint8Array)).toBe(seventh);
    await other.eraseBefore(7);
    expect(await lowestKept(rehearsal, rehearsal.keyValue(1))).toBe(7);
  });

  it('stay erased when the other opened the box before they were first kept', async () => {
    const rehearsal = new Rehearsal();
    const late = rehearsal.keyValue(1);
    let isLate = false;
    const held: KeyValue = {
      ...late,
      get: (key) => late.get(key),
      async write(writes) {
        if (!isLate) {
          isLate = true;
          await (await open(rehearsal, rehearsal.keyValue(1))).eraseBefore(4);
        }
        return late.write(writes);
      },
    };
    const keys = await open(rehearsal, held);
    expect(keys.blockKey(3)).toBeUndefined();
    expect(keys.blockKey(4)).toBeDefined();
    expect(await lowestKept(rehearsal, late)).toBe(4);
  });

  it('stay erased whatever the store says of a write', async () => {
    const rehearsal = new Rehearsal();
    const drawer = rehearsal.participants[1].stateDrawer;
    const entropy = seededEntropy('uncertain keys');
    const uncertain = openMemoryKeyValue(drawer, { entropy, turnsMax: 3, uncertainOf256: 100 });
    const insisting = async <Done>(act: () => Promise<Done>): Promise<Done> => {
      for (;;) {
        try {
          return await act();
        } catch (cause) {
          expect(cause).toMatchObject({ code: 'key-value-unavailable' });
        }
      }
    };
    const both = [
      await insisting(() => open(rehearsal, uncertain)),
      await insisting(() => open(rehearsal, uncertain)),
    ];
    for (let lowest = 1; lowest < 9; lowest++) {
      await Promise.all(both.map((keys, at) => insisting(() => keys.eraseBefore(lowest - at))));
      expect(await lowestKept(rehearsal, uncertain)).toBe(lowest);
    }
  });

  it('are in no file once both have erased, though both were killed at it', async () => {
    const rehearsal = new Rehearsal();
    const folder = await mkdtemp(join(tmpdir(), 'papyrus-channel-keys-'));
    const source = (upTo: number) => `
      import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
      import { ChannelKeys } from '${builtFile('libs/block-watch/channel-keys.js')}';
      import { Rehearsal } from '${builtFile('libs/block-watch/testing/rehearsal.js')}';
      const rehearsal = new Rehearsal();
      const ports = { chain: rehearsal.chain.port(), keyValue: await openFileKeyValue('${folder}') };
      const { keys } = await new ChannelKeys(rehearsal.participants[1], ports).of(rehearsal.channelId);
      console.log('opened');
      for (let lowest = 1; lowest <= ${upTo}; lowest++) {
        await keys.eraseBefore(lowest);
        console.log(lowest);
      }
      setInterval(() => {}, 1_000);`;
    const lines = await Promise.all([
      runAndKill({ source: source(6), lines: 7 }),
      runAndKill({ source: source(8), lines: 5 }),
    ]);
    const keyValue = await openFileKeyValue(folder);
    const lowest = await lowestKept(rehearsal, keyValue);
    expect(lowest).toBeGreaterThanOrEqual(
      Math.max(
        ...lines
          .flat()
          .slice(1)
          .map((line) => Number(line) || 0),
      ),
    );
    await (await open(rehearsal, keyValue)).eraseBefore(8);
    await keyValue.close();
    const bytes = (await readFile(join(folder, 'state'))).toString('hex');
    const secret = rehearsal.channelSecret;
    for (let n = 0; n < 8; n++) expect(bytes).not.toContain(toHex(secretOf(secret, n)).slice(2));
    expect(bytes).toContain(toHex(secretOf(secret, 8)).slice(2));
    await rm(folder, { recursive: true });
  });
});

/**
 * The embedded chain outlives its anvil: it is started again from snapshot and journal, or given up
 * loudly.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#environment';
import { type AnvilChainOptions, openAnvilChain } from './anvil-chain.js';
import { readSnapshot } from './anvil-snapshot.js';
import type { ChainNotice, DrivenChain } from './chain.js';
import { keyOf } from './testing/example-channel.js';

const genesisTimestampSeconds = 1_370_000_000;
const options = { chainId: 31_337, genesisTimestampSeconds, mode: 'driven', log: silentLog } as const;

let root: string;
let dataFolder: string;
let chain: DrivenChain | undefined;
let notices: ChainNotice[];
let heard: (notice: ChainNotice) => void;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'papyrus.node-'));
  dataFolder = join(root, 'chain');
  notices = [];
  heard = () => {};
});
afterEach(async () => {
  await chain?.close();
  chain = undefined;
  await rm(root, { recursive: true });
});

const notify = (notice: ChainNotice): void => {
  notices.push(notice);
  heard(notice);
};
const open = async (more: Partial<AnvilChainOptions> = {}): Promise<DrivenChain> => {
  chain = await openAnvilChain({ ...options, dataFolder, notify, ...more });
  return chain;
};
const close = async (): Promise<void> => {
  await chain?.close();
  chain = undefined;
};
const codes = (): string[] => notices.map(({ code }) => code);
const snapshotFile = (): string => join(dataFolder, 'snapshot');
const anvilPid = async (): Promise<number> => Number(await readFile(join(dataFolder, 'anvil.pid'), 'utf8'));
const next = (code: string): Promise<void> =>
  new Promise((resolve) => {
    heard = (notice) => {
      if (notice.code === code) resolve();
    };
  });

async function listenWhenFree(port: number): Promise<Server> {
  for (;;) {
    const server = createServer().listen(port, '127.0.0.1');
    const isListening = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isListening) return server;
  }
}

describe('an anvil that ends', () => {
  it('is started again under its URL with every height that was answered', async () => {
    const first = await open();
    await first.fund(first.participantActs(keyOf('rich')).address, 5n);
    const { url } = first;
    const time = await first.time();
    const restarted = next('chain-restarted');
    process.kill(await anvilPid(), 'SIGKILL');
    await restarted;
    expect([first.url, await first.time()]).toEqual([url, time]);
    await first.advanceTo(genesisTimestampSeconds + 50);
    expect((await first.time()).height).toBe(time.height + 1);
  });

  it('answers a retriable fault meanwhile, also for the time: nothing is answered from memory', async () => {
    const first = await open();
    const restarted = next('chain-restarted');
    process.kill(await anvilPid(), 'SIGKILL');
    const asked = first.time();
    await expect(asked).rejects.toMatchObject({ code: 'chain-unavailable', retriable: true });
    await restarted;
    await first.time();
  });

  it("is started again when its port is another's for longer than a few tries take", async () => {
    const first = await open();
    const restarted = next('chain-restarted');
    process.kill(await anvilPid(), 'SIGKILL');
    const other = await listenWhenFree(Number(new URL(first.url).port));
    setTimeout(() => other.close(), 4_000);
    await restarted;
    expect((await first.time()).height).toBeGreaterThan(0);
    expect(codes()).toEqual(['chain-restarted']);
  });

  it('too often is given up', async () => {
    const first = await open();
    for (let count = 0; count < 5; count++) {
      const restarted = next('chain-restarted');
      process.kill(await anvilPid(), 'SIGKILL');
      await restarted;
    }
    process.kill(await anvilPid(), 'SIGKILL');
    expect(await first.gone).toMatchObject({ code: 'chain-gone', retriable: false });
    await expect(first.advanceTo(genesisTimestampSeconds + 9)).rejects.toMatchObject({ code: 'chain-gone' });
  });

  it('by closing it is no end that anybody must hear of', async () => {
    const { gone } = await open();
    await close();
    expect(await Promise.race([gone, Promise.resolve('not gone')])).toBe('not gone');
    expect(codes()).toEqual([]);
  });
});

describe('a snapshot', () => {
  /** Heights of which a start after a clean stop would replay none. */
  const fill = async (): Promise<unknown> => {
    const first = await open();
    for (let second = 1; second <= 20; second++)
      await first.advanceTo(genesisTimestampSeconds + second * second);
    await first.fund(first.participantActs(keyOf('kept')).address, 7n);
    const time = await first.time();
    await close();
    return time;
  };

  it('is kept at the end, and a start from it goes on as one from the journal', async () => {
    const time = await fill();
    expect(await readSnapshot(snapshotFile())).toMatchObject({ place: { height: 22 } });
    let again = await open();
    expect([await again.time(), codes()]).toEqual([time, []]);
    await again.advanceTo(genesisTimestampSeconds + 1_000);
    const later = await again.time();
    await close();
    await rm(snapshotFile());
    again = await open();
    expect(await again.time()).toEqual(later);
  });

  it('that is damaged anywhere is named, and the journal replayed from the beginning', async () => {
    const time = await fill();
    const whole = await readFile(snapshotFile());
    for (const damage of [0, 40, whole.length >> 1, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes[damage] ^= 4;
      await writeFile(snapshotFile(), bytes);
      notices = [];
      expect([await (await open()).time(), codes()]).toEqual([time, ['chain-snapshot-unusable']]);
      await close();
    }
    await writeFile(snapshotFile(), whole.subarray(0, 10));
    notices = [];
    expect([await (await open()).time(), codes()]).toEqual([time, ['chain-snapshot-unusable']]);
  });

  it('is kept after so many heights or acts: a start after a kill replays only what follows', async () => {
    const keeping = { snapshotActs: 3, snapshotHeights: 10, heightsHeldMax: 1_000 };
    const first = await open({ keeping });
    const placeNow = async (): Promise<unknown> => {
      const found = await readSnapshot(snapshotFile());
      return typeof found === 'object' ? found.place.height : found;
    };
    // The contracts are deployed by more than three acts of one height.
    for (let second = 1; second <= 10; second++) {
      const { height } = await first.time();
      expect([height, await placeNow()]).toEqual([height, height < 11 ? 1 : 11]);
      await first.advanceTo(genesisTimestampSeconds + second);
    }
    expect([(await first.time()).height, await placeNow()]).toEqual([11, 11]);
    for (let act = 0; act < 3; act++) await first.fund(first.participantActs(keyOf('act')).address, 1n);
    expect(await placeNow()).toBe(14);
    await first.advanceTo(genesisTimestampSeconds + 100);
    const time = await first.time();
    const restarted = next('chain-restarted');
    process.kill(await anvilPid(), 'SIGKILL');
    await restarted;
    expect([await first.time(), await placeNow()]).toEqual([time, 14]);
  });

  const few = { snapshotActs: 100, snapshotHeights: 4, heightsHeldMax: 20 };
  const mined = async (second: number): Promise<void> => {
    // While anvil is started again a height is refused, as whoever asks for one may see.
    for (;;) {
      const refused = await chain?.advanceTo(genesisTimestampSeconds + second).catch((cause) => cause);
      if (refused === undefined) return;
      expect(refused).toMatchObject({ code: 'chain-unavailable', retriable: true });
      await pause(5);
    }
  };

  it('lets anvil be started again before it holds too many heights, which nobody need hear of', async () => {
    const first = await open({ keeping: few });
    const before = await anvilPid();
    for (let second = 1; second <= 30; second++) await mined(second);
    expect(await anvilPid()).not.toBe(before);
    const { timestampSeconds } = await first.time();
    expect([timestampSeconds - genesisTimestampSeconds, codes()]).toEqual([30, []]);
  });

  it('lets it be started again so beside as many ends as a chain may have', async () => {
    const first = await open({ keeping: few });
    for (let second = 1; second <= 25; second++) await mined(second);
    for (let count = 0; count < 5; count++) {
      const restarted = next('chain-restarted');
      process.kill(await anvilPid(), 'SIGKILL');
      await Promise.race([restarted, first.gone]);
    }
    expect(codes()).toEqual(Array.from({ length: 5 }, () => 'chain-restarted'));
    const before = await anvilPid();
    for (let second = 26; second <= 60; second++) await mined(second);
    expect(await anvilPid()).not.toBe(before);
    const { timestampSeconds } = await first.time();
    expect([timestampSeconds - genesisTimestampSeconds, codes().length]).toEqual([60, 5]);
  });

  it('is nothing that a chain in memory needs to go on', async () => {
    const first = await open({ dataFolder: undefined, keeping: few });
    for (let second = 1; second <= 30; second++) await first.advanceTo(genesisTimestampSeconds + second);
    expect(await first.time()).toMatchObject({ timestampSeconds: genesisTimestampSeconds + 30 });
    expect(codes()).toEqual([]);
  });

  it('of another journal is not used', async () => {
    await fill();
    const foreign = await readFile(snapshotFile());
    await rm(root, { recursive: true });
    const first = await open();
    for (let second = 1; second <= 30; second++) await first.advanceTo(genesisTimestampSeconds + second);
    const time = await first.time();
    await close();
    await writeFile(snapshotFile(), foreign);
    expect([await (await open()).time(), codes()]).toEqual([time, ['chain-snapshot-unusable']]);
  });
});

describe('a chain that is only looked at', () => {
  it('shows what the journal holds and leaves the folder as it is', async () => {
    const first = await open();
    await first.advanceTo(genesisTimestampSeconds + 30);
    const time = await first.time();
    await close();
    const before = await readFile(join(dataFolder, 'heights'));
    const seen = await open({ mode: 'read' });
    expect(await seen.time()).toEqual(time);
    await expect(seen.advanceTo(genesisTimestampSeconds + 60)).rejects.toMatchObject({
      code: 'chain-unavailable',
      retriable: false,
    });
    await close();
    expect((await readFile(join(dataFolder, 'heights'))).equals(before)).toBe(true);
  });

  it('is a fault where there is none', async () => {
    await expect(open({ mode: 'read' })).rejects.toMatchObject({ code: 'chain-unavailable' });
  });

  it.each(['gone', 'cut'])(
    'is refused as older where the journal was acknowledged and is %s',
    async (what) => {
      const first = await open();
      await first.advanceTo(genesisTimestampSeconds + 30);
      await close();
      const journal = join(dataFolder, 'heights');
      if (what === 'gone') await rm(journal);
      else await truncate(journal, 200);
      await expect(open({ mode: 'read' })).rejects.toMatchObject({ code: 'chain-journal-older' });
    },
  );
});

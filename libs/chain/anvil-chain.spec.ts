/** The embedded chain keeps the promises of the port, and its journal keeps every height through a
 *  SIGKILL. */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Address } from '#encoding';
import { DrivenClock, silentLog } from '#environment';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { type AnvilChainOptions, noteFileOf, openAnvilChain } from './anvil-chain.js';
import { openAnvilJournal } from './anvil-journal.js';
import { readNote } from './anvil-note.js';
import { chainConformance } from './chain.conformance.js';
import type { ChainSnapshot, DrivenChain, ParticipantActs } from './chain.js';
import type { ChainOutcome } from './chain-outcome.js';
import { developmentContracts } from './deployment.js';
import { openChain } from './open-chain.js';
import { ExampleChannel, keyOf, noKeys } from './testing/example-channel.js';

const genesisTimestampSeconds = 1_370_000_000;
const options = { chainId: 31_337, genesisTimestampSeconds, mode: 'driven', log: silentLog } as const;

chainConformance(
  'anvil',
  async () => {
    const port = await openAnvilChain({ ...options, dataFolder: undefined });
    return { port, close: () => port.close() };
  },
  5,
);

describe('the journal of the embedded chain', () => {
  let root: string;
  let dataFolder: string;
  let chain: DrivenChain | undefined;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'papyrus.chain-'));
    dataFolder = join(root, 'chain');
  });
  afterEach(async () => {
    await chain?.close();
    chain = undefined;
    await rm(root, { recursive: true });
  });

  const open = async (more: Partial<AnvilChainOptions> = {}): Promise<DrivenChain> => {
    chain = await openAnvilChain({ ...options, dataFolder, ...more });
    return chain;
  };
  const close = async (): Promise<void> => {
    await chain?.close();
    chain = undefined;
  };
  const journal = (): string => join(dataFolder, 'heights');

  it('gives the same heights, times, addresses and facts after a restart', async () => {
    const first = await open();
    const channel = await ExampleChannel.open(first, 'restart');
    done(await channel.participants[0].account.deposit(channel.channelId, 1, 77n));
    await first.advanceTo(genesisTimestampSeconds + 1_000);
    const seen = await factsOf(first, channel);
    await close();
    expect(existsSync(join(dataFolder, 'anvil.pid'))).toBe(false);

    const again = await open({ genesisTimestampSeconds: 5 });
    expect(await factsOf(again, channel)).toEqual(seen);
    const next = done(await register(again.participantActs(keyOf('late')), 'http://late'));
    expect(next.height).toBe(seen.time.height + 1);
  });

  it('replays empty heights as they were, evenly spaced or not, between those with acts', async () => {
    const first = await open();
    const jumps = [5, 5, 5, 0, 3, 3, 1, 1, 1, 1, 7];
    let at = genesisTimestampSeconds;
    for (const jump of jumps) {
      at += jump;
      await first.advanceTo(at);
      if (jump === 3) done(await register(first.participantActs(keyOf('between')), `http://${at}`));
    }
    const time = await first.time();
    await close();
    const again = await open();
    expect(await again.time()).toEqual(time);
    const { address } = again.participantActs(keyOf('between'));
    const keys = await Promise.all([18, 19, 21, 22].map((after) => keysAfter(again, address, after)));
    expect(keys.map((one) => one?.endpoint)).toEqual([
      undefined,
      `http://${genesisTimestampSeconds + 18}`,
      `http://${genesisTimestampSeconds + 18}`,
      `http://${genesisTimestampSeconds + 21}`,
    ]);
  });

  it('replays acts that lie evenly in time, each at its own', async () => {
    const clock = new DrivenClock(genesisTimestampSeconds * 1_000);
    const mode = { intervalSeconds: 3_600 };
    const first = await open({ mode, clock });
    for (const second of [1, 2, 3, 4]) {
      clock.advanceTo((genesisTimestampSeconds + second) * 1_000);
      done(await register(first.participantActs(keyOf('even')), `http://${second}`));
    }
    await close();
    const again = await open();
    const { address } = again.participantActs(keyOf('even'));
    const keys = await Promise.all([2, 3, 4, 5].map((after) => keysAfter(again, address, after)));
    expect(keys.map((one) => one?.endpoint)).toEqual(['http://1', 'http://2', 'http://3', 'http://4']);
  });

  it('keeps what other processes posted into its heights', async () => {
    const first = await open();
    const remote = await openChain(first.url, {
      lens: developmentContracts().Lens,
      pollIntervalMs: 5,
      requestTimeoutMs: 5_000,
      inclusionTimeoutMs: 10_000,
      log: silentLog,
    });
    let outcome: ChainOutcome | undefined;
    const posted = register(remote.participantActs(keyOf('foreign')), 'http://foreign').then((answer) => {
      outcome = answer;
    });
    let own = 0;
    while (outcome === undefined)
      done(await register(first.participantActs(keyOf('own')), `http://own-${own++}`));
    await posted;
    await remote.close();
    const time = await first.time();
    await close();
    const again = await open();
    expect(await again.time()).toEqual(time);
    const { address } = again.participantActs(keyOf('foreign'));
    expect((await (await latest(again)).keysAt(address, time.timestampSeconds + 1))?.endpoint).toBe(
      'http://foreign',
    );
    const mine = again.participantActs(keyOf('own')).address;
    expect((await (await latest(again)).keysAt(mine, time.timestampSeconds + 1))?.endpoint).toBe(
      `http://own-${own - 1}`,
    );
  });

  it('loses nothing that was answered before a SIGKILL, and leaves no anvil behind', async () => {
    let height = 0;
    for (let round = 0; round < 2; round++) {
      const lines = await runAndKill({ source: registering(dataFolder), lines: 40 });
      const promised = lines.map(
        (line) => line.split(' ') as [address: Address, endpoint: string, height: string],
      );
      const highest = Math.max(...promised.map(([, , at]) => Number(at)));
      const leftPid = Number(await readFile(join(dataFolder, 'anvil.pid'), 'utf8'));
      const again = await open();
      expect(existsSync(`/proc/${leftPid}/exe`)).toBe(false);
      const time = await again.time();
      expect(time.height).toBeGreaterThanOrEqual(highest);
      expect(time.height).toBeGreaterThan(height);
      height = time.height;
      for (const [address, endpoint] of promised) {
        const keys = await (await latest(again)).keysAt(address, time.timestampSeconds + 1);
        expect(Number(keys?.endpoint)).toBeGreaterThanOrEqual(Number(endpoint));
      }
      await close();
    }
  });

  it('drops a torn last entry, of which nobody was told, and goes on from the one before', async () => {
    const first = await open();
    done(await register(first.participantActs(keyOf('torn')), 'http://kept'));
    const kept = await first.time();
    await close();
    const whole = await readFile(journal());
    await appendFile(journal(), whole.subarray(whole.length - 300, whole.length - 7));
    const again = await open();
    expect(await again.time()).toEqual(kept);
    done(await register(again.participantActs(keyOf('torn')), 'http://new'));
    await close();
    expect((await (await open()).time()).height).toBe(kept.height + 1);
  });

  it('refuses a journal that ends before what was acknowledged, or is another, and leaves it as it is', async () => {
    const first = await open();
    done(await register(first.participantActs(keyOf('older')), 'http://one'));
    await close();
    const older = await readFile(journal());
    done(await register((await open()).participantActs(keyOf('older')), 'http://two'));
    await close();
    const newest = await readFile(journal());
    const other = Buffer.concat([older, newest.subarray(200, 200 + newest.length - older.length)]);
    for (const bytes of [older, newest.subarray(0, newest.length - 1), Buffer.alloc(0), other]) {
      await writeFile(journal(), bytes);
      await expect(open()).rejects.toMatchObject({ code: 'chain-journal-older', retriable: false });
      expect((await readFile(journal())).equals(bytes)).toBe(true);
    }
    await writeFile(journal(), newest);
    await open();
  });

  it('refuses a chain that other contracts are on, and leaves it as it is', async () => {
    const head = { version: 1, ...{ chainId: options.chainId, genesisTimestampSeconds } } as const;
    const older = await openAnvilJournal(journal(), head);
    await older.append({ at: genesisTimestampSeconds + 1, transactions: [] });
    await older.close();
    const before = await readFile(journal());
    for (const mode of ['driven', 'read'] as const) {
      await expect(open({ mode })).rejects.toMatchObject({ code: 'chain-contracts-older', retriable: false });
    }
    expect((await readFile(journal())).equals(before)).toBe(true);
  });

  it('is opened without a note, and says when the note is damaged', async () => {
    const first = await open();
    done(await register(first.participantActs(keyOf('note')), 'http://one'));
    const { height } = await first.time();
    await close();
    const note = noteFileOf(dataFolder);
    await writeFile(note, (await readFile(note, 'utf8')).replace('height', 'Height'));
    const notices: string[] = [];
    const again = await open({ notify: ({ code }) => notices.push(code) });
    expect([notices, (await again.time()).height]).toEqual([['chain-note-damaged'], height]);
    await close();
    await rm(note, { force: true });
    expect((await (await open()).time()).height).toBe(height);
  });

  it('refuses a journal that is damaged before its end', async () => {
    const first = await open();
    done(await register(first.participantActs(keyOf('damaged')), 'http://node'));
    await close();
    const bytes = await readFile(journal());
    bytes[200] ^= 1;
    await writeFile(journal(), bytes);
    await expect(open()).rejects.toMatchObject({ code: 'chain-journal-damaged', retriable: false });
  });

  it('drops what a crash left of a first entry', async () => {
    await mkdir(dataFolder);
    await appendFile(journal(), '0badc0de {"version":1');
    expect((await (await open()).time()).height).toBeGreaterThan(0);
  });

  it('is refused to a second process while the first runs it', async () => {
    await open();
    await expect(openAnvilChain({ ...options, dataFolder })).rejects.toMatchObject({ code: 'chain-in-use' });
    done(await register((chain as DrivenChain).participantActs(keyOf('first')), 'http://still-here'));
  });

  it('is not opened as another chain', async () => {
    await open();
    await close();
    await expect(open({ chainId: 1 })).rejects.toThrow('holds chain 31337');
  });

  it('follows the clock in interval mode, without being driven', async () => {
    const clock = new DrivenClock((genesisTimestampSeconds + 500) * 1_000 + 700);
    const following = await open({ mode: { intervalSeconds: 0.2 }, clock });
    const act = done(await register(following.participantActs(keyOf('interval')), 'http://node'));
    expect(act.timestampSeconds).toBe(genesisTimestampSeconds + 500);
    clock.advanceTo((genesisTimestampSeconds + 600) * 1_000);
    const isThere = async () => (await following.time()).timestampSeconds === genesisTimestampSeconds + 600;
    await new Promise<void>((resolve) => {
      const stop = following.subscribe(async () => {
        if (!(await isThere())) return;
        stop();
        resolve();
      });
    });
    // What a power cut may take is not noted as acknowledged: the journal would pass for an older one.
    expect(await readNote(noteFileOf(dataFolder))).toMatchObject({ height: act.height });
  });

  it('answers with a retriable fault once it is closed', async () => {
    const first = await open();
    const actor = first.participantActs(keyOf('closed'));
    await close();
    await expect(register(actor, 'http://node')).rejects.toMatchObject({
      code: 'chain-unavailable',
      retriable: true,
    });
    await expect(first.channelsOf(actor.address)).rejects.toMatchObject({ code: 'chain-unavailable' });
  });
});

async function factsOf(chain: DrivenChain, channel: ExampleChannel) {
  const snapshot = await latest(chain);
  const payer = channel.participants[0].account.address;
  return {
    time: await chain.time(),
    domain: await chain.domain(),
    channels: await chain.channelsOf(payer),
    channel: await snapshot.channel(channel.channelId),
    held: await snapshot.tokenBalance(channel.token, payer),
    validator: await snapshot.validator(channel.participants[1].validator.address),
    stage: await snapshot.stage(channel.channelId, 1),
  };
}

function latest(chain: DrivenChain): Promise<ChainSnapshot> {
  return chain.snapshot({ finality: 'latest' });
}

async function keysAfter(chain: DrivenChain, account: Address, seconds: number) {
  return (await latest(chain)).keysAt(account, genesisTimestampSeconds + seconds);
}

function register(actor: ParticipantActs, endpoint: string): Promise<ChainOutcome> {
  return actor.registerParticipant({ ...noKeys, endpoint }, {});
}

/** Four keys register again and again, each time with the next number as endpoint, and print what they
 *  were promised. */
const registering = (dataFolder: string) => `
  import { openAnvilChain } from '${builtFile('libs/chain/anvil-chain.js')}';
  import { silentLog } from '${builtFile('libs/environment/index.js')}';
  const chain = await openAnvilChain({ ...${JSON.stringify({ ...options, dataFolder, log: undefined })}, log: silentLog });
  async function caller(number) {
    const actor = chain.participantActs(new Uint8Array(32).fill(number));
    for (let endpoint = 0; ; endpoint++) {
      const keys = ${JSON.stringify(noKeys)};
      const outcome = await actor.registerParticipant({ ...keys, endpoint: String(endpoint) }, {});
      console.log(actor.address, endpoint, outcome.height);
    }
  }
  await Promise.all([1, 2, 3, 4].map(caller));
`;

function done(outcome: ChainOutcome): Extract<ChainOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.message}`);
  return outcome;
}

import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { Fault, silentLog } from '#environment';
import { PartRetention } from './part-retention.js';
import { blockSeconds, Rehearsal } from './testing/rehearsal.js';

const account = '0x00000000000000000000000000000000000000Ab';
const longest = blockSeconds.collation + 2 * blockSeconds.processing + blockSeconds.challenge + 500;

/** A block of one byte, held and stored for each of the first blocks. */
async function keeping(rehearsal: Rehearsal, blocks: number, of = account) {
  const partStore = rehearsal.partStore();
  const retention = new PartRetention(of as typeof account, {
    chain: rehearsal.chain.port(),
    partStore,
    log: silentLog,
  });
  for (let n = 0; n < blocks; n++) {
    const bytes = Uint8Array.of(n);
    await partStore.hold(retention.ownerOf(rehearsal.channelId, n), [sha256(bytes)]);
    await partStore.put(bytes);
  }
  return { retention, partStore };
}

describe('what a service keeps in the part store', () => {
  it('is let go when its block is void since retentionPeriod, in any case, and not before', async () => {
    const rehearsal = new Rehearsal();
    const { retention, partStore } = await keeping(rehearsal, 2);
    const dueAt = rehearsal.collected(0) + longest + rehearsal.terms.retentionPeriod;
    rehearsal.chain.advanceTo(dueAt - 61);
    expect(await retention.sweep()).toBe(0);
    expect(rehearsal.chain.stage(rehearsal.channelId, 0).stage).toBe('void');
    expect(rehearsal.parts.blocks.size).toBe(2);
    rehearsal.chain.advanceTo(dueAt - 1);
    const { chain } = rehearsal;
    const another = new PartRetention(account, { chain: chain.port(), partStore, log: silentLog });
    expect(await another.sweep()).toBe(0);
    rehearsal.chain.advanceTo(dueAt);
    expect(await retention.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(1);
    expect(await partStore.owners('')).toEqual([retention.ownerOf(rehearsal.channelId, 1)]);
    rehearsal.chain.advanceTo(dueAt + blockSeconds.duration);
    expect(await retention.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(0);
  });

  it('stays while its block is not over, however old it is', async () => {
    const rehearsal = new Rehearsal();
    await keeping(rehearsal, 1);
    const settledAtSeconds = rehearsal.collected(0) + 100_000;
    let isSettled = false;
    const facts = { parts: [{}], seats: [], ownResults: [], acceptances: [], results: [{ validParts: 1 }] };
    const disputed = { ...facts, disputedAtSeconds: settledAtSeconds };
    const port = rehearsal.chain.port();
    const { snapshot } = port;
    port.snapshot = async (options) => {
      const taken = await snapshot(options);
      const blockFacts = async () => (isSettled ? { ...facts, settledAtSeconds } : disputed) as never;
      return { ...taken, blockFacts };
    };
    const patient = new PartRetention(account, {
      chain: port,
      partStore: rehearsal.partStore(),
      log: silentLog,
    });
    rehearsal.chain.advanceTo(settledAtSeconds);
    expect(await patient.sweep()).toBe(0);
    isSettled = true;
    rehearsal.chain.advanceTo(settledAtSeconds + rehearsal.terms.retentionPeriod - 61);
    expect(await patient.sweep()).toBe(0);
    rehearsal.chain.advanceTo(settledAtSeconds + rehearsal.terms.retentionPeriod);
    expect(await patient.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(0);
  });

  it('stays until the block is over by a height that nothing takes back', async () => {
    const rehearsal = new Rehearsal();
    rehearsal.chain.finalizedBelow = 2;
    const { retention } = await keeping(rehearsal, 1);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    rehearsal.chain.advanceTo(rehearsal.collected(0) + longest + rehearsal.terms.retentionPeriod);
    expect(await retention.sweep()).toBe(0);
    rehearsal.chain.advanceTo(rehearsal.chain.nowSeconds + 1);
    expect(await retention.sweep()).toBe(0);
    rehearsal.chain.advanceTo(rehearsal.chain.nowSeconds + 1);
    expect(await retention.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(0);
  });

  it('is nobody else’s to let go', async () => {
    const rehearsal = new Rehearsal();
    const other = '0x00000000000000000000000000000000000000ac';
    const { retention } = await keeping(rehearsal, 1);
    const theirs = await keeping(rehearsal, 1, other);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + longest + rehearsal.terms.retentionPeriod);
    expect(await retention.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(1);
    expect(await theirs.retention.sweep()).toBe(1);
    expect(rehearsal.parts.blocks.size).toBe(0);
  });

  it('of a channel that the chain does not know stays', async () => {
    const rehearsal = new Rehearsal();
    const { retention, partStore } = await keeping(rehearsal, 0);
    await partStore.hold(retention.ownerOf(`0x${'77'.repeat(32)}` as const, 0), [sha256(Uint8Array.of(1))]);
    await partStore.put(Uint8Array.of(1));
    rehearsal.chain.advanceTo(rehearsal.collected(0) * 100);
    expect(await retention.sweep()).toBe(0);
    expect(rehearsal.parts.blocks.size).toBe(1);
  });

  it('is looked at again after a look that failed, and otherwise once a minute of chain time', async () => {
    const rehearsal = new Rehearsal();
    const { retention, partStore } = await keeping(rehearsal, 1);
    const owners = partStore.owners.bind(partStore);
    let looks = 0;
    partStore.owners = (prefix) => {
      looks++;
      if (looks === 1) throw new Fault('part-store-unavailable', 'away', { retriable: true });
      return owners(prefix);
    };
    await expect(retention.sweep()).rejects.toThrow('away');
    await retention.sweep();
    rehearsal.chain.advanceTo(rehearsal.chain.nowSeconds + 59);
    await retention.sweep();
    expect(looks).toBe(2);
    rehearsal.chain.advanceTo(rehearsal.chain.nowSeconds + 1);
    await retention.sweep();
    expect(looks).toBe(3);
  });
});

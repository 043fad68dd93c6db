/** What every part store promises, as tests; an adapter's test file calls this and little else. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DrivenTimers } from '#environment';
import { heldBySignal } from '#environment/testing/held-by-signal';
import { bytesInFlightMax, type Found, type PartStore, storedBlockBytesMax } from './part-store.js';

export interface OpenedPartStore {
  readonly port: PartStore;
  /** Opens the same storage once more, as another process does. */
  another(): Promise<PartStore>;
  /** Replaces the stored bytes behind the port's back, or removes them; left out where no engine allows it. */
  damage?(digest: Uint8Array, bytes: Uint8Array | undefined): Promise<void>;
  /** From now on reads of `port` take until the returned function is called. */
  slowDown(): () => void;
  /** Takes the engine away until the returned function is called. */
  takeAway(): Promise<() => Promise<void>>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

type OpenPort = (timers: DrivenTimers) => Promise<OpenedPartStore>;

export function partStoreConformance(name: string, open: OpenPort): void {
  describe(`${name} as a part store`, () => {
    let opened: OpenedPartStore;
    let timers: DrivenTimers;
    beforeEach(async () => {
      timers = new DrivenTimers();
      opened = await open(timers);
    });
    afterEach(() => opened.destroy());

    storesBlocks(() => opened);
    streams(() => opened);
    holdsBlocks(() => opened);
    bearsTwoWriters(() => opened);
    bearsDamage(() => opened);
    bearsSlowness(
      () => opened,
      () => timers,
    );
    bearsAbsence(() => opened);
    hasBorders(() => opened);
  });
}

const unavailable = { name: 'Fault', code: 'part-store-unavailable', retriable: true };

function storesBlocks(opened: () => OpenedPartStore): void {
  it('gives back each block under its SHA-256, also when opened again', async () => {
    const { port, another } = opened();
    const blocks = [0, 1, 64, 4_096, 65_536, storedBlockBytesMax].map(block);
    await port.hold('owner', blocks.map(sha256));
    for (const bytes of blocks) expect(await port.put(bytes)).toEqual(sha256(bytes));
    for (const bytes of blocks) await expectStored(port, bytes);
    await port.close();
    const again = await another();
    for (const bytes of blocks) await expectStored(again, bytes);
  });

  it('stores many at once and names them in the order given, repeated ones included', async () => {
    const { port } = opened();
    const blocks = Array.from({ length: 200 }, (_, at) => block(500 + (at % 150)));
    expect(await port.putMany(blocks)).toEqual(blocks.map(sha256));
    for (const bytes of blocks) await expectStored(port, bytes);
    expect(await port.putMany([])).toEqual([]);
  });

  it('takes the same block again, also from several at the same time', async () => {
    const { port } = opened();
    const bytes = block(10_000);
    const digests = await Promise.all(Array.from({ length: 20 }, () => port.put(bytes)));
    for (const digest of digests) expect(digest).toEqual(sha256(bytes));
    await port.put(bytes);
    await expectStored(port, bytes);
  });

  it('shows a block whole or not at all while it is being put', async () => {
    const { port } = opened();
    for (let at = 0; at < 8; at++) {
      const bytes = block(storedBlockBytesMax - at);
      let isPut = false;
      const put = port.put(bytes).then(() => {
        isPut = true;
      });
      while (!isPut) {
        const found = await port.get(sha256(bytes));
        expect(['absent', bytes.length]).toContain(typeof found === 'string' ? found : found.length);
      }
      await put;
    }
  });

  it('says absent of a digest that was never put', async () => {
    const { port } = opened();
    expect(await port.get(sha256(block(1)))).toBe('absent');
    expect(await port.get(sha256(block(1)), { deadlineMs: 1_000 })).toBe('absent');
  });

  it('does not hand out its own memory', async () => {
    const { port } = opened();
    const bytes = block(100);
    await port.put(bytes);
    ((await port.get(sha256(bytes))) as Uint8Array).fill(0);
    await expectStored(port, bytes);
  });
}

function streams(opened: () => OpenedPartStore): void {
  it('gets many in the order asked for, absent and repeated ones included', async () => {
    const { port } = opened();
    const blocks = Array.from({ length: 90 }, (_, at) => block(1_000 + (at % 60)));
    await port.putMany(blocks.filter((_, at) => at % 7 !== 3));
    const found = await collected(port.getMany(blocks.map(sha256)));
    const stored = new Set(blocks.filter((_, at) => at % 7 !== 3).map((one) => one.length));
    expect(found.map((one) => (typeof one === 'string' ? one : one.length))).toEqual(
      blocks.map((one) => (stored.has(one.length) ? one.length : 'absent')),
    );
    expect(await collected(port.getMany([]))).toEqual([]);
  });

  it('asks ahead by a bounded number of bytes', async () => {
    const { port } = opened();
    const large = block(storedBlockBytesMax);
    await port.put(large);
    let asked = 0;
    const digests = (function* () {
      for (let at = 0; at < 100; at++) {
        asked++;
        yield sha256(large);
      }
    })();
    let given = 0;
    for await (const found of port.getMany(digests)) {
      expect((found as Uint8Array).length).toBe(large.length);
      given++;
      expect((asked - given + 1) * storedBlockBytesMax).toBeLessThanOrEqual(bytesInFlightMax + large.length);
      if (given === 30) break;
    }
    expect(asked).toBeLessThan(60);
  });

  it('takes blocks from whoever makes them only as fast as it stores them', async () => {
    const { port } = opened();
    const made: Uint8Array[] = [];
    const blocks = (async function* () {
      for (let at = 0; at < 40; at++) {
        made.push(block(storedBlockBytesMax - at));
        yield made[at];
        // What was stored lets later ones in: more than the budget was never under way.
        const stored = await Promise.all(made.map((one) => port.get(sha256(one))));
        const waiting = stored.filter((one) => one === 'absent').length;
        expect(waiting * storedBlockBytesMax).toBeLessThanOrEqual(bytesInFlightMax);
      }
    })();
    expect(await port.putMany(blocks)).toEqual(made.map(sha256));
  });

  it('ends a putMany whose source breaks with what broke', async () => {
    const { port } = opened();
    const broken = (async function* () {
      yield block(10);
      throw new Error('the source broke');
    })();
    await expect(port.putMany(broken)).rejects.toThrow('the source broke');
  });
}

function holdsBlocks(opened: () => OpenedPartStore): void {
  it('lets a block go when its last owner lets go, and no other', async () => {
    const { port } = opened();
    const [own, shared, others] = [block(100), block(101), block(102)];
    await port.hold('channel/1/a', [own, shared].map(sha256));
    await port.hold('channel/1/b', [shared, others].map(sha256));
    await port.putMany([own, shared, others]);
    await port.release('channel/1/a');
    expect(await port.get(sha256(own))).toBe('absent');
    for (const bytes of [shared, others]) await expectStored(port, bytes);
    await port.release('channel/1/b');
    for (const bytes of [shared, others]) expect(await port.get(sha256(bytes))).toBe('absent');
    await port.release('channel/1/b');
    await port.release('never-held');
  });

  it('takes a released block anew', async () => {
    const { port } = opened();
    const bytes = block(100);
    for (let turn = 0; turn < 3; turn++) {
      await port.hold('owner', [sha256(bytes)]);
      await port.put(bytes);
      await expectStored(port, bytes);
      await port.release('owner');
      expect(await port.get(sha256(bytes))).toBe('absent');
    }
  });

  it('adds up what one owner holds, also when it holds again after it was opened again', async () => {
    const { port, another } = opened();
    const blocks = [block(100), block(101), block(102)];
    await port.hold('owner', [sha256(blocks[0])]);
    await port.hold('owner', [sha256(blocks[0]), sha256(blocks[1])]);
    await port.putMany(blocks.slice(0, 2));
    await port.close();
    const again = await another();
    await again.hold('owner', [sha256(blocks[1]), sha256(blocks[2])]);
    await again.put(blocks[2]);
    for (const bytes of blocks) await expectStored(again, bytes);
    await again.release('owner');
    for (const bytes of blocks) expect(await again.get(sha256(bytes))).toBe('absent');
  });

  it('names those who hold something by how their names begin', async () => {
    const { port, another } = opened();
    expect(await port.owners('')).toEqual([]);
    for (const owner of ['a/1', 'a/2', 'a.b/%3', 'b/1']) await port.hold(owner, [sha256(block(1))]);
    await port.hold('a/1', [sha256(block(2))]);
    expect([...(await port.owners('a/'))].sort()).toEqual(['a/1', 'a/2']);
    expect(await (await another()).owners('a.b/')).toEqual(['a.b/%3']);
    await port.release('a/1');
    expect([...(await port.owners(''))].sort()).toEqual(['a.b/%3', 'a/2', 'b/1']);
  });

  it('keeps owners apart whose names begin alike', async () => {
    const { port } = opened();
    const [one, ten] = [block(100), block(101)];
    await port.hold('channel/1', [sha256(one)]);
    await port.hold('channel/10', [sha256(ten)]);
    await port.hold('channel/1.', [sha256(ten)]);
    await port.putMany([one, ten]);
    await port.release('channel/1');
    expect(await port.get(sha256(one))).toBe('absent');
    await expectStored(port, ten);
  });
}

function bearsTwoWriters(opened: () => OpenedPartStore): void {
  it('shows one what another put, and keeps what either holds', async () => {
    const { port, another } = opened();
    const other = await another();
    const [shared, theirs] = [block(1_000), block(1_001)];
    await port.hold('a', [sha256(shared)]);
    await other.hold('b', [shared, theirs].map(sha256));
    await Promise.all([port.put(shared), other.putMany([shared, theirs])]);
    await expectStored(port, theirs);
    await port.release('a');
    for (const bytes of [shared, theirs]) await expectStored(other, bytes);
    await port.release('b');
    expect(await other.get(sha256(shared))).toBe('absent');
    await other.close();
  });

  it('adds up what two hold in the name of one owner', async () => {
    const { port, another } = opened();
    const other = await another();
    const [first, second] = [block(1_000), block(1_001)];
    await Promise.all([port.hold('owner', [sha256(first)]), other.hold('owner', [sha256(second)])]);
    await port.putMany([first, second]);
    await port.hold('else', [sha256(second)]);
    await other.release('owner');
    expect(await port.get(sha256(first))).toBe('absent');
    await expectStored(port, second);
    // What the other let go is not thought to be held any more.
    await port.hold('owner', [sha256(first)]);
    await port.put(first);
    await other.hold('third', [sha256(first)]);
    await other.release('third');
    await expectStored(port, first);
    await other.close();
  });

  it('keeps a block that one holds and puts while the other lets it go', async () => {
    const { port, another } = opened();
    const other = await another();
    const bytes = block(3_000);
    for (let turn = 0; turn < 30; turn++) {
      const [from, to] = [`turn/${turn}`, `turn/${turn + 1}`];
      const [leaving, coming] = turn % 2 === 0 ? [port, other] : [other, port];
      if (turn === 0) {
        await leaving.hold(from, [sha256(bytes)]);
        await leaving.put(bytes);
      }
      const takeOver = async (): Promise<void> => {
        await coming.hold(to, [sha256(bytes)]);
        await coming.put(bytes);
      };
      await Promise.all([leaving.release(from), takeOver()]);
      await expectStored(port, bytes);
      await expectStored(other, bytes);
    }
    await other.close();
  });
}

function bearsDamage(opened: () => OpenedPartStore): void {
  it('gives damaged bytes as they are or names them, and a put mends them', async () => {
    const { port, damage } = opened();
    if (!damage) return;
    const bytes = block(5_000);
    await port.hold('owner', [sha256(bytes)]);
    const flipped = Uint8Array.from(bytes, (byte, at) => (at === 77 ? ~byte : byte));
    for (const damaged of [block(10), new Uint8Array(), bytes.slice(0, 4_999), flipped]) {
      await port.put(bytes);
      await damage(sha256(bytes), damaged);
      const found = await port.get(sha256(bytes)).catch((cause: { code: string }) => cause.code);
      expect([damaged, 'part-damaged']).toContainEqual(found);
      await port.put(bytes);
      await expectStored(port, bytes);
    }
  });
}

function bearsSlowness(opened: () => OpenedPartStore, timers: () => DrivenTimers): void {
  it('says not-found-in-time after the deadline and not before', async () => {
    const { port, slowDown } = opened();
    const bytes = block(100);
    await port.put(bytes);
    const goOn = slowDown();
    const found: Found[] = [];
    const got = port.get(sha256(bytes), { deadlineMs: 50 }).then((one) => found.push(one));
    timers().advanceBy(49);
    await new Promise(setImmediate);
    expect(found).toEqual([]);
    timers().advanceBy(1);
    await got;
    expect(found).toEqual(['not-found-in-time']);
    goOn();
    await expectStored(port, bytes);
  });

  it('says so for each of many, and of none that was found before', async () => {
    const { port, slowDown } = opened();
    const blocks = [block(100), block(101)];
    await port.putMany(blocks);
    const digests = blocks.map(sha256);
    expect((await collected(port.getMany(digests, { deadlineMs: 50 }))).map(lengthOf)).toEqual([100, 101]);
    const goOn = slowDown();
    const late = collected(port.getMany(digests, { deadlineMs: 50 }));
    await new Promise(setImmediate);
    timers().advanceBy(50);
    expect(await late).toEqual(['not-found-in-time', 'not-found-in-time']);
    goOn();
  });

  it('leaves nothing on the signal of its reads, however many there were', async () => {
    const { port } = opened();
    const bytes = block(100);
    const digest = sha256(bytes);
    await port.put(bytes);
    const { signal } = new AbortController();
    const before = heldBySignal(signal);
    for (let read = 0; read < 500; read++) {
      await port.get(digest, { signal });
      for await (const _ of port.getMany([digest, digest, digest], { signal })) if (read % 2 === 0) break;
    }
    expect(heldBySignal(signal)).toBe(before);
  });

  it('ends a read whose signal ends, with the reason of the signal', async () => {
    const { port, slowDown } = opened();
    const bytes = block(100);
    await port.put(bytes);
    const goOn = slowDown();
    const reason = new Error('nobody waits');
    const aborted = new AbortController();
    const { signal } = aborted;
    const one = port.get(sha256(bytes), { signal });
    const many = collected(port.getMany([sha256(bytes), sha256(bytes)], { signal }));
    const ended = Promise.allSettled([one, many]);
    await new Promise(setImmediate);
    aborted.abort(reason);
    expect(await ended).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(port.get(sha256(bytes), { signal })).rejects.toBe(reason);
    goOn();
    await expectStored(port, bytes);
  });
}

function bearsAbsence(opened: () => OpenedPartStore): void {
  it('is unavailable while its engine is away, and goes on when it is back', async () => {
    const { port, takeAway } = opened();
    const [before, after] = [block(100), block(101)];
    await port.hold('owner', [before, after].map(sha256));
    await port.put(before);
    const bringBack = await takeAway();
    // Nothing is absent from an engine that cannot be asked.
    await expect(port.get(sha256(before))).rejects.toMatchObject(unavailable);
    await expect(port.get(sha256(after))).rejects.toMatchObject(unavailable);
    await expect(port.put(after)).rejects.toMatchObject(unavailable);
    await expect(port.hold('other', [sha256(after)])).rejects.toMatchObject(unavailable);
    await expect(port.release('owner')).rejects.toMatchObject(unavailable);
    await expect(port.owners('')).rejects.toMatchObject(unavailable);
    await bringBack();
    await expectStored(port, before);
    await port.put(after);
    await expectStored(port, after);
    await port.release('owner');
    expect(await port.get(sha256(before))).toBe('absent');
  });
}

function hasBorders(opened: () => OpenedPartStore): void {
  it('takes too large a block, a digest of another length and a strange owner for bugs', async () => {
    const { port } = opened();
    const large = new Uint8Array(storedBlockBytesMax + 1);
    await expect(port.put(large)).rejects.toThrow('a block of 1048577 bytes');
    await expect(port.putMany([block(3), large])).rejects.toThrow('a block of 1048577 bytes');
    await expect(port.get(new Uint8Array(31))).rejects.toThrow('a digest of 31 bytes');
    await expect(port.hold('owner', [new Uint8Array(33)])).rejects.toThrow('a digest of 33 bytes');
    for (const owner of ['', 'two words', 'a'.repeat(161)]) {
      await expect(port.hold(owner, [])).rejects.toThrow('no owner');
      await expect(port.release(owner)).rejects.toThrow('no owner');
    }
    await port.hold('a'.repeat(160), [sha256(block(3))]);
    await port.hold(`0x${'ab'.repeat(32)}/1048575/0x${'cd'.repeat(20)}/collator`, [sha256(block(3))]);
  });

  it('finishes the puts under way when it closes, and is unavailable afterwards', async () => {
    const { port, another } = opened();
    const bytes = block(70_000);
    await port.hold('owner', [sha256(bytes)]);
    const put = port.put(bytes);
    await port.close();
    await expectStored(await another(), bytes);
    await put;
    await expect(port.put(bytes)).rejects.toMatchObject(unavailable);
    await expect(port.get(sha256(bytes))).rejects.toMatchObject(unavailable);
    await expect(port.hold('owner', [])).rejects.toMatchObject(unavailable);
    await expect(port.release('owner')).rejects.toMatchObject(unavailable);
  });
}

async function expectStored(port: PartStore, bytes: Uint8Array): Promise<void> {
  const found = (await port.get(sha256(bytes))) as Uint8Array;
  expect(found.constructor).toBe(Uint8Array);
  // Megabytes are compared at once: the matcher would look at each byte as a property.
  expect(Buffer.compare(found, bytes)).toBe(0);
}

const lengthOf = (found: Found): number | string => (typeof found === 'string' ? found : found.length);

async function collected<One>(source: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = [];
  for await (const one of source) found.push(one);
  return found;
}

function block(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 17 + length) & 0xff;
  return bytes;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

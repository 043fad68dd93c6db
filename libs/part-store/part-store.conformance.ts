/** What every part store promises, as tests; an adapter's test file calls this and little else. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type PartStore, storedBlockBytesMax } from './part-store.js';

export interface OpenedPartStore {
  readonly port: PartStore;
  /** Closes `port` and opens the same storage again. */
  reopen(): Promise<PartStore>;
  /** Replaces the stored bytes behind the port's back; left out where the engine does not allow it. */
  damage?(digest: Uint8Array, bytes: Uint8Array): Promise<void>;
  /** Closes what is open and removes the storage. */
  destroy(): Promise<void>;
}

export function partStoreConformance(name: string, open: () => Promise<OpenedPartStore>): void {
  describe(`${name} as a part store`, () => {
    let opened: OpenedPartStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.destroy());

    storesBlocks(() => opened);
    bearsDamage(() => opened);
    hasBorders(() => opened);
  });
}

function storesBlocks(opened: () => OpenedPartStore): void {
  it('gives back each block under its SHA-256, also when opened again', async () => {
    const { port, reopen } = opened();
    const blocks = [0, 1, 64, 4_096, 65_536, storedBlockBytesMax].map(block);
    for (const bytes of blocks) expect(await port.put(bytes)).toEqual(sha256(bytes));
    for (const bytes of blocks) await expectHeld(port, bytes);
    const again = await reopen();
    for (const bytes of blocks) await expectHeld(again, bytes);
  });

  it('stores many at once and names them in the order given, repeated ones included', async () => {
    const { port } = opened();
    const blocks = Array.from({ length: 200 }, (_, at) => block(500 + (at % 150)));
    expect(await port.putMany(blocks)).toEqual(blocks.map(sha256));
    for (const bytes of blocks) await expectHeld(port, bytes);
    expect(await port.putMany([])).toEqual([]);
  });

  it('takes the same block again, also from several at the same time', async () => {
    const { port } = opened();
    const bytes = block(10_000);
    const digests = await Promise.all(Array.from({ length: 20 }, () => port.put(bytes)));
    for (const digest of digests) expect(digest).toEqual(sha256(bytes));
    await port.put(bytes);
    await expectHeld(port, bytes);
  });

  it('shows a block whole or not at all while it is being put', async () => {
    const { port } = opened();
    for (let at = 0; at < 8; at++) {
      const bytes = block(storedBlockBytesMax - at);
      const digest = sha256(bytes);
      let isPut = false;
      const put = port.put(bytes).then(() => {
        isPut = true;
      });
      while (!isPut) expect([undefined, bytes.length]).toContain((await port.get(digest))?.length);
      await put;
    }
  });

  it('has nothing under a digest that was never put', async () => {
    const { port } = opened();
    expect(await port.get(sha256(block(1)))).toBeUndefined();
    expect(await port.has(sha256(block(1)))).toBe(false);
    await port.release(sha256(block(1)));
  });

  it('forgets a released block and no other, and takes it anew', async () => {
    const { port } = opened();
    const [gone, kept] = [block(100), block(101)];
    await port.putMany([gone, kept]);
    await port.release(sha256(gone));
    expect(await port.get(sha256(gone))).toBeUndefined();
    expect(await port.has(sha256(gone))).toBe(false);
    await expectHeld(port, kept);
    await port.put(gone);
    await expectHeld(port, gone);
  });

  it('does not hand out its own memory', async () => {
    const { port } = opened();
    const bytes = block(100);
    await port.put(bytes);
    (await port.get(sha256(bytes)))?.fill(0);
    await expectHeld(port, bytes);
  });
}

function bearsDamage(opened: () => OpenedPartStore): void {
  it('gives damaged bytes as they are, and a put mends them', async () => {
    const { port, damage } = opened();
    if (!damage) return;
    const bytes = block(5_000);
    for (const damaged of [
      block(10),
      new Uint8Array(),
      Uint8Array.from(bytes, (byte, at) => (at === 77 ? ~byte : byte)),
    ]) {
      await port.put(bytes);
      await damage(sha256(bytes), damaged);
      expect(await port.get(sha256(bytes))).toEqual(damaged);
      await port.put(bytes);
      await expectHeld(port, bytes);
    }
  });
}

function hasBorders(opened: () => OpenedPartStore): void {
  it('takes too large a block and a digest of another length for bugs, and stores nothing', async () => {
    const { port } = opened();
    const small = block(3);
    const large = new Uint8Array(storedBlockBytesMax + 1);
    await expect(port.put(large)).rejects.toThrow('a block of 1048577 bytes');
    await expect(port.putMany([small, large])).rejects.toThrow('a block of 1048577 bytes');
    expect(await port.has(sha256(small))).toBe(false);
    await expect(port.get(new Uint8Array(31))).rejects.toThrow('a digest of 31 bytes');
  });

  it('finishes the puts under way when it closes, and is unavailable afterwards', async () => {
    const { port, reopen } = opened();
    const bytes = block(70_000);
    const put = port.put(bytes);
    await port.close();
    await expectHeld(await reopen(), bytes);
    await put;
    const unavailable = { name: 'Fault', code: 'part-store-unavailable', retriable: true };
    await expect(port.put(bytes)).rejects.toMatchObject(unavailable);
    await expect(port.get(sha256(bytes))).rejects.toMatchObject(unavailable);
    await expect(port.has(sha256(bytes))).rejects.toMatchObject(unavailable);
    await expect(port.release(sha256(bytes))).rejects.toMatchObject(unavailable);
  });
}

async function expectHeld(port: PartStore, bytes: Uint8Array): Promise<void> {
  const found = await port.get(sha256(bytes));
  expect(found?.constructor).toBe(Uint8Array);
  // Megabytes are compared at once: the matcher would look at each byte as a property.
  expect(Buffer.compare(found ?? new Uint8Array(), bytes)).toBe(0);
  expect(found?.length).toBe(bytes.length);
  expect(await port.has(sha256(bytes))).toBe(true);
}

function block(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 17 + length) & 0xff;
  return bytes;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

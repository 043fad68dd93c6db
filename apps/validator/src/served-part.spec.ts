import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Rehearsal } from '#block-watch/testing/rehearsal';
import { storePart } from '#block-watch/testing/stored-part';
import { sha256 } from '#crypto';
import { concatBytes, equalBytes, fromHex } from '#encoding';
import { silentLog } from '#environment';
import { openFilePartStore } from '#part-store/file-part-store';
import { keepServed } from './served-part.js';

const owner = 'validator/panel';
const patienceMs = 60_000;

/** A part of three segments, of which the second has so many sealed bytes. */
async function served(sealedBytes?: number, elsewhere = false) {
  const rehearsal = new Rehearsal();
  const batches = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
  const part = await storePart(rehearsal, batches, (sealed, at) =>
    at === 1 && sealedBytes !== undefined
      ? concatBytes(sealed, new Uint8Array(sealedBytes - sealed.length))
      : sealed,
  );
  const { partRoot, segmentCount, indexHash } = part;
  const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
  const [own, other] = [rehearsal.partStore(), new Rehearsal().partStore()];
  const stores = elsewhere ? { partStore: other, otherStores: [own] } : { partStore: own };
  const said = await keepServed(commitment, owner, patienceMs, { ...stores, log: silentLog });
  return { said, owners: await stores.partStore.owners(owner) };
}

it('holds what is whole, wherever it was found', async () => {
  expect(await served()).toEqual({ said: 'held', owners: [owner] });
  expect(await served(undefined, true)).toEqual({ said: 'held', owners: [owner] });
});

it('holds nothing with a segment that is larger than any', async () => {
  expect(await served(65_552)).toEqual({ said: 'held', owners: [owner] });
  expect(await served(65_553)).toEqual({ said: 'not-held', owners: [] });
});

it('is unsure of a part as soon as one block of it was not found in time', async () => {
  const rehearsal = new Rehearsal();
  const batches = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
  const part = await storePart(rehearsal, batches);
  const { partRoot, segmentCount, indexHash } = part;
  const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
  const partStore = rehearsal.partStore();
  const digest = sha256(part.sealed[1]);
  const get = partStore.get.bind(partStore);
  partStore.get = async (asked, options) =>
    equalBytes(asked, digest) ? 'not-found-in-time' : get(asked, options);
  expect(await keepServed(commitment, owner, patienceMs, { partStore, log: silentLog })).toBe('unsure');
  // The next look goes on from what there was.
  expect(await partStore.owners(owner)).toEqual([owner]);
});

it('says of a folder that lacks a segment that the part is not held, again and again', async () => {
  const rehearsal = new Rehearsal();
  const part = await storePart(
    rehearsal,
    [0, 1, 2].map((author) => rehearsal.batch(0, author, 1)),
  );
  const { partRoot, segmentCount, indexHash } = part;
  const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-served-'));
  const partStore = openFilePartStore(folder);
  const [lacking] = part.sealed.slice(-1);
  const others = [...rehearsal.parts.blocks.values()].filter((bytes) => !equalBytes(bytes, lacking));
  await partStore.putMany(others);
  const ports = { partStore, log: silentLog };
  for (let look = 0; look < 2; look++) {
    expect(await keepServed(commitment, owner, patienceMs, ports)).toBe('not-held');
    expect(await partStore.owners(owner)).toEqual([]);
  }
  await partStore.putMany([lacking]);
  expect(await keepServed(commitment, owner, patienceMs, ports)).toBe('held');
  await partStore.close();
  rmSync(folder, { recursive: true });
});

it('goes on from what it had where the rest came in no time', async () => {
  const rehearsal = new Rehearsal();
  const batches = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
  const { partRoot, segmentCount, indexHash, sealed } = await storePart(rehearsal, batches);
  const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
  const [partStore, slow] = [new Rehearsal().partStore(), rehearsal.partStore()];
  const get = slow.get.bind(slow);
  let isLate = true;
  slow.get = async (digest, options) =>
    isLate && equalBytes(digest, sha256(sealed[1])) ? 'not-found-in-time' : get(digest, options);
  const ports = { partStore, otherStores: [slow], log: silentLog };
  expect(await keepServed(commitment, owner, patienceMs, ports)).toBe('unsure');
  isLate = false;
  const asked: number[] = [];
  slow.get = async (digest, options) => {
    asked.push(sealed.findIndex((one) => equalBytes(sha256(one), digest)));
    return get(digest, options);
  };
  expect(await keepServed(commitment, owner, patienceMs, ports)).toBe('held');
  expect(asked).toEqual([1]);
});

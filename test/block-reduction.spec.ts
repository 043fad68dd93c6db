/** The validator's parallel reduction against the one of one thread: memory, spill files, shared and broken
 *  parts. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { BlockReduction, type BlockToReduce } from '#block-reduction/block-reduction';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { sha256 } from '#crypto';
import { OwnTreeBuild } from '#dispute';
import { equalBytes, fromHex, type Hex, toHex } from '#encoding';
import { type BlockDrawer, blockDrawer, openMemoryPartStore } from '#part-store/memory-part-store';
import { commitManifest, encodeBlockReport, SegmentCutter, sealSegment } from '#protocol';
import { type BlockOutput, type CommittedPart, type LeafVisit, reduceSealedBlock } from '#reduction';
import { type SyntheticBlockOptions, syntheticBatches, syntheticRules } from './bench/synthetic-block.js';

const spillFolder = mkdtempSync(join(tmpdir(), 'papyrus-reduction-'));
afterAll(() => rmSync(spillFolder, { recursive: true, force: true }));
const validator = '0x00112233445566778899aabbccddeeff00112233';

interface StoredBlock {
  readonly block: BlockToReduce;
  readonly drawer: BlockDrawer;
}

/** Seals the batches of the authors named, each `every`-th of them left out. */
function sealPart(
  options: SyntheticBlockOptions,
  drawer: BlockDrawer,
  participant: number,
  authors: readonly number[],
  every = Number.POSITIVE_INFINITY,
): CommittedPart {
  const { rules } = syntheticRules(options);
  const cutter = new SegmentCutter();
  const rows: Uint8Array[] = [];
  const store = (bytes: Uint8Array): void => {
    drawer.blocks.set(toHex(sha256(bytes)).slice(2), bytes);
  };
  const keep = (segment: Uint8Array | undefined): void => {
    if (segment === undefined) return;
    const { sealed, row } = sealSegment(rules, segment);
    rows.push(row);
    store(sealed);
  };
  let at = 0;
  for (const author of authors) {
    for (const batch of syntheticBatches(options, author)) if (++at % every !== 0) keep(cutter.push(batch));
  }
  keep(cutter.finish());
  const { pages, index, commitment } = commitManifest(new Uint8Array(Buffer.concat(rows)));
  for (const bytes of [...pages, index]) store(bytes);
  return { participant, commitment };
}

function storeBlock(options: SyntheticBlockOptions): StoredBlock {
  const { terms, rules } = syntheticRules(options);
  const drawer = blockDrawer();
  const parts = [
    sealPart(options, drawer, 0, [0, 1, 2, 3]),
    sealPart(options, drawer, 1, [0, 1, 3], 3),
    sealPart(options, drawer, 3, [1, 2, 3], 5),
  ];
  return { block: { terms, rules, parts, validator }, drawer };
}

function inOneThread({ block, drawer }: StoredBlock, visit?: LeafVisit): BlockOutput {
  const stored = (digest: Uint8Array) => drawer.blocks.get(toHex(digest).slice(2));
  return reduceSealedBlock(block.terms, block.rules, block.parts, stored, validator, visit);
}

function summary(output: BlockOutput): unknown {
  const { settlementRoot, impressionCount, amounts, validParts, workDigest, x, report } = output;
  return {
    settlementRoot: toHex(settlementRoot),
    impressionCount,
    amounts,
    validParts,
    workDigest: workDigest && toHex(workDigest),
    x: x && toHex(x),
    report: toHex(encodeBlockReport(report)),
  };
}

async function inThreads(stored: StoredBlock, rowMebibytes: number): Promise<BlockOutput> {
  const partStore = openMemoryPartStore(stored.drawer);
  const reduction = new BlockReduction({ threads: 2, spillFolder, rowMebibytes }, { partStore });
  const participants = stored.block.terms.roles.length;
  const build = new OwnTreeBuild(participants);
  const { output } = await reduction.reduce({ ...stored.block, visitLeaves: build.visit });
  const { tree, keys } = build.finish(output.validParts);
  expect(toHex(tree.settlementRoot)).toBe(toHex(output.settlementRoot));
  if (tree.count > 0) expect(tree.amountsAt(tree.top)).toEqual(output.amounts);
  // The same keys as one thread finds.
  const inOne = new OwnTreeBuild(participants);
  inOneThread(stored, inOne.visit);
  expect(equalBytes(keys, inOne.finish(output.validParts).keys)).toBe(true);
  expect(keys.length).toBe(output.impressionCount * 16);
  const again = await reduction.reduce(stored.block);
  expect(summary(again.output)).toEqual(summary(output));
  await reduction.close();
  expect(readdirSync(spillFolder)).toEqual([]);
  return output;
}

describe('the parallel reduction of a block', () => {
  const options = { impressions: 20_000, sellers: 2, batchRecords: 500 };

  it('gives what one thread gives', async () => {
    const stored = storeBlock(options);
    const expected = inOneThread(stored);
    expect(expected.report.invalidParts).toEqual([[2, 'missing']]);
    expect(expected.report.records).toBeGreaterThan(55_000n);
    expect(summary(await inThreads(stored, 64))).toEqual(summary(expected));
  });

  it('gives the same where rows do not fit memory', async () => {
    const stored = storeBlock(options);
    expect(summary(await inThreads(stored, 0))).toEqual(summary(inOneThread(stored)));
  });

  it('leaves out what stands only in a part that does not count', async () => {
    const stored = storeBlock({ ...options, seed: 2 });
    const whole = inOneThread(stored);
    // One segment of participant 3's part alone is damaged: that part counts no more, and names the reason.
    const { parts } = stored.block;
    const index = stored.drawer.blocks.get(toHex(parts[2].commitment.indexHash).slice(2)) as Uint8Array;
    const page = stored.drawer.blocks.get(toHex(index.subarray(0, 32)).slice(2)) as Uint8Array;
    const others = new Set(
      parts.slice(0, 2).flatMap(({ commitment }) => {
        const rows = stored.drawer.blocks.get(
          toHex(
            (stored.drawer.blocks.get(toHex(commitment.indexHash).slice(2)) as Uint8Array).subarray(0, 32),
          ).slice(2),
        ) as Uint8Array;
        return Array.from({ length: rows.length / 64 }, (_, row) =>
          toHex(rows.subarray(row * 64, row * 64 + 32)),
        );
      }),
    );
    const own = Array.from({ length: page.length / 64 }, (_, row) =>
      toHex(page.subarray(row * 64, row * 64 + 32)),
    )
      .filter((digest) => !others.has(digest))
      .map((digest) => digest.slice(2));
    expect(own.length).toBeGreaterThan(1);
    for (const [damage, reason] of [
      [() => stored.drawer.blocks.delete(own[0]), 'unavailable'],
      [() => stored.drawer.blocks.set(own[0], new Uint8Array(70_000)), 'wrong-bytes'],
    ] as const) {
      damage();
      const expected = inOneThread(stored);
      expect(expected.report.invalidParts).toEqual([
        [2, 'missing'],
        [3, reason],
      ]);
      expect(summary(await inThreads(stored, 64))).toEqual(summary(expected));
    }
    expect(whole.validParts).toBe(0b1011);
  });

  it('reduces a block of no parts and one of empty parts', async () => {
    const { terms, rules } = syntheticRules({ impressions: 0 });
    const { commitment } = commitManifest(new Uint8Array(0));
    for (const parts of [[], [{ participant: 1, commitment }]]) {
      const stored = { block: { terms, rules, parts, validator }, drawer: blockDrawer() } as const;
      const output = await inThreads(stored, 1);
      expect(output.impressionCount).toBe(0);
      expect(output.validParts).toBe(parts.length === 0 ? 0 : 2);
      expect(summary(output)).toEqual(summary(inOneThread(stored)));
    }
  });

  it('comes to one result with the reduction in memory, for empty parts that no store holds too', async () => {
    const { terms, rules } = syntheticRules({ impressions: 0 });
    const { commitment } = commitManifest(new Uint8Array(0));
    const other = { ...commitment, indexHash: sha256(Uint8Array.of(1)) };
    const parts = [
      { participant: 0, commitment },
      { participant: 1, commitment: other },
    ];
    const block = { terms, rules, parts, validator } as const;
    const inMemory = await reduceInMemory(openMemoryPartStore())(block);
    expect(inMemory.output.validParts).toBe(1);
    expect(inMemory.output.report.invalidParts[0]).toEqual([1, 'wrong-bytes']);
    const output = await inThreads({ block, drawer: blockDrawer() }, 1);
    expect(summary(output)).toEqual(summary(inMemory.output));
    const stored = storeBlock({ ...options, impressions: 2_000 });
    const whole = await reduceInMemory(openMemoryPartStore(stored.drawer))({ ...stored.block, validator });
    expect(summary(await inThreads(stored, 64))).toEqual(summary(whole.output));
  });

  it('asks for wrong bytes again and elsewhere before it calls a part wrong', async () => {
    const stored = storeBlock({ ...options, impressions: 4_000 });
    const expected = summary(inOneThread(stored));
    const partStore = openMemoryPartStore(stored.drawer);
    const { get } = partStore;
    const spoilt = (digest: Uint8Array): boolean => digest[0] % 4 === 0;
    const asked = new Set<string>();
    partStore.get = async (digest, given) => {
      const found = await get.call(partStore, digest, given);
      const isFirst = !asked.has(toHex(digest));
      asked.add(toHex(digest));
      const isWrong = typeof found !== 'string' && spoilt(digest) && isFirst;
      return isWrong ? found.map((byte) => byte ^ 1) : found;
    };
    const threads = { threads: 2, spillFolder, rowMebibytes: 64 };
    const reduction = new BlockReduction(threads, { partStore });
    const { output, unsureBlocks } = await reduction.reduce(stored.block);
    expect([summary(output), unsureBlocks]).toEqual([expected, 0]);
    await reduction.close();
    expect([...asked].filter((digest) => spoilt(fromHex(digest as Hex))).length).toBeGreaterThan(2);

    const drawer = blockDrawer();
    for (const [name, bytes] of stored.drawer.blocks) {
      drawer.blocks.set(name, spoilt(fromHex(`0x${name}`)) ? bytes.map((byte) => byte ^ 1) : bytes);
    }
    const wrong = openMemoryPartStore(drawer);
    const otherStores = [openMemoryPartStore(stored.drawer)];
    const helped = new BlockReduction(threads, { partStore: wrong, otherStores });
    const elsewhere = await helped.reduce(stored.block);
    expect([summary(elsewhere.output), elsewhere.unsureBlocks]).toEqual([expected, 0]);
    await helped.close();
    const alone = new BlockReduction(threads, { partStore: wrong });
    const unhelped = await alone.reduce(stored.block);
    expect(unhelped.unsureBlocks).toBeGreaterThan(2);
    expect(unhelped.output.validParts).toBe(0);
    await alone.close();
  });
});

/** The product's reduction against the independent reference, over hostile small blocks in any packing,
 *  opened and sealed. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import { recordsRootOf } from '#proofs';
import {
  type BlockRules,
  commitManifest,
  domainSeparator,
  encodeBlockReport,
  forEachBatch,
  SegmentCutter,
  sealSegment,
} from '#protocol';
import {
  type BlockOutput,
  type CommittedPart,
  explainImpressions,
  reduceBlock,
  reduceSealedBlock,
} from '#reduction';
import {
  packBlock,
  packingArbitrary,
  type Scenario,
  scenarioArbitrary,
  termsOf,
} from './reference/arbitraries.js';
import { type ReferenceBlock, referenceBlock, workDigestOf } from './reference/reference-block.js';
import { encodeParameters } from './reference/typed-data.js';

const validator: Hex = '0x00112233445566778899aabbccddeeff00112233';
const packed = scenarioArbitrary.chain((scenario) =>
  packingArbitrary(scenario, { conflicts: true }).map((packing) => ({ scenario, packing })),
);
type Block = ReturnType<typeof packBlock>;

function reductionTerms({ roles, parameters }: Scenario) {
  return { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(parameters) };
}

function rulesOf(scenario: Scenario, block: Block): BlockRules {
  return {
    roles: scenario.roles,
    priceNanoMax: block.priceNanoMax ?? 0n,
    channelId: block.channelId,
    blockNumber: Number(block.blockNumber),
    blockKey: block.blockKey,
    domainSeparator: domainSeparator({
      ...block.domain,
      verifyingContract: block.domain.verifyingContract as Hex,
    }),
    signers: block.signers.map((signer) => (signer === null ? undefined : fromHex(signer as Hex))),
    authorBytesMax: Number(block.authorBytesMax),
  };
}

/** What both must agree on. */
function ofProduct(output: BlockOutput): unknown {
  return [
    toHex(output.settlementRoot),
    output.impressionCount,
    output.amounts,
    output.validParts,
    output.x && toHex(output.x),
    output.workDigest && toHex(output.workDigest),
    toHex(encodeBlockReport(output.report)),
  ];
}

function ofReference(block: ReferenceBlock): unknown {
  return [
    toHex(block.settlementRoot),
    block.leaves.length,
    block.amounts,
    block.validParts,
    block.rootOpening && toHex(block.rootOpening),
    toHex(workDigestOf(fromHex(validator), block.recordHashes)),
    toHex(block.reportBytes),
  ];
}

/** Seals plaintexts, whatever is in them, as a collator would. */
function sealParts(rules: BlockRules, parts: ReadonlyMap<number, Uint8Array>) {
  const stored = new Map<Hex, Uint8Array>();
  const store = (bytes: Uint8Array): void => void stored.set(toHex(sha256(bytes)), bytes);
  const committed: CommittedPart[] = [];
  for (const [participant, plaintext] of parts) {
    const cutter = new SegmentCutter();
    const segments: (Uint8Array | undefined)[] = [];
    forEachBatch(plaintext, (at, bytes) => segments.push(cutter.push(plaintext.subarray(at, at + bytes))));
    segments.push(cutter.finish());
    const sealed = segments.flatMap((one) => (one === undefined ? [] : [sealSegment(rules, one)]));
    for (const one of sealed) store(one.sealed);
    const manifest = commitManifest(new Uint8Array(Buffer.concat(sealed.map((one) => one.row))));
    for (const one of [...manifest.pages, manifest.index]) store(one);
    committed.push({ participant, commitment: manifest.commitment });
  }
  return { committed, stored };
}

describe('the reduction', () => {
  it('equals the reference on opened parts, impression by impression', () => {
    fc.assert(
      fc.property(packed, ({ scenario, packing }) => {
        const block = packBlock(scenario, packing);
        const expected = referenceBlock(block);
        const terms = reductionTerms(scenario);
        const parts = [...block.parts].map(([participant, plaintext]) => ({ participant, plaintext }));
        expect(ofProduct(reduceBlock(terms, parts, validator))).toEqual(ofReference(expected));
        const explained = [...explainImpressions(terms, parts)];
        expect(
          explained.map(({ keptHashes, ...one }) => ({
            ...one,
            kept: keptHashes.length,
            groupRoot: toHex(recordsRootOf(keptHashes)),
            impressionKey: toHex(one.impressionKey),
            leaf: toHex(one.leaf),
          })),
        ).toEqual(
          expected.groups.map((one) => ({
            ...one,
            groupRoot: toHex(one.groupRoot),
            impressionKey: toHex(fromHex(one.impressionKey as Hex)),
            leaf: toHex(one.leaf),
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('equals the reference on sealed parts, also where bytes of one were altered', () => {
    const altered = fc.record({
      block: packed,
      alterations: fc.array(
        fc.record({ participant: fc.nat(), at: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) }),
        {
          maxLength: 3,
        },
      ),
    });
    const reasons = new Set<string>();
    fc.assert(
      fc.property(altered, ({ block: { scenario, packing }, alterations }) => {
        const block = packBlock(scenario, packing);
        for (const { participant, at, mask } of alterations) {
          const plaintext = block.parts.get(participant % scenario.roles.length);
          // Another count would be another cut into batches; the vectors of batches hold those cases.
          if (plaintext === undefined || plaintext.length === 0) continue;
          const index = at % plaintext.length;
          if (!isInCount(plaintext, index)) plaintext[index] ^= mask;
        }
        const rules = rulesOf(scenario, block);
        const { committed, stored } = sealParts(rules, block.parts);
        const output = reduceSealedBlock(
          reductionTerms(scenario),
          rules,
          committed,
          (digest) => stored.get(toHex(digest)),
          validator,
        );
        for (const [, reason] of output.report.invalidParts) reasons.add(reason);
        expect(ofProduct(output)).toEqual(ofReference(referenceBlock(block)));
      }),
      { numRuns: 250 },
    );
    expect(reasons.size).toBeGreaterThan(1);
    expect(reasons).toContain('malformed');
  });

  it('gives the same for the same records in any order, batching, repetition and spread over parts', () => {
    const twice = scenarioArbitrary.chain((scenario) =>
      fc.tuple(fc.constant(scenario), packingArbitrary(scenario), packingArbitrary(scenario)),
    );
    fc.assert(
      fc.property(twice, ([scenario, one, other]) => {
        const [first, second] = [one, other].map((packing) => {
          const { parts } = packBlock(scenario, packing);
          const opened = [...parts].map(([participant, plaintext]) => ({ participant, plaintext }));
          return ofProduct(reduceBlock(reductionTerms(scenario), opened, validator));
        });
        expect(second).toEqual(first);
      }),
    );
  });

  it('gives the payer what the payees earn', () => {
    fc.assert(
      fc.property(packed, ({ scenario, packing }) => {
        const parts = [...packBlock(scenario, packing).parts].map(([participant, plaintext]) => ({
          participant,
          plaintext,
        }));
        const { amounts } = reduceBlock(reductionTerms(scenario), parts);
        expect(amounts.slice(1).reduce((sum, nano) => sum + nano, 0n)).toBe(amounts[0]);
      }),
    );
  });

  it('has terms whose parameters the product takes as the reference writes them', () => {
    fc.assert(
      fc.property(scenarioArbitrary, (scenario) => {
        expect(toHex(encodeParameters(scenario.parameters))).toBe(termsOf(scenario).reducerParameters);
        expect(() => reduceBlock(reductionTerms(scenario), [])).not.toThrow();
      }),
    );
  });
});

function isInCount(plaintext: Uint8Array, index: number): boolean {
  let isCount = false;
  forEachBatch(plaintext, (at) => {
    isCount ||= index >= at + 24 && index < at + 28;
  });
  return isCount;
}

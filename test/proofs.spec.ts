/**
 * Proofs of impressions against the independent reference: whatever a block holds, each impression is proved with
 * what it paid, each absent one as absent, and no changed proof says anything else.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FetchedPart, OpenedBlock } from '#apps/cli/src/network/open-block';
import { proofOf } from '#apps/cli/src/proof/make-proof';
import { readProof, writeProof } from '#apps/cli/src/proof/proof-file';
import { fromHex, type Hex, toHex } from '#encoding';
import {
  type BlockRules,
  type ChannelTerms,
  channelIdOf,
  commitManifest,
  domainSeparator,
  forEachBatch,
  recordAt,
  SegmentCutter,
  sealSegment,
} from '#protocol';
import { checkProof, type ImpressionProof, reductionTermsOf } from '#proofs';
import { reduceBlock } from '#reduction';
import {
  packBlock,
  packingArbitrary,
  type Scenario,
  scenarioArbitrary,
  termsOf,
  testAddress,
} from './reference/arbitraries.js';
import { type ReferenceBlock, referenceBlock } from './reference/reference-block.js';

const packed = scenarioArbitrary.chain((scenario) =>
  packingArbitrary(scenario).map((packing) => ({ scenario, packing })),
);
type Packed = typeof packed extends fc.Arbitrary<infer Of> ? Of : never;

interface Case {
  readonly expected: ReferenceBlock;
  readonly terms: ChannelTerms;
  /** The root of each participant's part, as the chain has it. */
  readonly roots: ReadonlyMap<number, Hex>;
  prove(impressionKey: Uint8Array): ImpressionProof;
}

/** The block opened as the product opens it, and what the reference makes of it. */
function caseOf({ scenario, packing }: Packed): Case {
  const block = packBlock(scenario, packing);
  const terms = productTerms(scenario);
  const domain = {
    chainId: Number(block.domain.chainId),
    verifyingContract: block.domain.verifyingContract.toLowerCase() as Hex,
  };
  const channelId = channelIdOf(domain, terms);
  expect(channelId).toBe(toHex(block.channelId));
  const blockNumber = Number(block.blockNumber);
  const sealing = { channelId: block.channelId, blockNumber, blockKey: block.blockKey };
  const parts = [...block.parts].map(([participant, plaintext]) => fetched(participant, plaintext, sealing));
  const opened = parts.map(({ participant, plaintext }) => ({ participant, plaintext }));
  const reduction = reductionTermsOf(terms);
  const rules = { ...sealing, domainSeparator: domainSeparator(domain) } as unknown as BlockRules;
  const output = reduceBlock(reduction, opened);
  const whole: OpenedBlock = { terms: reduction, rules, parts, opened, output };
  const where = { domain, channelId, terms, blockNumber };
  const roots = new Map(
    parts.map(({ participant, commitment }) => [participant, toHex(commitment.partRoot)]),
  );
  return { expected: referenceBlock(block), terms, roots, prove: (key) => proofOf(whole, where, key) };
}

function fetched(
  participant: number,
  plaintext: Uint8Array,
  sealing: { readonly channelId: Uint8Array; readonly blockNumber: number; readonly blockKey: Uint8Array },
): FetchedPart {
  const cutter = new SegmentCutter();
  const cut: (Uint8Array | undefined)[] = [];
  forEachBatch(plaintext, (at, bytes) => cut.push(cutter.push(plaintext.subarray(at, at + bytes))));
  const segments = [...cut, cutter.finish()].filter((one) => one !== undefined);
  const rows = new Uint8Array(Buffer.concat(segments.map((one) => sealSegment(sealing, one).row)));
  const { commitment } = commitManifest(rows);
  const segmentBytes = segments.map(({ length }) => length);
  const known = { participant, commitment, reason: undefined, segments: segments.length, stored: [] };
  return { ...known, plaintext, rows, segmentBytes };
}

function productTerms(scenario: Scenario): ChannelTerms {
  const { participants, blockMaxNano, tokenPerUnit, priceNanoMax, ...rest } = termsOf(scenario);
  return {
    ...(rest as unknown as ChannelTerms),
    participants: participants as Hex[],
    blockMaxNano: blockMaxNano.map(BigInt),
    tokenPerUnit: BigInt(tokenPerUnit),
    priceNanoMax: BigInt(priceNanoMax),
  };
}

/** Keys that the block has not: next to those that it has, and the ends. */
function absentKeys({ groups }: ReferenceBlock): Uint8Array[] {
  const present = new Set(groups.map(({ impressionKey }) => impressionKey));
  const near = groups.flatMap(({ impressionKey }) =>
    [1n, -1n].map((step) => BigInt.asUintN(128, BigInt(impressionKey) + step)),
  );
  return [0n, (1n << 128n) - 1n, 1n << 127n, ...near]
    .map((key) => `0x${key.toString(16).padStart(32, '0')}`)
    .filter((key) => !present.has(key))
    .map(fromHex);
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-proofs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a proof', () => {
  it('shows of each impression what the reference makes of it, and who signed its records', () => {
    fc.assert(
      fc.property(packed, (drawn) => {
        const { expected, prove } = caseOf(drawn);
        for (const group of expected.groups) {
          const proven = checkProof(prove(fromHex(group.impressionKey)));
          if ('fault' in proven) throw new Error(proven.fault);
          expect(proven.outputHash).toBe(toHex(expected.outputHash));
          expect(proven.impression?.amounts).toEqual(group.amounts);
          expect(proven.impression?.outcomes).toEqual(group.outcomes);
          expect(proven.records.length).toBe(group.kept);
          for (const { record, signer } of proven.records) {
            expect(signer).toBe(testAddress(record[recordAt.author]));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('shows of each key that is not there that it is not there', () => {
    fc.assert(
      fc.property(packed, (drawn) => {
        const { expected, prove } = caseOf(drawn);
        for (const key of absentKeys(expected)) {
          const proven = checkProof(prove(key));
          expect(proven).toEqual({
            outputHash: toHex(expected.outputHash),
            impression: undefined,
            records: [],
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the same when it is read from its file again', () => {
    fc.assert(
      fc.property(packed, (drawn) => {
        const { expected, prove } = caseOf(drawn);
        const keys = [
          ...expected.groups.map(({ impressionKey }) => fromHex(impressionKey)),
          new Uint8Array(16),
        ];
        const file = join(folder, 'same.json');
        for (const key of keys.slice(0, 3)) {
          const proof = prove(key);
          writeProof(file, proof);
          expect(checkProof(readProof(file))).toEqual(checkProof(proof));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('says nothing else of the same result once a digit of it is another', () => {
    const file = join(folder, 'changed.json');
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 15 })), {
      minLength: 40,
      maxLength: 40,
    });
    let refused = 0;
    fc.assert(
      fc.property(packed, fc.nat(), changes, (drawn, at, digits) => {
        const { expected, roots, prove } = caseOf(drawn);
        fc.pre(expected.groups.length > 0);
        const keys = [
          fromHex(expected.groups[at % expected.groups.length].impressionKey),
          absentKeys(expected)[0],
        ];
        for (const key of keys) {
          writeProof(file, prove(key));
          const text = readFileSync(file, 'utf8');
          const said = statementOf(file, roots);
          expect(said).toBeDefined();
          for (const [place, step] of digits) {
            writeFileSync(file, changedAt(text, place, step));
            const now = statementOf(file, roots);
            if (now === undefined) refused += 1;
            else if (now.outputHash === said?.outputHash) requireTrue(now, said, expected);
          }
        }
      }),
      { numRuns: 25 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });
});

/** Everything that leads from somewhere to somewhere, and the proof with another in its place. */
function pathsOf(proof: ImpressionProof) {
  const { leaf, left, right, places } = proof;
  const inPlaces = (['recordPath', 'batchPath', 'rowPath'] as const).flatMap((name) =>
    places.map((place, at) => ({
      path: place[name] as readonly unknown[],
      by: (path: readonly unknown[]) => ({ ...proof, places: places.with(at, { ...place, [name]: path }) }),
    })),
  );
  const leaves = Object.entries({ leaf, left, right }).flatMap(([name, one]) =>
    one === undefined
      ? []
      : [
          {
            path: one.path as readonly unknown[],
            by: (path: readonly unknown[]) => ({ ...proof, [name]: { ...one, path } }),
          },
        ],
  );
  return [...leaves, ...inPlaces] as {
    readonly path: readonly unknown[];
    by(path: readonly unknown[]): ImpressionProof;
  }[];
}

it('a proof holds with no path longer or shorter than its own, and for no block but its own', () => {
  const stepOf = (amounts: readonly bigint[]) => ({ sibling: new Uint8Array(32), amounts });
  let changed = 0;
  fc.assert(
    fc.property(packed, fc.nat(), (drawn, at) => {
      const { expected, prove } = caseOf(drawn);
      fc.pre(expected.groups.length > 0);
      const present = prove(fromHex(expected.groups[at % expected.groups.length].impressionKey));
      for (const proof of [present, prove(absentKeys(expected)[0])]) {
        for (const { path, by } of pathsOf(proof)) {
          const more = [new Uint8Array(32), stepOf(proof.result.amounts)];
          // A step of either kind, so that what reads it finds its fields.
          const longer = proof.places.some((one) => Object.values(one).includes(path)) ? more[0] : more[1];
          expect(checkProof(by([...path, longer]))).toHaveProperty('fault');
          if (path.length > 0) expect(checkProof(by(path.slice(1)))).toHaveProperty('fault');
          changed += 1;
        }
      }
      expect(checkProof({ ...present, blockNumber: present.blockNumber + 1 })).toEqual({
        fault: 'place 0: block',
      });
    }),
    { numRuns: 15 },
  );
  expect(changed).toBeGreaterThan(50);
});

type Statement = ReturnType<typeof statementOf>;

/** Of the same result: the same, or of another key, which is then not there either. */
function requireTrue(
  now: NonNullable<Statement>,
  said: NonNullable<Statement>,
  { groups }: ReferenceBlock,
): void {
  if (now.impressionKey === said.impressionKey) {
    expect(now).toEqual(said);
    return;
  }
  expect(now.impression).toBeUndefined();
  expect(groups.map(({ impressionKey }) => impressionKey)).not.toContain(now.impressionKey);
}

/**
 * What a file proves; undefined where it is refused, by its own bytes or because the chain has another root for that
 * participant's part. Another outputHash is a claim that the chain has not. Of the numbers of batches and segments
 * only what they make of the paths counts.
 */
function statementOf(file: string, roots: ReadonlyMap<number, Hex>) {
  let proof: ImpressionProof;
  try {
    proof = readProof(file);
  } catch {
    return undefined;
  }
  const proven = checkProof(proof);
  if ('fault' in proven) return undefined;
  if (proven.records.some(({ participant, partRoot }) => roots.get(participant) !== partRoot))
    return undefined;
  const { impressionKey, channelId, blockNumber } = proof;
  const records = proven.records.map(({ segmentCount: _, ...one }) => one);
  return { impressionKey: toHex(impressionKey), channelId, blockNumber, ...proven, records };
}

/** Another hexadecimal digit in the place of one. */
function changedAt(text: string, place: number, step: number): string {
  const digits = [...text.matchAll(/(?<=0x[0-9a-f]*|[ "][0-9]*)[0-9a-f](?=[0-9a-f]*[",\n])/g)];
  const { index, 0: digit } = digits[place % digits.length];
  const other = (Number.parseInt(digit, 16) + step) % 16;
  return text.slice(0, index) + other.toString(16) + text.slice(index + 1);
}

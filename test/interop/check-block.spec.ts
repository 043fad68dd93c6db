/** The Python checker finds each dishonest part's reason by itself, and every lie in an export. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testKey } from '../reference/arbitraries.js';
import { readBatches } from '../reference/block-part.js';
import { hex, join, merkleRoot, sha256 } from '../reference/bytes.js';
import { buildBatch, type ReferenceBatch, readBatch } from '../reference/record-batch.js';
import { hasPython, runPython } from './python.js';
import {
  type SampleBlock,
  type Segment,
  type StoredPart,
  sampleBlock,
  segmentOf,
  segmentsOf,
  storePart,
  writeExport,
} from './write-export.js';

/** Parts of participant 1, each at fault in the way that its name says. */
const dishonest: Readonly<Record<string, (block: SampleBlock) => StoredPart | undefined>> = {
  missing: () => undefined,
  unavailable: (block) => {
    const part = shortPart(block);
    const [segment] = part.stored.keys();
    return { ...part, stored: new Map([...part.stored].filter(([digest]) => digest !== segment)) };
  },
  'unavailable: no index': (block) => ({ ...shortPart(block), stored: new Map() }),
  'wrong-bytes': (block) => {
    const part = shortPart(block);
    const [[segment, bytes]] = part.stored;
    return { ...part, stored: new Map([...part.stored, [segment, bytes.toReversed()]]) };
  },
  'wrong-bytes: rows of another root': (block) => {
    const { commitment, stored } = ownPart(block);
    return { stored, commitment: { ...commitment, partRoot: hex(sha256(new Uint8Array(1))) } };
  },
  'wrong-bytes: another number of rows': (block) => {
    const { commitment, stored } = ownPart(block);
    return { stored, commitment: { ...commitment, segmentCount: commitment.segmentCount + 1 } };
  },
  'wrong-bytes: an index of more pages than the rows fill': (block) => {
    const { commitment, stored } = shortPart(block);
    const index = join(stored.get(commitment.indexHash) as Uint8Array, new Uint8Array(32));
    const indexHash = hex(sha256(index));
    return { commitment: { ...commitment, indexHash }, stored: new Map([...stored, [indexHash, index]]) };
  },
  'wrong-bytes: no rows under an index of some': (block) => {
    const { commitment } = shortPart(block);
    return { commitment: { ...commitment, segmentCount: 0 }, stored: new Map() };
  },
  'does-not-open': (block) => {
    const [first, ...others] = segmentsOf(block, 1);
    return storePart(block, [{ ...first, alter: () => new Uint8Array(15) }, ...others]);
  },
  'malformed: sealed with a key that nobody has': (block) => {
    const [first, ...others] = segmentsOf(block, 1);
    return storePart(block, [{ ...first, blockKey: sha256(new Uint8Array(1)) }, ...others]);
  },
  'malformed: an empty segment': (block) => {
    const empty = { text: new Uint8Array(0), segmentRoot: merkleRoot([]) };
    return storePart(block, [...segmentsOf(block, 1), empty]);
  },
  'malformed: goes on where a cut is due': (block) => {
    return storePart(block, [segmentOf(batchesOf(block))]);
  },
  'malformed: a record that the roles do not allow': (block) => {
    const record = batchesOf(block)[0].records[0].bytes.slice();
    record[3] = 3;
    return storePart(block, [segmentOf([signed(block, 0, 9n, [record])])]);
  },
  'wrong-segment-root': (block) => {
    const [first, ...others] = segmentsOf(block, 1);
    return storePart(block, [{ ...first, segmentRoot: sha256(first.segmentRoot) }, ...others]);
  },
  'out-of-order': (block) => {
    const [first, second] = batchesOf(block);
    return storePart(block, [segmentOf([second, first])]);
  },
  'too-large': (block) => {
    // Four segments of an author that may have three; a limit is judged before signatures.
    return storePart(block, endedEarly(block, 4));
  },
  'wrong-batch-root': (block) => {
    const [first, ...others] = batchesOf(block).slice(0, 2);
    const bytes = first.bytes.slice();
    bytes[bytes.length - 1] ^= 1;
    return storePart(block, [segmentOf([reread(block, bytes), ...others])]);
  },
  'bad-signature': (block) => {
    const [first, ...others] = batchesOf(block).slice(0, 2);
    const bytes = first.bytes.slice();
    bytes[100] ^= 1;
    return storePart(block, [segmentOf([reread(block, bytes), ...others])]);
  },
  'bad-signature: signed by another participant': (block) => {
    const records = batchesOf(block)[0].records.map((one) => one.bytes);
    return storePart(block, [segmentOf([signed(block, 0, 9n, records, 2)])]);
  },
};

/** What no export may state without being found out: a path into block.json, and another value. */
const lies: readonly (readonly [string, unknown])[] = [
  ['channelId', `0x${'11'.repeat(32)}`],
  ['terms.disputeMax', 1],
  ['parameters.auditorFeeNano', 8],
  ['signers.1', `0x${'22'.repeat(20)}`],
  ['signers.0', null],
  ['blockKey', `0x${'33'.repeat(32)}`],
  ['commitments.2.segmentCount', 3],
  ['commitments.2.indexHash', `0x${'44'.repeat(32)}`],
  ['parts.3', ''],
  ['result.settlementRoot', `0x${'55'.repeat(32)}`],
  ['result.amounts.1', '1'],
  ['result.validParts', 14],
  ['result.outputTransactions', []],
  ['result.outputHash', `0x${'66'.repeat(32)}`],
  ['result.report.impressions', 4],
  ['result.report.invalidParts', [[1, 'missing']]],
  ['result.reportBytes', '0xa0'],
  ['result.reportHash', `0x${'77'.repeat(32)}`],
  ['result.impressionCount', 4],
  ['workDigest', `0x${'88'.repeat(32)}`],
  ['validators.1.commitment', `0x${'99'.repeat(32)}`],
  ['validators.1.salt', `0x${'aa'.repeat(32)}`],
];

(hasPython() ? describe : describe.skip)('check_block.py', () => {
  const block = sampleBlock();
  const honest = [...block.roles.keys()].map((one): [number, StoredPart] => [one, ownPart(block, one)]);
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(joinPath(tmpdir(), 'papyrus-export-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('finds an honest export equal', () => {
    writeExport(folder, block, new Map(honest), new Map());
    const { code, output } = runPython('check_block.py', folder);
    expect(output).toMatch(/^equal: block 7, 4 valid parts, 0 invalid, 8 batches, .*2 validators/);
    expect(code).toBe(0);
    const [, checked, unchecked] = output.split('\n');
    expect(checked).toMatch(/^checked: the channel id .*; the sealed bytes against the commitments/);
    expect(unchecked).toMatch(/^not checked: that the chain has these commitments/);
    expect(unchecked).not.toMatch(/stored bytes|terms|invalid/);
  });

  it('finds it equal from the opened parts alone', () => {
    writeExport(folder, block, new Map(honest), new Map());
    rmSync(joinPath(folder, 'sealed'), { recursive: true });
    const { code, output } = runPython('check_block.py', folder);
    expect(code).toBe(0);
    expect(output).toMatch(/\nchecked: .*the opened parts, sealed again, against the commitments/);
    expect(output).toMatch(/\nnot checked: .*the stored bytes, which export --sealed adds/);
  });

  it('says what it believes of an export that lacks terms, or bytes of a part', () => {
    const parts = new Map(honest.filter(([participant]) => participant !== 1));
    const unavailable = dishonest.unavailable(block) as StoredPart;
    writeExport(folder, block, parts.set(1, unavailable), new Map([[1, 'unavailable']]));
    rmSync(joinPath(folder, 'sealed'), { recursive: true });
    const file = joinPath(folder, 'block.json');
    const { terms: _, ...json } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(json));
    const { output } = runPython('check_block.py', folder);
    expect(output).toMatch(/\nnot checked: .*the terms, which the export lacks/);
    expect(output).toMatch(/\nnot checked: .*why parts \[1\] are invalid/);
  });

  it.each(Object.keys(dishonest))('derives why a part does not count: %s', (name) => {
    const reason = name.split(':')[0];
    const part = dishonest[name](block);
    const others = honest.filter(([participant]) => participant !== 1);
    const parts = new Map<number, StoredPart>(others);
    if (part !== undefined) parts.set(1, part);
    writeExport(folder, block, parts, new Map([[1, reason]]));
    const { code, output } = runPython('check_block.py', folder);
    expect(output).toMatch(/^equal: block 7, 3 valid parts, 1 invalid/);
    expect(code).toBe(0);
  });

  it('counts an empty part of which nothing is stored', () => {
    const { commitment } = storePart(block, []);
    const parts = new Map(block.parts).set(1, new Uint8Array(0));
    const stored = new Map(honest).set(1, { commitment, stored: new Map() });
    writeExport(folder, { ...block, parts }, stored, new Map());
    const { code, output } = runPython('check_block.py', folder);
    expect(output).toMatch(/^equal: block 7, 4 valid parts, 0 invalid/);
    expect(code).toBe(0);
  });

  it('counts a part whose segments end early, or whose tags are others', () => {
    const whole = batchesOf(block).map((one) => segmentOf([one]));
    const early = storePart(block, whole);
    const alter = (sealed: Uint8Array): Uint8Array =>
      sealed.map((byte, at) => (at < sealed.length - 16 ? byte : byte ^ 0xff));
    const tagged = storePart(
      block,
      whole.map((one) => ({ ...one, alter })),
    );
    expect(tagged.commitment).not.toEqual(early.commitment);
    for (const part of [early, tagged]) {
      writeExport(folder, block, new Map([...honest, [1, part]]), new Map());
      const { code, output } = runPython('check_block.py', folder);
      expect(output).toMatch(/^equal: block 7, 4 valid parts, 0 invalid/);
      expect(code).toBe(0);
    }
  });

  it.each(lies)('finds another %s', (path, value) => {
    writeExport(folder, block, new Map(honest), new Map());
    const file = joinPath(folder, 'block.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    const keys = path.split('.');
    const last = keys.pop() as string;
    const place = keys.reduce((at, key) => at[key], json);
    expect(place[last]).not.toEqual(value);
    place[last] = value;
    writeFileSync(file, JSON.stringify(json));
    const { code, output } = runPython('check_block.py', folder);
    expect(output).toMatch(/^different: /);
    expect(code).toBe(1);
  });

  it('finds another line of impressions.ndjson, one too few and one too many', () => {
    writeExport(folder, block, new Map(honest), new Map());
    const file = joinPath(folder, 'impressions.ndjson');
    const text = readFileSync(file, 'utf8');
    const lines = text.trimEnd().split('\n');
    const changed = text.replace(/"nano":"\d+"/, '"nano":"12345"');
    for (const other of [changed, lines.slice(1).join('\n'), [...lines, lines[0]].join('\n')]) {
      expect(other).not.toBe(text);
      writeFileSync(file, other);
      const { code, output } = runPython('check_block.py', folder);
      expect(output).toMatch(/^different: .*impressions\.ndjson/);
      expect(code).toBe(1);
    }
  });
});

function batchesOf(block: SampleBlock): ReferenceBatch[] {
  return readBatches(block.parts.get(1) as Uint8Array, block) as ReferenceBatch[];
}

/** Segments of one batch each. */
function endedEarly(block: SampleBlock, segments: number): Segment[] {
  const one = batchesOf(block)[0];
  return Array.from({ length: segments }, (_, sequence) => {
    const bytes = one.bytes.slice();
    bytes[16] = sequence;
    return segmentOf([reread(block, bytes)]);
  });
}

function ownPart(block: SampleBlock, participant = 1): StoredPart {
  return storePart(block, segmentsOf(block, participant));
}

/** One batch alone: a segment, page and index that no honest part shares. */
function shortPart(block: SampleBlock): StoredPart {
  return storePart(block, [segmentOf(batchesOf(block).slice(0, 1))]);
}

function signed(
  block: SampleBlock,
  author: number,
  sequence: bigint,
  records: readonly Uint8Array[],
  signer = author,
): ReferenceBatch {
  const header = { channelId: block.channelId, blockNumber: block.blockNumber, author, sequence };
  return reread(block, buildBatch(block.domain, header, records, testKey(signer)));
}

/** Batches whose records are not allowed cannot be read: their bytes stand in. */
function reread(block: SampleBlock, bytes: Uint8Array): ReferenceBatch {
  const known = batchesOf(block)[0];
  return readBatch(bytes, block.roles) ?? { ...known, bytes };
}

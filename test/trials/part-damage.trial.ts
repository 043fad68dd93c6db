/**
 * Files of a part store are flipped, cut, emptied and deleted, one at a time: whoever reads is told which, or
 * gets the block from another store; nobody ever gets different bytes or an empty part.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { toHex } from '#encoding';
import { Fault, seededEntropy } from '#environment';
import type { PartStore } from '#part-store';
import { openFilePartStore } from '#part-store/file-part-store';
import { openMemoryPartStore } from '#part-store/memory-part-store';
import { encodeBlockReport } from '#protocol';
import { storeSyntheticBlock } from '../bench/synthetic-block.js';

const validator = '0x00112233445566778899aabbccddeeff00112233';
const damages = ['flipped', 'cut', 'emptied', 'deleted'] as const;

interface Found {
  named: number;
  refetched: number;
  unchanged: number;
  readonly wrong: string[];
}

/** `count`: damaged files, 1,200 unless said. */
export async function runTrial([count = '1200']: string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-part-damage-'));
  const entropy = seededEntropy('part-damage');
  const below = (limit: number): number => new DataView(entropy.bytes(4).buffer).getUint32(0) % limit;
  try {
    const trial = await DamageTrial.open(folder);
    for (let at = 0; at < Number(count); at++) await trial.damage(damages[at % damages.length], below);
    await trial.close();
    const { named, refetched, unchanged, wrong } = trial.found;
    for (const line of wrong) process.stdout.write(`${line}\n`);
    process.stdout.write(
      `${count} files damaged, one at a time: ${named} named with path and read right from another store ` +
        `(${refetched}), ${unchanged} without effect, ${wrong.length} wrong; all mended by the next put\n`,
    );
    return wrong.length === 0 && named + unchanged === Number(count);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class DamageTrial {
  readonly found: Found = { named: 0, refetched: 0, unchanged: 0, wrong: [] };
  readonly #folder: string;
  readonly #own: PartStore;
  readonly #other: PartStore;
  readonly #block: Awaited<ReturnType<typeof storeSyntheticBlock>>;
  readonly #stored: readonly Uint8Array[];
  readonly #files: readonly string[];
  readonly #expected: string;

  private constructor(fields: {
    folder: string;
    own: PartStore;
    other: PartStore;
    block: Awaited<ReturnType<typeof storeSyntheticBlock>>;
    stored: readonly Uint8Array[];
    files: readonly string[];
    expected: string;
  }) {
    this.#folder = fields.folder;
    this.#own = fields.own;
    this.#other = fields.other;
    this.#block = fields.block;
    this.#stored = fields.stored;
    this.#files = fields.files;
    this.#expected = fields.expected;
  }

  /** The same block in a store on files and in one of a counterparty; every block of it is held. */
  static async open(folder: string): Promise<DamageTrial> {
    const own = openFilePartStore(folder);
    const other = openMemoryPartStore();
    const options = { impressions: 1_200, batchRecords: 40 };
    const block = await storeSyntheticBlock(options, own);
    await storeSyntheticBlock(options, other);
    const files = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.data'));
    const stored = files.map((name) => new Uint8Array(readFileSync(join(folder, name))));
    await own.hold('everyone', await own.putMany(stored));
    const expected = await summaryOf(reduceInMemory(other), block);
    return new DamageTrial({ folder, own, other, block, stored, files, expected });
  }

  async damage(how: (typeof damages)[number], below: (limit: number) => number): Promise<void> {
    const path = join(this.#folder, this.#files[below(this.#files.length)]);
    const before = readFileSync(path);
    spoil(path, how, below);
    const isChanged = how === 'deleted' || !readFileSync(path).equals(before);
    const alone = await summaryOf(reduceInMemory(this.#own), this.#block).catch((cause) => cause);
    const helped = await summaryOf(reduceInMemory(this.#own, this.#other), this.#block);
    const wrong = (what: string): void => void this.found.wrong.push(`${how} ${path}: ${what}`);
    if (helped !== this.#expected) wrong('another result with the help of another store');
    else this.found.refetched += isChanged ? 1 : 0;
    const isNamed = alone instanceof Fault && alone.retriable && alone.message.includes(path);
    if (isChanged && isNamed) this.found.named++;
    else if (!isChanged && alone === this.#expected) this.found.unchanged++;
    else wrong(String(alone));
    // Putting the part again mends it.
    await this.#own.putMany(this.#stored);
    if (!readFileSync(path).equals(before)) wrong('not mended');
  }

  async close(): Promise<void> {
    await this.#own.close();
    await this.#other.close();
  }
}

async function summaryOf(
  reduce: ReturnType<typeof reduceInMemory>,
  block: Awaited<ReturnType<typeof storeSyntheticBlock>>,
): Promise<string> {
  const { output } = await reduce({ ...block, validator });
  const { settlementRoot, validParts, amounts, report } = output;
  return `${toHex(settlementRoot)} ${validParts} ${amounts} ${toHex(encodeBlockReport(report))}`;
}

function spoil(path: string, how: (typeof damages)[number], below: (limit: number) => number): void {
  const bytes = readFileSync(path);
  if (how === 'deleted') rmSync(path);
  else if (how === 'emptied') writeFileSync(path, '');
  else if (how === 'cut') writeFileSync(path, bytes.subarray(0, below(statSync(path).size)));
  else {
    bytes[below(bytes.length)] ^= 1 << below(8);
    writeFileSync(path, bytes);
  }
}

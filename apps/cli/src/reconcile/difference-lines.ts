/**
 * The impressions behind the figures, as lines of CSV: written by partition, so that their order never
 * changes.
 */
import { impressionReasons } from '#protocol';
import {
  type DifferenceKind,
  headWords,
  type Pair,
  type Participants,
  type StatementOrder,
  statementAt,
} from '#reconciliation';
import { TemporaryFile } from './temporary-file.js';
import { readText, type StatementText } from './text-store.js';

export const differenceColumns = [
  'auction_id',
  'imp_id',
  'seller',
  'reason',
  'difference',
  'seller_price',
  'buyer_price',
  'price',
  'gap',
  'time',
  'campaign',
  'placement',
  'seller_rows',
  'buyer_rows',
  'seller_row',
  'buyer_row',
  'auditor_row',
] as const;

/** Those that are money. */
export const decimalColumns: ReadonlySet<string> = new Set(['seller_price', 'buyer_price', 'price', 'gap']);

/** Lines of one block of partitions, in a temporary file. */
export interface DifferencePart {
  readonly block: number;
  readonly descriptor: number;
  readonly offset: number;
  readonly length: number;
}

/** A pair with its ids, one of the largest differences. */
export interface LargestPair {
  readonly id: string;
  readonly imp: string;
  readonly seller: string;
  readonly reason: string;
  readonly sellerNano: number;
  readonly buyerNano: number;
  readonly gapNano: number;
  readonly rows: readonly string[];
}

export interface DifferenceOptions {
  readonly texts: readonly number[];
  readonly participants: Participants;
  readonly campaigns: readonly string[];
  readonly placements: readonly string[];
  /** Names of the logs by number. */
  readonly logs: readonly string[];
  readonly writesLines: boolean;
  readonly temporaryFolder: string | undefined;
}

const largestMax = 100;
const bufferCharacters = 1 << 20;
const encoder = new TextEncoder();

export class DifferenceLines {
  readonly #options: DifferenceOptions;
  readonly #file: TemporaryFile | undefined;
  readonly #parts: DifferencePart[] = [];
  #largest: LargestPair[] = [];
  #lines: string[] = [];
  #characters = 0;
  #partStart = 0;

  constructor(options: DifferenceOptions) {
    this.#options = options;
    this.#file = options.writesLines ? new TemporaryFile(options.temporaryFolder) : undefined;
  }

  add(pair: Pair, order: StatementOrder): void {
    const gap = Math.abs(Math.max(pair.sellerNano, 0) - Math.max(pair.buyerNano, 0));
    const isLarge =
      gap > 0 && (this.#largest.length < largestMax || gap > this.#largest[largestMax - 1].gapNano);
    if (this.#file === undefined && !isLarge) return;
    const rows = this.#rowsOf(pair, order);
    const first = rows.find((row) => row !== undefined);
    if (first === undefined) throw new Error('a group without a statement');
    const places = rows.map((row) => (row === undefined ? '' : `${this.#options.logs[row.log]}:${row.line}`));
    if (isLarge) this.#keepLarge(pair, first, gap, places);
    if (this.#file !== undefined) this.#write(pair, first, gap, places);
  }

  /** Ends the block of partitions in hand. */
  endBlock(block: number): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#flush();
    const length = file.length - this.#partStart;
    this.#parts.push({ block, descriptor: file.descriptor, offset: this.#partStart, length });
    this.#partStart = file.length;
  }

  get parts(): readonly DifferencePart[] {
    return this.#parts;
  }

  get largest(): readonly LargestPair[] {
    return this.#largest;
  }

  /** The first statement of the seller, of the payer towards it, and of an auditor. */
  #rowsOf(pair: Pair, order: StatementOrder): (StatementText | undefined)[] {
    const { heads, tails, tailWords } = order;
    const { texts, participants } = this.#options;
    const found: (StatementText | undefined)[] = [undefined, undefined, undefined];
    for (let at = pair.from; at < pair.to; at++) {
      const row = order.order[at];
      const statement = heads[row * headWords + statementAt.statement];
      const author = (statement >>> 8) & 0xff;
      const counterparty = (statement >>> 16) & 0xff;
      const isAudit = author === participants.auditor;
      if (!isAudit && author !== pair.seller && counterparty !== pair.seller) continue;
      const side = isAudit ? 2 : author === 0 ? 1 : 0;
      found[side] ??= readText(texts, tails, row * tailWords);
    }
    return found;
  }

  #keepLarge(pair: Pair, { id, imp }: StatementText, gapNano: number, rows: readonly string[]): void {
    const { sellerNano, buyerNano, seller } = pair;
    const large = {
      id,
      imp,
      seller: this.#options.participants.names[seller] ?? '',
      reason: impressionReasons[pair.reason],
      sellerNano,
      buyerNano,
      gapNano,
      rows,
    };
    this.#largest = mergeLargest([this.#largest, [large]]);
  }

  #write(pair: Pair, { id, imp }: StatementText, gap: number, places: readonly string[]): void {
    const { participants, campaigns, placements } = this.#options;
    const said = (nano: number): string => (nano < 0 ? '' : decimalOf(nano));
    const fields = [
      id,
      imp,
      participants.names[pair.seller] ?? '',
      impressionReasons[pair.reason],
      kindOf(pair),
      said(pair.sellerNano),
      said(pair.buyerNano),
      decimalOf(pair.nano),
      decimalOf(gap),
      pair.seconds === 0 ? '' : new Date(pair.seconds * 1_000).toISOString().replace('.000', ''),
      campaigns[pair.campaign],
      placements[pair.placement],
      String(pair.sellerRows),
      String(pair.buyerRows),
      ...places,
    ];
    const line = `${fields.map(quoted).join(',')}\n`;
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters > bufferCharacters) this.#flush();
  }

  #flush(): void {
    this.#file?.append(encoder.encode(this.#lines.join('')));
    this.#lines = [];
    this.#characters = 0;
  }
}

/** The largest of all, by gap and then by id. */
export function mergeLargest(lists: readonly (readonly LargestPair[])[]): LargestPair[] {
  const all = lists.flat().sort((a, b) => b.gapNano - a.gapNano || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return all.slice(0, largestMax);
}

function kindOf({ sellerNano, buyerNano }: Pair): DifferenceKind {
  if (sellerNano === buyerNano) return 'same';
  if (sellerNano < 0) return 'only-buyer';
  return buyerNano < 0 ? 'only-seller' : 'other-price';
}

function decimalOf(nano: number): string {
  const digits = String(nano).padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

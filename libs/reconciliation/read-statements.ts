/** Turns rows of a log into statements about impressions, by the log's mapping. */
import { hash64Into, sha256 } from '#crypto';
import { type RowBlock, rowFault } from '#log-files/row-block';
import { recordFlag, recordKind } from '#protocol';
import { idFault, idFaultOf, impFaultOf } from './id-text.js';
import type { LogMapping } from './mapping.js';
import { priceCode, readPrice } from './price-text.js';
import type { RowCode } from './row-code.js';
import { headWords, type LogRole, roleNumber, statementAt, tailAt } from './statement-pages.js';
import { TextTable } from './text-table.js';
import { openTimeReader, type ReadTime } from './time-text.js';

/** Stands for the seller where neither the log nor the command line names one. */
const unnamedSeller = 0;
/** Sellers that tell statements apart; a channel takes fewer. */
const sellersMax = 250;
/** Beyond it names are counted together. */
const namesMax = 1 << 18;

/** Field of the row block of each key, -1 where the mapping has none. */
export interface FieldPlaces {
  readonly id: number;
  readonly imp: number;
  readonly price: number;
  readonly time: number;
  readonly seller: number;
  readonly campaign: number;
  readonly placement: number;
  readonly viewable: number;
  readonly invalid: number;
  readonly where: readonly number[];
}

/** The names that statements of several logs share. */
export class StatementNames {
  readonly sellers = new TextTable(sellersMax);
  readonly campaigns = new TextTable(namesMax);
  readonly placements = new TextTable(namesMax);
}

export interface StatementSource {
  readonly role: LogRole;
  readonly mapping: LogMapping;
  readonly fields: FieldPlaces;
  /** Whose log it is, where the log has no column that says it. */
  readonly seller?: string;
}

/** Statements one after the other, valid until the next are taken. */
export interface Statements {
  readonly count: number;
  readonly heads: Uint32Array;
  /** The place of a statement's text is left to whoever keeps texts. */
  readonly tails: Uint32Array;
  /** Of each the row of the block. */
  readonly rows: Uint32Array;
  readonly block: RowBlock;
}

export interface StatementSink {
  take(statements: Statements): void;
  unusable(line: number, code: RowCode): void;
}

export interface StatementCounts {
  rows: number;
  used: number;
  /** Rows that do not meet the mapping's conditions. */
  leftOut: number;
  /** Rows that count, though their hour is not known. */
  withoutTime: number;
}

const messageBytes = 64;
/** Longer ids are hashed by themselves first. */
const shortBytes = 62;
const longMark = 255;
const cpmDigits = 3;
const nanoDigits = 9;
const zero = 48;
const defaultImp = Uint8Array.of(49);

const codeOfFault: Readonly<Record<number, RowCode>> = {
  [rowFault.columnCount]: 'column-count',
  [rowFault.notJson]: 'not-json',
  [rowFault.quoteNotClosed]: 'quote-not-closed',
  [rowFault.tooLong]: 'row-too-long',
};
const codeOfId: Readonly<Record<number, RowCode>> = {
  [idFault.missing]: 'id-missing',
  [idFault.macro]: 'id-unresolved-macro',
  [idFault.notAcceptable]: 'id-not-acceptable',
};

/** One a log; its memory grows to the largest block. */
export class StatementReader {
  readonly counts: StatementCounts = { rows: 0, used: 0, leftOut: 0, withoutTime: 0 };
  readonly #source: StatementSource;
  readonly #names: StatementNames;
  readonly #sink: StatementSink;
  readonly #readTime: ReadTime | undefined;
  readonly #exponent: number;
  readonly #seller: number;
  readonly #conditions: readonly ValueSet[];
  readonly #viewable: ValueSet | undefined;
  readonly #invalid: ValueSet | undefined;
  readonly #tailWords: number;
  #heads = new Uint32Array(0);
  #rows = new Uint32Array(0);
  #tails = new Uint32Array(0);
  #messages = new Uint8Array(0);
  #keys = new Uint32Array(0);
  #block: RowBlock | undefined;
  /** Of the row in hand. */
  #code: RowCode | undefined;

  constructor(source: StatementSource, names: StatementNames, tailWords: number, sink: StatementSink) {
    this.#tailWords = tailWords;
    const { mapping, seller } = source;
    this.#source = source;
    this.#names = names;
    this.#sink = sink;
    this.#readTime = mapping.time && openTimeReader(mapping.time);
    const { price } = mapping;
    this.#exponent = price ? nanoDigits - price.digits - (price.per === 'cpm' ? cpmDigits : 0) : 0;
    const name = new TextEncoder().encode(seller ?? '');
    this.#seller = seller === undefined ? unnamedSeller : names.sellers.numberOf(name, 0, name.length);
    this.#conditions = mapping.where.map((one) => new ValueSet(one.values));
    this.#viewable = mapping.viewable && new ValueSet(mapping.viewable.values);
    this.#invalid = mapping.invalid && new ValueSet(mapping.invalid.values);
  }

  read(block: RowBlock): void {
    this.#block = block;
    if (this.#heads.length < block.rows * headWords) {
      const rows = Math.ceil(block.rows * 1.25);
      this.#heads = new Uint32Array(rows * headWords);
      this.#tails = new Uint32Array(rows * this.#tailWords);
      this.#rows = new Uint32Array(rows);
      this.#messages = new Uint8Array(rows * messageBytes);
      this.#keys = new Uint32Array(rows * headWords);
    }
    let used = 0;
    for (let row = 0; row < block.rows; row++) {
      this.#code = undefined;
      const isUsed = this.#readRow(row, used);
      if (isUsed) this.#rows[used++] = row;
      else if (this.#code !== undefined) this.#sink.unusable(block.lines[row], this.#code);
      else this.counts.leftOut += 1;
    }
    this.counts.rows += block.rows;
    this.counts.used += used;
    if (used === 0) return;
    this.#writeKeys(used);
    this.#sink.take({ count: used, heads: this.#heads, tails: this.#tails, rows: this.#rows, block });
  }

  /** Sixteen bytes of the SHA-256 of each message: a key that nobody can make collide. */
  #writeKeys(used: number): void {
    const keyBytes = new Uint8Array(this.#keys.buffer);
    hash64Into(this.#messages.subarray(0, used * messageBytes), keyBytes);
    const heads = this.#heads;
    const keys = this.#keys;
    for (let row = 0; row < used; row++) {
      const head = row * headWords;
      heads[head] = keys[head];
      heads[head + 1] = keys[head + 1];
      heads[head + 2] = keys[head + 2];
      heads[head + 3] = keys[head + 3];
    }
  }

  /** Writes row `row` as statement number `to`. False where it cannot be used, or is left out. */
  #readRow(row: number, to: number): boolean {
    const block = this.#block!;
    const { fields, role } = this.#source;
    if (block.faults[row] !== rowFault.none) return this.#refuse(codeOfFault[block.faults[row]]);
    for (let at = 0; at < fields.where.length; at++) {
      if (!this.#has(this.#conditions[at], row, fields.where[at])) return false;
    }
    if (!this.#readKey(row, to)) return false;
    const isAudit = role === 'auditor';
    const price = isAudit ? 0 : this.#readPrice(row);
    if (price < 0) return false;
    const seller = fields.seller < 0 ? this.#seller : this.#readSeller(row);
    if (seller < 0) return false;
    const flags = isAudit ? this.#readFlags(row) : 0;
    const head = to * headWords;
    const high = Math.floor(price / 2 ** 32);
    this.#heads[head + statementAt.priceLow] = price - high * 2 ** 32;
    this.#heads[head + statementAt.priceHigh] = high;
    this.#heads[head + statementAt.statement] =
      (isAudit ? recordKind.audit : recordKind.win) |
      (roleNumber[role] << 8) |
      (seller << 16) |
      (flags << 24);
    this.#heads[head + statementAt.seconds] = this.#readSeconds(row);
    const tail = to * this.#tailWords;
    this.#tails[tail + tailAt.campaign] = this.#number(this.#names.campaigns, row, fields.campaign);
    this.#tails[tail + tailAt.placement] = this.#number(this.#names.placements, row, fields.placement);
    return true;
  }

  #readKey(row: number, to: number): boolean {
    const { bytes, starts, ends, fields } = this.#block!;
    const places = this.#source.fields;
    const id = row * fields + places.id;
    const fault = idFaultOf(bytes, starts[id], ends[id]);
    if (fault !== idFault.none) return this.#refuse(codeOfId[fault]);
    if (places.imp < 0) {
      writeKeyMessage(bytes, starts[id], ends[id], defaultImp, 0, 1, this.#messages, to * messageBytes);
      return true;
    }
    const imp = row * fields + places.imp;
    const impFault = impFaultOf(bytes, starts[imp], ends[imp]);
    if (impFault !== idFault.none) return this.#refuse(codeOfId[impFault]);
    writeKeyMessage(
      bytes,
      starts[id],
      ends[id],
      bytes,
      starts[imp],
      ends[imp],
      this.#messages,
      to * messageBytes,
    );
    return true;
  }

  /** In nano-units, or -1. */
  #readPrice(row: number): number {
    const { bytes, starts, ends, fields } = this.#block!;
    const at = row * fields + this.#source.fields.price;
    const price = readPrice(bytes, starts[at], ends[at], this.#exponent);
    if (price >= 0) return price;
    return this.#refuseNumber(priceCode(bytes, starts[at], ends[at], this.#exponent));
  }

  /** The number of the seller's name, or -1. */
  #readSeller(row: number): number {
    const { bytes, starts, ends, fields } = this.#block!;
    const at = row * fields + this.#source.fields.seller;
    let start = starts[at];
    const end = ends[at];
    if (start < 0 || start === end) return this.#refuseNumber('seller-missing');
    if (this.#source.mapping.seller?.isNumber) {
      for (let one = start; one < end; one++) {
        if (bytes[one] < 48 || bytes[one] > 57) return this.#refuseNumber('seller-not-a-number');
      }
      while (start < end - 1 && bytes[start] === 48) start += 1;
    } else if (idFaultOf(bytes, start, end) === idFault.missing && bytes[start] !== zero) {
      return this.#refuseNumber('seller-missing');
    }
    return this.#names.sellers.numberOf(bytes, start, end);
  }

  #readFlags(row: number): number {
    const { viewable, invalid } = this.#source.fields;
    // An audit log without the column lists what was in view.
    const isViewable = this.#viewable === undefined || this.#has(this.#viewable, row, viewable);
    const isInvalid = this.#invalid !== undefined && this.#has(this.#invalid, row, invalid);
    return (
      recordFlag.measurable |
      (isViewable ? recordFlag.viewable : 0) |
      (isInvalid ? recordFlag.generalInvalidTraffic : 0)
    );
  }

  #readSeconds(row: number): number {
    const field = this.#source.fields.time;
    if (this.#readTime === undefined || field < 0) return 0;
    const { bytes, starts, ends, fields } = this.#block!;
    const at = row * fields + field;
    const seconds = starts[at] < 0 ? 0 : this.#readTime(bytes, starts[at], ends[at]);
    if (seconds === 0) this.counts.withoutTime += 1;
    return seconds;
  }

  #number(names: TextTable, row: number, field: number): number {
    if (field < 0) return 0;
    const { bytes, starts, ends, fields } = this.#block!;
    const at = row * fields + field;
    return starts[at] < 0 ? 0 : names.numberOf(bytes, starts[at], ends[at]);
  }

  #has(values: ValueSet, row: number, field: number): boolean {
    const { bytes, starts, ends, fields } = this.#block!;
    const at = row * fields + field;
    return starts[at] >= 0 && values.has(bytes, starts[at], ends[at]);
  }

  #refuseNumber(code: RowCode): number {
    this.#code = code;
    return -1;
  }

  #refuse(code: RowCode): false {
    this.#code = code;
    return false;
  }
}

/** A few texts, asked by their bytes. */
class ValueSet {
  readonly #values: readonly Uint8Array[];

  constructor(values: readonly string[]) {
    this.#values = values.map((value) => new TextEncoder().encode(value));
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#values.some(
      (value) => value.length === end - start && value.every((byte, at) => bytes[start + at] === byte),
    );
  }
}

/**
 * Writes the 64 bytes whose SHA-256 is the key of an impression here: id ‖ 0 ‖ imp, zeros, and their
 * length; of longer ids their digest. The ids hold no zero, so that no two make the same message.
 */
function writeKeyMessage(
  id: Uint8Array,
  idStart: number,
  idEnd: number,
  imp: Uint8Array,
  impStart: number,
  impEnd: number,
  messages: Uint8Array,
  to: number,
): void {
  const length = idEnd - idStart + 1 + impEnd - impStart;
  if (length > shortBytes) {
    const whole = new Uint8Array(length);
    whole.set(id.subarray(idStart, idEnd));
    whole.set(imp.subarray(impStart, impEnd), idEnd - idStart + 1);
    messages.fill(0, to, to + messageBytes);
    messages.set(sha256(whole), to);
    messages[to + messageBytes - 1] = longMark;
    return;
  }
  let at = to;
  for (let one = idStart; one < idEnd; one++) messages[at++] = id[one];
  messages[at++] = 0;
  for (let one = impStart; one < impEnd; one++) messages[at++] = imp[one];
  while (at < to + messageBytes - 1) messages[at++] = 0;
  messages[at] = length;
}

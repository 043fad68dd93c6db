/**
 * What is known of each impression of a log while it is read: a table of places, 24 bytes each, so that
 * millions of impressions are no objects.
 */
import { viewOf } from '#encoding';

const capacityMin = 1 << 12;
/** Of 100 places so many are taken at most. */
const fullPercent = 70;
const countMax = 0x7fff;
const clickedBit = 0x8000;

/** A place in the table; valid until the next `add`. */
export type Place = number;

export class ImpressionTable {
  #capacity = capacityMin;
  #size = 0;
  #keys = new Uint32Array(capacityMin * 4);
  /** Rows with the key, and whether it was clicked; 0 in a free place. */
  #rows = new Uint16Array(capacityMin);
  #days = new Uint16Array(capacityMin);
  #fen = new Uint32Array(capacityMin);

  /** How many impressions there are. */
  get size(): number {
    return this.#size;
  }

  /** A row of the impression of this key, 16 bytes, at this exchange; its first day counts. */
  add(key: Uint8Array, exchange: number, day: number): Place {
    if (this.#size * 100 >= this.#capacity * fullPercent) this.#grow();
    const place = this.#search(key, exchange);
    if (this.#rows[place] === 0) {
      this.#write(place, key, exchange);
      this.#days[place] = day;
      this.#size += 1;
    } else if (day < this.#days[place]) this.#days[place] = day;
    if ((this.#rows[place] & countMax) < countMax) this.#rows[place] += 1;
    return place;
  }

  /** Undefined for one that has no row. */
  find(key: Uint8Array, exchange: number): Place | undefined {
    const place = this.#search(key, exchange);
    return this.#rows[place] === 0 ? undefined : place;
  }

  click(place: Place): void {
    this.#rows[place] |= clickedBit;
  }

  isClicked(place: Place): boolean {
    return (this.#rows[place] & clickedBit) !== 0;
  }

  /** 32,767 stands for that many or more. */
  rowsOf(place: Place): number {
    return this.#rows[place] & countMax;
  }

  dayOf(place: Place): number {
    return this.#days[place];
  }

  /** The price of the row that was shown first, which it becomes where there was none. */
  firstPrice(place: Place, fen: number): number | undefined {
    const known = this.#fen[place];
    if (known !== 0) return known - 1;
    this.#fen[place] = fen + 1;
    return undefined;
  }

  /** Ascending, of all impressions. */
  days(): number[] {
    const found = new Set<number>();
    for (let place = 0; place < this.#capacity; place++) {
      if (this.#rows[place] !== 0) found.add(this.#days[place]);
    }
    return [...found].sort((a, b) => a - b);
  }

  #search(key: Uint8Array, exchange: number): Place {
    const view = viewOf(key);
    const [a, b, c] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
    const d = (view.getUint32(12, true) ^ Math.imul(exchange + 1, 0x9e3779b1)) >>> 0;
    const keys = this.#keys;
    const mask = this.#capacity - 1;
    for (let place = (a ^ d) & mask; ; place = (place + 1) & mask) {
      if (this.#rows[place] === 0) return place;
      const at = place * 4;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return place;
    }
  }

  #write(place: Place, key: Uint8Array, exchange: number): void {
    const view = viewOf(key);
    for (let word = 0; word < 3; word++) this.#keys[place * 4 + word] = view.getUint32(word * 4, true);
    this.#keys[place * 4 + 3] = view.getUint32(12, true) ^ Math.imul(exchange + 1, 0x9e3779b1);
  }

  #grow(): void {
    const [keys, rows, days, fen] = [this.#keys, this.#rows, this.#days, this.#fen];
    const before = this.#capacity;
    this.#capacity *= 2;
    this.#keys = new Uint32Array(this.#capacity * 4);
    this.#rows = new Uint16Array(this.#capacity);
    this.#days = new Uint16Array(this.#capacity);
    this.#fen = new Uint32Array(this.#capacity);
    const mask = this.#capacity - 1;
    for (let old = 0; old < before; old++) {
      if (rows[old] === 0) continue;
      let place = (keys[old * 4] ^ keys[old * 4 + 3]) & mask;
      while (this.#rows[place] !== 0) place = (place + 1) & mask;
      this.#keys.set(keys.subarray(old * 4, old * 4 + 4), place * 4);
      this.#rows[place] = rows[old];
      this.#days[place] = days[old];
      this.#fen[place] = fen[old];
    }
  }
}

/** A set of impression keys in one typed array: 12 bytes a slot, no object a key, bounded memory and work. */
import { randomInt } from 'node:crypto';

const slotWords = 3;
const slotsMin = 1_024;
/** Slots looked at for one key; a key that finds none free is not remembered, which the rule allows. */
const probesMax = 32;

/**
 * Keeps the first 96 bits of 16-byte keys. Keys are chosen by others, so the place of a slot depends on a
 * number of this process: nobody outside can make keys that crowd one another.
 */
export class ImpressionSet {
  readonly #keysMax: number;
  readonly #salt = randomInt(2 ** 32);
  #slots = new Uint32Array(slotsMin * slotWords);
  #mask = slotsMin - 1;
  #size = 0;

  /** `keysMax`: above that new keys are not remembered. */
  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#size;
  }

  /** The key is the 16 bytes at `at` of `view`. */
  has(view: DataView, at: number): boolean {
    const a = view.getUint32(at, true);
    const b = view.getUint32(at + 4, true);
    const c = view.getUint32(at + 8, true);
    const slots = this.#slots;
    let slot = this.#placeOf(a, b);
    for (let probe = 0; probe < probesMax; probe++) {
      const word = slot * slotWords;
      const found = slots[word];
      if (found === a && slots[word + 1] === b && slots[word + 2] === c) return true;
      if (found === 0 && slots[word + 1] === 0 && slots[word + 2] === 0) return false;
      slot = (slot + 1) & this.#mask;
    }
    return false;
  }

  add(view: DataView, at: number): void {
    if (this.#size >= this.#keysMax) return;
    if (this.#size * 2 >= this.#mask) this.#grow();
    this.#put(view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true));
  }

  #put(a: number, b: number, c: number): void {
    const slots = this.#slots;
    let slot = this.#placeOf(a, b);
    for (let probe = 0; probe < probesMax; probe++) {
      const word = slot * slotWords;
      if (slots[word] === 0 && slots[word + 1] === 0 && slots[word + 2] === 0) {
        slots[word] = a;
        slots[word + 1] = b;
        slots[word + 2] = c;
        this.#size++;
        return;
      }
      if (slots[word] === a && slots[word + 1] === b && slots[word + 2] === c) return;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    const slots = (this.#mask + 1) * 2;
    this.#slots = new Uint32Array(slots * slotWords);
    this.#mask = slots - 1;
    this.#size = 0;
    for (let word = 0; word < old.length; word += slotWords) {
      if (old[word] !== 0 || old[word + 1] !== 0 || old[word + 2] !== 0) {
        this.#put(old[word], old[word + 1], old[word + 2]);
      }
    }
  }

  #placeOf(a: number, b: number): number {
    let mixed = Math.imul(a ^ this.#salt, 0x85ebca6b) ^ b;
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) & this.#mask;
  }
}

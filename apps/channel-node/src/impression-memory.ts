/** What remembered impressions may take: one bound for all blocks and channels of a node. */

export interface ImpressionHolder {
  readonly channelId: string;
  readonly blockNumber: number;
  /** Lets go of everything. */
  forget(): void;
}

/** Told when the bound was reached: whose impressions were forgotten, none if `holder` alone fills it. */
export type OnFull = (holder: ImpressionHolder, forgotten: readonly ImpressionHolder[]) => void;

export class ImpressionMemory {
  readonly #bytesMax: number;
  readonly #onFull: OnFull;
  /** Those who took something, the oldest first. */
  readonly #taken = new Map<ImpressionHolder, number>();
  readonly #fullTold = new WeakSet<ImpressionHolder>();
  #bytes = 0;

  constructor(bytesMax: number, onFull: OnFull) {
    this.#bytesMax = bytesMax;
    this.#onFull = onFull;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the holder may have so many bytes more. The oldest others forget what they hold for it: in which
   *  block an impression is, is asked of new blocks more often than of old ones. */
  take(holder: ImpressionHolder, bytes: number): boolean {
    const held = this.#taken.get(holder) ?? 0;
    if (held + bytes > this.#bytesMax) {
      if (!this.#fullTold.has(holder)) this.#onFull(holder, []);
      this.#fullTold.add(holder);
      return false;
    }
    const forgotten: ImpressionHolder[] = [];
    for (const oldest of this.#taken.keys()) {
      if (this.#bytes + bytes <= this.#bytesMax) break;
      if (oldest === holder) continue;
      oldest.forget();
      this.release(oldest);
      forgotten.push(oldest);
    }
    this.#taken.set(holder, held + bytes);
    this.#bytes += bytes;
    if (forgotten.length > 0) this.#onFull(holder, forgotten);
    return true;
  }

  /** The holder gives back so many bytes of what it took, or all. */
  release(holder: ImpressionHolder, bytes = this.#taken.get(holder) ?? 0): void {
    const held = this.#taken.get(holder) ?? 0;
    this.#bytes -= bytes;
    if (held === bytes) this.#taken.delete(holder);
    else this.#taken.set(holder, held - bytes);
  }
}

/** Nobody can make a node forget what its own participant named by naming a great deal: each has a part. */
export interface ImpressionMemories {
  readonly own: ImpressionMemory;
  readonly others: ImpressionMemory;
  /** Of what is delivered and not yet sure to be paid. */
  readonly exposure: ImpressionMemory;
}

export function impressionMemories(bytesMax: number, onFull: OnFull): ImpressionMemories {
  const quarter = Math.floor(bytesMax / 4);
  return {
    own: new ImpressionMemory(quarter, onFull),
    others: new ImpressionMemory(quarter, onFull),
    exposure: new ImpressionMemory(2 * quarter, onFull),
  };
}

/** Cuts chunks of text into whole lines: what has not ended waits in front of the next chunk. */

const newline = 10;
/** A longer row is no row of a log. */
export const rowBytesMax = 1 << 20;

/** Where whole lines lie in `work` after `push`; -1 as `skipped` where no line was given up. */
export class LineCutter {
  work = new Uint8Array(0);
  from = 0;
  to = 0;
  #isSkipping = false;

  /**
   * Copies the chunk behind what was left of the last; the caller then says by `keepFrom` where the rest
   * begins.
   */
  push(chunk: Uint8Array): void {
    const rest = this.to - this.from;
    const length = rest + chunk.length;
    if (this.work.length < length) {
      const larger = new Uint8Array(length + (length >> 2));
      larger.set(this.work.subarray(this.from, this.to));
      this.work = larger;
    } else {
      this.work.copyWithin(0, this.from, this.to);
    }
    this.work.set(chunk, rest);
    this.from = 0;
    this.to = length;
  }

  /** Whether the rest of a line that was given up is passed now: undefined where none was given up. */
  passGivenUp(): boolean | undefined {
    if (!this.#isSkipping) return undefined;
    const end = this.work.subarray(this.from, this.to).indexOf(newline);
    this.#isSkipping = end < 0;
    this.from = end < 0 ? this.to : this.from + end + 1;
    return end >= 0;
  }

  /** The rest begins at `from`; true where it is too long to become a row and is given up. */
  keepFrom(from: number): boolean {
    this.from = from;
    if (this.to - from <= rowBytesMax) return false;
    this.#isSkipping = true;
    this.from = this.to;
    return true;
  }

  get isSkipping(): boolean {
    return this.#isSkipping;
  }
}

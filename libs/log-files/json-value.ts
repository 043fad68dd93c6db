/**
 * Finds values in the text of one JSON object without making anything of it: numbers keep the digits that
 * they were written with, so that long ids stay what they are.
 */

/** Keys by their bytes; a leaf has the field that its value goes to. */
export interface WantedKeys {
  readonly children: readonly { readonly key: Uint8Array; readonly wanted: WantedKeys }[];
  readonly field: number;
}

const depthMax = 64;
const quote = 34;
const backslash = 92;
const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
const numberText = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Paths such as `imp.0.id` as keys; the field of each is its place in the list. */
export function wantedKeys(paths: readonly string[]): WantedKeys {
  const of = (rest: readonly { path: readonly string[]; field: number }[]): WantedKeys => {
    const heads = [...new Set(rest.filter(({ path }) => path.length > 0).map(({ path }) => path[0]))];
    return {
      field: rest.find(({ path }) => path.length === 0)?.field ?? -1,
      children: heads.map((head) => ({
        key: encoder.encode(head),
        wanted: of(
          rest
            .filter(({ path }) => path[0] === head)
            .map(({ path, field }) => ({ path: path.slice(1), field })),
        ),
      })),
    };
  };
  return of(paths.map((path, field) => ({ path: path.split('.'), field })));
}

/** Reads objects out of a buffer; texts that hold escapes are written anew where they stand. */
export class JsonValues {
  readonly #wanted: WantedKeys;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #starts: Int32Array = new Int32Array(0);
  #ends: Int32Array = new Int32Array(0);
  #base = 0;

  constructor(wanted: WantedKeys) {
    this.#wanted = wanted;
  }

  /** Whether bytes[from, to) is one JSON object; its wanted values are then at base + field. */
  read(
    bytes: Uint8Array,
    from: number,
    to: number,
    starts: Int32Array,
    ends: Int32Array,
    base: number,
  ): boolean {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.#starts = starts;
    this.#ends = ends;
    this.#base = base;
    this.#skipBlanks();
    if (this.#peek() !== 123) return false;
    if (!this.#value(this.#wanted, 0)) return false;
    this.#skipBlanks();
    return this.#at === this.#end;
  }

  #value(wanted: WantedKeys | undefined, depth: number): boolean {
    if (depth > depthMax) return false;
    this.#skipBlanks();
    const start = this.#at;
    switch (this.#peek()) {
      case 123:
        return this.#object(wanted, depth);
      case 91:
        return this.#list(wanted, depth);
      case quote: {
        const hasEscapes = this.#text();
        if (hasEscapes === undefined) return false;
        return this.#keep(wanted, start + 1, this.#at - 1, hasEscapes);
      }
      default:
        return this.#literal(wanted, start);
    }
  }

  #object(wanted: WantedKeys | undefined, depth: number): boolean {
    this.#at += 1;
    this.#skipBlanks();
    if (this.#take(125)) return true;
    for (;;) {
      this.#skipBlanks();
      const start = this.#at;
      if (this.#peek() !== quote) return false;
      const hasEscapes = this.#text();
      if (hasEscapes === undefined) return false;
      const child = wanted && this.#childOf(wanted, start + 1, this.#at - 1, hasEscapes);
      this.#skipBlanks();
      if (!this.#take(58) || !this.#value(child, depth + 1)) return false;
      this.#skipBlanks();
      if (this.#take(125)) return true;
      if (!this.#take(44)) return false;
    }
  }

  #list(wanted: WantedKeys | undefined, depth: number): boolean {
    this.#at += 1;
    this.#skipBlanks();
    if (this.#take(93)) return true;
    for (let index = 0; ; index++) {
      const key =
        wanted === undefined || wanted.children.length === 0 ? undefined : encoder.encode(String(index));
      const child = key && wanted?.children.find((one) => equal(one.key, key, 0, key.length))?.wanted;
      if (!this.#value(child, depth + 1)) return false;
      this.#skipBlanks();
      if (this.#take(93)) return true;
      if (!this.#take(44)) return false;
    }
  }

  #childOf(wanted: WantedKeys, start: number, end: number, hasEscapes: boolean): WantedKeys | undefined {
    if (hasEscapes) {
      const key = unescaped(this.#bytes, start, end);
      return key && wanted.children.find((one) => equal(one.key, key, 0, key.length))?.wanted;
    }
    for (const child of wanted.children) if (equal(child.key, this.#bytes, start, end)) return child.wanted;
    return undefined;
  }

  /** Goes past a text in quotes; says whether it holds escapes, undefined if it is none. */
  #text(): boolean | undefined {
    const bytes = this.#bytes;
    let hasEscapes = false;
    for (let at = this.#at + 1; at < this.#end; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#at = at + 1;
        return hasEscapes;
      }
      if (byte < 32) return undefined;
      if (byte === backslash) {
        hasEscapes = true;
        at += 1;
      }
    }
    return undefined;
  }

  /** A number, true, false or null. */
  #literal(wanted: WantedKeys | undefined, start: number): boolean {
    const bytes = this.#bytes;
    let at = start;
    while (at < this.#end && bytes[at] > 32 && bytes[at] !== 44 && bytes[at] !== 93 && bytes[at] !== 125)
      at += 1;
    this.#at = at;
    const first = bytes[start];
    const word = first === 116 ? 'true' : first === 102 ? 'false' : first === 110 ? 'null' : undefined;
    const text = String.fromCharCode(...bytes.subarray(start, Math.min(at, start + 400)));
    if (word === undefined ? !numberText.test(text) : text !== word) return false;
    return word === 'null' || this.#keep(wanted, start, at, false);
  }

  /** A key that stands twice is no way to say one thing. */
  #keep(wanted: WantedKeys | undefined, start: number, end: number, hasEscapes: boolean): boolean {
    if (wanted === undefined || wanted.field < 0) return true;
    const at = this.#base + wanted.field;
    if (this.#starts[at] >= 0) return false;
    this.#starts[at] = start;
    this.#ends[at] = end;
    if (!hasEscapes) return true;
    const text = unescaped(this.#bytes, start, end);
    if (text === undefined) return false;
    // UTF-8 is never longer than its escapes.
    this.#bytes.set(text, start);
    this.#ends[at] = start + text.length;
    return true;
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && this.#bytes[this.#at] <= 32) this.#at += 1;
  }

  #peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at] : -1;
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at += 1;
    return true;
  }
}

function unescaped(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  try {
    return encoder.encode(JSON.parse(`"${decoder.decode(bytes.subarray(start, end))}"`) as string);
  } catch {
    return undefined;
  }
}

function equal(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) return false;
  return true;
}

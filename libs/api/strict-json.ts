/**
 * JSON of which every member counts: what `JSON.parse` takes, and no name twice in one object. Readers differ
 * in which of two they take, and whoever signs must know what is read (RFC 8259, section 4).
 */

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string; readonly pointer: string };

export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { ok: false, detail: cause instanceof Error ? cause.message : 'no JSON', pointer: '' };
  }
  const twice = nameTwice(text);
  if (twice === undefined) return { ok: true, value };
  return { ok: false, detail: `the name ${JSON.stringify(twice.name)} stands twice`, pointer: twice.pointer };
}

/** An object or a list that has begun. */
interface Begun {
  /** Of an object: its names so far. */
  readonly names: Set<string> | undefined;
  /** The member in hand: its name, or its place in a list. */
  at: string | number;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/** `text` is JSON. A string is a name where an object has just begun or a member of one ended. */
function nameTwice(text: string): { readonly name: string; readonly pointer: string } | undefined {
  const begun: Begun[] = [];
  let isName = false;
  for (const [found] of text.matchAll(token)) {
    const inner = begun.at(-1);
    if (found === '{' || found === '[') {
      const isObject = found === '{';
      begun.push({ names: isObject ? new Set() : undefined, at: 0 });
      isName = isObject;
    } else if (found === '}' || found === ']') {
      begun.pop();
      isName = false;
    } else if (found === ',') {
      isName = inner?.names !== undefined;
      if (inner !== undefined && inner.names === undefined) inner.at = Number(inner.at) + 1;
    } else if (found !== ':' && isName && inner?.names !== undefined) {
      const name = JSON.parse(found) as string;
      inner.at = name;
      isName = false;
      if (inner.names.has(name)) return { name, pointer: begun.map(({ at }) => `/${escaped(at)}`).join('') };
      inner.names.add(name);
    }
  }
  return undefined;
}

/** RFC 6901, section 3. */
function escaped(at: string | number): string {
  return String(at).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Whether a text still holds a macro that an ad server should have replaced, in any of their spellings. */

/** `${X}` `{{X}}` `{X}` `[X]` `<X>` `%%X%%` `@@X@@` `##X##` `__X__`: a name between signs, in any case. */
const spellings = [
  /\$\{[^{}]*\}/,
  /\{\{[^{}]*\}\}/,
  /\{[a-z_][\w.:]*\}/i,
  /\[[a-z_][\w.:]*\]/i,
  /<[a-z_][\w.:]*>/i,
  /%%[^%]+%%/,
  /@@[^@]+@@/,
  /##[^#]+##/,
  /#\{[^{}]*\}/,
  /(^|[^a-z0-9])__[a-z][a-z0-9]*(_[a-z0-9]+)*__([^a-z0-9]|$)/i,
];
/** The signs above as URLs write them, once or more often encoded. */
const encoded: readonly (readonly [RegExp, string])[] = [
  [/%(25)*24/g, '$'],
  [/%(25)*7b/gi, '{'],
  [/%(25)*7d/gi, '}'],
  [/%(25)*5b/gi, '['],
  [/%(25)*5d/gi, ']'],
  [/%(25)+/g, '%'],
];
/** No text without one of these holds any. */
const sign = /[{[<%@#]|__/;

/** An open `${` or `{{` that nothing closes is one too: the rest of it was cut off. */
export function holdsMacro(text: string): boolean {
  if (!sign.test(text)) return false;
  const plain = text.includes('%') ? decoded(text) : text;
  return /\$\{|\{\{/.test(plain) || spellings.some((spelling) => spelling.test(plain));
}

function decoded(text: string): string {
  return encoded.reduce((all, [code, character]) => all.replace(code, character), text);
}

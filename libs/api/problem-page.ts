/** The page to which `type` of a problem leads: a row for each code, from the same table as the refusals. */
import { problemsPath } from './problem.js';
import { type RefusalCode, refusalCodes, refusals } from './refusals.js';

/** HTML that loads nothing; every code is an id. */
export function problemPage(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Papyrus: problems</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 70ch; margin: 2rem auto; padding: 0 1rem; }
section:target { outline: 2px solid; outline-offset: .5rem; }
</style>
<h1>Problems</h1>
<p>Every refusal of this service by its code, as RFC 9457 problems name them in <code>type</code>.</p>
${refusalCodes.map(sectionOf).join('\n')}
</html>
`;
}

function sectionOf(code: RefusalCode): string {
  const { status, expected, advice, retryable } = refusals[code];
  const again = retryable ? 'may be sent again unchanged' : 'is refused again unless something changes';
  return `<section id="${code}">
<h2><a href="${problemsPath}#${code}"><code>${code}</code></a></h2>
<p>${escaped(expected)} ${escaped(advice)}</p>
<p>Status ${status}; the same request ${again}.</p>
</section>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

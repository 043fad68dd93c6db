import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { commonRefusals, endpoints, refusalCodes, refusals } from '#api';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8');
const ofServices = page.slice(0, page.indexOf('## Of the SDK'));
const lines = ofServices.split('\n').filter((line) => line.startsWith('| <a id='));

/** The line of a code as the table of refusals gives it. */
function lineOf(code: (typeof refusalCodes)[number]): string {
  const { status, expected, advice, retryable } = refusals[code];
  return `| <a id="${code}"></a>\`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${expected} | ${advice} |`;
}

describe('the error reference', () => {
  it('has one line for each refusal, with what the table says, and no others', () => {
    expect([...lines].sort()).toEqual(refusalCodes.map(lineOf).sort());
  });
});

describe('the page of faults', () => {
  const root = join(import.meta.dirname, '../..');
  const product = ['libs', 'apps']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((path) => path.endsWith('.ts') && !/\.spec\.ts$|\.conformance\.ts$|\/testing\//.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));

  it('has a line for each code that is thrown', () => {
    const thrown = product.flatMap((text) =>
      [...text.matchAll(/\bnew Fault\(\s*'([a-z-]+)'/g)].map((match) => match[1]),
    );
    expect(thrown.length).toBeGreaterThan(10);
    expect([...new Set(thrown)].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it('has a place for each code that the SDK throws by itself, as it names the page', () => {
    const own = product.flatMap((text) =>
      [...text.matchAll(/\bsuper\(\{ code: '([a-z-]+)'/g)].map((match) => match[1]),
    );
    expect(own).toEqual(['unreachable']);
    expect(own.filter((code) => !page.includes(`<a id="${code}"></a>`))).toEqual([]);
  });

  it('has no line for a code that the product does not know', () => {
    const listed = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
    expect(listed.length).toBeGreaterThan(5);
    expect(listed.filter((code) => !product.some((text) => text.includes(`'${code}'`)))).toEqual([]);
  });
});

describe('the table of refusals', () => {
  it('holds what the endpoints refuse and nothing that no endpoint refuses', () => {
    const used = new Set([
      ...commonRefusals,
      ...Object.values(endpoints).flatMap((endpoint) => endpoint.refusals),
    ]);
    expect([...used].sort()).toEqual([...refusalCodes].sort());
  });

  it('speaks in sentences', () => {
    for (const { expected, advice } of Object.values(refusals)) {
      expect(expected).toMatch(/^[A-Za-z].*\.$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('calls retryable what a 503 or a 500 is, and no fault in the shape of a request', () => {
    for (const { status, retryable } of Object.values(refusals)) {
      if (status >= 500) expect(retryable).toBe(true);
      if ([400, 413, 415, 422].includes(status)) expect(retryable).toBe(false);
    }
  });
});

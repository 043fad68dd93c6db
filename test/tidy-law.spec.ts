/** The rules of the house notice what breaks them: each is held against a bad sample and its good twin. */
import { describe, expect, it } from '@jest/globals';
import { deadExports, importCircles, lawBreaks, longFunctions, sourceFile } from './tidy-law.js';
import { functionLinesMax } from './tidy-rules.js';

const law = (path: string, text: string): string[] => lawBreaks([sourceFile(path, text)]);

describe('the dependency law', () => {
  it('lets a core take what lies below it, and nothing else', () => {
    expect(law('libs/protocol/a.ts', "import { x } from '#encoding';")).toEqual([]);
    expect(law('libs/protocol/a.ts', "import { x } from '#reduction';")).toEqual([
      'libs/protocol/a.ts → #reduction',
    ]);
  });

  it.each([
    ["import { x } from '../chain/index.js';", '../chain/index.js'],
    ["import type { X } from '../../libs/chain/chain.js';", '../../libs/chain/chain.js'],
    ["export * from '../chain/chain.js';", '../chain/chain.js'],
    ["const x = await import('../chain/chain.js');", '../chain/chain.js'],
    ["import '../chain/chain.js';", '../chain/chain.js'],
  ])('is not got round by a relative path: %s', (text, name) => {
    expect(law('libs/protocol/a.ts', text)).toEqual([
      `libs/protocol/a.ts → ${name}: leaves its own folder by a relative path`,
    ]);
  });

  it('is not got round by a file of a lib instead of its index, nor by an import within a function', () => {
    expect(law('libs/protocol/a.ts', "import { x } from '#chain/anvil-node';")).toEqual([
      'libs/protocol/a.ts → #chain/anvil-node',
    ]);
    const late = "export const open = () => import('#chain');";
    expect(law('libs/protocol/a.ts', late)).toEqual(['libs/protocol/a.ts → #chain']);
  });

  it('lets a port take less than its adapters', () => {
    const text = "import { x } from '#environment';";
    expect(law('libs/key-value/key-value.ts', text)).toEqual(['libs/key-value/key-value.ts → #environment']);
    expect(law('libs/key-value/file-key-value.ts', text)).toEqual([]);
  });

  it('lets no lib take an app, and no app but the command line another', () => {
    const text = "import { x } from '#apps/collator/src/collator';";
    expect(law('libs/sdk/a.ts', text)).toHaveLength(1);
    expect(law('apps/validator/src/a.ts', text)).toHaveLength(1);
    expect(law('apps/collator/src/a.ts', text)).toEqual([]);
    expect(law('apps/cli/src/a.ts', text)).toEqual([]);
  });

  it('means imports, not words in comments and texts', () => {
    expect(
      law('libs/protocol/a.ts', "// import { x } from '#chain';\nconst text = `from '#chain'`;"),
    ).toEqual([]);
  });
});

describe('a circle of imports', () => {
  const files = (last: string) =>
    importCircles([
      sourceFile('libs/sdk/a.ts', "import { b } from './b.js';"),
      sourceFile('libs/sdk/b.ts', "export * from './c.js';"),
      sourceFile('libs/sdk/c.ts', last),
      sourceFile('libs/sdk/d.ts', "import { a } from './a.js';"),
    ]);

  it('is found over several files, also of types', () => {
    expect(files("import type { A } from './a.js';")).toEqual([
      'libs/sdk/a.ts ↔ libs/sdk/b.ts ↔ libs/sdk/c.ts',
    ]);
  });

  it('is none when the last does not lead back', () => {
    expect(files("import type { E } from './e.js';")).toEqual([]);
  });
});

describe('a function', () => {
  const ofLines = (count: number): string => `function long() {${'\n'.repeat(count - 1)}}`;

  it('may have as many lines as the rule says, and not one more', () => {
    expect(longFunctions([sourceFile('libs/sdk/a.ts', ofLines(functionLinesMax))])).toEqual([]);
    expect(longFunctions([sourceFile('libs/sdk/a.ts', ofLines(functionLinesMax + 1))])).toEqual([
      `libs/sdk/a.ts: long has ${functionLinesMax + 1} lines`,
    ]);
  });

  it.each([
    ['an arrow', (body: string) => `const long = () => {${body}};`],
    ['a method', (body: string) => `class Some { long() {${body}} }`],
    ['a private method', (body: string) => `class Some { #long() {${body}} }`],
    ['a constructor', (body: string) => `class Some { constructor() {${body}} }`],
  ])('is one also as %s', (_name, around) => {
    const text = around('\n'.repeat(functionLinesMax));
    expect(longFunctions([sourceFile('libs/sdk/a.ts', text)])).toHaveLength(1);
  });
});

describe('an export', () => {
  const dead = (...users: string[]): string[] => {
    const files = [
      sourceFile('libs/chain/a.ts', 'export const one = 1;\nexport function two() {}\nexport class Three {}'),
      sourceFile('libs/chain/index.ts', "export { one, two } from './a.js';\nexport * as all from './b.js';"),
      sourceFile('libs/chain/b.ts', 'export const four = 4;'),
    ];
    const more = users.map((text, index) => sourceFile(`apps/cli/src/${index}.ts`, text));
    return deadExports(files, [...files, ...more]);
  };
  const [one, two, three] = ['one', 'two', 'Three'].map((name) => `libs/chain/a.ts: ${name}`);

  it('is dead when nobody takes it over, though an index hands it on', () => {
    expect(dead()).toEqual([one, two, three]);
  });

  it('is alive when it is taken by any road', () => {
    expect(dead("import { one as first } from '#chain';")).toEqual([two, three]);
    expect(dead("import { Three } from '#chain/a';")).toEqual([one, two]);
    expect(dead("export { two } from '#chain';", "import { two } from './0.js';")).toEqual([one, three]);
    expect(dead("import * as chain from '#chain';")).toEqual([three]);
    expect(dead("const chain = await import('#chain/a');")).toEqual([]);
  });
});

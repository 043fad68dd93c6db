/** Style is a test: reads every product file and holds it against the rules of the house (tidy-rules.ts). */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadExports,
  importCircles,
  lawBreaks,
  longFunctions,
  type SourceFile,
  sourceFile,
} from './tidy-law.js';
import * as rules from './tidy-rules.js';

const root = join(import.meta.dirname, '..');

function filesOf(...patterns: string[]): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], { cwd: root });
  const paths = listed
    .toString()
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  return paths.map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

const isTest = (file: SourceFile): boolean => /\.(spec|conformance)\.ts$|\/testing\//.test(file.path);
const named = (files: readonly SourceFile[]): string[] => files.map((file) => file.path);

describe('the house', () => {
  let sources: SourceFile[] = [];
  let product: SourceFile[] = [];
  beforeAll(() => {
    sources = filesOf('apps/**/*.ts', 'libs/**/*.ts', 'test/*.ts');
    product = sources.filter((file) => /^(apps|libs)\//.test(file.path) && !isTest(file));
  });

  it('keeps the dependency law between libs and apps, by whatever road one is reached', () => {
    expect(lawBreaks(product)).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(importCircles(sources)).toEqual([]);
  });

  it('keeps functions short', () => {
    expect(longFunctions(product)).toEqual([]);
  });

  it('exports nothing that nobody takes over', () => {
    expect(deadExports(product, sources)).toEqual([]);
  });

  it('keeps clocks, chance, files and promises out of the cores', () => {
    const wrong = product
      .filter((file) => rules.cores.some((core) => file.path.startsWith(`libs/${core}/`)))
      .flatMap((file) =>
        file.lines
          .filter((line) => isCode(line) && rules.bannedInCores.test(line))
          .map((line) => `${file.path}: ${line.trim()}`),
      );
    expect(wrong).toEqual([]);
  });

  it('imports each driver package in exactly one file', () => {
    for (const driver of rules.drivers) {
      const users = product.filter((file) =>
        file.imports.some(({ name }) => name === driver || name.startsWith(`${driver}/`)),
      );
      expect([driver, users.length, ...named(users)]).toEqual([driver, 1, ...named(users)]);
    }
  });

  it('keeps NestJS at the edge', () => {
    const wrong = product.filter(
      (file) =>
        file.imports.some(({ name }) => name.startsWith('@nestjs/')) && !rules.nestFiles.test(file.path),
    );
    expect(named(wrong)).toEqual([]);
  });

  it('keeps files short and begins each with a sentence that says what it is', () => {
    const long = sources.filter((file) => file.lines.length > rules.fileLinesMax + 1);
    expect(named(long)).toEqual([]);
    const usual = product.filter((file) => file.lines.length <= rules.fileLinesUsual);
    expect(usual.length / product.length).toBeGreaterThanOrEqual(0.9);
    const silent = product.filter(
      (file) =>
        basename(file.path) !== 'index.ts' &&
        basename(file.path) !== 'main.ts' &&
        !/^(#!.*\n)?\/\*\*/.test(file.text),
    );
    expect(named(silent)).toEqual([]);
    const wide = product.flatMap((file) =>
      file.lines
        .filter((line) => withoutLongText(line).length > rules.lineCharactersMax)
        .map((line) => `${file.path}: ${line.slice(0, 60)}`),
    );
    expect(wide).toEqual([]);
    const mains = product.filter(
      (file) => basename(file.path) === 'main.ts' && file.lines.length > rules.mainLinesMax + 1,
    );
    expect(named(mains)).toEqual([]);
  });

  it('uses the words of the house', () => {
    const types = product.flatMap((file) =>
      [...file.text.matchAll(/\b(?:class|interface|type|enum) (\w+)/g)]
        .map((match) => match[1])
        .filter((name) => rules.bannedSuffixes.test(name)),
    );
    expect(types).toEqual([]);
    expect(named(sources.filter((file) => rules.bannedFileNames.test(file.path)))).toEqual([]);
  });

  it('leaves nothing behind', () => {
    const marks = new RegExp(
      `\\b(${['TO', 'DO'].join('')}|FIX${'ME'}|XX${'X'})\\b|@ts-${'ignore'}|biome-${'ignore'}|\\bas an${'y'}\\b|: an${'y'}\\b`,
    );
    const wrong = sources.flatMap((file) =>
      file.lines.filter((line) => marks.test(line)).map((line) => `${file.path}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  it('reads nothing beside the project in product code and names no machine', () => {
    const wrong = filesOf('apps', 'libs', 'contracts', 'tools').filter((file) =>
      /\.\.\/shared|\/work\/|registry\.npmjs/.test(file.text),
    );
    expect(named(wrong)).toEqual([]);
  });

  it('names every app and lib as a project of the Nest monorepo', () => {
    const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8')) as {
      projects: Record<string, { root: string }>;
    };
    const roots = [...readdirSync(join(root, 'apps')), ...readdirSync(join(root, 'libs'))];
    expect(Object.keys(projects).sort()).toEqual(roots.sort());
    const missing = Object.values(projects).filter((project) => !existsSync(join(root, project.root)));
    expect(missing).toEqual([]);
  });

  it('shows every lib and app to editors and analyzers as source and to Node as built', () => {
    const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      imports: Record<string, unknown>;
    };
    const both = (path: string) => ({ source: `./${path}.ts`, default: `./dist/${path}.js` });
    const libs = readdirSync(join(root, 'libs')).flatMap((lib) => [
      [`#${lib}`, both(`libs/${lib}/index`)],
      [`#${lib}/*`, both(`libs/${lib}/*`)],
    ]);
    const primitives = {
      browser: './dist/libs/crypto/portable-primitives.js',
      ...both('libs/crypto/primitives'),
    };
    const special = [
      ['#apps/*', both('apps/*')],
      ['#crypto/primitives', primitives],
    ];
    expect(imports).toEqual(Object.fromEntries([...libs, ...special]));
  });

  it('runs the tests of the folder that was named, and of no other', () => {
    const listed = (from: string, name: string): string[] => {
      const given = [join(root, 'tools/test.mjs'), 'unit', name, '--listTests', '--json'];
      const env = { ...process.env, INIT_CWD: join(root, from) };
      const paths = JSON.parse(
        execFileSync('node', given, { env, stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
      );
      return (paths as string[]).map((path) => path.slice(root.length + 1)).sort();
    };
    const specs = filesOf('libs/environment/*.spec.ts').map((file) => file.path);
    expect(listed('.', 'libs/environment')).toEqual(specs.sort());
    expect(listed('libs/environment', '.')).toEqual(specs.sort());
    expect(listed('libs', 'environment/timers.spec.ts')).toEqual(['libs/environment/timers.spec.ts']);
  });

  it('has a lock file that holds every platform', () => {
    const check = join(root, 'tools/complete-lock.mjs');
    expect(execFileSync('node', [check, '--check'], { cwd: root }).toString()).toBe('');
  });

  it('is typed as for no newer Node than the oldest that it promises to run on', () => {
    const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));
    const { engines, devDependencies } = read('package.json');
    const oldest = Number(/^>=(\d+)\.\d+$/.exec(engines.node)?.[1]);
    const typed = Number(devDependencies['@types/node'].split('.')[0]);
    expect(typed).toBeLessThanOrEqual(oldest);
    // What each Node knows of the language, as far as TypeScript has names for it.
    const languageOf: Record<string, readonly string[]> = { 20: ['es2023', 'es2024.string'] };
    expect(read('tsconfig.json').compilerOptions.lib).toEqual(languageOf[String(typed)]);
  });

  it('lists every dependency with the job it does', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const page = readFileSync(join(root, 'docs/reference/dependencies.md'), 'utf8');
    const unlisted = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !page.includes(`\`${name}\``),
    );
    expect(unlisted).toEqual([]);
  });
});

/** A literal cannot be broken over lines: only what stands around it counts. */
function withoutLongText(line: string): string {
  return isCode(line) ? line.replace(/`[^`]*`|'[^']*'|"[^"]*"/g, '``') : line;
}

function isCode(line: string): boolean {
  return !/^\s*(\*|\/\*|\/\/)/.test(line);
}

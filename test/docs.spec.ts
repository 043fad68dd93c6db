/**
 * Docs say what is so: links lead somewhere, commands exist, and tables that repeat the code agree with it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as rules from './tidy-rules.js';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
/** Pages whose commands a reader types. */
const walked = pages.filter((path) => /^(README|CONTRIBUTING)\.md$|^docs\/(tutorial|how-to)\//.test(path));

describe('the docs', () => {
  it('link only to what is there', () => {
    const broken = pages.flatMap((page) =>
      linksOf(read(page))
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page} → ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('reach every page of docs/ from a page outside it', () => {
    const reached = new Set<string>();
    const visit = (page: string): void => {
      if (reached.has(page)) return;
      reached.add(page);
      for (const link of linksOf(read(page))) {
        const target = join(dirname(page), link.split('#')[0]);
        if (target.endsWith('.md') && pages.includes(target)) visit(target);
      }
    };
    visit('README.md');
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = walked.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([a-z:]+)/g)].map((match) => match[1]),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('name commands and options that the command line has', () => {
    const lines = [...walked, 'docs/reference/wire-formats.md'].flatMap((page) => commandsOf(read(page)));
    expect(lines.length).toBeGreaterThan(3);
    const wrong = lines.filter((line) => {
      const options = line.match(/--[a-z-]+/g) ?? [];
      return options.some((option) => !helpOf(commandName(line)).includes(option));
    });
    expect(wrong).toEqual([]);
  });

  it('keep what their commands write in .data/', () => {
    const helps = ['demo', 'up', 'block export', 'block show', 'doctor'].map(helpOf);
    const folders = [...walked.map(read), ...helps].flatMap((text) =>
      [...text.matchAll(/--(?:data|out) ([^\s<`]+)/g)].map((match) => match[1]),
    );
    expect(folders.length).toBeGreaterThan(10);
    expect(folders.filter((folder) => !/^(\.data\/[a-z0-9.-]+|[A-Z]+)$/.test(folder))).toEqual([]);
  });

  it('list every option and default of the command line', () => {
    const page = read('docs/reference/cli.md');
    const grouped = groups.flatMap((group) => {
      const names = [...helpOf(group).matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map((match) => match[1]);
      expect(names.length).toBeGreaterThan(0);
      return names.map((name) => `${group} ${name}`);
    });
    for (const command of ['demo', 'replay', 'up', 'doctor', 'completion', ...grouped]) {
      const options = helpOf(command).match(/^\s+--[a-z-]+/gm) ?? [];
      expect(options.length).toBeGreaterThan(0);
      expect(options.filter((option) => !page.includes(`\`${option.trim()}`))).toEqual([]);
    }
  });

  it('show the dependency law as the tidy test enforces it', () => {
    const said = lawOf(read('ARCHITECTURE.md'));
    const enforced: Record<string, readonly string[]> = { ...rules.mayImport };
    for (const port of rules.ports) enforced[`adapters of ${port}`] = rules.adapterMayImport[port];
    for (const [folder, allowed] of Object.entries(enforced)) {
      expect([folder, [...(said.get(folder) ?? ['?'])].sort()]).toEqual([folder, [...allowed].sort()]);
    }
  });

  it('name every variable that an app reads, and give containers no other', () => {
    const sources = execFileSync('git', ['ls-files', 'apps/*.config.ts', 'libs/*environment.ts'], {
      cwd: root,
    });
    const schemas = sources.toString().trim().split('\n').map(read).join('\n');
    const variables = new Set([...schemas.matchAll(/\b([A-Z][A-Z_]{3,}): /g)].map((match) => match[1]));
    expect(variables.size).toBeGreaterThan(15);
    const page = read('docs/reference/configuration.md');
    expect([...variables].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    const inTables = [...page.matchAll(/^\|.*$/gm)].flatMap((row) => row[0].match(/`[A-Z_]{4,}`/g) ?? []);
    expect(inTables.filter((name) => !variables.has(name.replaceAll('`', '')))).toEqual([]);
    const given = [...read('docker/compose.yaml').matchAll(/^ +([A-Z][A-Z_]+): /gm)].map((match) => match[1]);
    expect(given.filter((name) => name !== 'APP' && !variables.has(name))).toEqual([]);
  });

  it('begin the wire formats with a batch of the golden vectors', () => {
    const { good } = JSON.parse(read('test/vectors/protocol/batches.json')) as {
      good: { count: number; bytes: string; digest: string; signer: string }[];
    };
    const vector = good.find((batch) => batch.count === 1);
    const shown = /header {5}([\s\S]+?)\n {4}digest {5}(\w+)\n {4}signer {5}(\w+)/.exec(
      read('docs/reference/wire-formats.md'),
    );
    const bytes = shown?.[1].replace('00 × 31', '00'.repeat(31)).replace(/record|\s/g, '');
    expect([`0x${bytes}`, `0x${shown?.[2]}`, `0x${shown?.[3]}`]).toEqual([
      vector?.bytes,
      vector?.digest,
      vector?.signer,
    ]);
  });
});

/** Relative targets of a page's links and pictures. */
function linksOf(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1])
    .filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file, anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), file);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}

/** As GitHub makes them from headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Lines that run `papyrus`, from fenced blocks and code spans. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/(?:npm run -s papyrus -- |`papyrus |^papyrus )([a-z][^`\n]+)/gm)].map(
    (match) => match[1],
  );
}

/** Commands that hold others. */
const groups = ['block', 'dispute', 'record', 'keys', 'account', 'validator', 'channel'];

function commandName(line: string): string {
  const [first, second] = line.split(' ');
  return groups.includes(first) ? `${first} ${second}` : first;
}

const asked = new Map<string, string>();

/**
 * What `papyrus COMMAND --help` says; a command that does not exist ends with another exit code and throws.
 */
function helpOf(command: string): string {
  const known = asked.get(command);
  if (known !== undefined) return known;
  const args = ['tools/papyrus.mjs', ...command.split(' '), '--help'];
  const said = execFileSync('node', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  asked.set(command, said);
  return said;
}

/** The rows of the law's table, by folder. */
function lawOf(text: string): Map<string, string[]> {
  const table = text.slice(text.indexOf('## The dependency law'));
  const law = new Map<string, string[]>();
  for (const [, folders, allowed] of table.matchAll(/^\| ([a-z][^|]+) \| ([^|]+) \|$/gm)) {
    const names = allowed === 'nothing of ours' ? [] : allowed.split(', ');
    const adapters = folders.startsWith('adapters of ');
    for (const folder of folders.replace('adapters of ', '').split(', ')) {
      law.set(adapters ? `adapters of ${folder}` : folder, names);
    }
  }
  return law;
}

/** How the house is looked at: what each file imports and exports, resolved to files, and what breaks the rules. */
import { basename, posix } from 'node:path';
import ts from 'typescript';
import * as rules from './tidy-rules.js';

export interface SourceFile {
  /** From the top of the house, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
  /** Names of the values that it declares and exports itself. */
  readonly exports: readonly string[];
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

export interface Import {
  /** As it is written. */
  readonly name: string;
  /** Names taken over; undefined when all are (`*`), or none is named. */
  readonly taken: readonly string[] | undefined;
  /** Hands them on to whoever imports this file. */
  readonly isHandedOn: boolean;
}

export function sourceFile(path: string, text: string): SourceFile {
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const functions: { name: string; lines: number }[] = [];
  const look = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const { line: from } = parsed.getLineAndCharacterOfPosition(node.getStart());
      const { line: to } = parsed.getLineAndCharacterOfPosition(node.getEnd());
      functions.push({ name: nameOf(node), lines: to - from + 1 });
    }
    ts.forEachChild(node, look);
  };
  look(parsed);
  return {
    path,
    text,
    lines: text.split('\n'),
    imports,
    exports: parsed.statements.flatMap(exportedBy),
    functions,
  };
}

/** The file that an import means, if it is one of the house. */
export function resolved(from: string, name: string): string | undefined {
  if (name.startsWith('.')) {
    return posix.join(posix.dirname(from), name).replace(/\.(m?)js$/, '.$1ts');
  }
  if (name.startsWith('#apps/')) return `${name.slice(1)}.ts`;
  if (!name.startsWith('#')) return undefined;
  return `libs/${name.slice(1)}${name.includes('/') ? '' : '/index'}.ts`;
}

/** Imports that the dependency law does not allow, by whatever road. */
export function lawBreaks(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const [kind, own] = file.path.split('/');
    return file.imports.flatMap(({ name }) => {
      const to = resolved(file.path, name);
      if (to === undefined) return [];
      const [toKind, toOwn] = to.split('/');
      if (toKind === kind && toOwn === own) return [];
      if (name.startsWith('.')) return [`${file.path} → ${name}: leaves its own folder by a relative path`];
      const isAllowed =
        kind === 'libs'
          ? toKind === 'libs' && allowedFor(file.path, own).includes(toOwn)
          : toKind === 'libs' || own === 'cli';
      return isAllowed ? [] : [`${file.path} → ${name}`];
    });
  });
}

/** Files that import each other in a circle, each circle as its files in order of their names. */
export function importCircles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const next = (path: string): string[] =>
    (byPath.get(path)?.imports ?? [])
      .flatMap(({ name }) => resolved(path, name) ?? [])
      .filter((to) => byPath.has(to));
  const reached = new Map(files.map(({ path }) => [path, reachedFrom(path, next)]));
  const circles = files
    .filter(({ path }) => reached.get(path)?.has(path))
    .map(({ path }) => [...(reached.get(path) ?? [])].filter((to) => reached.get(to)?.has(path)).sort());
  return [...new Set(circles.map((circle) => circle.join(' ↔ ')))];
}

export function longFunctions(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, functions }) =>
    functions
      .filter(({ lines }) => lines > rules.functionLinesMax)
      .map(({ name, lines }) => `${path}: ${name} has ${lines} lines`),
  );
}

/** Values that `files` export and neither a file of `users` nor the outside takes over. */
export function deadExports(files: readonly SourceFile[], users: readonly SourceFile[]): string[] {
  const byPath = new Map(users.map((file) => [file.path, file]));
  const used = new Set<string>();
  const use = (path: string, name: string): void => {
    const key = `${path} ${name}`;
    if (used.has(key)) return;
    used.add(key);
    for (const one of byPath.get(path)?.imports ?? []) {
      const to = resolved(path, one.name);
      if (to !== undefined && one.isHandedOn && (one.taken?.includes(name) ?? true)) use(to, name);
    }
  };
  const useAll = (path: string): void => {
    const file = byPath.get(path);
    for (const name of file?.exports ?? []) use(path, name);
    for (const one of file?.imports ?? []) {
      const to = resolved(path, one.name);
      if (to === undefined || !one.isHandedOn) continue;
      if (one.taken === undefined) useAll(to);
      else for (const name of one.taken) use(to, name);
    }
  };
  for (const user of users) {
    for (const one of user.imports) {
      const to = resolved(user.path, one.name);
      if (to === undefined || one.isHandedOn) continue;
      if (one.taken === undefined) useAll(to);
      else for (const name of one.taken) use(to, name);
    }
  }
  for (const path of rules.takenOutside) useAll(path);
  return files.flatMap(({ path, exports }) =>
    exports.filter((name) => !used.has(`${path} ${name}`)).map((name) => `${path}: ${name}`),
  );
}

function reachedFrom(start: string, next: (path: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const open = [...next(start)];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...next(path));
  }
  return reached;
}

function allowedFor(path: string, folder: string): readonly string[] {
  const port = rules.ports.find((name) => name === folder);
  if (port === undefined) return rules.mayImport[folder] ?? [];
  const isPortFile = basename(path) === `${port}.ts` || basename(path) === 'index.ts';
  return isPortFile ? ['encoding', 'protocol'] : rules.adapterMayImport[port];
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const { importClause: clause, moduleSpecifier } = node;
    const bindings = clause?.namedBindings;
    const named = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : undefined;
    const isAll = bindings !== undefined && ts.isNamespaceImport(bindings);
    return {
      name: moduleSpecifier.text,
      taken: isAll ? undefined : (named ?? []).map((one) => (one.propertyName ?? one.name).text),
      isHandedOn: false,
    };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.exportClause;
    const named = clause !== undefined && ts.isNamedExports(clause) ? clause.elements : undefined;
    // Under a name of its own (`* as limits`) all of it counts as taken.
    const isUnderName = clause !== undefined && ts.isNamespaceExport(clause);
    return {
      name: node.moduleSpecifier.text,
      taken: named?.map((one) => (one.propertyName ?? one.name).text),
      isHandedOn: !isUnderName,
    };
  }
  if (!ts.isCallExpression(node) || node.arguments.length === 0) return undefined;
  const [argument] = node.arguments;
  const isCallOfImport =
    node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require';
  if (!isCallOfImport || !ts.isStringLiteral(argument)) return undefined;
  return { name: argument.text, taken: undefined, isHandedOn: false };
}

function exportedBy(statement: ts.Statement): string[] {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((one) => one.name.getText());
  }
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return [];
  const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return isValue && statement.name !== undefined ? [statement.name.text] : [];
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)
    ? parent.name.getText()
    : 'a function';
}

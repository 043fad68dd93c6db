/** Loads TypeScript as jest does, by the same compiler and settings, and gives specs the words of jest from words.mjs. */
import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformFile } from '@swc/core';

const words = pathToFileURL(`${import.meta.dirname}/words.mjs`).href;

export async function resolve(name, context, next) {
  if (name === '@jest/globals') return { url: words, shortCircuit: true };
  if (name.startsWith('.') && name.endsWith('.js')) {
    const source = new URL(name.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return next(name, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transformFile(fileURLToPath(url), { swcrc: true, sourceMaps: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}

// Hooks run in a thread of their own, which loads this file again.
if (isMainThread) register(import.meta.url);

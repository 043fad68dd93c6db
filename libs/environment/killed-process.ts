/** For tests of durability: runs a program in a process of its own and kills it in the middle of its work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface KilledProgram {
  /**
   * JavaScript module text; it imports compiled files by absolute path and prints a line for each thing it
   * was promised.
   */
  readonly source: string;
  /** The SIGKILL follows after so many lines; without it the program ends by itself. */
  readonly lines?: number;
  /** `ulimit -f` in units of 1,024 bytes: no file grows further, as on a full disk. */
  readonly fileKibibytesMax?: number;
}

/**
 * All lines that the program printed, those between the decision to kill and its death included. Throws when
 * the
 *  program ends by itself before printing enough. */
export async function runAndKill(program: KilledProgram): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-killed-'));
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program.source);
  const limit = program.fileKibibytesMax === undefined ? '' : `ulimit -f ${program.fileKibibytesMax}; `;
  const child = spawn('bash', ['-c', `${limit}exec "$0" "$1"`, process.execPath, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const lines: string[] = [];
  const needed = program.lines ?? 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === needed) child.kill('SIGKILL');
  }
  await ended;
  rmSync(folder, { recursive: true });
  if (lines.length < needed) throw new Error(`the program ended after ${lines.length} lines: ${complaint}`);
  return lines;
}

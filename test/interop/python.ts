/** Finds a Python that has the libraries of requirements.txt, and runs the checkers with it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface PythonRun {
  readonly code: number | null;
  readonly output: string;
}

/** The virtual environment that `.ci/run` makes. */
const own = join(import.meta.dirname, '../../.data/python/bin/python');
/** `PAPYRUS_PYTHON` names another interpreter than that one or python3. */
const command = process.env.PAPYRUS_PYTHON ?? (existsSync(own) ? own : 'python3');

/** Why the Python checkers cannot run here; undefined where they can. */
export function whyNoPython(): string | undefined {
  const asked = 'import sys; assert sys.version_info >= (3, 9); import coincurve, Crypto.Cipher.AES';
  const tried = spawnSync(command, ['-c', asked], { encoding: 'utf8' });
  if (tried.error !== undefined) return `${command} does not start: ${tried.error.message}`;
  if (tried.status === 0) return undefined;
  const lines = tried.stderr.trim().split('\n');
  return `${command} lacks what test/interop/requirements.txt names: ${lines[lines.length - 1]}`;
}

/** Runs a script of this folder. */
export function runPython(
  script: 'check_block.py' | 'check_proof.py' | 'check_vectors.py',
  ...args: string[]
): PythonRun {
  const path = join(import.meta.dirname, script);
  const { status, stdout, stderr } = spawnSync(command, ['-B', path, ...args], { encoding: 'utf8' });
  return { code: status, output: `${stdout}${stderr}`.trim() };
}

/**
 * Whether the Python checks run. Where they cannot they are skipped aloud; in continuous integration
 * (CI=true) their absence is a failure.
 */
export function hasPython(): boolean {
  const reason = whyNoPython();
  if (reason === undefined) return true;
  if (process.env.CI === 'true') throw new Error(`the second implementation cannot run: ${reason}`);
  process.stderr.write(`SKIPPED: the second implementation in Python. ${reason}\n`);
  return false;
}

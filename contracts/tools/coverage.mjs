/**
 * Which branches and lines of contracts/src no test reaches: `npm run test:contracts:coverage`; fails if there is one.
 * Forge finds imports for coverage under its root alone, so a copy is made that has OpenZeppelin in itself. Code is
 * larger while it is counted, so its size is no matter here; campaigns and figures of gas would add nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runForge } from './forge-process.mjs';

const project = join(import.meta.dirname, '../..');

function copyOfContracts(folder) {
  const root = join(folder, 'contracts');
  for (const part of ['src', 'test']) {
    cpSync(join(project, 'contracts', part), join(root, part), { recursive: true });
  }
  cpSync(join(project, 'test/vectors'), join(folder, 'test/vectors'), { recursive: true });
  cpSync(join(project, 'node_modules/@openzeppelin/contracts'), join(root, 'lib/openzeppelin'), { recursive: true });
  const settings = readFileSync(join(project, 'contracts/foundry.toml'), 'utf8')
    .replace(/^libs = .*$/m, 'libs = ["lib"]')
    .replace(/^remappings = .*$/m, 'remappings = ["@openzeppelin/contracts/=lib/openzeppelin/"]')
    .replace(/^(allow|include)_paths = .*\n/gm, '');
  writeFileSync(join(root, 'foundry.toml'), settings);
  return root;
}

/** What a report of forge says of contracts/src: [count of branches, what was not reached]. */
function missed(report) {
  let file = '';
  let branches = 0;
  const lines = [];
  for (const line of report.split('\n')) {
    if (line.startsWith('SF:')) file = line.slice(3);
    if (!file.startsWith('src/')) continue;
    const branch = /^BRDA:(\d+),\d+,\d+,(.+)$/.exec(line);
    if (branch !== null) branches++;
    const hits = branch ?? /^DA:(\d+),(\d+)/.exec(line);
    if (hits !== null && !(Number(hits[2]) > 0)) lines.push(`${file}:${hits[1]} ${branch ? 'branch' : 'line'}`);
  }
  return [branches, lines];
}

const folder = mkdtempSync(join(tmpdir(), 'papyrus-coverage-'));
const reportFile = join(folder, 'lcov.info');
const args = ['coverage', '--report', 'lcov', '--report-file', reportFile];
const left = ['--no-match-contract', 'Invariants|Gas|Fuzz', '--no-match-test', 'below_both_limits'];
try {
  const code = await runForge([...args, ...left], { root: copyOfContracts(folder) });
  if (code !== 0) throw new Error(`forge ended with ${code}`);
  const [branches, lines] = missed(readFileSync(reportFile, 'utf8'));
  for (const line of lines) process.stdout.write(`not reached: ${line}\n`);
  process.stdout.write(`${branches} branches of contracts/src, ${lines.length} branches and lines not reached\n`);
  process.exitCode = lines.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

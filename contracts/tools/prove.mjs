/**
 * Shows the theorems of test/proofs by solc's SMTChecker with the Z3 inside solc's npm package: `npm run prove`.
 * With `-- mistakes` it also puts mistakes into SettlementMath, one at a time, each of which must break a theorem,
 * and a falsehood at the end of every theorem, none of which may be shown: so nothing is shown of nothing.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const proofs = 'contracts/test/proofs/SettlementProofs.sol';
const math = 'contracts/src/lib/SettlementMath.sol';

const mistakes = [
  ['beyond(held, blockMax * live)', 'beyond(held, live == 0 ? 0 : blockMax * (live - 1))'],
  ['result.paid = least(owed, within)', 'result.paid = least(owed, held)'],
  ['result.lacking = owed - result.paid', 'result.lacking = most - result.paid'],
  ['beyond(most, owed), within - result.paid', 'most, within - result.paid'],
  ['beyond(most, owed), within - result.paid', 'beyond(most, owed), held - result.paid'],
  ['least(blockMax, beyond(free(', 'least(2 * blockMax, beyond(free('],
  ['debt + requested));', 'requested)) + (debt > held ? 1 : 0);'],
  ['return least(debt, free(held, blockMax, live))', 'return least(debt, held)'],
  ['return least(debt, free(', 'return least(debt + 1, free('],
  ['beyond(free(held, blockMax, live), debt));', 'free(held, blockMax, live));'],
  ['return left > right ? left - right : 0', 'return left > right ? left - right : left'],
  ['tokenPerUnit / NANO_PER_UNIT', 'tokenPerUnit / NANO_PER_UNIT + 1'],
];

/** Theorems by name with what is not shown of them; `changed` replaces the text of sources. */
function check(changed = {}) {
  const textOf = (name) => changed[name] ?? readFileSync(join(root, name), 'utf8');
  const output = verdicts(textOf);
  const fault = output.find((one) => one.severity === 'error');
  if (fault !== undefined) throw new Error(fault.formattedMessage);
  const theorems = theoremsOf(textOf(proofs));
  let shown = 0;
  const open = [];
  for (const { message, sourceLocation: at } of output) {
    if (!message.startsWith('BMC:') || at === undefined) continue;
    if (message.endsWith('check is safe!')) shown++;
    else {
      const code = Buffer.from(textOf(at.file)).subarray(at.start, at.end).toString();
      const theorem = theorems.find(({ from, to }) => at.file === proofs && from <= at.start && at.start < to);
      open.push({ theorem: theorem?.name ?? at.file, what: `${message} ${code}` });
    }
  }
  return { theorems, shown, open };
}

/** Bounded model checking is no less than a proof here: nothing loops and no call leaves the file. */
function verdicts(textOf) {
  const modelChecker = {
    engine: 'bmc',
    solvers: ['z3'],
    contracts: { [proofs]: ['SettlementProofs'] },
    targets: ['assert', 'overflow', 'underflow', 'divByZero'],
    showProvedSafe: true,
    showUnproved: true,
    showUnsupported: true,
  };
  const solc = createRequire(import.meta.url)('solc');
  const sources = { [proofs]: { content: textOf(proofs) } };
  const input = { language: 'Solidity', sources, settings: { modelChecker, outputSelection: {} } };
  const answer = solc.compile(JSON.stringify(input), { import: (name) => ({ contents: textOf(name) }) });
  return JSON.parse(answer).errors ?? [];
}

/** Byte offsets, as solc counts them. */
function theoremsOf(text) {
  return text
    .split(/(?=^ {4}function )/m)
    .reduce(
      ({ at, found }, piece) => {
        const name = /^ {4}function (\w+)/.exec(piece)?.[1];
        const to = at + Buffer.byteLength(piece);
        return { at: to, found: name === undefined ? found : [...found, { name, from: at, to }] };
      },
      { at: 0, found: [] },
    ).found;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function fail(line) {
  process.exitCode = 1;
  say(line);
}

const { theorems, shown, open } = check();
for (const { name } of theorems) {
  const left = open.filter(({ theorem }) => theorem === name);
  (left.length === 0 ? say : fail)(`${left.length === 0 ? 'proved    ' : 'NOT PROVED'} ${name.replaceAll('_', ' ')}`);
}
for (const { theorem, what } of open) fail(`in ${theorem}: ${what}`);
say(`${theorems.length} theorems, ${shown} conditions shown, ${open.length} not shown`);

if (process.argv[2] === 'mistakes') {
  const text = readFileSync(join(root, math), 'utf8');
  for (const [right, wrong] of mistakes) {
    if (!text.includes(right)) throw new Error(`no ${right} in ${math}`);
    const broken = check({ [math]: text.replace(right, wrong) }).open.length > 0;
    (broken ? say : fail)(`${broken ? 'breaks   ' : 'UNNOTICED'} ${wrong}`);
  }
  const ends = /^( {4}function [^]*?)^ {4}}$/gm;
  const falsified = readFileSync(join(root, proofs), 'utf8').replaceAll(ends, '$1        assert(false);\n    }');
  const names = new Set(check({ [proofs]: falsified }).open.map(({ theorem }) => theorem));
  const empty = theorems.filter(({ name }) => !names.has(name));
  for (const { name } of empty) fail(`HOLDS OF NOTHING ${name}`);
  say(`${theorems.length - empty.length} of ${theorems.length} theorems refuse a falsehood`);
}

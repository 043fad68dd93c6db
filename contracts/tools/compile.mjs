/** Compiles contracts into dist/contracts/<Name>.json: { abi, bytecode, deployedBytecode }. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const sourceFolder = join(root, 'contracts/src');
const targetFolder = join(root, 'dist/contracts');
/** Largest deployed contract that the chain accepts (EIP-170). */
const deployedBytesMax = 24_576;
/** Largest creation code that the chain accepts (EIP-3860); a few constructor arguments are added to it. */
const creationBytesMax = 49_152 - 256;

/** As in foundry.toml; a difference would let tests run other bytecode than what is deployed. */
export const compilerSettings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
};

/** Recompiles if a source, or this file, is newer than what is in dist. Throws with solc's messages. */
export async function compileContracts() {
  const names = readdirSync(sourceFolder, { recursive: true }).filter((name) => name.endsWith('.sol'));
  const files = names.map((name) => join(sourceFolder, name)).sort();
  if (!isStale([...files, import.meta.filename])) return;
  const output = compile(files);
  const faults = (output.errors ?? []).filter((one) => one.severity === 'error');
  if (faults.length > 0) throw new Error(faults.map((one) => one.formattedMessage).join('\n'));
  const all = Object.assign({}, ...Object.values(output.contracts));
  const deployable = Object.entries(output.contracts)
    .filter(([file]) => file.startsWith('contracts/src/') && !file.startsWith('contracts/src/lib/'))
    .flatMap(([, contracts]) => Object.entries(contracts))
    .filter(([, contract]) => contract.evm.bytecode.object.length > 0)
    .map(([name, contract]) => [name, built(name, contract, all[`I${name}`]?.abi ?? [])]);
  mkdirSync(targetFolder, { recursive: true });
  for (const [name, text] of deployable) writeFileSync(join(targetFolder, `${name}.json`), text);
  writeFileSync(stampFile(), `${deployable.map(([name]) => name).join('\n')}\n`);
  process.stderr.write(`compiled ${deployable.length} contracts\n`);
}

/** Reads a source by the name that an import gives it; names are those of foundry.toml's remappings. */
function readImport(name) {
  const path = name.startsWith('@openzeppelin/') ? join(root, 'node_modules', name) : join(root, name);
  return existsSync(path) ? { contents: readFileSync(path, 'utf8') } : { error: `no such file: ${name}` };
}

function compile(files) {
  // The compiler is an 8 MB script: loaded only when something is stale.
  const solc = createRequire(import.meta.url)('solc');
  const sources = Object.fromEntries(
    files.map((file) => [relative(root, file), { content: readFileSync(file, 'utf8') }]),
  );
  const outputSelection = { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } };
  const input = { language: 'Solidity', sources, settings: { ...compilerSettings, outputSelection } };
  return JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
}

/** The file's text. A contract answers all of its interface, also what it hands on to another's code. */
function built(name, contract, interfaceAbi) {
  const deployedBytecodeBytes = contract.evm.deployedBytecode.object.length / 2;
  if (deployedBytecodeBytes > deployedBytesMax) {
    throw new Error(`${name} has ${deployedBytecodeBytes} bytes deployed, above ${deployedBytesMax}`);
  }
  const creationBytes = contract.evm.bytecode.object.length / 2;
  if (creationBytes > creationBytesMax) {
    throw new Error(`${name} has ${creationBytes} bytes of creation code, above ${creationBytesMax}`);
  }
  // Where names differ, those of the contract's own entry.
  const entries = [...interfaceAbi, ...contract.abi].map((entry) => [signatureOf(entry), entry]);
  const abi = [...new Map(entries).values()];
  const bytecode = `0x${contract.evm.bytecode.object}`;
  const deployedBytecode = `0x${contract.evm.deployedBytecode.object}`;
  return `${JSON.stringify({ abi, bytecode, deployedBytecode })}\n`;
}

/** What tells an entry from others, without the names of what it takes. */
function signatureOf({ type, name = '', inputs = [] }) {
  return `${type} ${name}(${inputs.map(typeOf).join()})`;
}

/** A struct's fields in place of its name. */
function typeOf({ type, components = [] }) {
  return type.replace('tuple', `(${components.map(typeOf).join()})`);
}

function stampFile() {
  return join(targetFolder, '.built');
}

function isStale(files) {
  if (!existsSync(stampFile())) return true;
  const builtAt = statSync(stampFile()).mtimeMs;
  return files.some((file) => statSync(file).mtimeMs > builtAt);
}

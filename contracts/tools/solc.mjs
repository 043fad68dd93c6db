/** The `solc` that forge calls: the npm package's JavaScript compiler behind a compiler's command line. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const solc = createRequire(import.meta.url)('solc');
const contractsFolder = resolve(import.meta.dirname, '..');

/** Sources that forge names and does not send: paths from the contracts' folder, as remappings make them. */
function readImport(name) {
  try {
    return { contents: readFileSync(resolve(contractsFolder, name), 'utf8') };
  } catch (cause) {
    return { error: String(cause) };
  }
}

if (process.argv.includes('--version')) {
  // Forge looks for a plain release number; the build's platform part would not parse as one.
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8'), { import: readImport }));
}

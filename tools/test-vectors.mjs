/** `npm run test:vectors -- DIR`: checks any folder of protocol vectors; without DIR the project's own golden ones. */
await import('./build.mjs');
const { runVectors } = await import('../dist/test/vectors/run.js');
const folder = process.argv[2] ?? 'test/vectors/protocol';
process.exitCode = runVectors(folder, (line) => console.log(line)) === 0 ? 0 : 1;

/** `npm run -s papyrus -- ARGS`: builds what is stale, then runs the command line in this process. */
await import('./build.mjs');
process.argv = process.argv.filter((argument) => argument !== '--all');
await import('../dist/apps/cli/src/main.js');

/**
 * Runs forge offline with the npm packages' compiler: `node contracts/tools/forge.mjs test [args]`; `long [args]` runs
 * the invariants by the long profile of foundry.toml.
 */
import { runForge } from './forge-process.mjs';

const [command = 'test', ...rest] = process.argv.slice(2);
process.exitCode =
  command === 'long'
    ? await runForge(['test', '--match-test', 'invariant_', ...rest], { environment: { FOUNDRY_PROFILE: 'long' } })
    : await runForge([command, ...rest]);

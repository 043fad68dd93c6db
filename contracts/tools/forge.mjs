/**
 * Runs forge offline with the npm packages' compiler: `node contracts/tools/forge.mjs test [args]`; `long [args]` runs
 * the invariants by the long profile of foundry.toml, those of one suite in one campaign where it has such.
 */
import { runForge } from './forge-process.mjs';

const [command = 'test', ...rest] = process.argv.slice(2);
/** Of the suites that have a campaign of everything, that one; of the others each. */
const together = 'everything_at_once|minted_and_under_way|was_attested|open_and_credited|stays_as_it_ended|its_signature|holds_them|vouches';
const suites = rest.some((one) => one.startsWith('--match')) ? [] : ['--match-test', together];
const isNamed = rest.some((one) => one.startsWith('--match-test') || one.startsWith('--no-match-test'));
const apart = command === 'test' && !isNamed ? ['--no-match-test', 'everything_at_once'] : [];
process.exitCode =
  command === 'long'
    ? await runForge(['test', ...suites, ...rest], { environment: { FOUNDRY_PROFILE: 'long' } })
    : await runForge([command, ...apart, ...rest]);

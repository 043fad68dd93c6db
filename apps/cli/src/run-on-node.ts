/** Runs a command line where Node is new enough; what needs that is loaded only after the look. */
import { type CommandNo, exitCode } from './report/command-refused.js';
import { openOutput } from './report/output.js';

/** As `engines` of package.json has it: the least that all packages of an installation ask for. */
export const nodeLeast = [22, 12] as const;

/** What is wrong with this version of Node, such as 18.20.8; undefined where nothing is. */
export function nodeFault(version: string): string | undefined {
  const [major, minor] = version.split('.').map(Number);
  const [majorLeast, minorLeast] = nodeLeast;
  if (major > majorLeast || (major === majorLeast && minor >= minorLeast)) return undefined;
  const least = `${majorLeast}.${minorLeast}`;
  return (
    `Node ${least} or later is needed, and this is Node ${version}: install a later one, or, in a checkout, run ` +
    '`npm run -s papyrus -- ARGS`, which brings its own'
  );
}

/** The exit code of the command line `args`. */
export async function runOnNode(args: readonly string[], version = process.versions.node): Promise<number> {
  const message = nodeFault(version);
  if (message === undefined) return (await import('./program.js')).runProgram(args);
  const unexpected: CommandNo = 'unexpected';
  openOutput(args.includes('--json')).result(null, { errors: [{ code: unexpected, message }] });
  process.stderr.write(`papyrus: ${unexpected}: ${message}\n`);
  return exitCode.unexpected;
}

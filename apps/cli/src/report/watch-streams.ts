/** What becomes of a command when standard output or standard error takes nothing more. */
import { type CommandNo, exitCode } from './command-refused.js';

export function watchStreams(): void {
  // Talk that nobody hears any more keeps no command from its work.
  process.stderr.on('error', () => {});
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    // Whoever reads may stop reading, as `head` does; that is no failure.
    if (cause.code === 'EPIPE') process.exit(exitCode.ok);
    const no: CommandNo = 'file-unavailable';
    const advice = 'make room, or send it elsewhere';
    process.stderr.write(`papyrus: ${no}: standard output: ${cause.message}; ${advice}\n`);
    process.exit(exitCode.unavailable);
  });
}

/** Runs the start of a process; what keeps it from starting is said in one line, with exit code 1. */
import { messageOf } from '#environment';

/** `name` is that of the app. The line has no stack: an operator's mistake is told in words. */
export async function runMain(name: string, start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (cause) {
    process.stderr.write(`${name}: ${messageOf(cause).replace(/\s*\n\s*/g, '; ')}\n`);
    process.exit(1);
  }
}

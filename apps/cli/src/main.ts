#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';

// Whoever reads may stop reading, as `head` does; that is no failure.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => process.exit(cause.code === 'EPIPE' ? 0 : 1));

const code = await runProgram(process.argv.slice(2));
// A pipe may still hold what was written: the result is whole before the process ends.
process.stdout.write('', () => process.exit(code));

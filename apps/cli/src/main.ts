#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';

const code = await runProgram(process.argv.slice(2));
// A pipe may still hold what was written: the result is whole before the process ends.
process.stdout.write('', () => process.exit(code));

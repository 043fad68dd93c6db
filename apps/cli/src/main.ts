#!/usr/bin/env node
import 'reflect-metadata';
import { watchStreams } from './report/watch-streams.js';
import { runOnNode } from './run-on-node.js';

watchStreams();
const code = await runOnNode(process.argv.slice(2));
// A pipe may still hold what was written: the result is whole before the process ends. Where it cannot be
// written, what watches the streams ends it.
process.stdout.write('', (cause) => cause ?? process.exit(code));

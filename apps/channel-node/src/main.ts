import 'reflect-metadata';
import { runChannelNode } from './channel-node.app.js';

runChannelNode(process.env).catch((cause) => {
  process.stderr.write(`channel-node: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exit(1);
});

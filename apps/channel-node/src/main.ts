import 'reflect-metadata';
import { runMain } from '#nest';
import { runChannelNode } from './channel-node.app.js';

await runMain('channel-node', () => runChannelNode(process.env));

/**
 * Starts the channel node as an app: from the environment, or on ports that another process of ours has
 * open.
 */
import { openPinoLog } from '#environment/pino-log';
import { startHttpApp } from '#nest';
import { readChannelNodeConfig } from './channel-node.config.js';
import { ChannelNode, type ChannelNodeOptions, type ChannelNodePorts } from './channel-node.js';
import { ChannelNodeModule } from './channel-node.module.js';

export interface ChannelNodeApp {
  /** Base URL without a slash at its end. */
  readonly url: string;
  readonly node: ChannelNode;
  /** Answers what was asked and stops the node; the ports stay open. */
  close(): Promise<void>;
}

/**
 * `runs`: whether the node sweeps by itself; a driven network calls `sweep` instead. Port 0 takes a free
 * one.
 */
export async function startChannelNodeApp(
  options: ChannelNodeOptions,
  ports: ChannelNodePorts,
  http: { readonly host?: string; readonly port?: number; readonly runs?: boolean } = {},
): Promise<ChannelNodeApp> {
  const { host = '127.0.0.1', port = 0, runs = true } = http;
  const node = new ChannelNode(options, ports);
  const shell = { start: () => (runs ? node.start() : undefined), stop: () => node.stop() };
  const app = await startHttpApp(ChannelNodeModule.for(node, [shell]), { host, port, log: ports.log });
  return { url: app.url, node, close: () => app.close() };
}

/** The whole process: adapters as the environment names them, until SIGTERM or SIGINT. */
export async function runChannelNode(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { config, secrets } = readChannelNodeConfig(environment);
  const log = openPinoLog({ level: config.logLevel, name: 'channel-node' });
  const module = await ChannelNodeModule.of(config, secrets, log);
  const { url } = await startHttpApp(module, { ...config.listen, log, listensToSignals: true });
  log.info({ url, account: config.account }, 'the channel node takes records');
}

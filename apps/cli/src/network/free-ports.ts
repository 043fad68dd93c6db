/** Looks whether the ports that a network is to listen on are free, before anything is opened. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { messageOf } from '#environment';
import { CommandRefused } from '../report/command-refused.js';

/** Refuses with `port-in-use` where one of `count` ports from `portBase` on is taken, or not ours to take. */
export async function requireFreePorts(portBase: number | undefined, count: number): Promise<void> {
  if (portBase === undefined) return;
  for (let port = portBase; port < portBase + count; port += 1) {
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch (cause) {
      const message = `port ${port} cannot be taken (${messageOf(cause)}): name another with --port-base`;
      throw new CommandRefused('port-in-use', message, { cause });
    }
    await once(server.close(), 'close');
  }
}

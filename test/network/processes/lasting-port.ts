/**
 * Ports that a process may leave and take again. The machine gives out those from 32,768 upwards by itself: to who asks
 * for any (port 0) and to connections that go out, so such a port may be another's by the time its process is back.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const least = 20_000;
const above = 32_768;
const given = new Set<number>();

/** One that nobody listens on now and that nobody else in this process was given. */
export async function lastingPort(): Promise<number> {
  const port = randomInt(least, above);
  if (given.has(port) || !(await isFree(port))) return lastingPort();
  given.add(port);
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

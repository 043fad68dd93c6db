/** Stands in front of a node's JSON-RPC and can be away: nothing listens, it takes calls and says
 *  nothing, or goes on with a height that stands. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { lastingPort } from './lasting-port.js';

export type Trouble =
  /** Connections are refused and those that are open end. */
  | 'down'
  /** Calls are taken and never answered. */
  | 'hangs'
  /** Every call is answered with 503. */
  | 'refuses'
  /** Calls are answered as of the height at which it began, as by a node that lost its peers. */
  | 'stands';

export class ChainProxy {
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #hanging = new Set<ServerResponse>();
  readonly #port: number;
  #trouble: Trouble | undefined;
  /** Where the chain stands, in 0x-hex. */
  #height = '';
  /** Calls that were passed on. */
  passed = 0;

  private constructor(target: string, port: number) {
    this.#target = target;
    this.#port = port;
    this.#server = createServer((incoming, response) => {
      if (this.#trouble === 'refuses') {
        incoming.resume();
        response.writeHead(503).end('away');
        return;
      }
      if (this.#trouble === 'hangs') {
        this.#hanging.add(response);
        return;
      }
      this.passed++;
      if (this.#trouble === 'stands') {
        this.#answerAsOf(this.#height, incoming, response).catch(() => response.destroy());
        return;
      }
      const { method, headers } = incoming;
      const onward = request(this.#target, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      incoming.pipe(onward);
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async open(target: string): Promise<ChainProxy> {
    const proxy = new ChainProxy(target, await lastingPort());
    await proxy.#listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** From now on the chain is away in this way; under the same URL it comes back with `heal`. */
  async fail(trouble: Trouble): Promise<void> {
    if (trouble === 'stands') {
      const call = { jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] };
      this.#height = (
        (await this.#asked(JSON.stringify(call)).then(JSON.parse)) as { result: string }
      ).result;
    }
    this.#trouble = trouble;
    if (trouble === 'down') await this.#end();
  }

  async heal(): Promise<void> {
    const wasDown = this.#trouble === 'down';
    this.#trouble = undefined;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
    if (wasDown) await this.#listen();
  }

  async close(): Promise<void> {
    if (this.#trouble !== 'down') await this.#end();
  }

  async #answerAsOf(height: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await text(incoming);
    const answer = await this.#asked(asked.replaceAll(/"(latest|safe|finalized)"/g, `"${height}"`));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }

  async #asked(body: string): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(this.#target, { method: 'POST', headers, body })).text();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async #end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

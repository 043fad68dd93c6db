/** Stands in front of a channel node, notes when each batch was taken, and can be as slow as a bad host. */
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { batchMediaType } from '#api';
import { headerOf } from './lost-batches.js';

export type Manner = 'prompt' | 'after-8-seconds' | 'byte-a-second' | 'never';

const answerAfterMs = 8_000;
const byteEveryMs = 1_000;

export class SlowNode {
  /** By signed header, when the node behind had answered, on monotonic time. */
  readonly taken = new Map<string, number>();
  readonly #target: string;
  readonly #manner: Manner;
  readonly #server: Server;

  private constructor(target: string, manner: Manner) {
    this.#target = target;
    this.#manner = manner;
    this.#server = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => this.#pass(incoming.url ?? '/', Buffer.concat(parts), response));
    });
  }

  static async open(target: string, manner: Manner): Promise<SlowNode> {
    const node = new SlowNode(target, manner);
    await new Promise<void>((resolve) => node.#server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #pass(path: string, body: Buffer, response: ServerResponse): void {
    if (this.#manner === 'never') return;
    const headers = { 'content-type': batchMediaType };
    const onward = request(this.#target + path, { method: 'POST', headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        if (answer.statusCode === 202) this.taken.set(headerOf(body), performance.now());
        this.#answer(response, answer.statusCode ?? 502, Buffer.concat(parts));
      });
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  #answer(response: ServerResponse, status: number, body: Buffer): void {
    const head = { 'content-type': 'application/json' };
    if (this.#manner === 'prompt') response.writeHead(status, head).end(body);
    if (this.#manner === 'after-8-seconds') {
      setTimeout(() => response.writeHead(status, head).end(body), answerAfterMs);
    }
    if (this.#manner !== 'byte-a-second') return;
    response.writeHead(status, { ...head, 'content-length': body.length }).flushHeaders();
    let at = 0;
    const drip = setInterval(() => response.write(body.subarray(at, ++at)), byteEveryMs);
    response.on('close', () => clearInterval(drip));
  }
}

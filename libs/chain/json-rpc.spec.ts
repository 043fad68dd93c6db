/** A node that is slow, lies, or sends what is no answer must never hang us, nor be believed. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AnswerTooLarge, JsonRpc } from './json-rpc.js';

interface Asked {
  readonly id: number;
  readonly method: string;
}

let server: Server;
let answer: (asked: readonly Asked[], response: ServerResponse) => void;
let url: string;
let requests: number;
const opened: JsonRpc[] = [];
beforeEach(async () => {
  requests = 0;
  server = createServer(async (request, response) => {
    requests++;
    let text = '';
    for await (const part of request) text += part;
    answer([JSON.parse(text)].flat() as Asked[], response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const rpc of opened.splice(0)) rpc.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(timeoutMs = 5_000): JsonRpc {
  const rpc = new JsonRpc(url, timeoutMs);
  opened.push(rpc);
  return rpc;
}

const away = { code: 'chain-unavailable', retriable: true };
const said = (body: unknown) => (_: readonly Asked[], response: ServerResponse) =>
  void response.end(typeof body === 'string' ? body : JSON.stringify(body));

describe('calls of a node', () => {
  it('of one turn travel in one request, and each gets the answer of its id in whatever order', async () => {
    answer = (asked, response) =>
      void response.end(JSON.stringify(asked.map(({ id, method }) => ({ id, result: method })).toReversed()));
    const rpc = open();
    expect(await Promise.all(['a', 'b', 'c'].map((method) => rpc.call(method)))).toEqual(['a', 'b', 'c']);
    expect(requests).toBe(1);
  });

  it('travel in as many requests as keep each short', async () => {
    const lengths: number[] = [];
    answer = (asked, response) => {
      lengths.push(asked.length);
      response.end(JSON.stringify(asked.map(({ id }) => ({ id, result: 1 }))));
    };
    const rpc = open();
    const long = '5a'.repeat(240_000);
    await Promise.all([1, 2, 3, 4, 5].map(() => rpc.call('long', long)));
    expect(lengths.splice(0).sort()).toEqual([1, 2, 2]);
    await Promise.all(Array.from({ length: 51 }, () => rpc.call('short')));
    expect(lengths.sort()).toEqual([1, 50]);
  });

  it('that are refused are refused each by itself', async () => {
    answer = (asked, response) =>
      void response.end(
        JSON.stringify(
          asked.map(({ id, method }) =>
            method === 'bad' ? { id, error: { code: -32_000, message: 'no' } } : { id, result: 1 },
          ),
        ),
      );
    const rpc = open();
    const [good, bad] = await Promise.allSettled([rpc.call('good'), rpc.call('bad')]);
    expect(good).toMatchObject({ value: 1 });
    expect(bad).toMatchObject({ reason: { name: 'JsonRpcRefused', code: -32_000 } });
  });

  it.each<[string, unknown]>([
    ['ids that were not asked', { id: 4_711, result: '0x1' }],
    ['no id', { result: '0x1' }],
    ['an error without an id', { id: null, error: { code: -32_005, message: 'slow down' } }],
    ['neither result nor error', { id: 1 }],
    ['an empty list', []],
    ['nothing at all', ''],
    ['null', 'null'],
    ['a list of nonsense', [null, 7, 'x']],
    ['what is not JSON', '<html>Bad Gateway</html>'],
    ['half of an answer', '{"jsonrpc":"2.0","id":1,"resu'],
  ])('answered with %s are a retriable fault', async (_, body) => {
    answer = said(body);
    await expect(open().call('eth_blockNumber')).rejects.toMatchObject(away);
  });

  it.each([429, 500, 502, 503])('answered with HTTP %i are a retriable fault', async (status) => {
    answer = (asked, response) =>
      void response.writeHead(status).end(JSON.stringify({ id: asked[0].id, result: '0x1' }));
    await expect(open().call('eth_blockNumber')).rejects.toMatchObject(away);
  });

  it('do not take the late answer to an earlier question for their own', async () => {
    let first: Asked | undefined;
    answer = (asked, response) => {
      if (first === undefined) {
        first = asked[0];
        response.destroy();
        return;
      }
      response.end(JSON.stringify({ id: first.id, result: 'of the first' }));
    };
    const rpc = open();
    await expect(rpc.call('eth_call')).rejects.toMatchObject(away);
    await expect(rpc.call('eth_call')).rejects.toMatchObject(away);
  });

  it('have a deadline to the last byte, however slowly the answer drips', async () => {
    let closed: Promise<void> | undefined;
    answer = (_, response) => {
      response.write('{');
      const drips = setInterval(() => response.write(' '), 5);
      closed = new Promise((resolve) => {
        response.on('close', () => {
          clearInterval(drips);
          resolve();
        });
      });
    };
    const tooMuch = { ...away, cause: expect.any(AnswerTooLarge) };
    await expect(open(60).call('eth_call')).rejects.toMatchObject(tooMuch);
    // Nobody listens to the rest: the connection is given up.
    await closed;
  });

  it('have a deadline when nothing answers', async () => {
    answer = () => {};
    const cause: unknown = await open(40)
      .call('eth_call')
      .catch((one) => one);
    expect(cause).toMatchObject(away);
    expect((cause as Error).cause).not.toBeInstanceOf(AnswerTooLarge);
  });

  it('take no more of an answer than a bound', async () => {
    const chunk = 'x'.repeat(1_048_576);
    let chunks = 0;
    answer = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && chunks < 200) {
          chunks++;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    };
    await expect(open(20_000).call('eth_getLogs')).rejects.toMatchObject({
      ...away,
      message: expect.stringContaining('more than 67108864 bytes'),
      cause: expect.any(AnswerTooLarge),
    });
    expect(chunks).toBeLessThan(120);
  });
});

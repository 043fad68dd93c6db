/** JSON-RPC over HTTP: calls of one turn of the event loop travel in one request, since shells read many
 *  facts at once. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { Fault } from '#environment';

/** What the node answered instead of a result: its no, not a broken line. */
export class JsonRpcRefused extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(method: string, code: number, message: string, data: unknown) {
    super(`${method}: ${message}`);
    this.name = 'JsonRpcRefused';
    this.code = code;
    this.data = data;
  }
}

interface Waiting {
  readonly method: string;
  readonly parameters: readonly unknown[];
  readonly resolve: (result: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Public nodes refuse longer batches. */
const batchCallsMax = 50;
/** How often a question is repeated that a new height overtook. */
const passedTriesMax = 20;
/** Idle connections end before a node's own limit does it in the middle of a request. */
const idleMs = 4_000;

export class JsonRpc {
  readonly url: string;
  readonly #timeoutMs: number;
  // Node's own client over kept connections: half the latency of fetch, which each act pays several times.
  readonly #agent: HttpAgent | HttpsAgent;
  #waiting: Waiting[] = [];

  constructor(url: string, timeoutMs: number) {
    this.url = url;
    this.#timeoutMs = timeoutMs;
    const keep = { keepAlive: true, timeout: idleMs };
    this.#agent = isSecure(url) ? new HttpsAgent(keep) : new HttpAgent(keep);
  }

  /** Ends the connections; what is under way fails. */
  close(): void {
    this.#agent.destroy();
  }

  /** Throws JsonRpcRefused when the node says no, a retriable Fault `chain-unavailable` when it does not
   *  answer. */
  async call<Result>(method: string, ...parameters: readonly unknown[]): Promise<Result> {
    for (let again = 0; ; again++) {
      try {
        return await this.#callOnce<Result>(method, parameters);
      } catch (cause) {
        if (again === passedTriesMax || !isPassed(cause)) throw cause;
      }
    }
  }

  #callOnce<Result>(method: string, parameters: readonly unknown[]): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ method, parameters, resolve: (result) => resolve(result as Result), reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += batchCallsMax) {
      const calls = waiting.slice(at, at + batchCallsMax);
      this.#exchange(calls).catch((cause) => {
        for (const call of calls) call.reject(cause);
      });
    }
  }

  async #exchange(calls: readonly Waiting[]): Promise<void> {
    const requests = calls.map(({ method, parameters }, id) => ({
      jsonrpc: '2.0',
      id,
      method,
      params: parameters,
    }));
    const answers = await this.#post(requests.length === 1 ? requests[0] : requests);
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    for (const [id, { method, resolve, reject }] of calls.entries()) {
      const answer = byId.get(id);
      if (answer === undefined) reject(unavailable(`no answer to ${method}`, undefined));
      else if (answer.error === undefined) resolve(answer.result);
      else reject(new JsonRpcRefused(method, answer.error.code, answer.error.message, answer.error.data));
    }
  }

  async #post(body: object): Promise<readonly Answer[]> {
    try {
      const response = await this.#request(JSON.stringify(body));
      const said = await text(response);
      if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}: ${said.slice(0, 200)}`);
      const answer = JSON.parse(said) as Answer | readonly Answer[];
      return Array.isArray(answer) ? answer : [answer as Answer];
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw unavailable(`the base chain's node does not answer: ${why}`, cause);
    }
  }

  #request(body: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = (isSecure(this.url) ? httpsRequest : httpRequest)(this.url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      request.on('response', resolve).on('error', reject).end(body);
    });
  }
}

/** Whether the latest height, of which the call spoke, was no longer the latest when anvil came to answer. */
function isPassed(cause: unknown): boolean {
  return cause instanceof JsonRpcRefused && cause.message.includes('BlockOutOfRange');
}

export function unavailable(message: string, cause: unknown): Fault {
  return new Fault('chain-unavailable', message, { retriable: true, cause });
}

function isSecure(url: string): boolean {
  return url.startsWith('https:');
}

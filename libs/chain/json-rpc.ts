/** JSON-RPC over HTTP: calls of one turn of the event loop travel in one request, since shells read many
 *  facts at once. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Fault, messageOf } from '#environment';

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

/** The node has more to say than one answer may hold, or than comes in time. */
export class AnswerTooLarge extends Error {}

/** What most of us need of it. */
export type RpcCalls = Pick<JsonRpc, 'call'>;

interface Waiting {
  readonly id: number;
  readonly method: string;
  /** The call as JSON. */
  readonly text: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown };
}

/** Public nodes refuse longer batches. */
const batchCallsMax = 50;
/** Anvil refuses bodies of more than 2 MB: a dozen acts that publish a row. */
const batchBytesMax = 1_000_000;
/** Idle connections end before a node's own limit does it in the middle of a request. */
const idleMs = 4_000;
/** Far above the facts of fifty blocks; a node that sends more is not to fill our memory. */
const answerBytesMax = 64 * 1_048_576;

export class JsonRpc {
  readonly url: string;
  readonly #timeoutMs: number;
  // Node's own client over kept connections: half the latency of fetch, which each act pays several times.
  readonly #agent: HttpAgent | HttpsAgent;
  #waiting: Waiting[] = [];
  #nextId = 1;

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
   *  answer in time, or answers what is no answer to the call. */
  call<Result>(method: string, ...parameters: readonly unknown[]): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.push({
        ...{ id, method, reject },
        text: JSON.stringify({ jsonrpc: '2.0', id, method, params: parameters }),
        resolve: (result) => resolve(result as Result),
      });
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const calls of batchesOf(waiting)) {
      this.#exchange(calls).catch((cause) => {
        for (const call of calls) call.reject(cause);
      });
    }
  }

  async #exchange(calls: readonly Waiting[]): Promise<void> {
    const texts = calls.map(({ text }) => text);
    const answers = await this.#post(texts.length === 1 ? texts[0] : `[${texts.join(',')}]`);
    // Ids are never used twice: what belongs to an earlier question answers none of this one.
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    for (const { id, method, resolve, reject } of calls) {
      const answer = byId.get(id);
      if (answer?.error) {
        const { code, message, data } = answer.error;
        reject(new JsonRpcRefused(method, Number(code), String(message), data));
      } else if (answer === undefined || answer.result === undefined) {
        reject(unavailable(`the base chain's node gave no answer to ${method}`, undefined));
      } else resolve(answer.result);
    }
  }

  async #post(body: string): Promise<readonly Answer[]> {
    try {
      const said = await this.#request(body);
      const answer = JSON.parse(said) as Answer | readonly Answer[] | null;
      const answers = Array.isArray(answer) ? answer : [answer];
      return answers.filter((one) => typeof one === 'object' && one !== null);
    } catch (cause) {
      throw unavailable(`the base chain's node does not answer: ${messageOf(cause)}`, cause);
    }
  }

  /** The whole body of the answer; the deadline counts from here to its last byte. */
  #request(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = (isSecure(this.url) ? httpsRequest : httpRequest)(this.url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      let hasBegun = false;
      const timer = setTimeout(() => {
        const words = `no whole answer within ${this.#timeoutMs} ms`;
        const late = hasBegun ? new AnswerTooLarge(words) : new Error(words);
        reject(late);
        request.destroy(late);
      }, this.#timeoutMs);
      request
        .on('response', (response) => {
          hasBegun = true;
          bodyOf(response).then(resolve, (cause) => {
            // The rest of the body is of no use, neither is its connection.
            request.destroy();
            reject(cause);
          });
        })
        .on('error', reject)
        .on('close', () => clearTimeout(timer))
        .end(body);
    });
  }
}

/** In order, each of so few and so short calls that nodes take it; a long call goes alone. */
function batchesOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const batches: Waiting[][] = [];
  let bytes = 0;
  for (const call of waiting) {
    const last = batches.at(-1);
    bytes += call.text.length;
    if (last === undefined || last.length === batchCallsMax || bytes > batchBytesMax) {
      batches.push([call]);
      bytes = call.text.length;
    } else last.push(call);
  }
  return batches;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new AnswerTooLarge(`an answer of more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  const said = Buffer.concat(chunks).toString('utf8');
  if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}: ${said.slice(0, 200)}`);
  return said;
}

export function unavailable(message: string, cause: unknown): Fault {
  return new Fault('chain-unavailable', message, { retriable: true, cause });
}

function isSecure(url: string): boolean {
  return url.startsWith('https:');
}

/** Sends one validation request and says what came of it. */
import { endpoints } from '#api';
import type { ValidationRequest } from '#block-watch';

export type Answer =
  | { readonly kind: 'accepted' }
  /** The same request will be refused again. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** No answer, or one that may change: the same request is worth sending again. */
  | { readonly kind: 'unreached'; readonly detail: string };

export interface PostOptions {
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
}

/** `endpoint` is the validator's base URL. Throws nothing: that a validator is away is expected. */
export async function postRequest(
  endpoint: string,
  request: ValidationRequest,
  options: PostOptions,
): Promise<Answer> {
  try {
    const response = await options.fetch(
      `${endpoint.replace(/\/+$/, '')}${endpoints.requestValidation.path}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: encodeRequest(request),
        signal: AbortSignal.timeout(options.timeoutMs),
      },
    );
    if (response.ok) {
      await response.arrayBuffer();
      return { kind: 'accepted' };
    }
    return readProblem(response.status, await response.text());
  } catch (cause) {
    return { kind: 'unreached', detail: cause instanceof Error ? cause.message : String(cause) };
  }
}

function encodeRequest(request: ValidationRequest): string {
  const { delegation, sealedBlockKey, keyPath } = request;
  const { nonce, notAfter, ...fields } = delegation;
  return JSON.stringify({
    ...fields,
    nonce: String(nonce),
    notAfter: String(notAfter),
    sealedBlockKey,
    keyPath,
  });
}

/** RFC 9457 problem details with our `code` and `retryable`; anything else counts by its status. */
function readProblem(status: number, body: string): Answer {
  const problem = parseProblem(body);
  const detail = problem.detail ?? `status ${status}`;
  if (problem.retryable ?? (status >= 500 || status === 429)) return { kind: 'unreached', detail };
  return { kind: 'refused', code: problem.code ?? String(status), detail };
}

function parseProblem(body: string): { code?: string; detail?: string; retryable?: boolean } {
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>;
    return {
      code: typeof parsed.code === 'string' ? parsed.code : undefined,
      detail: typeof parsed.detail === 'string' ? parsed.detail : undefined,
      retryable: typeof parsed.retryable === 'boolean' ? parsed.retryable : undefined,
    };
  } catch {
    return {};
  }
}

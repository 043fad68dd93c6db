/**
 * A refusal on the wire: problem details of RFC 9457, with our members `code`, `requestId` and `retryable`.
 */
import { z } from 'zod';
import { type Refusal, refusals } from './refusals.js';

export const problemMediaType = 'application/problem+json';
/** Of every service: what each code means. `type` is relative to the service, as RFC 9457 allows. */
export const problemsPath = '/problems';
/** In the repository: the line of the code in the error reference. */
export const errorsPage = '/docs/reference/errors.md';

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  requestId: z.string(),
  retryable: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
});
export type Problem = z.infer<typeof problemSchema>;

/** `instance` is the path that was asked. */
export function problemOf(refusal: Refusal, where: { instance: string; requestId: string }): Problem {
  const { status, expected, advice, retryable } = refusals[refusal.code];
  return {
    type: `${problemsPath}#${refusal.code}`,
    title: expected,
    status,
    detail: `${refusal.detail}. ${advice}`,
    instance: where.instance,
    code: refusal.code,
    requestId: where.requestId,
    retryable,
    errors: (refusal.places ?? []).map(({ pointer, detail }) => ({ pointer, detail })),
  };
}

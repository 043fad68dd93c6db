/** Why a service cannot do its work now, and what it has before it: the answer of `GET /health/ready`. */
import { z } from 'zod';

export interface ReadinessReason {
  /** Kebab-case: a fault's, or one of docs/reference/errors.md, "Not ready". */
  readonly code: string;
  /** What was found, for an operator. */
  readonly detail: string;
}

/** What a service has before it, by kind of job; what is done or cannot be done any more is not counted. */
const workSchema = z.object({
  kind: z.string(),
  /** How many are due now, and chain time before which the first of them must be done; null: at any time. */
  due: z.number().int(),
  dueBeforeSeconds: z.number().int().nullable(),
  /** How many wait, and chain time at which the first may become due; null: no clock ends a wait. */
  waiting: z.number().int(),
  waitingUntilSeconds: z.number().int().nullable(),
});
export type WorkView = Readonly<z.infer<typeof workSchema>>;

export const readinessSchema = z.object({
  reasons: z.array(z.object({ code: z.string(), detail: z.string() })),
  /** Of a service that works on blocks, where something is due or waits and the chain could be asked. */
  work: z.array(workSchema).optional(),
});
export type ReadinessView = z.infer<typeof readinessSchema>;

export const livenessSchema = z.object({ live: z.literal(true) });

/** Why a service cannot do its work now: the answer of `GET /health/ready`, 503 if it says anything. */
import { z } from 'zod';

export interface ReadinessReason {
  /** Kebab-case: a fault's, or one of docs/reference/errors.md, "Not ready". */
  readonly code: string;
  /** What was found, for an operator. */
  readonly detail: string;
}

export const readinessSchema = z.object({
  reasons: z.array(z.object({ code: z.string(), detail: z.string() })),
});
export type ReadinessView = z.infer<typeof readinessSchema>;

export const livenessSchema = z.object({ live: z.literal(true) });

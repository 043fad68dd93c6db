/** Why a service cannot do its work at present: what `GET /health/ready` answers beside 503. */

export interface ReadinessReason {
  /** Kebab-case: a fault's, or one of docs/reference/errors.md, "Not ready". */
  readonly code: string;
  /** What was found, for an operator. */
  readonly detail: string;
}

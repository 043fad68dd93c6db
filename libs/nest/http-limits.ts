/** What a client may take of a service: the one place of the limits of the HTTP edge. */

export interface HttpLimits {
  /** From the opening of a connection, or the first byte of a later request, to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to the last one of its body. */
  readonly requestMs: number;
  /** How long a connection stays open for another request after an answer. */
  readonly keepAliveMs: number;
  /** How long an answer may wait for a client that does not read it. */
  readonly unreadMs: number;
  /** How often connections are looked at: each of the times above may be exceeded by so much. */
  readonly checkMs: number;
  /** Open at a time. */
  readonly connectionsMax: number;
  /** After so many the connection is closed with the answer. */
  readonly requestsPerConnectionMax: number;
  /** That wait on one connection behind the one that is served; who sends more at once is cut off. */
  readonly requestsWaitingMax: number;
  /** Bytes of bodies, as announced by requests under way, that are held at a time. */
  readonly bodyBytesMax: number;
}

export const httpLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 20_000,
  unreadMs: 10_000,
  checkMs: 1_000,
  connectionsMax: 8_192,
  requestsPerConnectionMax: 1_000,
  requestsWaitingMax: 16,
  bodyBytesMax: 268_435_456,
};

/** How long a service may take to end: HTTP half of it, what it has begun the rest. */
export const shutdownMs = 8_000;

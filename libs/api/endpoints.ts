/** Every HTTP endpoint, defined once: servers, the SDK and the documentation derive from this. */
import type { z } from 'zod';
import { livenessSchema, readinessSchema } from './readiness.js';
import type { RefusalCode } from './refusals.js';
import {
  blockSchema,
  channelSchema,
  exposureSchema,
  receiptSchema,
  validationAcceptedSchema,
} from './schemas.js';

export interface Endpoint<Answer extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** With `:name` where a parameter stands. */
  readonly path: string;
  readonly summary: string;
  /** Content types of the request; none for GET. */
  readonly accepts: readonly string[];
  /** Status and body of a yes. */
  readonly status: number;
  readonly answer: Answer;
  /** Another status under which the same kind of answer comes. */
  readonly otherStatus?: number;
  /** What it may refuse beside what every endpoint may: see `commonRefusals`. */
  readonly refusals: readonly RefusalCode[];
}

export const batchMediaType = 'application/vnd.papyrus.batch';
export const jsonMediaType = 'application/json';
export const ndjsonMediaType = 'application/x-ndjson';

/** 1 MiB: a batch of 1,021 records as JSON fits well. */
export const jsonBodyBytesMax = 1_048_576;

export const commonRefusals: readonly RefusalCode[] = [
  'not-found',
  'method-not-allowed',
  'not-http',
  'request-timeout',
  'too-busy',
  'shutting-down',
  'chain-unavailable',
  'key-value-unavailable',
  'temporarily-unavailable',
  'internal-error',
];

const submitRecords: Endpoint<typeof receiptSchema> = {
  method: 'POST',
  path: '/v1/channels/:channelId/records',
  summary: 'Submit a signed record batch; accepted means durably logged, answered by a signed receipt.',
  accepts: [batchMediaType, jsonMediaType, ndjsonMediaType],
  status: 202,
  answer: receiptSchema,
  refusals: [
    'too-large',
    'not-parsable',
    'unsupported-media-type',
    'wrong-count',
    'wrong-channel',
    'unknown-channel',
    'unknown-block',
    'block-not-open',
    'block-closed',
    'channel-closed',
    'not-a-participant',
    'no-record-key',
    'wrong-record',
    'price-not-a-number',
    'price-negative',
    'price-too-large',
    'price-too-precise',
    'unresolved-macro',
    'id-not-acceptable',
    'author-bytes-used-up',
    'bad-signature',
    'high-s',
    'wrong-root',
    'sequence-conflict',
    'wrong-block',
    'exposure-limit',
    'cover-limit',
    'record-log-unavailable',
    'intake-claimed-elsewhere',
    'node-not-registered',
  ],
};

const showChannel: Endpoint<typeof channelSchema> = {
  method: 'GET',
  path: '/v1/channels/:channelId',
  summary: 'The terms of a channel of this node’s participant, and which block collects now.',
  accepts: [],
  status: 200,
  answer: channelSchema,
  refusals: ['not-parsable', 'unknown-channel', 'record-log-unavailable'],
};

const showBlock: Endpoint<typeof blockSchema> = {
  method: 'GET',
  path: '/v1/channels/:channelId/blocks/:blockNumber',
  summary: 'Where a block stands, and what this node holds of it.',
  accepts: [],
  status: 200,
  answer: blockSchema,
  refusals: ['not-parsable', 'unknown-channel', 'unknown-block', 'record-log-unavailable'],
};

const showExposure: Endpoint<typeof exposureSchema> = {
  method: 'GET',
  path: '/v1/channels/:channelId/exposure',
  summary: 'What this node’s participant delivered and would not yet be paid for, against its own limit.',
  accepts: [],
  status: 200,
  answer: exposureSchema,
  refusals: ['not-parsable', 'unknown-channel', 'record-log-unavailable'],
};

const showLiveness: Endpoint<typeof livenessSchema> = {
  method: 'GET',
  path: '/health/live',
  summary: 'That the process runs; nothing else is asked.',
  accepts: [],
  status: 200,
  answer: livenessSchema,
  refusals: [],
};

const showReadiness: Endpoint<typeof readinessSchema> = {
  method: 'GET',
  path: '/health/ready',
  summary: 'Whether the service can do its work, else 503 and every reason why not; asked anew each time.',
  accepts: [],
  status: 200,
  otherStatus: 503,
  answer: readinessSchema,
  refusals: [],
};

const requestValidation: Endpoint<typeof validationAcceptedSchema> = {
  method: 'POST',
  path: '/v1/validation-requests',
  summary: 'Delegate the validation of a block: the seat of one participant.',
  accepts: [jsonMediaType],
  status: 202,
  answer: validationAcceptedSchema,
  refusals: [
    'too-large',
    'not-parsable',
    'unsupported-media-type',
    'wrong-validator',
    'unknown-channel',
    'unknown-block',
    'not-a-participant',
    'block-not-in-processing',
    'commits-over',
    'block-over',
    'delegation-expired',
    'seat-taken',
    'no-operator-key',
    'delegation-not-signed',
    'not-own-validator',
    'fee-too-low',
    'fee-not-covered',
    'stake-used-up',
    'key-commitment-not-proven',
    'box-does-not-open',
    'box-of-another-delegation',
    'block-key-differs',
    'delegation-replaced',
    'nonce-used',
    'too-many-requests',
    'part-store-unavailable',
  ],
};

export const endpoints = {
  submitRecords,
  showChannel,
  showBlock,
  showExposure,
  requestValidation,
  showLiveness,
  showReadiness,
} as const;

/** The path with its parameters filled in. */
export function pathOf(
  endpoint: { readonly path: string },
  parameters: Readonly<Record<string, string | number>>,
): string {
  return endpoint.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`${endpoint.path} needs ${name}`);
    return encodeURIComponent(value);
  });
}

/** Whether a path, without a query, is one of the endpoint. */
export function isPathOf(endpoint: { readonly path: string }, path: string): boolean {
  const pattern = endpoint.path.replaceAll('/', '\\/').replace(/:\w+/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(path);
}

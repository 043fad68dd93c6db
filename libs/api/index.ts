export {
  batchMediaType,
  commonRefusals,
  type Endpoint,
  endpoints,
  jsonBodyBytesMax,
  jsonMediaType,
  ndjsonMediaType,
  isPathOf,
  pathOf,
} from './endpoints.js';
export { type Exchange, type ExchangeOptions, exchange, type SentBody } from './exchange.js';
export {
  type JsonBatch,
  jsonOfBatch,
  ndjsonOfBatch,
  type ParsedBatch,
  parseJsonBatch,
  parseNdjsonBatch,
} from './json-batch.js';
export {
  errorsPage,
  type Problem,
  problemMediaType,
  problemOf,
  problemSchema,
  problemsPath,
} from './problem.js';
export { problemPage } from './problem-page.js';
export type { ReadinessReason, ReadinessView, WorkView } from './readiness.js';
export {
  isRefusalCode,
  type Refusal,
  type RefusalCode,
  type RefusalMeaning,
  type RefusedPlace,
  refusalCodes,
  refusals,
  refuse,
} from './refusals.js';
export {
  type BlockView,
  type ExposureView,
  exposureSchema,
  blockSchema,
  type ChannelView,
  channelSchema,
  type ForwardingView,
  hexOf,
  jsonOfValidationRequest,
  placesOf,
  receiptFactsOf,
  receiptSchema,
  type SignedReceipt,
  validationAcceptedSchema,
  validationRequestSchema,
} from './schemas.js';
export { parseStrictJson } from './strict-json.js';

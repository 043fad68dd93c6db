export type { ReceiptFault } from '#protocol';
export {
  type Audit,
  type AuditFlag,
  BatchSigner,
  type BatchSignerOptions,
  type Win,
} from './batch-signer.js';
export { ChannelNodeClient, type ChannelNodeClientOptions } from './channel-node-client.js';
export { PapyrusError, PapyrusRefused, PapyrusUnreachable } from './papyrus-refused.js';
export { type Serving, ServingGate, type ServingGateOptions } from './serving-gate.js';
export { receiptFault } from './verify-receipt.js';

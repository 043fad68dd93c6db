export {
  type KeyValue,
  type KeyValueEntry,
  type KeyValueWrite,
  keyBytesMax,
  type Lease,
  type Revision,
  type Versioned,
  valueBytesMax,
  type WriteOutcome,
  writeBytesMax,
  writeOperationsMax,
} from './key-value.js';

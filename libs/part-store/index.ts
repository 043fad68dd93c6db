export { PartReader, type PartReaderOptions } from './part-reader.js';
export {
  type Blocks,
  bytesInFlightMax,
  digestsHeldAtOnceMax,
  type Found,
  type GetOptions,
  ownerLengthMax,
  type PartStore,
  storedBlockBytesMax,
} from './part-store.js';

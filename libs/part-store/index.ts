export { PartReader, type PartReaderOptions } from './part-reader.js';
export {
  type Blocks,
  bytesInFlightMax,
  digestsHeldAtOnceMax,
  type Found,
  type GetOptions,
  type PartStore,
  storedBlockBytesMax,
} from './part-store.js';

export { PartReader, type PartReaderOptions } from './part-reader.js';
export {
  type Blocks,
  bytesInFlightMax,
  type Found,
  type GetOptions,
  type PartStore,
  storedBlockBytesMax,
} from './part-store.js';

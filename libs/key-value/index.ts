export { type KeyValue, type KeyValueWrite, keyBytesMax, valueBytesMax } from './key-value.js';

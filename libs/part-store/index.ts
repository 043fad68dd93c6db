export { type PartStore, storedBlockBytesMax } from './part-store.js';

export type { KeyValue, KeyValueWrite } from './key-value.js';

export type { BlockToReduce, ReduceBlock, ReducedParts } from './reduce-port.js';
export { type KeptResult, reduceWatchedBlock } from './reduce-watched-block.js';

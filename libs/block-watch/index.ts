export { type BlockDraw, drawAt, drawHeightOf } from './block-draw.js';
export { blockRulesOf, committedPart } from './block-rules.js';
export { type BlockAct, type BlockLane, BlockSweep, type DueJob } from './block-sweep.js';
export { BlockWatch, type WatchedBlock } from './block-watch.js';
export {
  BlockKeys,
  ChannelKeys,
  type KeysOutcome,
  type KeysRefusalCode,
  keptKeysIn,
  openChannelBox,
} from './channel-keys.js';
export { outboxIn } from './key-value-outbox.js';
export { overAtLatest, PartRetention } from './part-retention.js';
export { currentKeysOf, recordSignersOf } from './participant-keys.js';
export { readinessOf } from './readiness.js';
export {
  channelKeysCheck,
  operatorKeyCheck,
  ReasonTeller,
  type RegistryCheck,
  RegistryReasons,
  validatorCheck,
  validatorsCheck,
} from './registry-reasons.js';
export { sumOf, toldAct } from './told-act.js';

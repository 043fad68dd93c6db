export { blockRulesOf, committedPart } from './block-rules.js';
export { BlockWatch, type WatchedBlock } from './block-watch.js';
export {
  BlockKeys,
  ChannelKeys,
  type KeysOutcome,
  type KeysRefusalCode,
  openChannelBox,
} from './channel-keys.js';
export { PartRetention } from './part-retention.js';
export {
  adapterField,
  addressField,
  afterScheme,
  milliseconds,
  parseEnvironment,
  participantFields,
  portField,
  type ServiceConfig,
  secretField,
  serviceConfigOf,
  serviceFields,
} from './service-environment.js';
export { SweepLoop, type SweepLoopOptions, sweepEach } from './sweep-loop.js';
export type { ValidationRequest } from './validation-request.js';

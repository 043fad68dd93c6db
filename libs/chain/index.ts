export type {
  Chain,
  ChainNotice,
  ChainOutcome,
  ChainSnapshot,
  ChainTime,
  ChannelFacts,
  Contested,
  DrawGround,
  DrivenChain,
  Finality,
  GasBalance,
  Line,
  ParticipantActs,
  ParticipantKeys,
  PossessionProofs,
  ValidatorActs,
  ValidatorFacts,
  WeiAccount,
} from './chain.js';
export type {
  BlockEventKind,
  ChainEvent,
  ChainEventPage,
  ChannelEventKind,
  EventCursor,
  EventFilter,
} from './chain-events.js';
export { contractRefusalCodes, posterRefusalCodes, type RefusalCode } from './refusal-codes.js';

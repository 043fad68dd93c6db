export type {
  Chain,
  ChainNotice,
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
  TokenFacts,
  ValidatorActs,
  ValidatorFacts,
  WeiAccount,
} from './chain.js';
export type { ChainOutcome } from './chain-outcome.js';
export type {
  BlockEventKind,
  ChainEvent,
  ChainEventPage,
  ChannelEventKind,
  EventCursor,
  EventFilter,
} from './chain-events.js';
export type { DisputeActs } from './dispute-acts.js';
export { contractRefusalCodes, posterRefusalCodes, type RefusalCode } from './refusal-codes.js';

export type {
  Chain,
  ChainActor,
  ChainOutcome,
  ChainTime,
  ChannelFacts,
  DrivenChain,
  ParticipantKeys,
  SignedDelegation,
  ValidatorFacts,
} from './chain.js';

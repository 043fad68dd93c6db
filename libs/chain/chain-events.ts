/** What happened on the base chain, in order, and the place from which a reader goes on. */

import type { Hex } from '#encoding';
import type { ChannelId } from '#protocol';

/** Behind the log entry `logIndex` of a height; -1 stands before its first. */
export interface EventCursor {
  readonly height: number;
  /** Of the height's block: another one at this height means that it was rolled back. */
  readonly hash: Hex;
  readonly logIndex: number;
}

export const channelEventKinds = [
  'channel-opened',
  'channel-closed',
  'token-moved',
  'withdrawal-requested',
] as const;

export const blockEventKinds = [
  'part-posted',
  'part-struck',
  'parts-decided',
  'result-committed',
  'result-revealed',
  'own-result-revealed',
  'result-accepted',
  'result-fell',
  'block-disputed',
  'block-settled',
  'block-void',
  'seat-silent',
  'accused',
  'node-opened',
  'entry-named',
  'leaf-opened',
  'record-doubted',
  'record-placed',
  'accusation-ended',
  'row-asked',
  'row-published',
  'fault-found',
  'question-ended',
  'panel-asked',
  'panel-height-named',
  'panel-draw-begun',
  'panel-drawn',
  'panel-committed',
  'panel-revealed',
  'panel-appealed',
  'panel-concluded',
  'panel-released',
] as const;

export type ChannelEventKind = (typeof channelEventKinds)[number];
export type BlockEventKind = (typeof blockEventKinds)[number];

/** Events say where to look; what holds there, a snapshot says. */
export type ChainEvent =
  | { readonly kind: ChannelEventKind; readonly channelId: ChannelId; readonly at: EventCursor }
  | {
      readonly kind: BlockEventKind;
      readonly channelId: ChannelId;
      readonly blockNumber: number;
      readonly at: EventCursor;
    }
  /** Everything told of heights above `toHeight` did not happen; what did follows. */
  | { readonly kind: 'rolled-back'; readonly toHeight: number };

export interface EventFilter {
  /** All kinds where absent. */
  readonly kinds?: readonly (ChannelEventKind | BlockEventKind)[];
  /** All channels where absent. */
  readonly channelIds?: readonly ChannelId[];
}

export interface ChainEventPage {
  readonly events: readonly ChainEvent[];
  /** From where to go on. */
  readonly cursor: EventCursor;
  /** Whether the page reaches the latest height. */
  readonly isLast: boolean;
}

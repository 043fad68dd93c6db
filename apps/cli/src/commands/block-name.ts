/** CHANNEL and N of the commands that look at a block; a channel id may be cut to its beginning. */
import type { ChannelId, ChannelTerms } from '#protocol';
import { CommandRefused } from '../report/command-refused.js';

export interface BlockName {
  /** The channel id or its beginning, lower case. */
  readonly channel: string;
  readonly blockNumber: number;
}

export function parseBlockName(channel: string, number: string): BlockName {
  const lowered = channel.toLowerCase();
  if (!/^0x[0-9a-f]{8,64}$/.test(lowered)) {
    const message = 'CHANNEL is a channel id in 0x-hexadecimal, at least its first 8 digits';
    throw new CommandRefused('usage', message);
  }
  if (!/^\d{1,7}$/.test(number)) {
    throw new CommandRefused('usage', 'N is the number of a block');
  }
  return { channel: lowered, blockNumber: Number(number) };
}

/** The number of the block, which the channel found `where` (data folder or chain) has. */
export function requireBlock(
  { channelId, terms }: { readonly channelId: ChannelId; readonly terms: ChannelTerms },
  { channel, blockNumber }: BlockName,
  where: string,
): number {
  if (!channelId.startsWith(channel)) {
    const message = `the network in ${where} has channel ${channelId} only`;
    throw new CommandRefused('channel-not-found', message);
  }
  if (blockNumber >= terms.blocksMax) {
    const message = `the channel has blocks 0 to ${terms.blocksMax - 1}`;
    throw new CommandRefused('block-not-found', message);
  }
  return blockNumber;
}

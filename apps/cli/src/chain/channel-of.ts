/** The one channel of an account that a command names, by its id or the beginning of it. */
import type { Chain, ChannelFacts } from '#chain';
import type { Address } from '#encoding';
import { CommandRefused } from '../report/command-refused.js';

export async function channelOf(chain: Chain, account: Address, id: string): Promise<ChannelFacts> {
  const found = (await chain.channelsOf(account)).filter((one) => one.startsWith(id.toLowerCase()));
  if (found.length === 0) {
    throw new CommandRefused('channel-not-found', `${account} takes part in no open channel ${id} here`);
  }
  if (found.length > 1) {
    const message = `${found.length} channels of ${account} begin with ${id}: name one by more of its digits`;
    throw new CommandRefused('channel-not-found', message);
  }
  const [channelId] = found;
  const channel = await (await chain.snapshot({ finality: 'latest' })).channel(channelId);
  if (channel === undefined) throw new CommandRefused('channel-not-found', `no channel ${channelId}`);
  return channel;
}

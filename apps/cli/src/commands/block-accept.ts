/** `papyrus block accept CHANNEL N`: the account stands for the result that it computed itself. */
import type { Address } from '#encoding';
import { type ChainOptions, onChain } from '../chain/chain-session.js';
import { accountIn, participantIn } from '../chain/own-keys.js';
import { withBlock } from '../network/block-source.js';
import type { ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';
import { verified } from './block-verify.js';

export interface BlockAcceptOptions extends ChainOptions {
  readonly keys: string;
  readonly lens: Address;
  readonly parts: string;
}

/** Once all participants stand for one result a dispute is over; nobody can stand for another afterwards. */
export function runBlockAccept(
  channel: string,
  number: string,
  options: BlockAcceptOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return withBlock(options, parseBlockName(channel, number), async (source, blockNumber) => {
    const { channelId, terms } = source;
    const found = await verified(source, blockNumber, output);
    const participant = participantIn(terms.participants, address, channelId);
    return onChain(options, output, async ({ chain, act }) => {
      const acts = chain.participantActs(secret);
      await act('accept the result', () =>
        acts.acceptResult(channelId, blockNumber, participant, found.outputHash),
      );
      return { ...found, participant };
    });
  });
}

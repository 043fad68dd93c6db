/** `papyrus dispute show CHANNEL N`: who stands for what, what differs, and whose turn it is until when. */
import { describeDispute } from '../dispute/describe-dispute.js';
import { printDispute } from '../dispute/dispute-tables.js';
import { type SourceOptions, withBlock } from '../network/block-source.js';
import { blockState } from '../network/drive.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';

export function runDisputeShow(
  channel: string,
  number: string,
  options: SourceOptions,
  output: Output,
): Promise<ExitCode> {
  return withBlock(options, parseBlockName(channel, number), async (source, blockNumber) => {
    const state = await blockState(source.chain, source.channelId, blockNumber);
    const shown = describeDispute(source, state);
    printDispute(shown, output);
    output.result(shown);
    return exitCode.ok;
  });
}

/** `papyrus block verify CHANNEL N`: opens every part, reduces, and compares with what the chain has. */
import { type BlockSource, type SourceOptions, withBlock } from '../network/block-source.js';
import { blockState } from '../network/drive.js';
import { openBlock } from '../network/open-block.js';
import { resultHashOf } from '../network/result-hash.js';
import { requireRevealed, revealedOf } from '../network/revealed-results.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import { formatCount, formatNano, type Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';

export function runBlockVerify(
  channel: string,
  number: string,
  options: SourceOptions,
  output: Output,
): Promise<ExitCode> {
  return withBlock(options, parseBlockName(channel, number), async (source, blockNumber) => {
    output.result(await verified(source, blockNumber, output));
    return exitCode.ok;
  });
}

/** Reduces, and refuses a block of which nobody revealed what that gives. */
export async function verified(source: BlockSource, blockNumber: number, output: Output) {
  const { chain, channelId, terms } = source;
  const state = await blockState(chain, channelId, blockNumber);
  const revealed = revealedOf(state);
  const block = await openBlock(source, { ...source, ...state, blockKey: source.blockKey(blockNumber) });
  const outputHash = resultHashOf(channelId, blockNumber, block.output);
  const { report } = block.output;
  output.line(`Channel ${channelId}`);
  output.line(`Block ${blockNumber} is in stage ${state.stage.stage}`);
  output.line();
  output.table(
    ['participant', 'part', 'segments', 'amount'],
    terms.roles.map((_, at) => {
      const part = block.parts.find(({ participant }) => participant === at);
      const what = part === undefined ? 'missing' : (part.reason ?? 'valid');
      const amount = formatNano(block.output.amounts[at]);
      return [`${at} ${source.nameOf(at)}`, what, part === undefined ? '' : String(part.segments), amount];
    }),
    2,
  );
  output.line();
  output.line(`${formatCount(report.records)} records, ${formatCount(report.impressions)} impressions`);
  output.line(`reduced to    ${outputHash}`);
  for (const { outputHash: hash, isFallen } of state.facts.results) {
    const how = hash === outputHash ? 'same' : isFallen ? 'FELL' : 'other';
    output.line(`chain: ${how.padEnd(5)}  ${hash}`);
  }
  requireRevealed(outputHash, revealed, block.parts);
  return {
    ...{ channelId, blockNumber, stage: state.stage.stage, outputHash },
    others: revealed.filter((hash) => hash !== outputHash),
    amountsNano: block.output.amounts.map(String),
    parts: block.parts.map(({ participant, segments, reason }) => ({
      ...{ participant, segments, reason: reason ?? null },
    })),
  };
}

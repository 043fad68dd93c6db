/** `papyrus record prove CHANNEL N`: what one impression paid, as a file that proves it by itself. */
import { fromHex, type Hex, toHex } from '#encoding';
import { auctionIdFault, idFault, impressionKeyOf } from '#protocol';
import { checkProof, type ImpressionProof } from '#proofs';
import { type SourceOptions, withBlock } from '../network/block-source.js';
import { blockState } from '../network/drive.js';
import { openBlock } from '../network/open-block.js';
import { requireRevealed, revealedOf } from '../network/revealed-results.js';
import { proofOf } from '../proof/make-proof.js';
import { writeProof } from '../proof/proof-file.js';
import { printProven, provenJson } from '../proof/proven-tables.js';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';

export interface RecordProveOptions extends SourceOptions {
  readonly out: string;
  /** The impression by its key, or by both ids. */
  readonly key?: Hex;
  readonly auction?: string;
  readonly imp?: string;
}

export function runRecordProve(
  channel: string,
  number: string,
  options: RecordProveOptions,
  output: Output,
): Promise<ExitCode> {
  const named = parseBlockName(channel, number);
  const impressionKey = keyOf(options);
  return withBlock(options, named, async (source, blockNumber) => {
    const { chain, channelId, terms, domain } = source;
    const state = await blockState(chain, channelId, blockNumber);
    const revealed = revealedOf(state);
    const block = await openBlock(source, { ...source, ...state, blockKey: source.blockKey(blockNumber) });
    const proof = proofOf(block, { domain, channelId, terms, blockNumber }, impressionKey);
    const proven = requireProven(proof);
    requireRevealed(proven.outputHash, revealed, block.parts);
    const isSettled = state.stage.stage === 'settled' && state.stage.standing.includes(proven.outputHash);
    writeProof(options.out, proof);
    printProven(proof, proven, output);
    output.line(
      isSettled
        ? `The block is settled by this result. ${options.out} proves it.`
        : `The block is in stage ${state.stage.stage}: this result does not settle it, or not yet.`,
    );
    output.result({ file: options.out, stage: state.stage.stage, isSettled, ...provenJson(proof, proven) });
    return exitCode.ok;
  });
}

function requireProven(proof: ImpressionProof) {
  const proven = checkProof(proof);
  if ('fault' in proven) throw new Error(`a proof that was just made does not hold: ${proven.fault}`);
  return proven;
}

function keyOf({ key, auction, imp }: RecordProveOptions): Uint8Array {
  const isBoth = key !== undefined && (auction !== undefined || imp !== undefined);
  if (key !== undefined && !isBoth) return fromHex(key);
  if (isBoth || auction === undefined || imp === undefined) {
    throw new CommandRefused(
      'usage',
      'name the impression once: --key, or --auction and --imp (--help says what each is)',
    );
  }
  const fault = auctionIdFault(auction) ?? idFault(imp);
  if (fault !== undefined) throw new CommandRefused('usage', `no id of an impression: ${fault}`);
  return fromHex(toHex(impressionKeyOf(auction, imp)));
}

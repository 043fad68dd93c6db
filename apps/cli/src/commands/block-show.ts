/** `papyrus block show CHANNEL N`: where a block stands: stage, parts, results, amounts. */
import { type BlockStage, roleName } from '#protocol';
import { type BlockSource, type SourceOptions, withBlock } from '../network/block-source.js';
import { type BlockState, blockState } from '../network/drive.js';
import { type FetchedPart, type OpenedBlock, openBlock } from '../network/open-block.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import { formatNano, type Output, timeText } from '../report/output.js';
import { parseBlockName } from './block-name.js';

/** `data` of the result. */
export interface ShownBlock {
  readonly channelId: string;
  readonly blockNumber: number;
  readonly stage: string;
  /** When the stage ends by the clock, seconds; null where it does not. */
  readonly endsAtSeconds: number | null;
  readonly parts: readonly ShownPart[];
  readonly results: readonly ShownResult[];
  /** By own reduction of the parts that count; empty while there are none, and of a void block. */
  readonly amountsNano: readonly string[];
}

export interface ShownPart {
  readonly participant: number;
  readonly name: string;
  readonly role: string;
  /** Null while no part was posted. */
  readonly segments: number | null;
  readonly valid: boolean | null;
  readonly reason: string | null;
}

export interface ShownResult {
  readonly participant: number;
  /** Null where the participant revealed it itself, with a bond. */
  readonly validator: string | null;
  /** Null while it is committed and not revealed. */
  readonly outputHash: string | null;
  /** Whether it counts for what is paid. */
  readonly stands: boolean;
  /** Whether a dispute found it false. */
  readonly fell: boolean;
}

export async function runBlockShow(
  channel: string,
  number: string,
  options: SourceOptions,
  output: Output,
): Promise<ExitCode> {
  const named = parseBlockName(channel, number);
  return withBlock(options, named, async (network, blockNumber) => {
    const state = await blockState(network.chain, network.channelId, blockNumber);
    const blockKey = network.blockKey(blockNumber);
    const isOpened = state.facts.parts.length > 0;
    const block = isOpened ? await openBlock(network, { ...network, ...state, blockKey }) : undefined;
    const shown = shownBlock(network, state, block);
    print(shown, output);
    output.result(shown);
    return exitCode.ok;
  });
}

function shownBlock(network: BlockSource, state: BlockState, block: OpenedBlock | undefined): ShownBlock {
  const { stage, facts, blockNumber } = state;
  const standing = 'standing' in stage ? stage.standing : [];
  return {
    channelId: network.channelId,
    blockNumber,
    stage: stage.stage,
    endsAtSeconds: endOf(stage) ?? null,
    parts: network.terms.roles.map((role, index) => {
      const posted = block?.parts.find((one) => one.participant === index);
      const name = network.nameOf(index);
      return { participant: index, name, role: roleName(role), ...partFacts(posted) };
    }),
    results: [
      ...facts.seats.map((seat) => ({ ...seat, validator: seat.validator.toLowerCase() })),
      ...facts.ownResults.map((own) => ({ ...own, validator: null })),
    ].map(({ participant, validator, outputHash }) => ({
      participant,
      validator,
      outputHash: outputHash ?? null,
      stands: outputHash !== undefined && standing.includes(outputHash),
      fell: facts.results.some((one) => one.outputHash === outputHash && one.isFallen === true),
    })),
    amountsNano: block === undefined || stage.stage === 'void' ? [] : block.output.amounts.map(String),
  };
}

function partFacts(part: FetchedPart | undefined): Pick<ShownPart, 'segments' | 'valid' | 'reason'> {
  if (part === undefined) return { segments: null, valid: null, reason: null };
  return { segments: part.segments, valid: part.reason === undefined, reason: part.reason ?? null };
}

function endOf(stage: BlockStage): number | undefined {
  return 'endsAtSeconds' in stage ? stage.endsAtSeconds : undefined;
}

function print(block: ShownBlock, output: Output): void {
  output.line(`Channel ${block.channelId}`);
  const until = block.endsAtSeconds === null ? '' : `, until ${timeText(block.endsAtSeconds)} by the clock`;
  output.line(`Block ${block.blockNumber} is in stage ${block.stage}${until}`);
  output.line();
  output.table(
    ['participant', 'part', 'segments', 'result', 'amount'],
    block.parts.map((part) => [
      `${part.participant} ${part.name}`,
      part.valid === null ? 'not posted' : (part.reason ?? 'valid'),
      part.segments === null ? '' : String(part.segments),
      resultText(block, part.participant),
      block.amountsNano.length === 0 ? '' : formatNano(BigInt(block.amountsNano[part.participant])),
    ]),
    2,
  );
}

function resultText(block: ShownBlock, participant: number): string {
  // What it said last: its own word comes behind its seat's.
  const result = block.results.findLast((one) => one.participant === participant);
  if (result === undefined) return '';
  if (result.outputHash === null) return 'committed';
  return result.outputHash.slice(0, 10) + (result.fell ? ' FELL' : result.stands ? ' stands' : '');
}

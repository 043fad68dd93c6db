/** The commands that look at disputes and speak in them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SpeakerOptions } from './dispute/speaker.js';
import { partsOption, reading } from './program-blocks.js';
import { type Definitions, example, keysOption, withChain } from './program-options.js';

export function defineDispute(definitions: Definitions): void {
  const { program, output, end } = definitions;
  const dispute = program
    .command('dispute')
    .description('look at what is said of a block in dispute, and say something by hand')
    .addHelpText('after', example('papyrus dispute show --help'));
  reading(dispute.command('show <channel> <number>'))
    .description('say who stands for what, what differs, and whose turn it is until when')
    .addHelpText('after', example('papyrus dispute show 0x5f3a91c2 0 --data .data/demo'))
    .action(async (channel, number, options) => {
      const { runDisputeShow } = await import('./commands/dispute-show.js');
      end(await runDisputeShow(channel, number, options, output));
    });
  defineAccusing(dispute, definitions);
  defineAnswering(dispute, definitions);
  defineQuestioning(dispute, definitions);
  defineRows(dispute, definitions);
  defineAppealing(dispute, definitions);
  defineAdvancing(dispute, definitions);
}

function defineAccusing(dispute: Command, { output, end }: Definitions): void {
  moving(dispute.command('accuse <channel> <number>'))
    .description('accuse a result with a bond, or make the next move of the accusation')
    .addOption(resultOption())
    .addHelpText('after', exampleOf('accuse', '--result 1'))
    .action(async (channel, number, options: SpeakerOptions & { readonly result: number }) => {
      const { accusing, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, accusing(options.result), options, output));
    });
}

function defineAnswering(dispute: Command, { output, end }: Definitions): void {
  moving(dispute.command('answer <channel> <number>'))
    .description('answer for an accused result that is the own computation')
    .addOption(resultOption())
    .addHelpText('after', exampleOf('answer', '--result 0'))
    .action(async (channel, number, options: SpeakerOptions & { readonly result: number }) => {
      const { answering, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, answering(options.result), options, output));
    });
}

function defineQuestioning(dispute: Command, { output, end }: Definitions): void {
  moving(dispute.command('question <channel> <number>'))
    .description('question a part that the own computation does not count, with a bond')
    .addOption(partOption())
    .addHelpText('after', exampleOf('question', '--part 1'))
    .action(async (channel, number, options: SpeakerOptions & { readonly part: number }) => {
      const { questioning, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, questioning(options.part), options, output));
    });
}

function defineRows(dispute: Command, { output, end }: Definitions): void {
  rowMoving(dispute.command('publish <channel> <number>'), 'publish')
    .description('publish the opened bytes of a row that somebody asks about')
    .action(async (channel, number, options: RowOptions) => {
      const { publishing, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, publishing(options.part, options.row), options, output));
    });
  rowMoving(dispute.command('disprove <channel> <number>'), 'disprove')
    .description('show that the sealed bytes of a row are not what was published of it')
    .action(async (channel, number, options: RowOptions) => {
      const { disproving, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, disproving(options.part, options.row), options, output));
    });
}

interface RowOptions extends SpeakerOptions {
  readonly part: number;
  readonly row: number;
}

function rowMoving(command: Command, move: string): Command {
  const rowOption = new Option('--row <index>', 'the row that is asked about').argParser(index);
  return moving(command)
    .addOption(partOption())
    .addOption(rowOption.makeOptionMandatory())
    .addHelpText('after', exampleOf(move, '--part 1 --row 0'));
}

function defineAppealing(dispute: Command, { output, end }: Definitions): void {
  moving(dispute.command('appeal <channel> <number>'))
    .description('call a larger panel against a verdict that the own look contradicts, with twice the bond')
    .addOption(partOption())
    .addHelpText('after', exampleOf('appeal', '--part 1'))
    .action(async (channel, number, options: SpeakerOptions & { readonly part: number }) => {
      const { appealing, runDisputeMove } = await import('./commands/dispute-move.js');
      end(await runDisputeMove(channel, number, appealing(options.part), options, output));
    });
}

function defineAdvancing(dispute: Command, { output, end }: Definitions): void {
  moving(dispute.command('advance <channel> <number>'))
    .description('do what only time was missing for: draw and count panels, end what is over, get bonds back')
    .addHelpText('after', example('papyrus dispute advance 0x5f3a91c2 0 --keys keys/ssp --dry-run'))
    .action(async (channel, number, options: SpeakerOptions) => {
      const { runDisputeAdvance } = await import('./commands/dispute-advance.js');
      end(await runDisputeAdvance(channel, number, options, output));
    });
}

/** Who speaks, and from where it has the block. */
function moving(command: Command): Command {
  return withChain(command.addOption(keysOption().makeOptionMandatory())).addOption(
    partsOption().makeOptionMandatory(),
  );
}

function resultOption(): Option {
  return new Option('--result <index>', 'of the block, as dispute show counts them')
    .argParser(index)
    .makeOptionMandatory();
}

export function partOption(): Option {
  return new Option('--part <index>', 'of the participant whose part it is')
    .argParser(index)
    .makeOptionMandatory();
}

function exampleOf(move: string, options: string): string {
  return example(`papyrus dispute ${move} 0x5f3a91c2 0 ${options} --keys keys/ssp --dry-run`);
}

function index(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 0 on');
}

/** The commands that look at blocks and at what is in them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Hex, isHexOf } from '#encoding';
import { impressionReasons } from '#protocol';
import {
  chainOption,
  type Definitions,
  example,
  folder,
  jsonOption,
  keysOption,
  lensOption,
  networkOption,
  positive,
  withChain,
} from './program-options.js';

export function defineBlock(definitions: Definitions): void {
  const { program, output, end } = definitions;
  const block = program
    .command('block')
    .description('look at blocks')
    .addHelpText('after', example('papyrus block show --help'));
  defineBlockShow(block, definitions);
  defineBlockExplain(block, definitions);
  defineBlockVerify(block, definitions);
  defineBlockAccept(block, definitions);
  defineBlockReveal(block, definitions);
  block
    .command('export <channel> <number>')
    .description('write what an outsider needs to check a settled block by own code')
    .addOption(networkOption)
    .addOption(
      new Option('--out <dir>', 'where to write: a folder that is empty or not there')
        .argParser(folder)
        .makeOptionMandatory(),
    )
    .option('--sealed', 'the stored blocks too, named by their digest')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      example('papyrus block export 0x5f… 0 --data .data/demo --out .data/block-0 --sealed'),
    )
    .action(async (channel, number, options) => {
      const { runBlockExport } = await import('./commands/block-export.js');
      end(await runBlockExport(channel, number, options, output));
    });
}

function defineBlockShow(block: Command, { output, end }: Definitions): void {
  reading(block.command('show <channel> <number>'))
    .description('say where a block stands: stage, parts, results, amounts; also while the network runs')
    .addHelpText('after', example('papyrus block show 0x5f3a91c2 0 --data .data/demo'))
    .action(async (channel, number, options) => {
      const { runBlockShow } = await import('./commands/block-show.js');
      end(await runBlockShow(channel, number, options, output));
    });
}

function defineBlockExplain(block: Command, { output, end }: Definitions): void {
  namingImpression(reading(block.command('explain <channel> <number>')))
    .description('show the impressions behind an amount, the records of each, and the rule that applied')
    .option('--payee <who>', 'those from which this participant gets something: its name or index')
    .addOption(new Option('--reason <reason>', 'those that came to this').choices(impressionReasons))
    .option('--show <count>', 'how many impressions are shown; --json writes all', positive(1_000_000), 20)
    .addHelpText('after', example('papyrus block explain 0x5f3a91c2 0 --data .data/demo --payee ssp-1'))
    .action(async (channel, number, options) => {
      const { runBlockExplain } = await import('./commands/block-explain.js');
      end(await runBlockExplain(channel, number, options, output));
    });
}

/** Where a block is read: a network's folder, or a chain and a part store with a participant's keys. */
export function reading(command: Command): Command {
  return command
    .addOption(
      new Option('--data <dir>', 'the data folder of a network, in place of the next four').argParser(folder),
    )
    .addOption(keysOption())
    .addOption(chainOption())
    .addOption(lensOption())
    .addOption(partsOption())
    .addOption(jsonOption);
}

function defineBlockVerify(block: Command, { output, end }: Definitions): void {
  reading(block.command('verify <channel> <number>'))
    .description('open every part, reduce, and compare with what was revealed on the chain')
    .addHelpText('after', example('papyrus block verify 0x5f3a91c2 0 --data .data/demo'))
    .action(async (channel, number, options) => {
      const { runBlockVerify } = await import('./commands/block-verify.js');
      end(await runBlockVerify(channel, number, options, output));
    });
}

function defineBlockAccept(block: Command, { output, end }: Definitions): void {
  withChain(block.command('accept <channel> <number>').addOption(keysOption().makeOptionMandatory()))
    .description('reduce the block, and stand for that result: a dispute ends once all do')
    .addOption(partsOption().makeOptionMandatory())
    .addHelpText(
      'after',
      example('papyrus block accept 0x5f3a91c2 0 --keys keys/ssp --parts file:/srv/papyrus/parts'),
    )
    .action(async (channel, number, options) => {
      const { runBlockAccept } = await import('./commands/block-accept.js');
      end(await runBlockAccept(channel, number, options, output));
    });
}

function defineBlockReveal(block: Command, { output, end }: Definitions): void {
  withChain(block.command('reveal <channel> <number>').addOption(keysOption().makeOptionMandatory()))
    .description('reduce the block, and reveal that as a result of the account, with a bond')
    .addOption(partsOption().makeOptionMandatory())
    .option('--without-missing', 'where parts cannot be had, reveal what the others give')
    .addHelpText(
      'after',
      example('papyrus block reveal 0x5f3a91c2 0 --keys keys/ssp --parts file:/srv/papyrus/parts --dry-run'),
    )
    .action(async (channel, number, options) => {
      const { runBlockReveal } = await import('./commands/block-reveal.js');
      end(await runBlockReveal(channel, number, options, output));
    });
}

export function partsOption(): Option {
  return new Option('--parts <url>', 'the part store, file:FOLDER').env('PART_STORE');
}

export function defineRecord({ program, output, end }: Definitions): void {
  const record = program
    .command('record')
    .description('show and check what one impression paid, and why')
    .addHelpText('after', example('papyrus record prove --help'));
  namingImpression(reading(record.command('prove <channel> <number>')))
    .description('write a proof of what an impression paid, or that the block has none of that key')
    .addOption(new Option('--out <file>', 'the proof').makeOptionMandatory())
    .addHelpText(
      'after',
      example('papyrus record prove 0x5f3a91c2 0 --data .data/demo --auction 8f27 --imp 1 --out proof.json'),
    )
    .action(async (channel, number, options) => {
      const { runRecordProve } = await import('./commands/record-prove.js');
      end(await runRecordProve(channel, number, options, output));
    });
  record
    .command('verify <file>')
    .description('check a proof by itself, and against a chain')
    .addOption(chainOption())
    .addOption(lensOption())
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus record verify proof.json'))
    .action(async (file, options) => {
      const { runRecordVerify } = await import('./commands/record-verify.js');
      end(await runRecordVerify(file, options, output));
    });
}

/** An impression by the ids of its records, or by its key. */
function namingImpression(command: Command): Command {
  return command
    .addOption(new Option('--auction <id>', 'id of the auction, with --imp'))
    .addOption(new Option('--imp <id>', 'id of the impression in the auction'))
    .addOption(new Option('--key <hex>', 'or the impression key, 16 bytes').argParser(impressionKey));
}

function impressionKey(text: string): Hex {
  if (isHexOf(text, 16)) return text.toLowerCase() as Hex;
  throw new InvalidArgumentError('16 bytes as 0x-hexadecimal');
}

/** The command line `papyrus`: commands, options, and how each ends. */
import { Argument, Command, CommanderError, Help, Option } from 'commander';
import { Fault } from '#environment';
import { packageVersion } from '#environment/built-file';
import { defineBlock, defineRecord } from './program-blocks.js';
import { defineAccount, defineChannel, defineKeyCommands, defineValidator } from './program-chain.js';
import { defineDispute } from './program-disputes.js';
import { defineReconcile } from './program-reconcile.js';
import {
  type Definitions,
  type End,
  example,
  folder,
  jsonOption,
  networkOption,
  positive,
  share,
} from './program-options.js';
import {
  type CommandNo,
  CommandRefused,
  exitCode,
  exitOfFault,
  refusedBySystem,
} from './report/command-refused.js';
import { type Output, openOutput } from './report/output.js';

/** Runs one command line and returns its exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const isJson = args.includes('--json');
  const output = openOutput(isJson);
  let code: number = exitCode.ok;
  const program = defineProgram(output, (found) => {
    code = found;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return sayEnd(error, output);
  }
}

function sayEnd(thrown: unknown, output: Output): number {
  const error = refusedBySystem(thrown) ?? thrown;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.ok;
    // Commander has written it to standard error already, or the help where no command was named.
    const message = error.code === 'commander.help' ? 'name a command' : error.message;
    output.result(null, { errors: [{ code: 'usage', message: message.replace(/^error: /, '') }] });
    return exitCode.usage;
  }
  const isNamed = error instanceof CommandRefused || error instanceof Fault;
  const unexpected: CommandNo = 'unexpected';
  const code = isNamed ? error.code : unexpected;
  const message = error instanceof Error ? error.message : String(error);
  output.result(error instanceof CommandRefused ? error.data : null, { errors: [{ code, message }] });
  process.stderr.write(`papyrus: ${code}: ${message}\n`);
  if (!isNamed && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof CommandRefused) return error.exit;
  if (!(error instanceof Fault)) return exitCode.unexpected;
  return exitOfFault(error);
}

const keyHolders = ['participant', 'validator'];

const dataOption = new Option(
  '--data <dir>',
  'keep everything in this folder; the same command on it continues',
).argParser(folder);
const quietOption = new Option('--quiet', 'no progress on standard error');

/** Commands are loaded when they are called for: help and refusals need none of their engines. */
function defineProgram(output: Output, end: End): Command {
  const program = new Command('papyrus')
    .description('Turns the signed records of SSP, DSP and auditor into one agreed payment.')
    .version(packageVersion(), '--version', 'say which version this is')
    .exitOverride()
    .configureHelp({ optionDescription: describedOption, minWidthToWrap: 20 })
    .showHelpAfterError('(add --help for what the command takes)')
    .addHelpText('after', example('papyrus demo'));
  defineDemo(program, output, end);
  defineReplay(program, output, end);
  defineUp(program, output, end);
  const definitions: Definitions = { program, output, end };
  defineReconcile(definitions);
  defineBlock(definitions);
  defineDispute(definitions);
  defineRecord(definitions);
  defineKeys(definitions);
  defineAccount(definitions);
  defineValidator(definitions);
  defineChannel(definitions);
  defineDoctor(program, output, end);
  defineCompletion(definitions);
  return program;
}

function defineDemo(program: Command, output: Output, end: End): void {
  program
    .command('demo')
    .description(
      'boot a network in this process, play a day of seeded traffic, settle it, show who paid whom',
    )
    .option('--seed <text>', 'repeats the run to the byte', 'papyrus')
    .option('--impressions <count>', 'impressions in the day', positive(1_000_000), 24_000)
    .option('--sellers <count>', 'how many SSPs', positive(13), 3)
    .option('--blocks <count>', 'blocks of an hour, from midnight on; one of a dispute', positive(24), 24)
    .addOption(
      new Option('--scenario <name>', 'what is played: a day, or one block about which a participant lies')
        .choices(['day', 'dispute'])
        .default('day'),
    )
    .addOption(dataOption)
    .addOption(jsonOption)
    .addOption(quietOption)
    .addHelpText('after', example('papyrus demo --seed 7 --data .data/demo'))
    .action(async (options, command) => {
      if (options.scenario === 'dispute') {
        if (command.getOptionValueSource('blocks') !== 'default') {
          throw new CommandRefused(
            'usage',
            'a dispute is played over one block: leave --blocks out (--help)',
          );
        }
        options.blocks = 1;
      }
      const { runDemo } = await import('./commands/demo.js');
      end(await runDemo(options, output));
    });
}

function defineReplay(program: Command, output: Output, end: End): void {
  program
    .command('replay <files...>')
    .description('settle real auction logs (iPinYou, as published: plain, gzip, bzip2), a block a day')
    .addOption(
      new Option(
        '--layout <name>',
        'the layout of all files; found by their columns where it is left out',
      ).choices(['season-2', 'season-3', 'joined']),
    )
    .option('--deposit <units>', 'what each payee’s line gets; what the log needs where it is left out')
    .addOption(
      new Option('--disagree <share>', 'share of impressions over which the parties differ, 0 to 1')
        .argParser(share)
        .default(100_000, '0.1'),
    )
    .option('--seed <text>', 'repeats the disagreement', 'papyrus')
    .addOption(dataOption)
    .addOption(jsonOption)
    .addOption(quietOption)
    .addHelpText('after', example('papyrus replay imp.20130606.txt.bz2 clk.20130606.txt.bz2 --disagree 0'))
    .action(async (files, options) => {
      const { runReplay } = await import('./commands/replay.js');
      end(await runReplay(files, options, output));
    });
}

function defineUp(program: Command, output: Output, end: End): void {
  program
    .command('up')
    .description('leave a network running on real time until interrupted')
    .option('--seed <text>', 'keys and ids of the network', 'papyrus')
    .option('--block-seconds <seconds>', 'length of a block', positive(86_400), 60)
    .option('--port-base <port>', 'first of nine ports in a row, kept over restarts', positive(65_527))
    .addOption(dataOption)
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus up --data .data/network --block-seconds 60'))
    .action(async (options) => {
      const { runUp } = await import('./commands/up.js');
      end(await runUp(options, output));
    });
}

function defineKeys(definitions: Definitions): void {
  const { program, output, end } = definitions;
  const keys = program
    .command('keys')
    .description('make, register and replace the keys of a participant or a validator')
    .addHelpText('after', example('papyrus keys new --out keys/dsp'));
  keys
    .command('new')
    .description('make a folder of fresh keys: a file for each secret, and keys.json to show')
    .addOption(
      new Option('--out <dir>', 'where to write: a folder that is empty or not there')
        .argParser(folder)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--for <holder>', 'whose keys they are').choices(keyHolders).default('participant'))
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus keys new --out keys/dsp'))
    .action(async (options) => {
      const { runKeysNew } = await import('./commands/keys-new.js');
      end(await runKeysNew(options, output));
    });
  defineKeyCommands(keys, definitions);
}

function defineDoctor(program: Command, output: Output, end: End): void {
  program
    .command('doctor')
    .description('say what is wrong with a data folder and what can be mended; changes nothing by itself')
    .addOption(networkOption)
    .option('--mend', 'mend what can be mended without losing anything')
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus doctor --data .data/network'))
    .action(async (options) => {
      const { runDoctor } = await import('./commands/doctor.js');
      end(await runDoctor(options, output));
    });
}

function defineCompletion({ program, output, end }: Definitions): void {
  program
    .command('completion')
    .description('write a script that has a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus completion bash >> ~/.bashrc'))
    .action(async (shell) => {
      const { runCompletion } = await import('./commands/completion.js');
      end(runCompletion(shell, program, output));
    });
}

/** As commander describes it, and whether it has to be there. */
function describedOption(option: Option): string {
  const described = new Help().optionDescription(option);
  return option.mandatory ? `${described} (required)` : described;
}

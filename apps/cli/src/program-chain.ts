/** The commands that act on a base chain: keys, accounts, validators, channels. */
import { Argument, type Command, Option } from 'commander';
import { partsOption } from './program-blocks.js';
import { partOption } from './program-disputes.js';
import {
  address,
  blockNumber,
  channelName,
  type Definitions,
  example,
  folder,
  keysOption,
  someUnits,
  units,
  webUrl,
  withChain,
} from './program-options.js';

const outFolder = new Option('--out <dir>', 'where to write: a folder that is empty or not there')
  .argParser(folder)
  .makeOptionMandatory();

/** Of its holder, who acts: the options of a chain, and its keys. */
function acting(command: Command): Command {
  return withChain(command.addOption(keysOption().makeOptionMandatory()));
}

export function defineKeyCommands(keys: Command, { output, end }: Definitions): void {
  acting(keys.command('register'))
    .description("register an account's keys and endpoint; the same again replaces them")
    .addOption(
      new Option('--endpoint <url>', 'base URL of the channel node, as it is if absent').argParser(webUrl),
    )
    .addOption(
      new Option('--revoke <keys...>', 'keys that nobody shall have from now on').choices([
        'record',
        'operator',
      ]),
    )
    .addHelpText('after', example('papyrus keys register --keys keys/dsp --endpoint https://papyrus.example'))
    .action(async (options) => {
      const { runKeysRegister } = await import('./commands/keys-register.js');
      end(await runKeysRegister(options, output));
    });
  acting(keys.command('rotate'))
    .description('make fresh keys for an account, and register them in the place of the old ones')
    .addOption(outFolder)
    .addOption(
      new Option('--only <keys...>', 'the others stay').choices(['operator', 'record', 'encryption']),
    )
    .addHelpText('after', example('papyrus keys rotate --keys keys/dsp --out keys/dsp-2 --only operator'))
    .action(async (options) => {
      const { runKeysRotate } = await import('./commands/keys-register.js');
      end(await runKeysRotate(options, output));
    });
}

export function defineAccount(definitions: Definitions): void {
  const { program, output, end } = definitions;
  const account = program
    .command('account')
    .description('look at an account of the Vault, its bonds and whom it trusts')
    .addHelpText('after', example('papyrus account show --keys keys/dsp'));
  acting(account.command('show'))
    .description('what it has in the Vault, its keys, its channels')
    .addHelpText('after', example('papyrus account show --keys keys/dsp'))
    .action(async (options) => {
      const { runAccountShow } = await import('./commands/account.js');
      end(await runAccountShow(options, output));
    });
  acting(account.command('bond'))
    .description('put wei on it, for the bonds of its parts and results and the fees of validators')
    .addOption(new Option('--wei <count>', 'how much').argParser(someUnits).makeOptionMandatory())
    .addHelpText('after', example('papyrus account bond --keys keys/dsp --wei 1000000000000000000'))
    .action(async (options) => {
      const { runAccountBond } = await import('./commands/account.js');
      end(await runAccountBond(options, output));
    });
  acting(account.command('trust'))
    .description('say that the results of a validator bind the account, or no longer do')
    .addArgument(new Argument('<validator>', 'its account').argParser(address))
    .option('--end', 'no longer')
    .addHelpText('after', example(`papyrus account trust 0x${'5f'.repeat(20)} --keys keys/dsp`))
    .action(async (validator, options) => {
      const { runAccountTrust } = await import('./commands/account.js');
      end(await runAccountTrust(validator, options, output));
    });
  acting(account.command('withdraw'))
    .description('pull a balance out of the Vault')
    .addOption(new Option('--token <address>', "the chain's own coin if absent").argParser(address))
    .option('--all', 'in place of an amount; of the coin also what open blocks may need for bonds')
    .addOption(new Option('--to <address>', 'the account itself if absent').argParser(address))
    .addOption(new Option('--amount <units>', 'base units, or wei').argParser(someUnits))
    .addHelpText('after', example('papyrus account withdraw --keys keys/dsp --amount 1000000000000000000'))
    .action(async (options) => {
      const { runAccountWithdraw } = await import('./commands/account.js');
      end(await runAccountWithdraw(options, output));
    });
}

export function defineValidator({ program, output, end }: Definitions): void {
  const validator = program
    .command('validator')
    .description("a validator's entry in the registry, its bond, and its leaving")
    .addHelpText('after', example('papyrus validator register --help'));
  acting(validator.command('register'))
    .description('be listed, or replace what is listed')
    .addOption(
      new Option('--endpoint <url>', 'where requests are sent').argParser(webUrl).makeOptionMandatory(),
    )
    .addOption(
      new Option('--fee <wei>', 'the least that it takes for a block').argParser(units).default(0n, '0'),
    )
    .addOption(new Option('--bond <wei>', 'added to its stake').argParser(units).default(0n, '0'))
    .addHelpText(
      'after',
      example(
        'papyrus validator register --keys keys/v --endpoint https://v.example --bond 100000000000000000',
      ),
    )
    .action(async (options) => {
      const { runValidatorRegister } = await import('./commands/validator.js');
      end(await runValidatorRegister(options, output));
    });
  acting(validator.command('bond'))
    .description('add to the stake')
    .addOption(new Option('--wei <count>', 'how much').argParser(someUnits).makeOptionMandatory())
    .addHelpText('after', example('papyrus validator bond --keys keys/v --wei 100000000000000000'))
    .action(async (options) => {
      const { runValidatorBond } = await import('./commands/validator.js');
      end(await runValidatorBond(options, output));
    });
  acting(validator.command('leave'))
    .description('announce that stake leaves in 90 days; once they are over, free it')
    .addOption(new Option('--wei <count>', 'how much; all if absent, 0 takes it back').argParser(units))
    .addHelpText('after', example('papyrus validator leave --keys keys/v'))
    .action(async (options) => {
      const { runValidatorLeave } = await import('./commands/validator.js');
      end(await runValidatorLeave(options, output));
    });
  definePanels(validator, { output, end });
}

function definePanels(validator: Command, { output, end }: Pick<Definitions, 'output' | 'end'>): void {
  acting(validator.command('panels'))
    .description('say which panels it was drawn for, what it is to do in each, and until when')
    .addHelpText('after', example('papyrus validator panels --keys keys/v'))
    .action(async (options) => {
      const { runValidatorPanels } = await import('./commands/validator-panels.js');
      end(await runValidatorPanels(options, output));
    });
  acting(validator.command('answer <channel> <number>'))
    .description('take the next step in a panel: commit to whether the part is there, reveal that, count')
    .addOption(partOption())
    .addOption(partsOption().makeOptionMandatory())
    .addHelpText(
      'after',
      example('papyrus validator answer 0x5f3a91c2 0 --part 1 --keys keys/v --parts file:/srv/papyrus/parts'),
    )
    .action(async (channel, number, options) => {
      const { runValidatorAnswer } = await import('./commands/validator-panels.js');
      end(await runValidatorAnswer(channel, number, options, output));
    });
}

export function defineChannel(definitions: Definitions): void {
  const channel = definitions.program
    .command('channel')
    .description('agree on a channel, open it, and move its money')
    .addHelpText('after', example('papyrus channel propose draft.json --keys keys/dsp --out proposal.json'));
  defineChannelOpening(channel, definitions);
  defineChannelLines(channel, definitions);
  defineChannelExits(channel, definitions);
}

function defineChannelOpening(channel: Command, { output, end }: Definitions): void {
  acting(channel.command('propose <draft>'))
    .description('make the terms of a draft, and the channel secret in a box for each participant')
    .addOption(new Option('--out <file>', 'the proposal: a new file').makeOptionMandatory())
    .addHelpText('after', example('papyrus channel propose draft.json --keys keys/dsp --out proposal.json'))
    .action(async (draft, options) => {
      const { runChannelPropose } = await import('./commands/channel-opening.js');
      end(await runChannelPropose(draft, options, output));
    });
  acting(channel.command('sign <proposal>'))
    .description('check a proposal, its own box included, and add a signature to the file')
    .addHelpText('after', example('papyrus channel sign proposal.json --keys keys/ssp'))
    .action(async (file, options) => {
      const { runChannelSign } = await import('./commands/channel-opening.js');
      end(await runChannelSign(file, options, output));
    });
  acting(channel.command('open <proposals...>'))
    .description('open a channel that all have signed, in one file or in copies of it')
    .addHelpText('after', example('papyrus channel open proposal.json --keys keys/dsp'))
    .action(async (files, options) => {
      const { runChannelOpen } = await import('./commands/channel-opening.js');
      end(await runChannelOpen(files, options, output));
    });
}

const channelArgument = () => new Argument('<channel>', 'its id or its beginning').argParser(channelName);
const payeeOption = new Option('--payee <who>', 'index or account of the payee').makeOptionMandatory();
const amountOption = new Option(
  '--amount <units>',
  "units of the channel's currency, such as 12.5",
).makeOptionMandatory();

function defineChannelLines(channel: Command, { output, end }: Definitions): void {
  acting(channel.command('deposit').addArgument(channelArgument()))
    .description("put money of the account into a payee's line")
    .addOption(payeeOption)
    .addOption(amountOption)
    .addHelpText(
      'after',
      example('papyrus channel deposit 0x5f3a91c2 --keys keys/dsp --payee 1 --amount 500'),
    )
    .action(async (id, options) => {
      const { runChannelDeposit } = await import('./commands/channel-money.js');
      end(await runChannelDeposit(id, options, output));
    });
  acting(channel.command('pay-debt').addArgument(channelArgument()))
    .description('pay a payee what blocks owe it and its line lacked')
    .addOption(payeeOption)
    .option('--amount <units>', 'all of it if absent')
    .addHelpText('after', example('papyrus channel pay-debt 0x5f3a91c2 --keys keys/dsp --payee 1'))
    .action(async (id, options) => {
      const { runChannelPayDebt } = await import('./commands/channel-money.js');
      end(await runChannelPayDebt(id, options, output));
    });
  acting(channel.command('cover').addArgument(channelArgument()))
    .description('what a block surely pays each payee')
    .addOption(new Option('--block <number>', 'the next to start if absent').argParser(blockNumber))
    .addHelpText('after', example('papyrus channel cover 0x5f3a91c2 --keys keys/ssp'))
    .action(async (id, options) => {
      const { runChannelCover } = await import('./commands/channel-money.js');
      end(await runChannelCover(id, options, output));
    });
}

function defineChannelExits(channel: Command, { output, end }: Definitions): void {
  acting(channel.command('release').addArgument(channelArgument()))
    .description("a payee gives back of its own line, to the payer's balance")
    .addOption(amountOption)
    .addHelpText('after', example('papyrus channel release 0x5f3a91c2 --keys keys/ssp --amount 100'))
    .action(async (id, options) => {
      const { runChannelRelease } = await import('./commands/channel-money.js');
      end(await runChannelRelease(id, options, output));
    });
  acting(channel.command('request').addArgument(channelArgument()))
    .description('the payer asks to have back what is in a line; 0 takes the request back')
    .addOption(payeeOption)
    .addOption(amountOption)
    .addHelpText(
      'after',
      example('papyrus channel request 0x5f3a91c2 --keys keys/dsp --payee 1 --amount 100'),
    )
    .action(async (id, options) => {
      const { runChannelRequest } = await import('./commands/channel-money.js');
      end(await runChannelRequest(id, options, output));
    });
  acting(channel.command('concede').addArgument(channelArgument()))
    .description('let the other side have what is contested of a block: the payer a payee, a payee the payer')
    .addOption(new Option('--block <number>', 'which block').argParser(blockNumber).makeOptionMandatory())
    .option('--payee <who>', 'index or account, of the payer')
    .addHelpText('after', example('papyrus channel concede 0x5f3a91c2 --keys keys/dsp --block 7 --payee 1'))
    .action(async (id, options) => {
      const { runChannelConcede } = await import('./commands/channel-money.js');
      end(await runChannelConcede(id, options, output));
    });
  acting(channel.command('settle').addArgument(channelArgument()))
    .description('end every block whose time has come, and say until when the others last')
    .addHelpText('after', example('papyrus channel settle 0x5f3a91c2 --keys keys/dsp'))
    .action(async (id, options) => {
      const { runChannelSettle } = await import('./commands/channel-blocks.js');
      end(await runChannelSettle(id, options, output));
    });
  acting(channel.command('contested').addArgument(channelArgument()))
    .description('show what several results of a block left open')
    .addHelpText('after', example('papyrus channel contested 0x5f3a91c2 --keys keys/ssp'))
    .action(async (id, options) => {
      const { runChannelContested } = await import('./commands/channel-blocks.js');
      end(await runChannelContested(id, options, output));
    });
  acting(channel.command('withdraw').addArgument(channelArgument()))
    .description('take back what is due of requests and closed lines, and pull the balance')
    .addOption(new Option('--to <address>', 'the account itself if absent').argParser(address))
    .addHelpText('after', example('papyrus channel withdraw 0x5f3a91c2 --keys keys/dsp'))
    .action(async (id, options) => {
      const { runChannelWithdraw } = await import('./commands/channel-money.js');
      end(await runChannelWithdraw(id, options, output));
    });
  acting(channel.command('close').addArgument(channelArgument()))
    .description('no block starts any more; those that have end as the terms say')
    .addHelpText('after', example('papyrus channel close 0x5f3a91c2 --keys keys/dsp'))
    .action(async (id, options) => {
      const { runChannelClose } = await import('./commands/channel-money.js');
      end(await runChannelClose(id, options, output));
    });
}

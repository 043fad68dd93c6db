/** `papyrus reconcile` on the command line: logs with their mappings, the reducer's policy, what to show. */
import { Option } from 'commander';
import { type Definitions, example, folder, jsonOption, positive, share, units } from './program-options.js';
import { LogInputs } from './reconcile/log-input.js';
import { policyChoices } from './reconcile/policy.js';

export function defineReconcile({ program, output, end }: Definitions): void {
  const inputs = new LogInputs();
  const log = (role: 'ssp' | 'dsp' | 'auditor', flags: string, what: string): Option =>
    new Option(flags, what).argParser((text: string) => inputs.add(role, text));
  program
    .command('reconcile')
    .description('say where the logs of seller and buyer differ and what it costs, by the rules of a channel')
    .addOption(log('ssp', '--ssp <[name=]file...>', "the seller's log, of one or many files"))
    .addOption(log('dsp', '--dsp <file...>', "the buyer's log"))
    .addOption(log('auditor', '--auditor <file...>', "the auditor's log"))
    .addOption(
      new Option('--map <mapping>', 'columns of the logs named before it: key=column,… or a file').argParser(
        (text: string) => inputs.map(text),
      ),
    )
    .option('--currency <code>', 'currency of prices whose logs do not say it')
    .option('--explain <id>', 'what each log says of this auction id, and what came of it')
    .option('--out <file>', 'list the impressions that differ, as .csv or .parquet')
    .addOption(
      new Option('--rows <which>', 'which impressions --out lists')
        .choices(['differences', 'all'])
        .default('differences'),
    )
    .option('--page <file>', 'write a page of HTML to read and to send')
    .addOption(
      new Option('--limit <share>', 'discrepancy that is tolerated').argParser(share).default(100_000, '0.1'),
    )
    .addOption(
      new Option('--price-tolerance <share>', 'prices so near to one another are one')
        .argParser(share)
        .default(0, '0'),
    )
    .addOption(
      choice('--on-price-mismatch <rule>', 'which price stands', policyChoices.onPriceMismatch, 'lower'),
    )
    .addOption(choice('--on-missing-dsp <rule>', 'only the seller has it', policyChoices.onMissing, 'reject'))
    .addOption(choice('--on-missing-ssp <rule>', 'only the buyer has it', policyChoices.onMissing, 'pay'))
    .addOption(choice('--on-missing-audit <rule>', 'no auditor has it', policyChoices.onMissing, 'reject'))
    .addOption(choice('--require-viewable <bool>', 'audits say it was in view', ['true', 'false'], 'true'))
    .addOption(
      new Option('--auditor-fee-nano <nano>', 'for each audited impression')
        .argParser(units)
        .default(0n, '0'),
    )
    .option('--threads <count>', 'threads that read and reduce', positive(64))
    .option(
      '--memory <mebibytes>',
      'memory for rows; what it does not hold goes to a file',
      positive(65_536),
      384,
    )
    .addOption(new Option('--temp <dir>', 'folder of that file').argParser(folder))
    .addOption(new Option('--quiet', 'no progress on standard error'))
    .addOption(jsonOption)
    .addHelpText('after', example('papyrus reconcile --ssp seller.csv --dsp buyer.csv'))
    .action(async (options) => {
      const { runReconcile } = await import('./commands/reconcile.js');
      end(await runReconcile(inputs, options, output));
    });
}

function choice(flags: string, what: string, choices: readonly string[], otherwise: string): Option {
  return new Option(flags, what).choices([...choices]).default(otherwise);
}

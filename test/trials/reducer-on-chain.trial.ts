/** Random impressions, reduced by the product and by the contract on an anvil. */
import { compareReducers, ReducerOnChain } from '../reducer-on-chain.js';

/** `count`: impressions, 100,000 unless said. */
export async function runTrial([count = '100000']: string[]): Promise<boolean> {
  const chain = await ReducerOnChain.start();
  try {
    const { groups, records, kept, parametersRefused, reasons } = await compareReducers(chain, Number(count));
    const ended = Object.entries(reasons).map(([reason, pairs]) => `${reason} ${pairs}`);
    process.stdout.write(
      `${groups} impressions of ${records} records, ${kept} of them kept: 0 differences in ${chain.calls} calls; ` +
        `${parametersRefused} altered parameters refused by both; ${ended.join(', ')}\n`,
    );
    return true;
  } finally {
    await chain.close();
  }
}

/** Gives an account of the development chain at CHAIN coins for gas and base units of a token: ACCOUNT AMOUNT. */
import { creationCode, encodeCall } from '#chain/contract-codec';
import { developmentAccount, developmentKey, repeatableCreation } from '#chain/deployment';
import { connectNode } from '#chain/ethereum-node';
import { silentLog } from '#environment';

const [account, amount] = process.argv.slice(2);
if (!/^0x[0-9a-f]{40}$/i.test(account ?? '') || !/^\d{1,38}$/.test(amount ?? '')) {
  console.error('usage: node docker/mint-token.mjs ACCOUNT AMOUNT   (an address, and base units: 1000000 are one)');
  process.exit(2);
}
const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
const node = await connectNode(process.env.CHAIN ?? 'http://127.0.0.1:8545', { ...timing, log: silentLog });
const poster = node.posterOf(developmentKey, developmentAccount);
const { address, act } = repeatableCreation(creationCode('TestToken', ['Test', 'TST', 6]));
if ((await node.rpc.call('eth_getCode', address, 'latest')) === '0x') await post(act);
await post({ to: address, data: encodeCall('TestToken', 'mint', [account, BigInt(amount)]), valueWei: 0n });
await post({ to: account, data: '0x', valueWei: 10n * 10n ** 18n });
await node.close();
console.log(address);

async function post(one) {
  const outcome = await poster.post(one);
  if (outcome.ok) return;
  console.error(`refused: ${outcome.message}`);
  process.exit(1);
}

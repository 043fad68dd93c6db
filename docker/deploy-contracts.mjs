/** Puts the contracts on the development chain at CHAIN unless they are there, and prints the Lens's address. */
import { developmentAccount, developmentContracts, developmentKey, deployContracts } from '#chain/deployment';
import { connectNode } from '#chain/ethereum-node';
import { messageOf, silentLog } from '#environment';

const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
const url = process.env.CHAIN ?? 'http://127.0.0.1:8545';
const node = await connectNode(url, { ...timing, log: silentLog }).catch((cause) => end(messageOf(cause)));
// Each contract is one act of the account: a start that was cut off goes on where it was.
const done = Number(await node.rpc.call('eth_getTransactionCount', developmentAccount, 'latest'));
await deployContracts(node.posterOf(developmentKey, developmentAccount), done);
const contracts = developmentContracts();
for (const [name, address] of Object.entries(contracts)) {
  if ((await node.rpc.call('eth_getCode', address, 'latest')) !== '0x') continue;
  end(`there is no ${name} at ${address}: ${developmentAccount} did something else first; take a fresh chain`);
}
await node.close();
console.log(contracts.Lens);

function end(message) {
  console.error(message);
  process.exit(1);
}

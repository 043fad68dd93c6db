/** Puts the contracts on the development chain at CHAIN unless they are there, and prints the Lens's address. */
import { developmentAccount, developmentContracts, developmentKey, deployContracts } from '#chain/deployment';
import { connectNode } from '#chain/ethereum-node';
import { silentLog } from '#environment';

const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
const node = await connectNode(process.env.CHAIN ?? 'http://127.0.0.1:8545', { ...timing, log: silentLog });
// Each contract is one act of the account: a start that was cut off goes on where it was.
const done = Number(await node.rpc.call('eth_getTransactionCount', developmentAccount, 'latest'));
await deployContracts(node.posterOf(developmentKey, developmentAccount), done);
await node.close();
console.log(developmentContracts().Lens);

/** Puts the registries on the development chain at CHAIN unless they are there, and prints the ChannelRegistry's address. */
import { developmentAccount, developmentContracts, developmentKey, deployRegistries } from '#chain/deployment';
import { connectNode } from '#chain/ethereum-node';
import { silentLog } from '#environment';

const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
const node = await connectNode(process.env.CHAIN ?? 'http://127.0.0.1:8545', { ...timing, log: silentLog });
const nonce = Number(await node.rpc.call('eth_getTransactionCount', developmentAccount, 'latest'));
if (nonce < 4) {
  // Three creations, then the one act that ties them together: a start that was cut off goes on where it was.
  if (nonce !== 0 && nonce !== 3) throw new Error(`a deployment was cut off after ${nonce} acts: begin with a fresh chain`);
  await deployRegistries(node.posterOf(developmentKey, developmentAccount), nonce === 0 ? 0 : 1);
}
await node.close();
console.log(developmentContracts().channelRegistry);

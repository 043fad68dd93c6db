/** Puts the registries on the development chain at CHAIN unless they are there, and prints the ChannelRegistry's address. */
import { developmentAccount, developmentContracts, developmentKey, deployRegistries } from '#chain/deployment';
import { HeightWatch } from '#chain/height-watch';
import { JsonRpc } from '#chain/json-rpc';
import { TransactionPoster } from '#chain/transaction-poster';
import { silentLog } from '#environment';

const log = silentLog;
const rpc = new JsonRpc(process.env.CHAIN ?? 'http://127.0.0.1:8545', 10_000);
const heights = new HeightWatch(rpc, 250, log);
const nonce = Number(await rpc.call('eth_getTransactionCount', developmentAccount, 'latest'));
if (nonce < 4) {
  // Three creations, then the one act that ties them together: a start that was cut off goes on where it was.
  const chainId = Number(await rpc.call('eth_chainId'));
  const options = { rpc, chainId, heights, inclusionTimeoutMs: 60_000, log };
  const poster = new TransactionPoster(developmentKey, developmentAccount, options);
  if (nonce !== 0 && nonce !== 3) throw new Error(`a deployment was cut off after ${nonce} acts: begin with a fresh chain`);
  await deployRegistries(poster, nonce === 0 ? 0 : 1);
}
heights.stop();
rpc.close();
console.log(developmentContracts().channelRegistry);

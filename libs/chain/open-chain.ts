/** Opens the base chain that a URL names. */
import type { Address, Hex } from '#encoding';
import { Fault } from '#environment';
import type { Chain } from './chain.js';
import { decodeAnswer, encodeCall } from './contract-codec.js';
import { connectNode, type NodeOptions } from './ethereum-node.js';
import { EthersChain } from './ethers-chain.js';
import type { JsonRpc } from './json-rpc.js';

export interface ChainOptions extends NodeOptions {
  /** Address of the deployed ChannelRegistry; it names the other two registries. */
  readonly channelRegistry: Address;
}

/** Asks the node who it is and where the registries lie. Throws a retriable Fault `chain-unavailable` when
 *  it is away, one that is not retriable when the URL's scheme names no chain. */
export async function openChain(url: string, options: ChainOptions): Promise<Chain> {
  const scheme = url.slice(0, url.indexOf(':') + 1);
  switch (scheme) {
    case 'http:':
    case 'https:':
      return openEthereumNode(url, options);
    default: {
      const message = `${scheme || url} names no base chain: known are http: and https:, a node's JSON-RPC`;
      throw new Fault('chain-scheme-unknown', message, { retriable: false });
    }
  }
}

async function openEthereumNode(url: string, options: ChainOptions): Promise<Chain> {
  const { channelRegistry } = options;
  const node = await connectNode(url, options);
  try {
    const [participantRegistry, validatorRegistry] = await Promise.all([
      registryOf(node.rpc, channelRegistry, 'participantRegistry'),
      registryOf(node.rpc, channelRegistry, 'validatorRegistry'),
    ]);
    return new EthersChain({
      ...node,
      contracts: { participantRegistry, validatorRegistry, channelRegistry },
    });
  } catch (cause) {
    await node.close();
    throw cause;
  }
}

async function registryOf(rpc: JsonRpc, channelRegistry: Address, name: string): Promise<Hex> {
  const data = encodeCall('ChannelRegistry', name, []);
  const answer = await rpc.call<Hex>('eth_call', { to: channelRegistry, data }, 'latest');
  if (answer === '0x') throw new Error(`there is no ChannelRegistry at ${channelRegistry}`);
  return decodeAnswer('ChannelRegistry', name, answer) as Hex;
}

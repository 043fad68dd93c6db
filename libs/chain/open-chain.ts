/** Opens the base chain that a URL names. */
import type { Address, Hex } from '#encoding';
import { Fault } from '#environment';
import type { Chain } from './chain.js';
import { decodeAnswer, encodeCall } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { connectNode, type NodeOptions } from './ethereum-node.js';
import { EthersChain } from './ethers-chain.js';
import type { JsonRpc } from './json-rpc.js';

export interface ChainOptions extends NodeOptions {
  /** Address of the deployed Lens; it names the other contracts. */
  readonly lens: Address;
}

/** Asks the node who it is and where the contracts lie. Throws a retriable Fault `chain-unavailable` when
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
  const node = await connectNode(url, options);
  try {
    return new EthersChain({ ...node, contracts: await contractsOf(node.rpc, options.lens) });
  } catch (cause) {
    await node.close();
    throw cause;
  }
}

async function contractsOf(rpc: JsonRpc, lens: Address): Promise<ContractAddresses> {
  const data = encodeCall('Lens', 'deployed', []);
  const answer = await rpc.call<Hex>('eth_call', { to: lens, data }, 'latest');
  if (answer === '0x') throw new Error(`there is no Lens of Papyrus at ${lens}`);
  const deployed = decodeAnswer('Lens', 'deployed', answer) as Readonly<Record<string, Address>>;
  const { channels, vault, blocks, participantRegistry, validatorRegistry } = deployed;
  return {
    ParticipantRegistry: participantRegistry,
    Channels: channels,
    Vault: vault,
    ValidatorRegistry: validatorRegistry,
    Blocks: blocks,
    Lens: lens,
  };
}

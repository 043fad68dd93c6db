/** Opens the base chain that a URL names. */
import type { Address, Hex } from '#encoding';
import { Fault } from '#environment';
import type { Chain } from './chain.js';
import { decodeAnswer, encodeCall } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { connectNode, type NodeOptions } from './ethereum-node.js';
import { EthersChain } from './ethers-chain.js';
import { type JsonRpc, JsonRpcRefused } from './json-rpc.js';
import { refusalOf } from './refusal-of.js';
import { type RehearsedAct, RehearsingPoster } from './rehearsing-poster.js';

export interface ChainOptions extends NodeOptions {
  /** A dry run: told each act, which is tried and not posted. */
  readonly rehearse?: (act: RehearsedAct) => void;
  /** Address of the deployed Lens; it names the other contracts. */
  readonly lens: Address;
}

/**
 * Asks the node who it is and where the contracts lie. Throws a retriable Fault `chain-unavailable` when it
 * is away; ones that are not retriable when the URL's scheme names no chain, and `lens-not-found`.
 */
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
    const contracts = await contractsOf(node.rpc, options.lens);
    const { rehearse } = options;
    if (rehearse === undefined) return new EthersChain({ ...node, contracts });
    const ports = { rpc: node.rpc, contracts };
    const posterOf = (_: Uint8Array, address: Address) => new RehearsingPoster(address, ports, rehearse);
    return new EthersChain({ ...node, contracts, posterOf });
  } catch (cause) {
    await node.close();
    throw cause;
  }
}

async function contractsOf(rpc: JsonRpc, lens: Address): Promise<ContractAddresses> {
  const data = encodeCall('Lens', 'deployed', []);
  const answer = await rpc.call<Hex>('eth_call', { to: lens, data }, 'latest').catch((cause: unknown) => {
    // A contract of another kind refuses the question, or answers something else.
    if (cause instanceof JsonRpcRefused && refusalOf(cause) !== undefined) return '0x' as const;
    throw cause;
  });
  const deployed = deployedIn(answer);
  if (deployed === undefined) {
    const message = `there is no Lens of Papyrus at ${lens}: check its address, and which chain the node follows`;
    throw new Fault('lens-not-found', message, { retriable: false });
  }
  const { channels, vault, blocks, participantRegistry, validatorRegistry } = deployed;
  const { adjudicator, questions, panel } = deployed;
  return {
    ParticipantRegistry: participantRegistry,
    Channels: channels,
    Vault: vault,
    ValidatorRegistry: validatorRegistry,
    Blocks: blocks,
    Lens: lens,
    Adjudicator: adjudicator,
    Questions: questions,
    Panel: panel,
  };
}

/** Undefined for what is no answer of a Lens. */
function deployedIn(answer: Hex): Readonly<Record<string, Address>> | undefined {
  try {
    return decodeAnswer('Lens', 'deployed', answer) as Readonly<Record<string, Address>>;
  } catch {
    return undefined;
  }
}

/**
 * The validators that were listed at a height of which the node keeps no state any more: from the events of
 * the registry and of the Vault, in which every move of a stake is told.
 */
import type { Address, Hex } from '#encoding';
import { bondWei, type DrawCandidate } from '#protocol';
import { decodeEvent, eventTopics } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { type RpcCalls, unavailable } from './json-rpc.js';
import { pageHeights } from './read-events.js';

/** Beyond so many heights the reading would take longer than anybody waits for a draw. */
export const replayedHeightsMax = 500_000;
const kinds = ['wei-moved', 'validator-registered', 'validator-left', 'exit-announced', 'exit-completed'];
/** WeiBook.Stake of IVault.sol. */
const stakeBook = 2n;

interface RpcLog {
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

interface Entry {
  stake: bigint;
  exit: bigint;
  isListed: boolean;
}

export async function replayedValidators(
  rpc: RpcCalls,
  { ValidatorRegistry, Vault }: Pick<ContractAddresses, 'ValidatorRegistry' | 'Vault'>,
  height: number,
): Promise<DrawCandidate[]> {
  const topics = eventTopics();
  const entries = new Map<Address, Entry>();
  for (let from = 0; from <= height; from += pageHeights) {
    const logs = await rpc.call<readonly RpcLog[]>('eth_getLogs', {
      address: [ValidatorRegistry, Vault],
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${Math.min(height, from + pageHeights - 1).toString(16)}`,
      topics: [kinds.map((kind) => topics.get(kind))],
    });
    if (!Array.isArray(logs)) throw unavailable('the base chain’s node answered no list of logs', undefined);
    for (const log of logs as readonly RpcLog[]) take(entries, log);
  }
  return [...entries]
    .filter(([, { isListed }]) => isListed)
    .map(([account, entry]) => ({
      account,
      weight: entry.stake < entry.exit + bondWei.leastStake ? 0n : entry.stake - entry.exit,
    }));
}

function take(entries: Map<Address, Entry>, { topics, data }: RpcLog): void {
  const event = decodeEvent(topics, data);
  if (event === undefined) return;
  const { fields } = event;
  const of = (account: unknown): Entry => {
    const known = entries.get(account as Address) ?? { stake: 0n, exit: 0n, isListed: false };
    entries.set(account as Address, known);
    return known;
  };
  const amount = fields.amount as bigint;
  switch (event.kind) {
    case 'wei-moved':
      if (fields.fromBook === stakeBook) of(fields.from).stake -= amount;
      if (fields.toBook === stakeBook) of(fields.to).stake += amount;
      break;
    case 'validator-registered':
      of(fields.account).isListed = true;
      break;
    case 'validator-left':
      of(fields.account).isListed = false;
      break;
    case 'exit-announced':
      of(fields.account).exit = amount;
      break;
    case 'exit-completed':
      of(fields.account).exit -= amount;
      break;
  }
}

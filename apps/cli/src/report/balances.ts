/** What each participant had and has: in its own hands, claimable in the Vault, and in the payees' lines. */
import { roleName } from '#protocol';
import type { Network } from '../network/open-network.js';

export interface ParticipantBalance {
  readonly index: number;
  readonly role: string;
  readonly name: string;
  readonly address: string;
  readonly depositNano: string;
  readonly balanceBeforeNano: string;
  readonly balanceAfterNano: string;
}

/**
 * A base unit of the network's token is one nano. Before: what the payer brought, and nothing of the others.
 */
export async function balancesOf(network: Network): Promise<ParticipantBalance[]> {
  const { chain, token, spec } = network;
  const latest = await chain.snapshot({ finality: 'latest' });
  const channel = await latest.channel(network.channelId);
  return Promise.all(
    network.members.map(async ({ index, name, role, secrets }) => {
      const { address } = secrets.account;
      const held = await latest.tokenBalance(token, address);
      const claimable = await latest.balance(token, address);
      const lines = channel?.lines ?? [];
      const unspent = index === 0 ? lines.reduce((sum, line) => sum + line.amount, 0n) : 0n;
      const brought = index === 0 ? (BigInt(spec.depositNano) * BigInt(lines.length)).toString() : '0';
      return {
        index,
        role: roleName(role),
        name,
        address,
        depositNano: brought,
        balanceBeforeNano: brought,
        balanceAfterNano: (held + claimable + unspent).toString(),
      };
    }),
  );
}

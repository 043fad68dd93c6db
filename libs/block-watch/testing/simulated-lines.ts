/** Tokens in the simulated chain's Vault: lines, balances, and what is contested (Vault.sol, Lines.sol). */
import type { Contested, Line } from '#chain';
import type { Address } from '#encoding';
import type { BlockId, ChannelId, ChannelTerms } from '#protocol';
import { type Journal, Kept } from './kept.js';
import { keyOf } from './simulated-block-store.js';
import { leastOf } from './simulated-wei.js';

type Held = Pick<Line, 'amount' | 'debt'>;

const nothing: Held = { amount: 0n, debt: 0n };
const nanoPerUnit = 1_000_000_000n;

export class SimulatedLines {
  readonly #lines: Kept<Held>;
  readonly #balances: Kept<bigint>;
  readonly #contested: Kept<Contested>;

  constructor(journal: Journal) {
    this.#lines = new Kept(journal);
    this.#balances = new Kept(journal);
    this.#contested = new Kept(journal);
  }

  of(channelId: ChannelId, { participants, blockMaxNano, tokenPerUnit }: ChannelTerms): Line[] {
    return participants.slice(1).map((_, at): Line => {
      const payee = at + 1;
      const blockMax = unitsOf(blockMaxNano[payee], tokenPerUnit);
      return { payee, ...this.#held(channelId, payee), requested: 0n, blockMax };
    });
  }

  balance(token: Address, account: Address): bigint {
    return this.#balances.get(`${token}/${account}`.toLowerCase()) ?? 0n;
  }

  contested(id: BlockId, payee: number): Contested | undefined {
    return this.#contested.get(`${keyOf(id)}/${payee}`);
  }

  /** Of debts nothing is served. */
  deposit(channelId: ChannelId, payee: number, amount: bigint): void {
    const held = this.#held(channelId, payee);
    this.#lines.set(`${channelId}/${payee}`, { ...held, amount: held.amount + amount });
  }

  /** `low` and `high`: nano of each participant, cut; `live`: earlier blocks that are not over. */
  pay(
    id: BlockId,
    terms: ChannelTerms,
    live: number,
    { low, high, nowSeconds }: { low: readonly bigint[]; high: readonly bigint[]; nowSeconds: number },
  ): void {
    for (const [payee, account] of terms.participants.entries()) {
      if (payee === 0 || high[payee] === 0n) continue;
      const held = this.#held(id.channelId, payee);
      const blockMax = unitsOf(terms.blockMaxNano[payee], terms.tokenPerUnit);
      const [owed, most] = [low, high].map((all) => unitsOf(all[payee], terms.tokenPerUnit));
      const within = beyond(held.amount, blockMax * BigInt(live));
      const paid = leastOf(owed, within);
      const contested = leastOf(most - owed, within - paid);
      const next = { amount: held.amount - paid - contested, debt: held.debt + owed - paid };
      this.#lines.set(`${id.channelId}/${payee}`, next);
      const key = `${terms.token}/${account}`.toLowerCase();
      this.#balances.set(key, this.balance(terms.token, account) + paid);
      if (contested > 0n) {
        this.#contested.set(`${keyOf(id)}/${payee}`, { amount: contested, sinceSeconds: nowSeconds });
      }
    }
  }

  #held(channelId: ChannelId, payee: number): Held {
    return this.#lines.get(`${channelId}/${payee}`) ?? nothing;
  }
}

function unitsOf(nano: bigint, tokenPerUnit: bigint): bigint {
  return (nano * tokenPerUnit) / nanoPerUnit;
}

function beyond(one: bigint, other: bigint): bigint {
  return one > other ? one - other : 0n;
}

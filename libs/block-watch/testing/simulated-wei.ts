/** Wei of accounts in the simulated chain's Vault, in three books each (contracts/src/vault/Accounts.sol). */
import type { WeiAccount } from '#chain';
import type { Address } from '#encoding';
import { type Journal, Kept, refuse } from './kept.js';

export type WeiBook = keyof WeiAccount;

export interface WeiMove {
  readonly from: Address;
  readonly to: Address;
  readonly fromBook: WeiBook;
  readonly toBook: WeiBook;
  readonly wei: bigint;
}

/** What is burnt is credited to it. */
export const burnAccount: Address = '0x000000000000000000000000000000000000dead';

export function leastOf(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

const nothing: WeiAccount = { freeWei: 0n, stakeWei: 0n, lockedWei: 0n };

export class SimulatedWei {
  readonly #books: Kept<WeiAccount>;
  /** What every account has free that nothing was moved of. */
  #everybodyWei: bigint;

  constructor(journal: Journal, everybodyWei: bigint) {
    this.#books = new Kept(journal);
    this.#everybodyWei = everybodyWei;
  }

  /** Gives every account so much in its free book, whatever it had there. */
  level(freeWei: bigint): void {
    this.#everybodyWei = freeWei;
    for (const [account, books] of this.#books.copy()) this.#books.set(account, { ...books, freeWei });
  }

  of(account: Address): WeiAccount {
    return this.#books.get(account.toLowerCase()) ?? { ...nothing, freeWei: this.#everybodyWei };
  }

  add(account: Address, book: WeiBook, wei: bigint): void {
    const books = this.of(account);
    this.#books.set(account.toLowerCase(), { ...books, [book]: books[book] + wei });
  }

  move(moves: readonly WeiMove[]): void {
    for (const { from, to, fromBook, toBook, wei } of moves) {
      if (this.of(from)[fromBook] < wei) refuse('wei-too-little');
      this.add(from, fromBook, -wei);
      this.add(to, toBook, wei);
    }
  }
}

export function locked(account: Address, wei: bigint, fromBook: WeiBook = 'freeWei'): WeiMove {
  return { from: account, to: account, fromBook, toBook: 'lockedWei', wei };
}

export function unlocked(account: Address, wei: bigint, toBook: WeiBook = 'freeWei'): WeiMove {
  return { from: account, to: account, fromBook: 'lockedWei', toBook, wei };
}

/** Out of what is locked, to somebody else. */
export function handed(from: Address, to: Address, wei: bigint): WeiMove {
  return { from, to, fromBook: 'lockedWei', toBook: 'freeWei', wei };
}

export function burnt(from: Address, wei: bigint): WeiMove {
  return handed(from, burnAccount, wei);
}

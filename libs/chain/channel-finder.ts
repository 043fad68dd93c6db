/** Finds the channels of an account without reading all channels at every height. */

import type { Address, Hex } from '#encoding';
import type { ChannelId } from '#protocol';
import type { ContractSnapshot } from './contract-snapshot.js';

/** Channels that are asked for at a time. */
const pageChannels = 200;

/**
 * The registry lists channels in the order of their opening and never drops one. So it is enough to know how
 * many were looked at: of foreign channels only their number is kept. The list is asked for rather than its
 * log of openings, because nodes bound how many heights of logs one question may span, and a first question
 * would span all.
 */
export class ChannelFinder {
  readonly #account: Address;
  readonly #snapshot: () => Promise<ContractSnapshot>;
  #found: readonly Hex[] = [];
  /** How many of the list were looked at, and the last of them: another one there means a rollback. */
  #seen = 0;
  #last: Hex | undefined;
  #finding: Promise<readonly Hex[]> | undefined;

  constructor(account: Address, snapshot: () => Promise<ContractSnapshot>) {
    this.#account = account.toLowerCase() as Hex;
    this.#snapshot = snapshot;
  }

  /** Calls that come while one is under way share its answer, so that nothing is looked at twice. */
  find(): Promise<readonly Hex[]> {
    this.#finding ??= this.#find().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  async #find(): Promise<readonly Hex[]> {
    const snapshot = await this.#snapshot();
    for (;;) {
      const overlap = this.#last === undefined ? 0 : 1;
      const [first, ...rest] = await snapshot.channelIds(this.#seen - overlap, pageChannels + overlap);
      if (overlap === 1 && first !== this.#last) {
        // A rollback took channels out: those that are still there are found again.
        this.#found = [];
        this.#seen = 0;
        this.#last = undefined;
        continue;
      }
      const page = overlap === 1 ? rest : first === undefined ? [] : [first, ...rest];
      if (page.length === 0) return this.#found;
      const own = await Promise.all(page.map((channelId) => this.#takesPart(snapshot, channelId)));
      // Only whole pages count: a fault in the middle leaves all of a page to the next call.
      this.#found = [...this.#found, ...page.filter((_, at) => own[at])];
      this.#seen += page.length;
      this.#last = page.at(-1);
      if (page.length < pageChannels) return this.#found;
    }
  }

  async #takesPart(snapshot: ContractSnapshot, channelId: ChannelId): Promise<boolean> {
    const facts = await snapshot.channel(channelId);
    return facts?.terms.participants.some((one) => one.toLowerCase() === this.#account) ?? false;
  }
}

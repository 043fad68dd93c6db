/** What a participant stakes in a block's dispute: as the chain shows it, and what is on its way there. */
import type { WatchedBlock } from '#block-watch';
import type { Chain } from '#chain';
import type { DisputeTask } from '#dispute';
import type { Address } from '#encoding';
import { bondWei, type DisputeFacts } from '#protocol';

export interface BondsPorts {
  readonly chain: Pick<Chain, 'snapshot'>;
  /** Hears, by its notice, why nothing is staked. */
  readonly tell: (block: WatchedBlock, notice: string, fields: object, words: string) => void;
}

/** Games run side by side: what some of them are staking just now is gone for the others. */
export class DisputeBonds {
  readonly #account: Address;
  readonly #mostWei: bigint;
  readonly #ports: BondsPorts;
  readonly #underWay = new Set<{ readonly of: string; readonly wei: bigint }>();

  /** `account` in lower case; `mostWei`: what one block's dispute may take, whatever becomes of it. */
  constructor(account: Address, mostWei: bigint, ports: BondsPorts) {
    this.#account = account;
    this.#mostWei = mostWei;
    this.#ports = ports;
  }

  /** What `send` gives; undefined, and nothing is sent, where a bond of `wei` may not be staked now. */
  async staking<Sent>(
    block: WatchedBlock,
    participant: number,
    wei: bigint,
    send: () => Promise<Sent>,
  ): Promise<Sent | undefined> {
    if (wei === 0n) return send();
    const of = `${block.channelId}/${block.blockNumber}`;
    const before = [...this.#underWay];
    const mine = { of, wei };
    this.#underWay.add(mine);
    try {
      const ofBlock = sumOf(before.filter((one) => one.of === of));
      const isRoom = await this.#isRoom(block, participant, wei, { ofBlock, ofAll: sumOf(before) });
      return isRoom ? await send() : undefined;
    } finally {
      this.#underWay.delete(mine);
    }
  }

  async #isRoom(
    block: WatchedBlock,
    participant: number,
    wei: bigint,
    underWay: { readonly ofBlock: bigint; readonly ofAll: bigint },
  ): Promise<boolean> {
    const { tell, chain } = this.#ports;
    const account = this.#account;
    const latest = await chain.snapshot({ finality: 'latest' });
    const dispute = await latest.disputeFacts(block.channelId, block.blockNumber);
    const staked = stakedWei(dispute, { participant, account });
    if (staked + wei > this.#mostWei) {
      const found = { account, stakedWei: String(staked), bondsMaxWei: String(this.#mostWei) };
      const words = 'the dispute has taken as much wei for bonds as it may: nothing more is staked in it';
      tell(block, 'dispute-bonds-used-up', found, words);
      return false;
    }
    const { freeWei } = await latest.weiAccount(account);
    if (freeWei < wei) {
      const found = { account, freeWei: String(freeWei), neededWei: String(wei) };
      const words = 'the account has no wei for a bond of a dispute: deposit it (depositWei)';
      tell(block, 'dispute-without-bond', found, words);
      return false;
    }
    // What is on its way may have arrived already: the next attempt knows.
    const { ofBlock, ofAll } = underWay;
    return staked + ofBlock + wei <= this.#mostWei && ofAll + wei <= freeWei;
  }
}

function sumOf(staked: readonly { readonly wei: bigint }[]): bigint {
  return staked.reduce((sum, { wei }) => sum + wei, 0n);
}

/** What a task locks of the account's free wei; 0 where it takes no bond, or where the act tells. */
export function bondOf(task: DisputeTask): bigint {
  switch (task.task) {
    case 'accuse':
      return bondWei.accusation;
    case 'appeal-panel':
      // Each size of a panel takes twice the bond of the one before.
      return bondWei.question << BigInt(task.round + 1);
    default:
      return 0n;
  }
}

/** All that it staked, whatever became of it. */
function stakedWei(
  { accusations, parts }: DisputeFacts,
  { participant, account }: { readonly participant: number; readonly account: Address },
): bigint {
  const isOwn = (one: Address | undefined): boolean => one?.toLowerCase() === account;
  const accused = accusations.filter(({ slot }) => slot === participant).length;
  const asked = parts.flatMap(({ questions }) => questions.filter((one) => one.participant === participant));
  const panels = parts.flatMap(({ panel }) => {
    if (panel === undefined) return [];
    const appeals = panel.rounds.map(({ appellant }, round) =>
      isOwn(appellant) ? bondWei.question << BigInt(round) : 0n,
    );
    return [isOwn(panel.asker) ? bondWei.question : 0n, ...appeals];
  });
  const sum = panels.reduce((before, one) => before + one, 0n);
  return BigInt(accused) * bondWei.accusation + BigInt(asked.length) * bondWei.question + sum;
}

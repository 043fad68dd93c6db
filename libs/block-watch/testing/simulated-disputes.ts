/** What is said in disputes on the simulated chain: told by tests, and kept as services say it. */
import type { ChainEvent, ChainOutcome, DisputeActs, RefusalCode } from '#chain';
import type { Address, Hex } from '#encoding';
import type { ChannelId, DisputeFacts } from '#protocol';

/** One act, as it was sent. */
export interface Said {
  readonly by: Address;
  readonly act: keyof DisputeActs;
  readonly given: readonly unknown[];
}

const nothingSaid: DisputeFacts = { accusations: [], parts: [] };

export class SimulatedDisputes {
  /** All acts, also refused ones. */
  readonly said: Said[] = [];
  /** What the chain answers instead of taking an act. */
  refuses: (said: Said) => RefusalCode | undefined = () => undefined;
  readonly #facts = new Map<string, DisputeFacts>();
  readonly #drawn: ChainEvent[] = [];
  readonly #mine: () => void;

  constructor(mine: () => void) {
    this.#mine = mine;
  }

  /** What was said of a block so far, as others see it. */
  put(channelId: ChannelId, blockNumber: number, facts: Partial<DisputeFacts>): void {
    const before = this.of(channelId, blockNumber);
    this.#facts.set(`${channelId}/${blockNumber}`, { ...before, ...facts });
    const drawn = facts.parts?.some(({ panel }) =>
      panel?.rounds.some((one) => one.drawnAtSeconds !== undefined),
    );
    const at = { height: this.#drawn.length, hash: '0x' as Hex, logIndex: 0 };
    if (drawn === true) this.#drawn.push({ kind: 'panel-drawn', channelId, blockNumber, at });
    this.#mine();
  }

  of(channelId: ChannelId, blockNumber: number): DisputeFacts {
    return this.#facts.get(`${channelId}/${blockNumber}`) ?? nothingSaid;
  }

  /** Of panels that were drawn, from the `from`th on. */
  drawnSince(from: number): readonly ChainEvent[] {
    return this.#drawn.slice(from);
  }

  /** `take` mines what was said. */
  acts(by: Address, take: () => ChainOutcome): DisputeActs {
    const target = { address: by } as DisputeActs;
    return new Proxy(target, {
      get: (_, name) => {
        if (name === 'address') return by;
        return async (...given: unknown[]): Promise<ChainOutcome> => {
          const said: Said = { by, act: name as keyof DisputeActs, given };
          this.said.push(said);
          const code = this.refuses(said);
          return code === undefined ? take() : { ok: false, code, message: code };
        };
      },
    });
  }
}

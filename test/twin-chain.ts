/**
 * Two chains as one: every act goes to the contracts first and then, at the time and height that it got there,
 * to the simulated chain; what both answer and show afterwards is compared.
 */
import { isDeepStrictEqual } from 'node:util';
import { SimulatedChain } from '#block-watch/testing/simulated-chain';
import type { ChainOutcome, DrivenChain } from '#chain';
import type { BlockFacts, BlockId } from '#protocol';

type Act = (...given: readonly unknown[]) => Promise<ChainOutcome>;
type Acts = Readonly<Record<string, unknown>>;

export class TwinChain {
  /** What the simulated chain said or showed otherwise, for people. */
  readonly differences: string[] = [];
  readonly #real: DrivenChain;
  readonly #simulated: SimulatedChain;
  readonly #port: DrivenChain;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(real: DrivenChain, simulated: SimulatedChain) {
    this.#real = real;
    this.#simulated = simulated;
    this.#port = simulated.port();
  }

  /** On a chain on which nothing has happened yet. */
  static async over(real: DrivenChain): Promise<TwinChain> {
    const { timestampSeconds } = await real.time();
    const simulated = new SimulatedChain(timestampSeconds, await real.domain());
    simulated.namedAtSeconds = undefined;
    simulated.freeWei = 0n;
    return new TwinChain(real, simulated);
  }

  /** Reads are those of the contracts. */
  port(): DrivenChain {
    const real = this.#real;
    return {
      domain: () => real.domain(),
      time: () => real.time(),
      snapshot: (of) => real.snapshot(of),
      heightHash: (height) => real.heightHash(height),
      drawGround: (height) => real.drawGround(height),
      channelsOf: (account) => real.channelsOf(account),
      events: (from, filter) => real.events(from, filter),
      gasBalance: (account) => real.gasBalance(account),
      participantActs: (key) => this.#both(real.participantActs(key), this.#port.participantActs(key)),
      validatorActs: (key) => this.#both(real.validatorActs(key), this.#port.validatorActs(key)),
      disputeActs: (key) => this.#both(real.disputeActs(key), this.#port.disputeActs(key)),
      subscribe: (wake) => real.subscribe(wake),
      close: () => real.close(),
      gone: real.gone,
      advanceTo: (seconds) =>
        this.#inTurn(async () => {
          await real.advanceTo(seconds);
          await this.#follow();
          this.#simulated.advanceTo(this.#simulated.nowSeconds);
        }),
      fund: (account, wei) => real.fund(account, wei),
      deployToken: (...given) => real.deployToken(...given),
      mint: (...given) => real.mint(...given),
      url: real.url,
    };
  }

  /** Of a block and of whoever is named: everything that both chains show now. */
  async compare(id: BlockId, accounts: readonly `0x${string}`[]): Promise<void> {
    const snapshot = await this.#real.snapshot({ finality: 'latest' });
    const simulated = this.#simulated.latest();
    const { channelId, blockNumber } = id;
    const each: readonly (readonly [string, unknown, unknown])[] = [
      ['stage', await snapshot.stage(channelId, blockNumber), await simulated.stage(channelId, blockNumber)],
      [
        'block',
        factsOf(await snapshot.blockFacts(channelId, blockNumber)),
        factsOf(await simulated.blockFacts(channelId, blockNumber)),
      ],
      [
        'dispute',
        await snapshot.disputeFacts(channelId, blockNumber),
        await simulated.disputeFacts(channelId, blockNumber),
      ],
      ['lines', (await snapshot.channel(channelId))?.lines, (await simulated.channel(channelId))?.lines],
    ];
    for (const [name, one, other] of each) this.#note(name, one, other);
    for (const account of accounts) {
      this.#note(account, await snapshot.weiAccount(account), await simulated.weiAccount(account));
    }
  }

  #note(what: string, one: unknown, other: unknown): void {
    const [real, simulated] = [plain(one), plain(other)];
    if (isDeepStrictEqual(real, simulated)) return;
    this.differences.push(`${what}: ${JSON.stringify(real)} and not ${JSON.stringify(simulated)}`);
  }

  /** Acts that the simulated chain lacks are the contracts' alone. */
  #both<All extends object>(real: All, simulated: object): All {
    return new Proxy(real, {
      get: (target, name: string) => {
        const act = (target as Acts)[name];
        const same = (simulated as Acts)[name];
        if (typeof act !== 'function') return act;
        if (typeof same !== 'function') return (act as Act).bind(target);
        return (...given: readonly unknown[]) =>
          this.#inTurn(() => this.#act(name, (act as Act).bind(target), same as Act, given));
      },
    });
  }

  async #act(name: string, real: Act, simulated: Act, given: readonly unknown[]): Promise<ChainOutcome> {
    const outcome = await real(...given);
    await this.#follow();
    if (name === 'drawPanel') await this.#tellHash(given[0] as BlockId, given[1] as number);
    const other = await simulated(...given);
    const [one, two] = [outcome, other].map((said) => (said.ok ? 'taken' : said.code));
    if (one !== two) this.differences.push(`${name}: ${one} and not ${two}`);
    return outcome;
  }

  /** The simulated chain is where the contracts were before the last height, at its time. */
  async #follow(): Promise<void> {
    const { height, timestampSeconds } = await this.#real.time();
    this.#simulated.nowSeconds = timestampSeconds;
    this.#simulated.height = height - 1;
  }

  async #tellHash({ channelId, blockNumber }: BlockId, part: number): Promise<void> {
    const { parts } = this.#simulated.disputes.of(channelId, blockNumber);
    const round = parts.find((one) => one.part === part)?.panel?.rounds.at(-1);
    if (round === undefined || round.seedHeight >= this.#simulated.height) return;
    this.#simulated.hashes.set(round.seedHeight, await this.#real.heightHash(round.seedHeight));
  }

  #inTurn<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    const next = this.#last.then(run, run);
    this.#last = next.catch(() => {});
    return next;
  }
}

/** Nothing is known of a dispute in which nothing was said. */
function factsOf({ dispute, ...facts }: BlockFacts): unknown {
  const isQuiet =
    dispute === undefined ||
    (dispute.openAccusations + dispute.openQuestions === 0 &&
      dispute.resolvedAtSeconds === undefined &&
      dispute.counted === undefined);
  return { ...facts, dispute: isQuiet ? undefined : dispute };
}

/** Addresses are written in small letters, bytes as hex, and what is undefined is not there. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, one) =>
    typeof one === 'bigint' ? `${one}n` : one instanceof Uint8Array ? Buffer.from(one).toString('hex') : one,
  );
  return text === undefined ? undefined : JSON.parse(text.toLowerCase());
}

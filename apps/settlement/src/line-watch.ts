/**
 * Follows the lines of a participant's channels: says what is asked of them and what they owe, serves a
 * payee's debt from what is free, and gets the payer back what it asked for.
 */
import { type BlockWatch, toldAct } from '#block-watch';
import type { Chain, ChannelFacts, Line, ParticipantActs } from '#chain';
import type { Address } from '#encoding';
import type { Log } from '#environment';
import {
  firstBlockNoticed,
  isWithdrawalDue,
  type LineBlocks,
  servableOf,
  startedBlocks,
  withdrawableOf,
} from '#protocol';

export class LineWatch {
  readonly #account: Address;
  readonly #watch: BlockWatch;
  readonly #ports: { readonly chain: Chain; readonly log: Log };
  readonly #acts: ParticipantActs;
  /** What was said last of each line. */
  readonly #seen = new Map<string, SeenLine>();

  constructor(
    account: Address,
    watch: BlockWatch,
    ports: { readonly chain: Chain; readonly log: Log },
    acts: ParticipantActs,
  ) {
    this.#account = account.toLowerCase() as Address;
    this.#watch = watch;
    this.#ports = ports;
    this.#acts = acts;
  }

  /** Of every channel that the watch found; anyone may do what this does, so another may have been faster. */
  async follow(): Promise<void> {
    for (const channelId of this.#watch.channelIds()) {
      const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
      const facts = await latest.channel(channelId);
      if (facts === undefined) continue;
      const own = facts.terms.participants.findIndex((one) => one.toLowerCase() === this.#account);
      const started = startedBlocks(facts, latest.timestampSeconds);
      const lowestUnfinished = this.#watch.lowestUnfinished(channelId);
      const blocks = { live: this.#watch.unfinishedAmong(channelId, started), lowestUnfinished };
      for (const line of facts.lines) {
        if (own !== 0 && own !== line.payee) continue;
        this.#tell(facts, line, own === 0, blocks);
        await (own === 0 ? this.#withdraw(facts, line, blocks) : this.#serve(facts, line, blocks));
      }
    }
  }

  #tell(facts: ChannelFacts, line: Line, isPayer: boolean, { live }: LineBlocks): void {
    const { channelId, terms, closedAtSeconds } = facts;
    const { payee, amount, debt, requested, requestedAtSeconds, blockMax } = line;
    const { log } = this.#ports;
    const id = `${channelId}/${payee}`;
    const before = this.#seen.get(id) ?? nothingSeen;
    const said = { channelId, payee, amount: String(amount), debt: String(debt) };
    if (requestedAtSeconds !== undefined && requestedAtSeconds !== before.requestedAtSeconds) {
      const fromBlock = firstBlockNoticed(terms, requestedAtSeconds);
      const fields = { ...said, notice: 'withdrawal-requested', requested: String(requested), fromBlock };
      const words = 'the payer asks for so much of the line: from this block on it covers no payment';
      if (isPayer) log.info(fields, words);
      else log.warn(fields, words);
    }
    if (debt > before.debt) {
      log.warn({ ...said, notice: 'debt' }, 'a block owes more than its line had: later deposits serve it');
    } else if (debt < before.debt) {
      log.info({ ...said, notice: 'debt-served' }, 'a debt of the line was served');
    }
    const isOpen = closedAtSeconds === undefined;
    const isShort = isOpen && withdrawableOf(line, live) < blockMax + requested;
    if (isShort && !before.isShort) {
      const fields = { ...said, notice: 'line-short', blockMax: String(blockMax), live };
      log.warn(fields, 'the line covers the next block less than the terms allow it to pay');
    }
    this.#seen.set(id, { debt, requestedAtSeconds, isShort });
  }

  async #serve({ channelId }: ChannelFacts, line: Line, { live }: LineBlocks): Promise<void> {
    if (servableOf(line, live) === 0n) return;
    const { payee, debt } = line;
    toldAct(await this.#acts.serveDebt(channelId, payee), {
      log: this.#ports.log,
      fields: { channelId, payee, debt: String(debt) },
      done: 'served a debt from what is free of the line',
      refused: 'the chain did not serve a debt',
      expected: ['nothing-free', 'debt-too-small'],
    });
  }

  async #withdraw(facts: ChannelFacts, line: Line, blocks: LineBlocks): Promise<void> {
    if (!isWithdrawalDue(facts, line, blocks)) return;
    const { channelId } = facts;
    const { payee, requested } = line;
    toldAct(await this.#acts.executeWithdrawal(channelId, payee), {
      log: this.#ports.log,
      fields: { channelId, payee, requested: String(requested) },
      done: 'got back what the payer asked for of a line',
      refused: 'the chain did not execute a withdrawal',
      expected: ['blocks-not-over', 'nothing-free', 'nothing-requested'],
    });
  }
}

interface SeenLine {
  readonly debt: bigint;
  readonly requestedAtSeconds: number | undefined;
  readonly isShort: boolean;
}

const nothingSeen: SeenLine = { debt: 0n, requestedAtSeconds: undefined, isShort: false };

import { describe, expect, it } from '@jest/globals';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Chain, Line } from '#chain';
import { type Log, silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { Settlement } from './settlement.js';

const blockMax = 100n;
const full: Line = { payee: 1, amount: 10_000n, debt: 0n, requested: 0n, blockMax };

class Stage {
  readonly rehearsal = new Rehearsal();
  line: Line = full;
  closedAtSeconds: number | undefined;
  readonly did: string[] = [];
  readonly told: Record<string, unknown>[] = [];
  readonly #settlement: Settlement;

  constructor(participant: number) {
    const tell = (fields: object) => this.told.push(fields as Record<string, unknown>);
    const log: Log = { ...silentLog, warn: tell, info: tell };
    const one = this.rehearsal.participants[participant];
    const options = { ...one, sweepIntervalMs: 1_000 };
    const jobQueue = openInProcessJobQueue({ log: silentLog });
    this.#settlement = new Settlement(options, { chain: this.#chain(), jobQueue, log });
  }

  async at(seconds: number, change: Partial<Line> = {}): Promise<void> {
    this.line = { ...this.line, ...change };
    this.rehearsal.chain.advanceTo(seconds);
    await this.#settlement.sweep();
  }

  get notices(): unknown[] {
    return this.told.flatMap(({ notice }) => notice ?? []);
  }

  /** Lines of others are as full as can be. */
  #chain(): Chain {
    const port = this.rehearsal.chain.port();
    const act = (name: string) => async (_: unknown, payee: number) => {
      this.did.push(`${name} ${payee}`);
      return { ok: true, height: 1, timestampSeconds: 1, gasUsed: 1n };
    };
    const acts = { serveDebt: act('serve'), executeWithdrawal: act('withdraw') };
    return {
      ...port,
      participantActs: (() => acts) as unknown as Chain['participantActs'],
      snapshot: async (of) => {
        const snapshot = await port.snapshot(of);
        const channel: typeof snapshot.channel = async (id) => {
          const facts = await snapshot.channel(id);
          const lines = [this.line, { ...full, payee: 2, debt: 7n }];
          return facts && { ...facts, lines, closedAtSeconds: this.closedAtSeconds };
        };
        return { ...snapshot, channel };
      },
    };
  }
}

const start = blockSeconds.start;

describe('a payee', () => {
  it('hears of a request once, with the first block that it lowers, and of a new one again', async () => {
    const stage = new Stage(1);
    await stage.at(start);
    expect(stage.notices).toEqual([]);
    await stage.at(start + 1, { requested: 60n, requestedAtSeconds: start + 1 });
    await stage.at(start + 2);
    expect(stage.told).toEqual([
      expect.objectContaining({ notice: 'withdrawal-requested', payee: 1, requested: '60', fromBlock: 3 }),
    ]);
    await stage.at(start + 3, { requested: 61n, requestedAtSeconds: start + 3 });
    expect(stage.notices).toEqual(['withdrawal-requested', 'withdrawal-requested']);
    // To have it executed is the payer's business.
    await stage.at(start + 2_000);
    expect(stage.did).toEqual([]);
  });

  it('hears of a debt of its own line, and has it served as soon as something is free', async () => {
    const stage = new Stage(1);
    await stage.at(start, { amount: blockMax, debt: 40n });
    expect([stage.notices, stage.did]).toEqual([['debt', 'line-short'], []]);
    await stage.at(start + 1, { amount: blockMax + 1n });
    expect(stage.did).toEqual(['serve 1']);
    await stage.at(start + 2, { amount: 10_000n, debt: 0n });
    expect(stage.notices).toEqual(['debt', 'line-short', 'debt-served']);
    expect(stage.did).toEqual(['serve 1']);
    // Blocks that are over keep nothing.
    await stage.at(start + 350, { amount: 2n * blockMax, debt: 40n });
    expect(stage.did).toEqual(['serve 1', 'serve 1']);
  });
});

describe('a payer', () => {
  it('hears once that a line covers the next block short, and again when that comes back', async () => {
    const stage = new Stage(0);
    const short = () => stage.notices.filter((one) => one === 'line-short').length;
    await stage.at(start, { amount: 2n * blockMax });
    expect(short()).toBe(0);
    await stage.at(start + 1, { amount: 2n * blockMax - 1n });
    await stage.at(start + 2);
    expect(short()).toBe(1);
    await stage.at(start + 3, { amount: 2n * blockMax });
    await stage.at(start + 4, { requested: 1n, requestedAtSeconds: start + 4 });
    expect(short()).toBe(2);
    // No block of a closed channel is still to come.
    await stage.at(start + 5, { requested: 0n, requestedAtSeconds: undefined });
    stage.closedAtSeconds = start + 5;
    await stage.at(start + 6, { amount: blockMax });
    expect(short()).toBe(2);
  });

  it('gets back what it asked for once the blocks within the notice are over, and not before', async () => {
    const stage = new Stage(0);
    const { duration, collation } = blockSeconds;
    await stage.at(start + 1, { requested: 60n, requestedAtSeconds: start + 1 });
    // Nobody posts a part, so blocks are void when their collation ends; block 2 starts within the notice.
    const over = (block: number) => start + (block + 1) * duration + collation;
    await stage.at(over(2) - 1);
    expect(stage.did).toEqual([]);
    await stage.at(over(2));
    expect(stage.did).toEqual(['withdraw 1']);
  });

  it('gets back what is free of a closed channel', async () => {
    const stage = new Stage(0);
    stage.closedAtSeconds = start + 5;
    await stage.at(start + 6, { amount: blockMax });
    expect(stage.did).toEqual(['withdraw 2']);
    await stage.at(start + 7, { amount: blockMax + 1n });
    expect(stage.did).toEqual(['withdraw 2', 'withdraw 1', 'withdraw 2']);
  });
});

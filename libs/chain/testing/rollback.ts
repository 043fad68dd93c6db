/** A chain whose last heights are taken back, as a public one's may be, with a poster and readers on it. */
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import { silentLog } from '#environment';
import { type AnvilProcess, startAnvil } from '../anvil-process.js';
import type { Chain, ValidatorActs } from '../chain.js';
import type { ChainEvent, EventCursor } from '../chain-events.js';
import { deployContracts, developmentAccount, developmentContracts, developmentKey } from '../deployment.js';
import { connectNode } from '../ethereum-node.js';
import { JsonRpc } from '../json-rpc.js';
import { openChain } from '../open-chain.js';
import { keyOf, stakeWeiMin } from './example-channel.js';

/** What one rollback did, as a reader and a poster saw it. */
export interface RolledBack {
  /** The heights told as rolled back, down to the one that stayed. */
  readonly toldTo: number | undefined;
  readonly stayed: number;
  /** How often the act that was rolled back and the one after it took effect. */
  readonly effects: bigint;
  readonly wasGone: boolean;
}

const timing = {
  pollIntervalMs: 5,
  requestTimeoutMs: 5_000,
  inclusionTimeoutMs: 20_000,
  finality: { confirmations: 14 },
  log: silentLog,
};

export class RollbackChain {
  readonly #anvil: AnvilProcess;
  readonly #rpc: JsonRpc;
  readonly #chain: Chain;
  readonly #acts: ValidatorActs;

  private constructor(anvil: AnvilProcess, rpc: JsonRpc, chain: Chain) {
    this.#anvil = anvil;
    this.#rpc = rpc;
    this.#chain = chain;
    this.#acts = chain.validatorActs(keyOf('rolled back'));
  }

  static async open(): Promise<RollbackChain> {
    const anvil = await startAnvil({
      pidFile: undefined,
      chainId: 31_337,
      genesisTimestampSeconds: 1_370_000_000,
    });
    const rpc = new JsonRpc(anvil.url, 5_000);
    const node = await connectNode(anvil.url, timing);
    const deployed = deployContracts(node.posterOf(developmentKey, developmentAccount), 0);
    await mineUntil(rpc, deployed);
    const acts = addressOf(keyOf('rolled back'));
    await rpc.call('anvil_setBalance', acts, '0x56bc75e2d63100000');
    const { Lens: lens } = developmentContracts();
    const chain = await openChain(anvil.url, { ...timing, lens });
    await node.close();
    return new RollbackChain(anvil, rpc, chain);
  }

  /**
   * An act, `depth − 1` heights on top of it, and a rollback of `depth` heights; then a second act. Each
   * puts the least stake on the validator's account, so that effects can be counted.
   */
  async rollBack(depth: number): Promise<RolledBack> {
    const before = await this.#stake();
    await this.#act();
    const stayed = (await this.#chain.time()).height - 1;
    for (let height = 1; height < depth; height++) await this.#rpc.call('evm_mine');
    const cursor = await this.#readAll(undefined);
    const snapshot = await this.#chain.snapshot({ finality: 'latest' });
    await this.#rpc.call('anvil_reorg', depth, []);
    const wasGone = await snapshot.validator(this.#acts.address).then(
      () => false,
      (cause) => (cause as { code?: string }).code === 'chain-snapshot-gone',
    );
    const told: ChainEvent[] = [];
    await this.#readAll(cursor, told);
    const rolledBack = told.find((event) => event.kind === 'rolled-back');
    await this.#act();
    return {
      toldTo: rolledBack?.toHeight,
      stayed,
      effects: ((await this.#stake()) - before) / stakeWeiMin,
      wasGone,
    };
  }

  async close(): Promise<void> {
    await this.#chain.close();
    this.#rpc.close();
    await this.#anvil.close();
  }

  async #act(): Promise<void> {
    const encryptionKey: Hex = `0x${'07'.repeat(32)}`;
    const posted = this.#acts.registerValidator({
      encryptionKey,
      endpoint: 'http://here',
      leastFeeWei: 0n,
      stakeWei: stakeWeiMin,
    });
    await mineUntil(this.#rpc, posted);
    const outcome = await posted;
    if (!outcome.ok) throw new Error(outcome.message);
  }

  async #stake(): Promise<bigint> {
    const latest = await this.#chain.snapshot({ finality: 'latest' });
    return (await latest.validator(this.#acts.address))?.stakeWei ?? 0n;
  }

  async #readAll(from: EventCursor | undefined, into: ChainEvent[] = []): Promise<EventCursor> {
    for (let cursor = from; ; ) {
      const page = await this.#chain.events(cursor, {});
      into.push(...page.events);
      cursor = page.cursor;
      if (page.isLast) return cursor;
    }
  }
}

/** Mines what waits until the act is done; no height without a transaction that waits for it. */
async function mineUntil(rpc: JsonRpc, done: Promise<unknown>): Promise<void> {
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  done.then(end, end);
  while (!isDone) {
    const { pending } = await rpc.call<{ pending: Hex }>('txpool_status');
    if (Number(pending) > 0) await rpc.call('evm_mine');
  }
}

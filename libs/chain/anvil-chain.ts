/** The embedded base chain: anvil as a child process, its time and coins in our hands, its heights kept in
 *  a journal. */
import { join } from 'node:path';
import type { Hex } from '#encoding';
import { type Clock, type Log, systemClock } from '#environment';
import { AnvilHeights, type HeightOutcome, type HeightPoster } from './anvil-heights.js';
import { type AnvilJournal, type JournalHead, memoryJournal, openAnvilJournal } from './anvil-journal.js';
import { type AnvilProcess, startAnvil } from './anvil-process.js';
import type { DrivenChain } from './chain.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { creationCode, encodeCall } from './contract-codec.js';
import {
  deployRegistries,
  developmentAccount,
  developmentContracts,
  developmentKey,
  repeatableCreation,
} from './deployment.js';
import { EthersChain } from './ethers-chain.js';
import { JsonRpc } from './json-rpc.js';
import { hexOf } from './transaction-poster.js';

export interface AnvilChainOptions {
  /** Where the journal lies; undefined keeps the chain in memory only. */
  readonly dataFolder: string | undefined;
  readonly chainId: number;
  /** Timestamp of height 0. A journal that is there already has its own. */
  readonly genesisTimestampSeconds: number;
  /** Driven: time stands still but for `advanceTo`. Interval: it follows the clock, with a height every so
   *  many seconds. */
  readonly mode: 'driven' | { readonly intervalSeconds: number };
  readonly log: Log;
  /** Read in interval mode only. */
  readonly clock?: Clock;
}

/** Starts anvil, deploys the registries on a fresh chain and replays the journal of an old one. What other
 *  processes post through `url` is mined with the next height and journaled right after it. Throws a Fault
 *  `chain-unavailable` when anvil cannot run, `chain-in-use` when another process drives this folder,
 *  `chain-journal-damaged` when the journal is broken elsewhere than at its end. */
export async function openAnvilChain(options: AnvilChainOptions): Promise<DrivenChain> {
  const { dataFolder, chainId, genesisTimestampSeconds, log } = options;
  const startedAt = performance.now();
  const journal = await openJournal(dataFolder, { version: 1, chainId, genesisTimestampSeconds });
  const pidFile = dataFolder === undefined ? undefined : join(dataFolder, 'anvil.pid');
  const anvil = await startAnvil({ ...journal.head, pidFile }).catch(async (cause) => {
    await journal.close();
    throw cause;
  });
  const rpc = new JsonRpc(anvil.url, requestTimeoutMs);
  const heights = new AnvilHeights({ rpc, journal, chainId, nextTimestamp: timestampRule(options) });
  const chain = new AnvilChain({ anvil, journal, heights, rpc, chainId, log });
  try {
    // Each call would be a line of output that nobody reads.
    await rpc.call('anvil_setLoggingEnabled', false);
    await heights.replay(journal.heights);
    // Heights one and two hold the deployment; a crash between them leaves one.
    if (journal.heights.length < 2) await deployRegistries(chain.treasury, journal.heights.length);
    const ms = Math.round(performance.now() - startedAt);
    log.info({ url: anvil.url, ...heights.last, replayed: journal.heights.length, ms }, 'the chain is open');
  } catch (cause) {
    await chain.close();
    throw cause;
  }
  if (options.mode !== 'driven') chain.startTicking(options.mode.intervalSeconds);
  return chain;
}

async function openJournal(dataFolder: string | undefined, head: JournalHead): Promise<AnvilJournal> {
  if (dataFolder === undefined) return memoryJournal(head);
  const journal = await openAnvilJournal(join(dataFolder, 'heights'), head);
  if (journal.head.chainId === head.chainId) return journal;
  await journal.close();
  throw new Error(`the data folder holds chain ${journal.head.chainId}, not ${head.chainId}`);
}

/** Acts are mined at once: at the time where the driven chain stands, or at the clock's. */
function timestampRule({ mode, clock = systemClock }: AnvilChainOptions): (last: number) => number {
  if (mode === 'driven') return (last) => last;
  return (last) => Math.max(last, Math.floor(clock.nowMs() / 1_000));
}

const requestTimeoutMs = 60_000;

interface AnvilChainParts {
  readonly anvil: AnvilProcess;
  readonly journal: AnvilJournal;
  readonly heights: AnvilHeights;
  readonly rpc: JsonRpc;
  readonly chainId: number;
  readonly log: Log;
}

class AnvilChain extends EthersChain implements DrivenChain {
  readonly url: string;
  /** The account that has all the coins of the beginning. */
  readonly treasury: HeightPoster;
  readonly #owned: AnvilChainParts;
  #timer: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(owned: AnvilChainParts) {
    const { rpc, chainId, heights, anvil } = owned;
    const posterOf = (key: Uint8Array, address: Hex): ActPoster => heights.posterOf(key, address);
    // Heights are ours and stay: the last one is final, and its number names it for good.
    const heightOf = async () => ({ ...heights.last, tag: hexOf(heights.last.height) });
    const contracts = developmentContracts();
    super({ rpc, chainId, contracts, heights, posterOf, heightOf, close: async () => {} });
    this.url = anvil.url;
    this.treasury = heights.posterOf(developmentKey, developmentAccount);
    this.#owned = owned;
    anvil.ended.then(() => {
      if (!this.#isClosing)
        owned.log.error({ url: this.url }, 'anvil has ended: the chain must be opened again');
    });
  }

  advanceTo(timestampSeconds: number): Promise<void> {
    return this.#owned.heights.advanceTo(timestampSeconds);
  }

  async fund(account: Hex, wei: bigint): Promise<void> {
    await this.#spend({ to: account, data: '0x', valueWei: wei });
  }

  async deployToken(name: string, symbol: string, decimals: number): Promise<Hex> {
    const { address, act } = repeatableCreation(creationCode('TestToken', [name, symbol, decimals]));
    if ((await this.#owned.rpc.call('eth_getCode', address, 'latest')) !== '0x') return address;
    await this.#spend(act);
    return address;
  }

  async mint(token: Hex, account: Hex, amount: bigint): Promise<void> {
    const data = encodeCall('TestToken', 'mint', [account, amount]);
    await this.#spend({ to: token, data, valueWei: 0n });
  }

  /** A height every so many seconds, also when nobody acts: stages end by the clock. */
  startTicking(intervalSeconds: number): void {
    const { heights, log } = this.#owned;
    const tick = (): void => {
      heights.advanceToNow().catch((cause) => log.warn({ cause }, 'no height could be mined'));
    };
    this.#timer = setInterval(tick, intervalSeconds * 1_000);
  }

  /** Lets the acts that wait into a height, then ends anvil. */
  override async close(): Promise<void> {
    const { anvil, journal, heights } = this.#owned;
    this.#isClosing = true;
    clearInterval(this.#timer);
    await heights.close();
    this.#owned.rpc.close();
    await anvil.close();
    await journal.close();
  }

  async #spend(act: ChainAct): Promise<HeightOutcome> {
    const outcome = await this.treasury.post(act);
    if (!outcome.ok) throw new Error(`the development account was refused: ${outcome.message}`);
    return outcome;
  }
}

/** The embedded base chain: anvil as a child process, its time and coins in our hands, its heights kept in
 *  a journal. */
import { join } from 'node:path';
import type { Address, Hex } from '#encoding';
import { type Clock, Fault, type Log, systemClock } from '#environment';
import { AnvilClock, wallFollowedSecondsMax } from './anvil-clock.js';
import type { HeightOutcome, HeightPoster } from './anvil-heights.js';
import {
  type AnvilJournal,
  type JournalHead,
  memoryJournal,
  openAnvilJournal,
  readAnvilJournal,
} from './anvil-journal.js';
import { type AnvilKeeping, AnvilNode, anvilOptions, usualKeeping } from './anvil-node.js';
import { AnvilNote, readNote } from './anvil-note.js';
import { startAnvil } from './anvil-process.js';
import type { ChainNotice, DrivenChain } from './chain.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { creationCode, encodeCall } from './contract-codec.js';
import type { ReadableHeight } from './contract-snapshot.js';
import {
  deployContracts,
  requireDeployed,
  developmentAccount,
  developmentContracts,
  developmentKey,
  repeatableCreation,
} from './deployment.js';
import { EthersChain } from './ethers-chain.js';
import { JsonRpc } from './json-rpc.js';
import { latestTime } from './restore-anvil.js';
import { hexOf } from './transaction-poster.js';

export interface AnvilChainOptions {
  /** Where journal and snapshot lie; undefined keeps the chain in memory only. */
  readonly dataFolder: string | undefined;
  readonly chainId: number;
  /** Timestamp of height 0. A journal that is there already has its own. */
  readonly genesisTimestampSeconds: number;
  /** Driven: time stands still but for `advanceTo`. Interval: it follows the clock, with a height every so
   *  many seconds. Read: nothing is mined and nothing is written. */
  readonly mode: 'driven' | 'read' | { readonly intervalSeconds: number };
  readonly log: Log;
  readonly clock?: Clock;
  /** Where anvil listens; any free port when undefined. */
  readonly port?: number;
  readonly keeping?: AnvilKeeping;
  /** Hears what happens to the chain beside its heights. */
  readonly notify?: (notice: ChainNotice) => void;
}

/** Starts anvil, deploys the contracts on a fresh chain and brings anvil to where an old journal ends. What
 *  other processes post through `url` is mined with the next height and journaled right after it. An anvil
 *  that ends or hangs is started again from the journal. Throws a Fault `chain-unavailable` when anvil cannot
 *  run, `chain-in-use` when another process drives this folder, `chain-journal-damaged` when the journal is
 *  broken elsewhere than at its end, `chain-journal-older` when it has less than was acknowledged. */
export async function openAnvilChain(options: AnvilChainOptions): Promise<DrivenChain> {
  const { dataFolder, chainId, genesisTimestampSeconds, mode, log, clock = systemClock } = options;
  const startedAt = clock.monotonicMs();
  const notify = (notice: ChainNotice): void => {
    log.warn({ code: notice.code }, notice.message);
    options.notify?.(notice);
  };
  const head: JournalHead = { version: 1, chainId, genesisTimestampSeconds };
  const journal = await openJournal(dataFolder, head, mode === 'read', notify);
  const isKept = dataFolder !== undefined && mode !== 'read';
  const note = isKept ? new AnvilNote(noteFileOf(dataFolder)) : undefined;
  const anvil = await startAnvil(anvilOptions(journal.head, dataFolder, note, options.port)).catch(
    async (cause) => {
      await journal.close();
      throw cause;
    },
  );
  let follow: AnvilClock | undefined;
  const nextTimestamp = (last: number): number => follow?.next(last) ?? last;
  const node = new AnvilNode(anvil, {
    chainId,
    journal,
    dataFolder,
    note,
    keeping: options.keeping ?? usualKeeping,
    clock,
    log,
    nextTimestamp,
    notify,
  });
  const chain = new AnvilChain(node, chainId, log);
  try {
    const replayed = await node.restore();
    const { last } = node.heights;
    if (typeof mode === 'object') follow = followedClock(clock, last.timestampSeconds, notify);
    // Height one holds the deployment.
    if (last.height > 0) await chain.requireDeployed();
    else if (mode !== 'read') await deployContracts(chain.treasury, 0);
    const ms = Math.round(clock.monotonicMs() - startedAt);
    log.info({ url: node.url, ...node.heights.last, replayed, ms }, 'the chain is open');
  } catch (cause) {
    await chain.close();
    throw cause;
  }
  if (typeof mode === 'object') chain.startTicking(mode.intervalSeconds);
  return chain;
}

/** Beside the chain's folder: an older copy of that folder does not bring an older note. */
export function noteFileOf(dataFolder: string): string {
  return `${dataFolder}-note`;
}

async function openJournal(
  dataFolder: string | undefined,
  head: JournalHead,
  isRead: boolean,
  notify: (notice: ChainNotice) => void,
): Promise<AnvilJournal> {
  if (dataFolder === undefined) return memoryJournal(head);
  const file = join(dataFolder, 'heights');
  const noteFile = noteFileOf(dataFolder);
  const known = await readNote(noteFile);
  if (isRead) {
    const found = await readAnvilJournal(file, known === 'damaged' ? undefined : known);
    if (found !== undefined) return found;
    const message = `there is no chain in ${dataFolder}: start the network that it belongs to`;
    throw new Fault('chain-unavailable', message, { retriable: false });
  }
  if (known === 'damaged') {
    const message = `the note ${noteFile} is damaged: nobody can tell whether the journal is whole at its end`;
    notify({ code: 'chain-note-damaged', message });
  }
  const journal = await openAnvilJournal(file, head, { known: known === 'damaged' ? undefined : known });
  if (journal.head.chainId === head.chainId) return journal;
  await journal.close();
  throw new Error(`the data folder holds chain ${journal.head.chainId}, not ${head.chainId}`);
}

function followedClock(clock: Clock, lastSeconds: number, notify: (notice: ChainNotice) => void): AnvilClock {
  const onJump = (off: number | undefined): void => {
    if (off === undefined) {
      notify({
        code: 'clock-back',
        message: 'the clock agrees with elapsed time again: the chain follows it',
      });
      return;
    }
    const way = off > 0 ? 'ahead of' : 'behind';
    const message =
      `the clock is ${Math.abs(off)} s ${way} the time that has passed. The chain goes on as time passes and ` +
      `follows the clock by at most ${wallFollowedSecondsMax} s; a new start takes the clock as it is then, ` +
      'but never goes back';
    notify({ code: 'clock-jumped', message });
  };
  return new AnvilClock({ clock, lastSeconds, onJump });
}

/** How long whoever reads waits for anvil; then the chain counts as away. */
const readTimeoutMs = 15_000;

class AnvilChain extends EthersChain implements DrivenChain {
  readonly url: string;
  readonly gone: Promise<Error>;
  /** The account that has all the coins of the beginning. */
  readonly treasury: HeightPoster;
  readonly #node: AnvilNode;
  readonly #rpc: JsonRpc;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;

  constructor(node: AnvilNode, chainId: number, log: Log) {
    const { heights, url } = node;
    const rpc = new JsonRpc(url, readTimeoutMs);
    const posterOf = (key: Uint8Array, address: Address): ActPoster => heights.posterOf(key, address);
    // Heights are ours and stay, so that the last one is final; but the node is asked, since one that is away
    // must not look alive.
    const heightOf = async (): Promise<ReadableHeight> => {
      const last = await latestTime(rpc);
      return { ...last, tag: hexOf(last.height) };
    };
    const contracts = developmentContracts();
    super({ rpc, chainId, contracts, heights, posterOf, heightOf, close: async () => {} });
    this.url = url;
    this.gone = node.gone;
    this.treasury = heights.posterOf(developmentKey, developmentAccount);
    this.#node = node;
    this.#rpc = rpc;
    this.#log = log;
  }

  requireDeployed(): Promise<void> {
    return requireDeployed(this.#rpc);
  }

  advanceTo(timestampSeconds: number): Promise<void> {
    return this.#node.heights.advanceTo(timestampSeconds);
  }

  async fund(account: Address, wei: bigint): Promise<void> {
    await this.#spend({ to: account, data: '0x', valueWei: wei });
  }

  async deployToken(name: string, symbol: string, decimals: number): Promise<Hex> {
    const { address, act } = repeatableCreation(creationCode('TestToken', [name, symbol, decimals]));
    if ((await this.#rpc.call('eth_getCode', address, 'latest')) !== '0x') return address;
    await this.#spend(act);
    return address;
  }

  async mint(token: Address, account: Address, amount: bigint): Promise<void> {
    const data = encodeCall('TestToken', 'mint', [account, amount]);
    await this.#spend({ to: token, data, valueWei: 0n });
  }

  /** A height every so many seconds, also when nobody acts: stages end by the clock. */
  startTicking(intervalSeconds: number): void {
    let isUnderWay = false;
    const tick = async (): Promise<void> => {
      if (isUnderWay) return;
      isUnderWay = true;
      await this.#node.heights.advanceToNow().catch((cause) => {
        this.#log.warn({ cause }, 'no height could be mined');
      });
      isUnderWay = false;
    };
    this.#timer = setInterval(tick, intervalSeconds * 1_000);
  }

  override async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#node.close();
    this.#rpc.close();
  }

  async #spend(act: ChainAct): Promise<HeightOutcome> {
    const outcome = await this.treasury.post(act);
    if (!outcome.ok) throw new Error(`the development account was refused: ${outcome.message}`);
    return outcome;
  }
}

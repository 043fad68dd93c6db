/**
 * What a participant says of a block itself: its own computation, held against what was revealed, and its own
 * result with a bond where nobody revealed it (protocol.md 8).
 */
import { type KeptResult, type ReduceBlock, reduceWatchedBlock } from '#block-reduction';
import { type BlockAct, ChannelKeys, type DueJob, toldAct, type WatchedBlock } from '#block-watch';
import type { Chain, ParticipantActs } from '#chain';
import type { OwnFound } from '#dispute';
import type { Address } from '#encoding';
import { type Log, messageOf } from '#environment';
import type { KeyValue } from '#key-value';
import type { PartStore } from '#part-store';
import {
  acceptDue,
  areCountable,
  bondWei,
  type ChannelId,
  computeOwnDue,
  countableParts,
  type Due,
  isDue,
  isOver,
  revealOwnDue,
} from '#protocol';

/** What an own computation takes beside the chain. */
export interface OwnComputing {
  /** X25519 secret that opens the boxed channel secret. */
  readonly encryptionSecret: Uint8Array;
  /** Keeps the keys of unfinished blocks. */
  readonly keyValue: KeyValue;
  readonly reduceBlock: ReduceBlock;
  /** The own one, then those of counterparties: what is shown in a dispute is taken from them. */
  readonly partStores: readonly [PartStore, ...PartStore[]];
}

export interface OwnResultsPorts {
  readonly chain: Chain;
  readonly log: Log;
}

export class OwnResults {
  readonly #account: Address;
  readonly #computing: OwnComputing;
  readonly #ports: OwnResultsPorts;
  readonly #acts: ParticipantActs;
  readonly keys: ChannelKeys;
  /** By block and the parts that might count; computed again after a restart. */
  readonly #computed = new Map<string, KeptResult>();
  /** The same where parts could not be had: what the others give, until they come. */
  readonly #incomplete = new Map<string, Incomplete>();
  /** Notices that were given. */
  readonly #told = new Set<string>();

  constructor(account: Address, computing: OwnComputing, ports: OwnResultsPorts, acts: ParticipantActs) {
    this.#account = account;
    this.#computing = computing;
    this.#ports = ports;
    this.#acts = acts;
    const { encryptionSecret, keyValue } = computing;
    this.keys = new ChannelKeys({ account, encryptionSecret }, { chain: ports.chain, keyValue });
  }

  /**
   * Whether the block is to be computed, and then whether an own result is to be revealed. Where parts cannot
   * be had both, in different lanes: computations that wait for parts keep nobody from speaking in the last
   * moment.
   */
  duesIn(block: WatchedBlock): readonly DueJob[] {
    const { channelId, blockNumber } = block;
    const job = { kind: 'own-result', channelId, blockNumber } as const;
    const participant = indexIn(block);
    const own = this.#known(block);
    if (own !== undefined) {
      this.#compare(block, own);
      return [{ ...job, due: revealOwnDue(block, participant, own.result) }];
    }
    const late = this.#lateDue(block);
    return [
      ...(late === undefined ? [] : [{ ...job, kind: 'settle', about: withoutMissing, due: late } as const]),
      { ...job, due: computeOwnDue(block, participant) },
    ];
  }

  /** What it found, for disputes; `coming` while it is to be computed and nothing stands in the way. */
  foundIn(block: WatchedBlock): OwnFound | 'coming' | undefined {
    const known = this.#known(block)?.result;
    if (known !== undefined) return { outputHash: known.outputHash, validParts: known.validParts };
    const isComing = isDue(computeOwnDue(block, indexIn(block))) && !this.#incomplete.has(idOf(block));
    return isComing ? 'coming' : undefined;
  }

  async act(block: WatchedBlock, signal: AbortSignal): Promise<BlockAct> {
    const participant = indexIn(block);
    const known = this.#known(block);
    if (known === undefined && !isDue(computeOwnDue(block, participant))) return 0;
    const own = known ?? (await this.#compute(block));
    signal.throwIfAborted();
    if (own === undefined) return (await this.revealLate(block)) || 'again';
    if (isDue(revealOwnDue(block, participant, own.result))) return this.#reveal(block, own);
    return known === undefined ? 1 : 0;
  }

  /** Of what is known without the parts that cannot be had, unless the fault is one's own store's. */
  #lateDue(block: WatchedBlock): Due<'reveal-own'> | undefined {
    const found = this.#incomplete.get(idOf(block));
    if (found?.kept === undefined || found.isBlind) return undefined;
    return revealOwnDue(block, indexIn(block), { ...found.kept.result, isWithoutMissing: true });
  }

  /** In the last moment, without the parts that cannot be had; nothing where these came meanwhile. */
  async revealLate(block: WatchedBlock): Promise<BlockAct> {
    const found = this.#known(block) === undefined ? this.#incomplete.get(idOf(block)) : undefined;
    const due = this.#lateDue(block);
    if (found?.kept === undefined || due === undefined || !isDue(due)) return 0;
    const { channelId, blockNumber } = block;
    const { missing } = found;
    const words =
      'PARTS CANNOT BE HAD and the time for own results ends: the result of the others is revealed';
    this.#tell({ channelId, blockNumber, missing }, 'own-result-without-missing', words);
    return this.#reveal(block, found.kept);
  }

  /** Forgets what was computed of blocks that are over, and erases their keys. */
  async forget(channelId: ChannelId, lowestUnfinished: number): Promise<void> {
    for (const id of [...this.#computed.keys(), ...this.#incomplete.keys()]) {
      const [channel, block] = id.split('/');
      if (channel !== channelId || Number(block) >= lowestUnfinished) continue;
      this.#computed.delete(id);
      this.#incomplete.delete(id);
    }
    const opened = await this.keys.of(channelId);
    if (opened.ok) await opened.keys.eraseBefore(lowestUnfinished);
  }

  /**
   * What was computed of the parts that may count now: another time once one is struck, or it is decided
   * which count, unless exactly these were found before.
   */
  #known(block: WatchedBlock): KeptResult | undefined {
    const known = this.#computed.get(idOf(block));
    if (known !== undefined) return known;
    const before = [...this.#computed].filter(([id]) => id.startsWith(`${nameOf(block)}/`));
    return before.find(([, kept]) => areCountable(block.facts, kept.result.validParts))?.[1];
  }

  async #compute(block: WatchedBlock): Promise<KeptResult | undefined> {
    const { channelId, blockNumber } = block;
    const said = { channelId, blockNumber };
    const { log, chain } = this.#ports;
    const opened = await this.keys.of(channelId);
    const blockKey = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    if (blockKey === undefined) {
      this.#incomplete.set(idOf(block), { missing: [], isBlind: true });
      const why = opened.ok ? 'its secret was erased' : opened.message;
      this.#tell(
        { ...said, why },
        'own-result-without-key',
        'there is no block key to compute the block with',
      );
      return undefined;
    }
    const { reduceBlock } = this.#computing;
    const reduced = reduceWatchedBlock(block, blockKey, this.#account, { chain, reduceBlock });
    const { kept, report, unsureBlocks } = await reduced.catch((cause) => {
      const words = 'the block cannot be computed: as long as that lasts nothing is said of it';
      this.#tell({ ...said, why: messageOf(cause) }, 'own-result-not-computed', words);
      throw cause;
    });
    const unavailable = report.invalidParts.filter(([, reason]) => reason === 'unavailable');
    this.#incomplete.delete(idOf(block));
    // What others may have seen is no reason to contradict them while it may still come.
    if (unavailable.length > 0 || unsureBlocks > 0) {
      const missing = report.invalidParts
        .filter(([, reason]) => reason === 'unavailable' || reason === 'wrong-bytes')
        .map(([participant]) => participant);
      const isBlind = isOwnStoreAtFault(block, missing);
      this.#incomplete.set(idOf(block), { kept, missing, isBlind });
      this.#sayIncomplete(block, { missing, isBlind }, unsureBlocks);
      return undefined;
    }
    log.info({ ...said, outputHash: kept.result.outputHash }, 'computed the block');
    this.#computed.set(idOf(block), kept);
    return kept;
  }

  #sayIncomplete(
    { channelId, blockNumber, facts }: WatchedBlock,
    { missing, isBlind }: Incomplete,
    unsureBlocks: number,
  ): void {
    const said = { channelId, blockNumber, missing, unsureBlocks };
    if (isBlind) {
      const words = 'the own part store lacks what it must have: nothing is said of the block';
      this.#tell(said, 'own-store-incomplete', words);
    } else if (facts.dispute?.counted !== undefined) {
      const words = 'a part COUNTS that cannot be had: no own result can be said until it can';
      this.#tell(said, 'counted-part-missing', words);
    } else {
      const words =
        'parts of the block cannot be had: shortly before the time ends the result of the others is revealed';
      this.#tell(said, 'own-result-incomplete', words);
    }
  }

  /** Says where others came to something else, and what only the account key can do. */
  #compare(block: WatchedBlock, { result }: KeptResult): void {
    const { channelId, blockNumber, facts } = block;
    const { outputHash } = result;
    const said = { channelId, blockNumber, outputHash };
    const others = facts.results.filter((one) => !one.isGone && one.outputHash !== outputHash);
    if (others.length > 0 && !isOver(block.stage)) {
      const revealed = others.map((one) => one.outputHash);
      this.#tell({ ...said, revealed }, 'result-differs', 'A RESULT DIFFERS from the own computation');
    }
    if (isDue(acceptDue(block, indexIn(block), result))) {
      const words =
        'the own computation stands among several results: let the own validator or the account accept it';
      this.#tell(said, 'acceptance-due', words);
    }
  }

  async #reveal(block: WatchedBlock, own: KeptResult): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const { outputHash } = own.result;
    const fields = { channelId, blockNumber, outputHash };
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const { freeWei } = await latest.weiAccount(this.#account);
    // The bond of one that fell for its parts is carried over, unless it is lost.
    const isCarried = block.facts.ownResults.some((one) => one.participant === block.participant);
    if (freeWei < bondWei.ownResult && !isCarried) {
      const found = {
        account: this.#account,
        freeWei: String(freeWei),
        neededWei: String(bondWei.ownResult),
      };
      const words = 'an own result is due and the account has no wei for its bond: deposit it (depositWei)';
      this.#tell({ ...fields, ...found }, 'own-result-without-bond', words);
      return 'again';
    }
    const outcome = await this.#acts.revealOwnResult(channelId, blockNumber, own.result, own.opening);
    return toldAct(outcome, {
      log: this.#ports.log,
      fields,
      done: 'revealed the participant’s own result',
      refused: 'the chain did not take the own result',
      // It spoke meanwhile, this result has fallen, or it was decided meanwhile that other parts count.
      expected: ['already-revealed', 'already-bound', 'result-unknown', 'other-parts-count'],
    });
  }

  /** Once a block. */
  #tell(fields: NoticeFields, notice: string, words: string): void {
    const id = `${notice}/${fields.channelId}/${fields.blockNumber}`;
    if (this.#told.has(id)) return;
    this.#told.add(id);
    this.#ports.log.error({ ...fields, notice }, words);
  }
}

/** What could be computed though parts cannot be had. */
interface Incomplete {
  readonly kept?: KeptResult;
  /** Whose parts. */
  readonly missing: readonly number[];
  /** The own store is at fault, or the own keys: nothing is said. */
  readonly isBlind: boolean;
}

/** What a job is about that calls for `revealLate`. */
export const withoutMissing = 'without-missing';

interface NoticeFields {
  readonly channelId: ChannelId;
  readonly blockNumber: number;
  readonly [more: string]: unknown;
}

const nameOf = ({ channelId, blockNumber }: WatchedBlock): string => `${channelId}/${blockNumber}`;
const idOf = (block: WatchedBlock): string => `${nameOf(block)}/${countableParts(block.facts)}`;

/**
 * The own part lacks, which the own store was given; or where none was posted, all parts and the payer's
 * among them. Where the payer posted none, a payee's part that nobody finds says nothing of one's own store.
 */
export function isOwnStoreAtFault(block: WatchedBlock, missing: readonly number[]): boolean {
  const posted = block.facts.parts.map(({ participant }) => participant);
  const own = indexIn(block);
  if (posted.includes(own)) return missing.includes(own);
  return posted.includes(0) && posted.every((one) => missing.includes(one));
}

function indexIn({ participant }: WatchedBlock): number {
  if (participant === undefined) throw new Error('the watch shows blocks of others');
  return participant;
}

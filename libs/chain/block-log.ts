/**
 * The facts of a block: what its contract stores, and the whole structs behind that, which live in its events
 * alone. The log is not believed: every event is held against what is stored.
 */
import { keccak256 } from '#crypto';
import { abiEncode, bytes32Word, type Digest, type Hex, toHex, uintWord } from '#encoding';
import { lastingTimers, type Timers } from '#environment';
import {
  type BlockFacts,
  type BlockId,
  type KnownResult,
  outputHashOfWords,
  type PostedPart,
  type RevealedResult,
  type Seat,
} from '#protocol';
import { decodeEvent } from './contract-codec.js';
import {
  type BlockWordsTuple,
  type DelegationTuple,
  disputeOfWords,
  type ResultTuple,
  resultOfTuple,
  secondsUnlessZero,
} from './contract-tuples.js';
import { blockAt } from './finality.js';
import type { RpcCalls } from './json-rpc.js';
import { logsOfBlock, readWhole } from './logs-of-block.js';
import { pageHeights } from './read-events.js';

/** Part digests are cut to this many bytes. */
const partDigestBytes = 27;

interface BlockEvent {
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly atSeconds: number;
}

export class BlockLog {
  readonly #rpc: RpcCalls;
  readonly #blocks: Hex;
  readonly #timers: Timers;
  /** The same answer of the chain has the same log behind it. */
  readonly #known = new WeakMap<BlockWordsTuple, BlockFacts>();
  /** Times of the last heights that were asked for. */
  readonly #times = new Map<number, Promise<number>>();

  /** `blocks`: address of the contract Blocks. */
  constructor(rpc: RpcCalls, blocks: Hex, timers: Timers = lastingTimers) {
    this.#rpc = rpc;
    this.#blocks = blocks;
    this.#timers = timers;
  }

  /**
   * The facts behind `words`, which were read at `height`. Throws a retriable Fault `chain-snapshot-gone`
   * where the node's log is that of another height and stays so.
   */
  async facts(id: BlockId, words: BlockWordsTuple, height: number): Promise<BlockFacts> {
    const known = this.#known.get(words);
    if (known !== undefined) return known;
    const facts = await this.#read(id, words, height);
    this.#known.set(words, facts);
    return facts;
  }

  async #read(id: BlockId, words: BlockWordsTuple, height: number): Promise<BlockFacts> {
    // Whatever happens in a block comes after its first part.
    if (words.parts.length === 0) return factsOf(id, words, []) as BlockFacts;
    const from = Math.min(...words.parts.map((part) => Number(part.height)));
    return readWhole(height, this.#timers, () => this.#readOnce(id, words, from, height));
  }

  /** The facts, or the first event that the log lacks. */
  async #readOnce(
    id: BlockId,
    words: BlockWordsTuple,
    from: number,
    height: number,
  ): Promise<BlockFacts | string> {
    const events: BlockEvent[] = [];
    let found: BlockFacts | string = 'part-posted';
    // Usually all of it lies within the first page.
    for (let at = from; at <= height && typeof found === 'string'; at += pageHeights) {
      events.push(...(await this.#page(id, at, Math.min(height, at + pageHeights - 1))));
      found = factsOf(id, words, events);
    }
    return found;
  }

  async #page(id: BlockId, from: number, to: number): Promise<BlockEvent[]> {
    const logs = await logsOfBlock(this.#rpc, [this.#blocks], id, from, to);
    const events = await Promise.all(
      logs.map(async ({ topics, data, blockNumber: at, blockTimestamp }) => {
        const decoded = decodeEvent(topics, data);
        if (decoded === undefined) return undefined;
        const atSeconds =
          blockTimestamp === undefined ? await this.#timeOf(Number(at)) : Number(blockTimestamp);
        return { ...decoded, atSeconds };
      }),
    );
    return events.filter((event) => event !== undefined);
  }

  #timeOf(height: number): Promise<number> {
    const known = this.#times.get(height);
    if (known !== undefined) return known;
    if (this.#times.size >= pageHeights) this.#times.clear();
    const asked = blockAt(this.#rpc, height).then(({ timestampSeconds }) => timestampSeconds);
    this.#times.set(height, asked);
    asked.catch(() => this.#times.delete(height));
    return asked;
  }
}

/** The facts, or the first event that is missing of them. */
function factsOf(id: BlockId, words: BlockWordsTuple, events: readonly BlockEvent[]): BlockFacts | string {
  const find = new EventFinder(id, events);
  const { endedAt, firstRevealedAt } = words;
  const results = words.results.map((one) => find.result(one));
  const hashOf = (result: bigint): Digest => words.results[Number(result)].outputHash;
  const isVoid = firstRevealedAt === 0n || words.results.every((one) => one.fallen || one.withdrawn);
  const dispute = disputeOfWords(words);
  const facts: BlockFacts = {
    parts: words.parts.map((part) => find.part(part, words.struck)),
    seats: words.seats.map((seat) => find.seat(seat, seat.revealed ? hashOf(seat.result) : undefined)),
    ownResults: words.ownResults.map((own) => find.own(Number(own.participant), hashOf(own.result))),
    acceptances: words.acceptances.map((one) => ({
      participant: Number(one.participant),
      outputHash: hashOf(one.result),
    })),
    results,
    ...secondsUnlessZero('disputedAtSeconds', words.disputedAt),
    ...(dispute === undefined ? {} : { dispute }),
    ...secondsUnlessZero(isVoid ? 'releasedAtSeconds' : 'settledAtSeconds', endedAt),
  };
  return find.missing ?? facts;
}

/** Finds the event behind what is stored; where there is none it says so and the facts are not used. */
class EventFinder {
  readonly #id: BlockId;
  readonly #events: readonly BlockEvent[];
  missing: string | undefined;

  constructor(id: BlockId, events: readonly BlockEvent[]) {
    this.#id = id;
    this.#events = events;
  }

  part(word: BlockWordsTuple['parts'][number], struck: bigint): PostedPart {
    const participant = Number(word.participant);
    const event = this.#find('part-posted', participant, (fields) => {
      const { partRoot, segmentCount, indexHash } = fields as unknown as PartFields;
      return partDigestOf(partRoot, segmentCount, indexHash) === word.partDigest;
    });
    const fields = event?.fields as unknown as PartFields | undefined;
    return {
      participant,
      partRoot: fields?.partRoot ?? '0x',
      segmentCount: Number(fields?.segmentCount ?? 0),
      indexHash: fields?.indexHash ?? '0x',
      postedAtSeconds: event?.atSeconds ?? 0,
      height: Number(word.height),
      ...(((struck >> word.participant) & 1n) === 1n ? { isStruck: true } : {}),
    };
  }

  seat(word: BlockWordsTuple['seats'][number], outputHash: Digest | undefined): Seat {
    const participant = Number(word.participant);
    const { validator, binding, nonce, feeWei } = word;
    const committed = this.#find('result-committed', participant, ({ delegation, commitment }) => {
      const one = delegation as DelegationTuple;
      // The commitment is used up by the reveal, whose event is held against the result.
      const isSame = word.revealed || commitment === word.commitment;
      return isSame && one.validator === validator && one.nonce === nonce && one.binding === binding;
    });
    const seat = {
      ...{ participant, validator, binding, nonce, feeWei },
      commitment: (committed?.fields.commitment ?? '0x') as Digest,
      committedAtSeconds: committed?.atSeconds ?? 0,
    };
    if (outputHash === undefined) return seat;
    const revealed = this.#find('result-revealed', participant, (fields) => fields.outputHash === outputHash);
    return { ...seat, outputHash, revealedAtSeconds: revealed?.atSeconds ?? 0 };
  }

  own(participant: number, outputHash: Digest) {
    const kind = 'own-result-revealed';
    const event = this.#find(kind, participant, (fields) => fields.outputHash === outputHash);
    return { participant, outputHash, revealedAtSeconds: event?.atSeconds ?? 0 };
  }

  result({ outputHash, revealedAt, fallen, withdrawn }: BlockWordsTuple['results'][number]): KnownResult {
    const event = this.#events.find(
      ({ kind, fields }) =>
        (kind === 'result-revealed' || kind === 'own-result-revealed') &&
        fields.outputHash === outputHash &&
        outputHashOfWords({ ...this.#id, ...resultOfTuple(outputHash, fields.result as ResultTuple) }) ===
          outputHash,
    );
    if (event === undefined) this.missing ??= `result ${outputHash}`;
    const result =
      event === undefined ? noResult : resultOfTuple(outputHash, event.fields.result as ResultTuple);
    const firstRevealedAtSeconds = event?.atSeconds ?? 0;
    const again = Number(revealedAt);
    return {
      ...{ ...result, firstRevealedAtSeconds, isGone: fallen || withdrawn },
      ...(again === firstRevealedAtSeconds ? {} : { revealedAgainAtSeconds: again }),
      ...(fallen ? { isFallen: true } : {}),
    };
  }

  /** The last such event: a seat that was displaced committed before. */
  #find(
    kind: string,
    participant: number,
    isMeant: (fields: BlockEvent['fields']) => boolean,
  ): BlockEvent | undefined {
    const event = this.#events.findLast(
      (one) => one.kind === kind && one.fields.participant === BigInt(participant) && isMeant(one.fields),
    );
    if (event === undefined) this.missing ??= `${kind} of participant ${participant}`;
    return event;
  }
}

interface PartFields {
  readonly partRoot: Digest;
  readonly segmentCount: bigint;
  readonly indexHash: Digest;
}

const noResult: RevealedResult = {
  ...{ outputHash: '0x', settlementRoot: '0x', impressionCount: 0n, amountWords: [], validParts: 0 },
};

function partDigestOf(partRoot: Digest, segmentCount: bigint, indexHash: Digest): Hex {
  const words = [bytes32Word(partRoot), uintWord(segmentCount), bytes32Word(indexHash)];
  const hash = keccak256(abiEncode(words.map((bytes) => ({ type: 'word', bytes }))));
  return toHex(hash.subarray(0, partDigestBytes));
}

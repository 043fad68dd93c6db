/** A block in processing that a settlement service computes as a test says, for tests of own results. */
import type { ReduceBlock, ReducedParts } from '#block-reduction';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds, emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Chain } from '#chain';
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes, toHex } from '#encoding';
import { Fault, type Log, silentLog } from '#environment';
import type { JobQueue } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { amountWords, type KnownResult, outputHashOf, type PartReason, type Seat } from '#protocol';
import type { OwnComputing } from '../own-results.js';
import { Settlement } from '../settlement.js';

/** Of participant 1: the seller. */
export const me = 1;
const { collation, processing } = blockSeconds;
const root = new Uint8Array(32).fill(5);
/** Of a result that pays so much, opened by `root`. */
const rootOf = (nano: bigint) =>
  sha256(concatBytes(root, merkleRoot(concatBytes(...amountWords([nano, nano, 0n])))));

/** What a reduction gives that finds so much for the seller. */
export function reduced(
  nano: bigint,
  unavailable: readonly number[] = [],
  unsureBlocks = 0,
  validParts = 1,
): ReducedParts {
  const invalidParts = unavailable.map((one) => [one, 'unavailable' as PartReason] as const);
  const report = {
    ...{ version: 1 as const, reasons: {}, invalidParts, records: 1n, impressions: 1n },
    ...{ contradictory: [], flooding: [], sequenceConflicts: [] },
  };
  const tree = { settlementRoot: rootOf(nano), impressionCount: 1, amounts: [nano, nano, 0n], x: root };
  return { output: { ...tree, validParts, report, workDigest: root }, unsureBlocks };
}

/** The same as somebody else revealed it. */
function revealed(
  { channelId }: Rehearsal,
  nano: bigint,
  firstRevealedAtSeconds: number,
  validParts: number,
): KnownResult {
  const amounts = [nano, nano, 0n];
  const fields = { settlementRoot: toHex(rootOf(nano)), impressionCount: 1n, validParts };
  const outputHash = outputHashOf({ channelId, blockNumber: 0, ...fields, amounts });
  const words = amountWords(amounts).map(toHex);
  return { outputHash, ...fields, amountWords: words, firstRevealedAtSeconds, isGone: false };
}

/** The settlement service of the seller in a block of which a test says what it gives. */
export class Stage {
  readonly rehearsal = new Rehearsal();
  readonly told: Record<string, unknown>[] = [];
  /** The parts that each computation was of. */
  readonly computedOf: number[][] = [];
  answer: () => ReducedParts = () => reduced(50n);
  isChainAway = false;
  #isHanging = false;
  #settlement = this.#open();

  /** Only the payer posted a part, so the periods go by the clock. */
  static async open(): Promise<Stage> {
    const stage = new Stage();
    const { chain, participants, channelId } = stage.rehearsal;
    chain.advanceTo(stage.rehearsal.collected(0));
    await chain.port().participantActs(participants[0].operatorKey).postPart(channelId, 0, emptyPart);
    return stage;
  }

  /** So long after the start of processing. */
  async at(seconds: number): Promise<number> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    return this.#settlement.sweep();
  }

  /** Another process; gives back the one before. */
  restart(): Settlement {
    const before = this.#settlement;
    this.#settlement = this.#open();
    return before;
  }

  /** The port of a chain that may be away. */
  #port(): Chain {
    const port = this.rehearsal.chain.port();
    return new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (name !== 'snapshot' || typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          if (this.isChainAway) throw new Fault('chain-unavailable', 'away', { retriable: true });
          return member.apply(target, given);
        };
      },
    });
  }

  /** Participant `of` had its seat reveal that so much is the seller's. */
  others(nano: bigint, of = 2, binding = true, validParts = 1): void {
    const { chain, channelId, participants } = this.rehearsal;
    const at = this.#start + processing / 2;
    const result = revealed(this.rehearsal, nano, at, validParts);
    const seat: Seat = {
      ...{ participant: of, validator: participants[of].validator, binding, nonce: 1n, feeWei: 0n },
      ...{ commitment: toHex(root), committedAtSeconds: at - 1, revealedAtSeconds: at },
      outputHash: result.outputHash,
    };
    const { seats, results } = this.facts;
    const isKnown = results.some((one) => one.outputHash === result.outputHash);
    chain.put(channelId, 0, { seats: [...seats, seat], results: isKnown ? results : [...results, result] });
  }

  get computed(): number {
    return this.computedOf.length;
  }

  get facts() {
    return this.rehearsal.chain.facts(this.rehearsal.channelId, 0);
  }

  get notices(): unknown[] {
    return this.told.map(({ notice }) => notice).filter((notice) => notice !== undefined);
  }

  get #start(): number {
    return this.rehearsal.collected(0) + collation;
  }

  /** Further computations never end. */
  hang(): void {
    this.#isHanging = true;
  }

  /** With workers of its own for each lane, as in a process, until they have nothing to do but to hang. */
  async justNow(seconds: number): Promise<void> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    this.#settlement.start();
    for (let turns = 0; turns < 200 && this.facts.ownResults.length === 0; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // It waits for what hangs.
    void this.#settlement.stop();
  }

  /** A job of an own result that comes now, whatever is due. */
  async late(seconds: number): Promise<void> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    const jobs = new LateJobs();
    const settlement = this.#open(jobs);
    settlement.start();
    await jobs.run({ kind: 'own-result', channelId: this.rehearsal.channelId, blockNumber: 0 });
    await settlement.stop();
  }

  get ownComputing(): OwnComputing {
    const { rehearsal } = this;
    const reduceBlock: ReduceBlock = async ({ parts }) => {
      this.computedOf.push(parts.map(({ participant }) => participant));
      return this.#isHanging ? new Promise<never>(() => {}) : this.answer();
    };
    const { encryptionSecret } = rehearsal.participants[me];
    const partStores: OwnComputing['partStores'] = [rehearsal.partStore()];
    const keyValue = rehearsal.keyValue(me);
    return { encryptionSecret, keyValue, reduceBlock, partStores };
  }

  #open(jobQueue: JobQueue = openInProcessJobQueue({ log: silentLog })): Settlement {
    const { rehearsal } = this;
    const error = (fields: object) => this.told.push(fields as Record<string, unknown>);
    const log: Log = { ...silentLog, error };
    const { ownComputing } = this;
    return new Settlement(
      { ...rehearsal.participants[me], sweepIntervalMs: 1_000 },
      {
        chain: this.#port(),
        jobQueue,
        log,
        ownComputing,
      },
    );
  }
}

/** A seat revealed that so much is the seller's, by a part of `owner` that nobody else can have. */
export async function withheld(owner = 2): Promise<Stage> {
  const stage = await Stage.open();
  const { chain, channelId } = stage.rehearsal;
  const [part] = stage.facts.parts;
  chain.put(channelId, 0, { parts: [part, { ...part, participant: owner }] });
  stage.answer = () => reduced(50n, [owner]);
  stage.others(10n, 2, true, 1 | (1 << owner));
  return stage;
}

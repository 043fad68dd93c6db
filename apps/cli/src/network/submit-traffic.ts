/**
 * The parties' own back ends, played: they sign batches of their records and submit them to their channel
 * nodes over REST.
 */

import { concatBytes, fromHex } from '#encoding';
import { BatchHasher, blockStart, collectionEnd, domainSeparator, limits, signBatch } from '#protocol';
import type { BlockPlan } from '../traffic/plan-records.js';
import type { TimedWork } from './drive.js';
import { invalidSubmissions } from './invalid-submissions.js';
import type { NetworkMember } from './open-channel.js';
import type { Network } from './open-network.js';
import type { RefusalNotes } from './refusal-notes.js';

const recordsPerBatch = 1_000;
const batchBytes = recordsPerBatch * limits.recordBytes;
/** Sequences of late batches begin here, out of the way of those in time. */
const lateSequence = 1n << 32n;

/** The traffic of one block, which may be more than memory holds: in plans of some impressions each. */
export interface BlockTraffic {
  readonly blockNumber: number;
  /** About how many records. */
  readonly records: number;
  plans(): AsyncIterable<BlockPlan> | Iterable<BlockPlan>;
}

/** One that is planned as a whole. */
export function trafficOf(plan: BlockPlan): BlockTraffic {
  const bytes = plan.authors.reduce((sum, { records }) => sum + records.length, 0);
  const { blockNumber } = plan;
  return { blockNumber, records: bytes / limits.recordBytes, plans: () => [plan] };
}

export interface TrafficScenario {
  readonly traffic: readonly BlockTraffic[];
  /** Whether submissions that a node must refuse are among the traffic. */
  readonly hasInvalidSubmissions: boolean;
}

/** Work while each block collects, and after its end for what comes late. `onPlan` sees each plan once. */
export function trafficWorks(
  network: Network,
  scenario: TrafficScenario,
  notes: RefusalNotes,
  on: { accepted(records: number): void; plan(plan: BlockPlan): void },
): TimedWork[] {
  const hasher = new BatchHasher(domainSeparator(network.domain));
  return scenario.traffic.flatMap((traffic) => {
    const block = traffic.blockNumber;
    const start = blockStart(network.terms, block);
    const submission = new BlockSubmission(network, hasher, block, on.accepted);
    const works: TimedWork[] = [
      {
        atSeconds: start + Math.floor(network.terms.blockDuration / 2),
        run: async () => {
          const isClosed = await network.isClosed(block);
          for await (const plan of traffic.plans()) {
            on.plan(plan);
            await submission.take(plan, isClosed);
          }
          if (!isClosed) await submission.end();
        },
      },
      { atSeconds: collectionEnd(network.terms, block), run: () => submission.late(notes) },
    ];
    const invalid = scenario.hasInvalidSubmissions ? invalidWorks(network, block, start, hasher, notes) : [];
    return [...works, ...invalid];
  });
}

/** What the members submit for one block: full batches as they come, the rest at its end. */
class BlockSubmission {
  readonly #network: Network;
  readonly #hasher: BatchHasher;
  readonly #blockNumber: number;
  readonly #onAccepted: (records: number) => void;
  /** By author. */
  readonly #rest: Uint8Array[];
  readonly #late: Uint8Array[][];
  readonly #sequences: number[];

  constructor(
    network: Network,
    hasher: BatchHasher,
    blockNumber: number,
    onAccepted: (records: number) => void,
  ) {
    this.#network = network;
    this.#hasher = hasher;
    this.#blockNumber = blockNumber;
    this.#onAccepted = onAccepted;
    this.#rest = network.members.map(() => new Uint8Array(0));
    this.#late = network.members.map(() => []);
    this.#sequences = network.members.map(() => 0);
  }

  /** Authors submit beside each other. */
  async take(plan: BlockPlan, isClosed: boolean): Promise<void> {
    await Promise.all(
      plan.authors.map(async ({ author, records, late }) => {
        if (late.length > 0) this.#late[author].push(late);
        if (isClosed) {
          this.#onAccepted(records.length / limits.recordBytes);
          return;
        }
        const all = concatBytes(this.#rest[author], records);
        let from = 0;
        for (; all.length - from >= batchBytes; from += batchBytes) {
          await this.#submit(author, all.subarray(from, from + batchBytes));
        }
        this.#rest[author] = all.slice(from);
      }),
    );
  }

  async end(): Promise<void> {
    for (const [author, rest] of this.#rest.entries()) if (rest.length > 0) await this.#submit(author, rest);
  }

  async late(notes: RefusalNotes): Promise<void> {
    const { members } = this.#network;
    for (const [author, pieces] of this.#late.entries()) {
      const id = `late/${this.#blockNumber}/${author}`;
      if (pieces.length === 0 || notes.has(id)) continue;
      const late = concatBytes(...pieces);
      for (let at = 0; at * batchBytes < late.length; at++) {
        const bytes = late.subarray(at * batchBytes, (at + 1) * batchBytes);
        const batch = this.#sign(members[author], lateSequence + BigInt(at), bytes);
        const answer = await this.#network.submit(members[author], batch);
        if (answer.ok) throw new Error(`a late batch of block ${this.#blockNumber} was accepted`);
        const records = bytes.length / limits.recordBytes;
        notes.note({ id: at === 0 ? id : `${id}/${at}`, code: answer.code, records, kind: 'late' });
      }
    }
  }

  async #submit(author: number, records: Uint8Array): Promise<void> {
    const member = this.#network.members[author];
    const sequence = BigInt(this.#sequences[author]++);
    await mustAccept(this.#network, member, this.#sign(member, sequence, records));
    this.#onAccepted(records.length / limits.recordBytes);
  }

  #sign(member: NetworkMember, sequence: bigint, records: Uint8Array): Uint8Array {
    const { channelId } = this.#network;
    const head = { channelId, blockNumber: this.#blockNumber, author: member.index, sequence };
    return signBatch(this.#hasher, member.secrets.record.privateKey, head, records);
  }
}

function invalidWorks(
  network: Network,
  blockNumber: number,
  atSeconds: number,
  hasher: BatchHasher,
  notes: RefusalNotes,
): TimedWork[] {
  return invalidSubmissions(network, blockNumber, hasher).map((submission) => ({
    atSeconds: atSeconds + 1,
    run: async () => {
      const id = `invalid/${blockNumber}/${submission.code}`;
      if (notes.has(id)) return;
      const answer = await network.submit(network.members[submission.author], submission.body, submission);
      if (!answer.ok && answer.code === submission.code) {
        notes.note({ id, code: answer.code, records: 1, kind: 'invalid' });
      }
    },
  }));
}

async function mustAccept(network: Network, member: NetworkMember, batch: Uint8Array): Promise<void> {
  const answer = await network.submit(member, batch);
  if (!answer.ok) {
    throw new Error(`${member.name}'s node refused a good batch: ${answer.code}: ${answer.message}`);
  }
  const root = batch.subarray(64, 96);
  if (Buffer.compare(fromHex(answer.receipt.recordsRoot), root) !== 0) {
    throw new Error(`${member.name}'s node gave a receipt for another batch`);
  }
}

/**
 * The parties' own back ends, played: they sign batches of their records and submit them to their channel
 * nodes over REST.
 */

import { fromHex } from '#encoding';
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

/** Work at moments spread over each block's collection, and after its end for what comes late. */
export function trafficWorks(
  network: Network,
  scenario: { readonly plans: readonly BlockPlan[]; readonly hasInvalidSubmissions: boolean },
  notes: RefusalNotes,
  onAccepted: (records: number) => void,
): TimedWork[] {
  const hasher = new BatchHasher(domainSeparator(network.domain));
  const works: TimedWork[] = [];
  for (const plan of scenario.plans) {
    const block = plan.blockNumber;
    const start = blockStart(network.terms, block);
    const sign = (member: NetworkMember, sequence: bigint, records: Uint8Array): Uint8Array =>
      signBatch(
        hasher,
        member.secrets.record.privateKey,
        { channelId: network.channelId, blockNumber: block, author: member.index, sequence },
        records,
      );
    for (const { author, records, late } of plan.authors) {
      const member = network.members[author];
      const batches = Math.ceil(records.length / batchBytes);
      for (let at = 0; at < batches; at++) {
        const part = records.subarray(at * batchBytes, (at + 1) * batchBytes);
        const atSeconds = start + Math.floor((network.terms.blockDuration * (at + 1)) / (batches + 1));
        works.push({
          atSeconds,
          run: async () => {
            onAccepted(part.length / limits.recordBytes);
            if (await network.isClosed(block)) return;
            await mustAccept(network, member, sign(member, BigInt(at), part));
          },
        });
      }
      if (late.length === 0) continue;
      works.push({
        atSeconds: collectionEnd(network.terms, block),
        run: async () => {
          const id = `late/${block}/${author}`;
          if (notes.has(id)) return;
          for (let at = 0; at * batchBytes < late.length; at++) {
            const bytes = late.subarray(at * batchBytes, (at + 1) * batchBytes);
            const answer = await network.submit(member, sign(member, lateSequence + BigInt(at), bytes));
            if (answer.ok) throw new Error(`a late batch of block ${block} was accepted`);
            const records = bytes.length / limits.recordBytes;
            notes.note({ id: at === 0 ? id : `${id}/${at}`, code: answer.code, records, kind: 'late' });
          }
        },
      });
    }
    if (scenario.hasInvalidSubmissions) works.push(...invalidWorks(network, block, start, hasher, notes));
  }
  return works;
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

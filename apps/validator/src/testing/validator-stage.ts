/**
 * A block in processing whose parts are stored, validators of it, and requests to them: for tests of the
 * validator.
 */
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import { blockKeysOf, postPart, storePart } from '#block-watch/testing/stored-part';
import { encryptionPublicKey, signDigest } from '#crypto';
import { decodeDagCbor, type Hex, toHex } from '#encoding';
import { type Log, silentLog } from '#environment';
import type { JobQueue } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import type { PartStore } from '#part-store';
import {
  type ChannelTerms,
  type Delegation,
  delegationDigest,
  domainSeparator,
  sealBlockKey,
  type ValidationRequest,
} from '#protocol';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import type { ReduceBlock } from '#block-reduction';
import { Validator, type ValidatorOptions } from '../validator.js';

interface Stage {
  readonly rehearsal: Rehearsal;
  /** Number of reductions so far. */
  readonly reductions: () => number;
  /** Where reductions read; tests replace its `get`. */
  readonly partsRead: PartStore;
  /** Comes to another result, as it counts no part. */
  readonly reduceNothing: ReduceBlock;
  validator(
    index: number,
    options?: Partial<ValidatorOptions>,
    reduceBlock?: ReduceBlock,
    jobQueue?: JobQueue,
    log?: Log,
  ): Validator;
}

const queue = () => openInProcessJobQueue({ log: silentLog, drainMs: 1 });

function stageOf(rehearsal: Rehearsal): Stage {
  let reductions = 0;
  const partsRead = rehearsal.partStore();
  const reduce = reduceInMemory(partsRead);
  const countedReduce: ReduceBlock = (block) => {
    reductions++;
    return reduce(block);
  };
  return {
    rehearsal,
    reductions: () => reductions,
    partsRead,
    reduceNothing: (block) => reduce({ ...block, parts: [] }),
    validator: (index, options = {}, reduceBlock = countedReduce, jobQueue = queue(), log = silentLog) => {
      const one = rehearsal.participants[index];
      return new Validator(
        {
          privateKey: one.validatorKey,
          encryptionSecret: one.validatorSecret,
          feeFreeAccounts: [],
          requestsMax: 10,
          availabilityWaitSeconds: 0,
          sweepIntervalMs: 1_000,
          ...options,
        },
        {
          chain: rehearsal.chain.port(),
          partStore: rehearsal.partStore(),
          keyValue: rehearsal.validatorKeyValue(index),
          jobQueue,
          reduceBlock,
          log,
        },
      );
    },
  };
}

/** All participants post the same two batches; the block is in processing. */
export async function inProcessing(
  participants = [0, 1, 2],
  terms: Partial<ChannelTerms> = {},
): Promise<Stage> {
  const rehearsal = new Rehearsal({ terms });
  const part = await storePart(
    rehearsal,
    [0, 1, 2].map((author) => rehearsal.batch(0, author, 1)),
  );
  rehearsal.chain.advanceTo(rehearsal.collected(0));
  for (const one of participants) await postPart(rehearsal, one, part);
  if (participants.length < 3) rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation);
  return stageOf(rehearsal);
}

/** invalidParts of every report that validators put into the part store. */
export async function reportsOf({ rehearsal }: Stage): Promise<unknown[]> {
  const owners = [...rehearsal.parts.holds].filter(([owner]) => owner !== 'everyone');
  const digests = owners.flatMap(([, held]) => [...held]);
  return digests.map((digest) => {
    const report = decodeDagCbor(rehearsal.parts.blocks.get(digest) as Uint8Array);
    return (report as { invalidParts: unknown }).invalidParts;
  });
}

export interface RequestChange {
  readonly delegation?: Partial<Delegation>;
  readonly signer?: Uint8Array;
  readonly blockKey?: Uint8Array;
  readonly boxFor?: Uint8Array;
  readonly keyPath?: readonly Hex[];
}

export async function requestOf(
  { rehearsal }: Stage,
  participant: number,
  validator = participant,
  change: RequestChange = {},
): Promise<ValidationRequest> {
  const keys = await blockKeysOf(rehearsal, Math.min(change.delegation?.blockNumber ?? 0, 8));
  const fields: Delegation = {
    channelId: rehearsal.channelId,
    blockNumber: 0,
    participant,
    validator: rehearsal.participants[validator].validator,
    binding: true,
    keyCommitment: keys.keyCommitment,
    feeWei: 0n,
    nonce: 1n,
    notAfter: BigInt(rehearsal.collected(0) + 1_000),
    ...change.delegation,
  };
  const digest = delegationDigest(domainSeparator(rehearsal.chain.eip712), fields);
  const boxFor = change.boxFor ?? encryptionPublicKey(rehearsal.participants[validator].validatorSecret);
  const box = sealBlockKey(change.blockKey ?? keys.blockKey, digest, boxFor, rehearsal.entropy.bytes(56));
  const signature = toHex(
    signDigest(digest, change.signer ?? rehearsal.participants[participant].operatorKey),
  );
  const keyPath = change.keyPath ?? keys.keyPath;
  return { delegation: { ...fields, signature }, sealedBlockKey: toHex(box), keyPath };
}

export const facts = ({ rehearsal }: Stage) => rehearsal.chain.facts(rehearsal.channelId, 0);
export const codeOf = (answer: { ok: boolean; code?: string }) => answer.code ?? 'accepted';

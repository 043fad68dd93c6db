/** One block through collator, coordinator, validator and settlement of three organisations, with a crash at every step. */
import { describe, expect, it } from '@jest/globals';
import { validationRequestSchema } from '#api/schemas';
import { Collator } from '#apps/collator/src/collator';
import { Coordinator } from '#apps/coordinator/src/coordinator';
import { Settlement } from '#apps/settlement/src/settlement';
import { reduceInMemory } from '#apps/validator/src/reduce-in-memory';
import { Validator } from '#apps/validator/src/validator';
import { CrashPoint } from '#block-watch/testing/crashing-ports';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import { seededEntropy, silentLog, systemClock } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';

/** Every seventh step; PAPYRUS_CRASH_STRIDE=1 takes every one, which lasts some minutes. */
const stride = Number(process.env.PAPYRUS_CRASH_STRIDE ?? 7);

interface Sweeper {
  sweep(): Promise<number>;
}

/** The services of all organisations as processes that were just started; those of `crashing` break at its point. */
function startAll(
  rehearsal: Rehearsal,
  crash: CrashPoint | undefined,
  absent: readonly number[],
): readonly Sweeper[] {
  const validators = new Map<string, Validator>();
  const fetch = (async (url: string, init: { body: string }) => {
    const validator = validators.get(url.split('/')[2]);
    const request = validationRequestSchema.parse(JSON.parse(init.body));
    const answer = await validator?.accept(request);
    return answer?.ok
      ? new Response('{}', { status: 202 })
      : new Response(JSON.stringify(answer), { status: 409 });
  }) as unknown as typeof globalThis.fetch;
  const kinds: Sweeper[][] = [[], [], [], []];
  rehearsal.participants.forEach((one, index) => {
    const wrap = <Port extends object>(port: Port): Port => (crash && index === 1 ? crash.wrap(port) : port);
    const chain = wrap(rehearsal.chain.port());
    const partStore = wrap(rehearsal.partStore());
    const keyValue = wrap(rehearsal.keyValue(index));
    const jobQueue = openInProcessJobQueue({ log: silentLog });
    const common = { chain, partStore, keyValue, jobQueue, log: silentLog };
    const options = { ...one, requestTimeoutMs: 1_000, sweepIntervalMs: 1_000 };
    const recordLog = wrap(rehearsal.recordLog(index));
    const validator = new Validator(
      {
        ...options,
        privateKey: one.validatorKey,
        encryptionSecret: one.validatorSecret,
        requestsMax: 10,
        availabilityWaitSeconds: 0,
      },
      {
        ...common,
        keyValue: wrap(rehearsal.validatorKeyValue(index)),
        reduceBlock: reduceInMemory(partStore),
      },
    );
    validators.set(one.validator, validator);
    if (!absent.includes(index)) {
      kinds[0].push(new Collator(options, { ...common, recordLog, clock: systemClock }));
    }
    const entropy = seededEntropy(`coordinator ${index}`);
    kinds[1].push(new Coordinator(options, { ...common, entropy, fetch }));
    kinds[2].push(validator);
    kinds[3].push(new Settlement(options, common));
  });
  return kinds.flat();
}

async function sweepUntilStill(sweepers: readonly Sweeper[]): Promise<void> {
  for (;;) {
    let done = 0;
    for (const one of sweepers) done += await one.sweep();
    if (done === 0) return;
  }
}

async function prepared(): Promise<Rehearsal> {
  const rehearsal = new Rehearsal();
  const [wins, matched, audits] = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
  await rehearsal.append(0, [wins, matched]);
  await rehearsal.append(1, [wins, matched, audits]);
  await rehearsal.append(2, [audits, wins]);
  for (const one of [0, 1, 2]) await rehearsal.cutOff(one, 0);
  return rehearsal;
}

/** Runs the block to its end; a crash of organisation 1 is followed by a fresh start. Returns whether it crashed. */
async function live(
  rehearsal: Rehearsal,
  crash?: CrashPoint,
  absent: readonly number[] = [],
): Promise<boolean> {
  let services = startAll(rehearsal, crash, absent);
  let hasCrashed = false;
  const moments = [0, blockSeconds.collation, blockSeconds.collation + blockSeconds.processing / 2];
  const { processing, challenge, collation } = blockSeconds;
  moments.push(collation + processing, collation + processing + challenge);
  for (const moment of moments) {
    rehearsal.chain.advanceTo(rehearsal.collected(0) + moment);
    try {
      await sweepUntilStill(services);
    } catch (cause) {
      if (!crash?.hasCrashed) throw cause;
      hasCrashed = true;
    }
    if (crash?.hasCrashed) {
      // A coordinator takes a crashed validator for one that is away, so nothing was thrown.
      hasCrashed = true;
      services = startAll(rehearsal, undefined, absent);
      await sweepUntilStill(services);
    }
  }
  return hasCrashed;
}

/** What must be the same however the services fared. */
function outcome(rehearsal: Rehearsal) {
  const { parts, seats, results } = rehearsal.chain.facts(rehearsal.channelId, 0);
  const byParticipant = <One extends { participant: number }>(list: readonly One[]): One[] =>
    [...list].sort((a, b) => a.participant - b.participant);
  return {
    parts: byParticipant(parts).map(({ partRoot, indexHash }) => [partRoot, indexHash]),
    commitments: byParticipant(seats).map(({ commitment, outputHash }) => [commitment, outputHash]),
    results,
    settlements: rehearsal.chain.accepted.settle,
    stage: rehearsal.chain.stage(rehearsal.channelId, 0).stage,
  };
}

describe('a block', () => {
  it('is settled within the second in which its parts are there, when every seat agrees', async () => {
    const rehearsal = await prepared();
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(startAll(rehearsal, undefined, []));
    const { parts, settledAtSeconds } = rehearsal.chain.facts(rehearsal.channelId, 0);
    expect(settledAtSeconds).toBe(rehearsal.collected(0));
    expect(new Set(parts.map((part) => part.partRoot)).size).toBe(3);
    expect(rehearsal.chain.accepted).toMatchObject({
      postPart: 3,
      commitResult: 3,
      revealResult: 3,
      settle: 1,
    });
  });

  it('is settled for the others when one participant posts nothing', async () => {
    const rehearsal = await prepared();
    await live(rehearsal, undefined, [0]);
    const { results } = rehearsal.chain.facts(rehearsal.channelId, 0);
    expect(results).toMatchObject([{ validParts: 6, impressionCount: 3n }]);
    expect(outcome(rehearsal)).toMatchObject({ stage: 'settled', settlements: 1 });
  });

  it('ends the same, and pays once, whatever step an organisation crashes at', async () => {
    const calm = await prepared();
    await live(calm);
    const expected = outcome(calm);
    expect(expected).toMatchObject({ stage: 'settled', settlements: 1 });
    for (const isAfter of [false, true]) {
      let last = isAfter ? stride >> 1 : 0;
      for (; ; last += stride) {
        const rehearsal = await prepared();
        const hasCrashed = await live(rehearsal, new CrashPoint(last, isAfter));
        expect({ at: last, isAfter, ...outcome(rehearsal) }).toEqual({ at: last, isAfter, ...expected });
        if (!hasCrashed) break;
      }
      expect(last).toBeGreaterThan(50);
    }
  });
});

/**
 * One block through collator, coordinator, validator and settlement of three organisations, with a crash at
 * every step.
 */
import { describe, expect, it } from '@jest/globals';
import { CrashPoint } from '#block-watch/testing/crashing-ports';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import { fillLogs, startAll, sweepUntilStill } from './organisations.js';

/** Every seventh step; PAPYRUS_CRASH_STRIDE=1 takes every one, which lasts some minutes. */
const stride = Number(process.env.PAPYRUS_CRASH_STRIDE ?? 7);

async function prepared(): Promise<Rehearsal> {
  const rehearsal = new Rehearsal();
  await fillLogs(rehearsal);
  return rehearsal;
}

/**
 * Runs the block to its end; a crash of organisation 1 is followed by a fresh start. Returns whether it
 * crashed.
 */
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

  it('leaves nothing behind that could open it, once it and the next one are over', async () => {
    const rehearsal = await prepared();
    const services = startAll(rehearsal, undefined, []);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(services);
    // Nobody cuts block 1 off, so it is void when block 2 leaves collection.
    rehearsal.chain.advanceTo(rehearsal.collected(2));
    await sweepUntilStill(services);
    for (const { stateDrawer, validatorDrawer } of rehearsal.participants) {
      expect(validatorDrawer.entries.keysUnder('')).toEqual([]);
      expect(stateDrawer.entries.keysUnder('coordinator/')).toEqual([]);
      const secret = stateDrawer.entries.get(`channel-keys/${rehearsal.channelId}/secret`)
        ?.value as Uint8Array;
      expect(new DataView(secret.buffer, secret.byteOffset).getUint32(0)).toBe(2);
    }
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

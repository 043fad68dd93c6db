import { describe, expect, it } from '@jest/globals';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import type { Said } from '#block-watch/testing/simulated-disputes';
import type { Digest, Hex } from '#encoding';
import { Fault } from '#environment';
import { type KnownResult, type PanelMember, panelCommitmentOf } from '#protocol';
import { facts, inProcessing } from './testing/validator-stage.js';

const { processing } = blockSeconds;
const part = 1;
const root = `0x${'05'.repeat(32)}` as Digest;

const result = (validParts: number): KnownResult => ({
  outputHash: `0x0${validParts}` as Digest,
  ...{ settlementRoot: root, impressionCount: 1n },
  ...{ amountWords: [root], validParts, firstRevealedAtSeconds: 0, isGone: false },
});

/** A panel about part 1 has been drawn, of one validator or several others before it. */
async function drawn(others = 0) {
  const stage = await inProcessing();
  const { rehearsal } = stage;
  const { chain, channelId, participants } = rehearsal;
  const start = rehearsal.collected(0);
  const disputedAtSeconds = start + processing;
  chain.advanceTo(disputedAtSeconds);
  const results = [5, 7].map((parts) => ({ ...result(parts), firstRevealedAtSeconds: start }));
  const dispute = { openAccusations: 0, openQuestions: 1 };
  chain.put(channelId, 0, { results, disputedAtSeconds, dispute });
  const before: PanelMember[] = Array.from({ length: others }, (_, at) => ({
    account: `0x${at + 1}` as const,
  }));
  const seat = (said: Partial<PanelMember>, isOver = false): void => {
    const members = [...before, { account: participants[0].validator, ...said }];
    const rounds = [{ seedHeight: 1, namedAtSeconds: start, drawnAtSeconds: disputedAtSeconds, members }];
    const panel = { asker: participants[0].account, rounds, isOver };
    const questioned = { part, isStruck: false, askedRows: 0, isPanelAsked: true, questions: [], rows: [] };
    chain.disputes.put(channelId, 0, { parts: [{ ...questioned, panel }] });
  };
  seat({});
  const id = { channelId, blockNumber: 0 };
  return {
    stage,
    rehearsal,
    chain,
    seat,
    id,
    at: (later: number) => chain.advanceTo(disputedAtSeconds + later),
  };
}

const actsIn = (said: readonly Said[]): readonly string[] => said.map(({ act }) => act);

describe('a validator that was drawn for a panel', () => {
  it('keeps the part, commits to its word, and reveals it after a restart', async () => {
    const { stage, rehearsal, chain, seat, id, at } = await drawn(2);
    const validator = stage.validator(0);
    expect(await validator.sweep()).toBe(1);
    const [committed] = chain.disputes.said;
    expect(committed).toMatchObject({ act: 'commitPanel', by: rehearsal.participants[0].validator });
    const [block, said, place, commitment] = committed.given as [typeof id, number, number, Digest];
    expect(block).toMatchObject(id);
    expect([said, place]).toEqual([part, 2]);
    const owner = `${rehearsal.participants[0].validator}/${id.channelId}/0/part-1`;
    const { segmentCount } = facts(stage).parts[part];
    expect(rehearsal.parts.holds.get(owner)?.size).toBe(segmentCount + 2);

    seat({ commitment });
    expect(await validator.sweep()).toBe(0);
    at(processing / 2);
    expect(await stage.validator(0).sweep()).toBe(1);
    const { act, given } = chain.disputes.said[1];
    const [, , , isHeld, salt] = given as [unknown, number, number, boolean, Hex];
    expect([act, isHeld]).toEqual(['revealPanel', true]);
    const word = { ...id, part, round: 0, member: rehearsal.participants[0].validator, isHeld, salt };
    expect(panelCommitmentOf(word)).toBe(commitment);
  });

  it.each([
    ['is not stored', (all: Map<string, Uint8Array>, key: string) => all.delete(key), 1],
    // Another store may still have the right ones.
    ['has other bytes', (all: Map<string, Uint8Array>, key: string) => all.set(key, Uint8Array.of(1)), 0],
  ])('says that it is not served where a block of it %s, and holds nothing', async (_, damage, acts) => {
    const { stage, rehearsal, chain, seat, at } = await drawn();
    const { blocks } = rehearsal.parts;
    damage(blocks as Map<string, Uint8Array>, [...blocks.keys()][0]);
    const validator = stage.validator(0);
    expect(await validator.sweep()).toBe(acts);
    at(processing / 2 - 1);
    await validator.sweep();
    seat({ commitment: chain.disputes.said[0].given[3] as Digest });
    at(processing / 2);
    await validator.sweep();
    expect(chain.disputes.said.at(-1)).toMatchObject({ act: 'revealPanel' });
    expect(chain.disputes.said.at(-1)?.given[3]).toBe(false);
    expect([...rehearsal.parts.holds.keys()]).toEqual(['everyone']);
  });

  it('commits in time to what it has not got from a store that hangs', async () => {
    const { stage, rehearsal, chain, at } = await drawn();
    const validator = stage.validator(0);
    rehearsal.parts.slowness = new Promise(() => {});
    at(processing / 2 - 6);
    const look = validator.sweep();
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The look began when there was time for another.
    at(processing / 2 - 5);
    expect(await look).toBe(1);
    expect(actsIn(chain.disputes.said)).toEqual(['commitPanel']);
  });

  it('counts the words once nobody else does, and gets its bond back from a block that is over', async () => {
    const { stage, chain, seat, id, at } = await drawn();
    const { answerPeriod } = stage.rehearsal.terms;
    const validator = stage.validator(0);
    seat({ isHeld: true });
    at(processing + 2 * answerPeriod - 1);
    expect(await validator.sweep()).toBe(0);
    at(processing + 2 * answerPeriod);
    expect(await validator.sweep()).toBe(1);
    chain.put(id.channelId, 0, { settledAtSeconds: chain.nowSeconds });
    expect(await validator.sweep()).toBe(1);
    expect(actsIn(chain.disputes.said)).toEqual(['concludePanel', 'releasePanel']);
    seat({ isHeld: true }, true);
    expect(await validator.sweep()).toBe(0);
  });

  it('has its seat, and all else that it does, though another block with a panel cannot be read', async () => {
    const { stage, rehearsal, chain } = await drawn();
    const { channelId } = rehearsal;
    const parts = chain.disputes.of(channelId, 0).parts;
    chain.disputes.put(channelId, 1, { parts });
    const port = chain.port();
    const away = new Fault('chain-snapshot-gone', 'the log of the node lacks something', { retriable: true });
    chain.port = () => ({
      ...port,
      snapshot: async (of) => {
        const one = await port.snapshot(of);
        const blockFacts: typeof one.blockFacts = async (of, number) => {
          if (number === 1) throw away;
          return one.blockFacts(of, number);
        };
        return { ...one, blockFacts };
      },
    });
    expect(await stage.validator(0).sweep()).toBe(1);
    expect(actsIn(chain.disputes.said)).toEqual(['commitPanel']);
  });

  it('says nothing in panels of others', async () => {
    const { stage, chain } = await drawn();
    expect(await stage.validator(1).sweep()).toBe(0);
    expect(chain.disputes.said).toEqual([]);
  });
});

/** The ways in which a block ends, as tests of what every chain promises. */
import { expect, it } from '@jest/globals';
import { bondWei, collectionEnd, stageOf } from '#protocol';
import type { DrivenChain } from '../chain.js';
import type { ChainOutcome } from '../chain-outcome.js';
import { done, latest, lineOf, refused } from './answers.js';
import { ExampleChannel, type ExampleResult, periods } from './example-channel.js';

export function endsBlocks(chain: () => DrivenChain): void {
  it('extends once when nobody reveals, takes an own result there, and settles it after the challenge', async () => {
    const channel = await ExampleChannel.open(chain(), 'extension');
    const { channelId, participants, terms } = channel;
    const { account, operator } = participants[2];
    const start = collectionEnd(terms, 0) + periods.collationPeriod;
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await operator.postPart(channelId, 0, channel.part(2)));
    const { result, opening } = channel.result(0, 2, 0b100);
    const extension = start + periods.processingPeriod;
    for (const tooEarly of [start, extension, extension + periods.processingPeriod / 2 - 1]) {
      await chain().advanceTo(tooEarly);
      expect(refused(await operator.revealOwnResult(channelId, 0, result, opening))).toBe('wrong-time');
    }
    await chain().advanceTo(extension + periods.processingPeriod / 2);
    done(await operator.revealOwnResult(channelId, 0, result, opening));
    expect((await (await latest(chain())).blockFacts(channelId, 0)).ownResults).toEqual([
      {
        participant: 2,
        outputHash: result.outputHash,
        revealedAtSeconds: (await chain().time()).timestampSeconds,
      },
    ]);
    // Bonds of its part and of its result.
    const bonds = bondWei.part + bondWei.ownResult;
    expect((await (await latest(chain())).weiAccount(account.address)).lockedWei).toBe(bonds);
    await chain().advanceTo(start + 2 * periods.processingPeriod);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('challenge');
    await chain().advanceTo(start + 2 * periods.processingPeriod + periods.challengePeriod);
    done(await operator.settle(channelId, 0, [result]));
    expect((await (await latest(chain())).weiAccount(account.address)).lockedWei).toBe(0n);
  });

  it('pays the lowest common amounts where several results stand in the end', async () => {
    const channel = await ExampleChannel.open(chain(), 'contest');
    const { channelId, participants, terms, token } = channel;
    const [payer, seller] = participants;
    done(await payer.account.deposit(channelId, 1, 1_000n));
    const { given } = await revealedByOne(channel, true);
    const fuller = channel.result(0, 9, 0b001);
    done(await seller.account.revealOwnResult(channelId, 0, fuller.result, fuller.opening));
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('dispute');
    const facts = await (await latest(chain())).blockFacts(channelId, 0);
    const standing = [given.result, fuller.result];
    const hashes = standing.map((one) => one.outputHash);
    expect(facts.results.map((one) => one.outputHash)).toEqual(hashes);
    // Nobody accuses either of them.
    const until = Number(facts.disputedAtSeconds) + periods.challengePeriod;
    await chain().advanceTo(until - 1);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('dispute');
    await chain().advanceTo(until);
    const now = (await chain().time()).timestampSeconds;
    expect(stageOf(terms, 0, facts, now)).toEqual({ stage: 'final', standing: hashes });
    const settled = (results: typeof standing) => payer.account.settle(channelId, 0, results);
    expect(refused(await settled([given.result]))).toBe('results-mismatch');
    expect(refused(await settled([...standing].reverse()))).toBe('output-hash-mismatch');
    done(await settled(standing));
    // What the lower result grants; the rest of the higher one lies contested.
    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(10n);
    expect((await lineOf(chain(), channelId, 1)).amount).toBe(1_000n - 90n);
    const contested = async () => (await latest(chain())).contested(channelId, 0, 1);
    expect(await contested()).toEqual({ amount: 80n, sinceSeconds: expect.any(Number) });
    expect(await (await latest(chain())).contested(channelId, 0, 2)).toBeUndefined();
    expect(refused(await seller.account.concede(channelId, 0, 1))).toBe('not-payer');
    expect(refused(await payer.account.releaseContested(channelId, 0))).toBe('not-payee');
    expect(refused(await payer.account.burnContested(channelId, 0, 1))).toBe('contested-too-young');
    done(await payer.account.concede(channelId, 0, 1));
    expect(await contested()).toBeUndefined();
    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(90n);
    expect(refused(await seller.account.releaseContested(channelId, 0))).toBe('nothing-contested');
  });

  it('is final at once when all accept one of two results, and pays that one alone', async () => {
    const channel = await ExampleChannel.open(chain(), 'accepted');
    const { channelId, participants, token } = channel;
    const [payer, seller, auditor] = participants;
    done(await payer.account.deposit(channelId, 1, 1_000n));
    await revealedByOne(channel, false);
    const { result: fuller, opening } = channel.result(0, 9, 0b011);
    done(await seller.account.revealOwnResult(channelId, 0, fuller, opening));
    for (const [at, one] of [payer, auditor].entries()) {
      done(await one.account.acceptResult(channelId, 0, 2 * at, fuller.outputHash));
    }
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('dispute');
    done(await seller.account.acceptResult(channelId, 0, 1, fuller.outputHash));
    const facts = await (await latest(chain())).blockFacts(channelId, 0);
    // It accepts what it revealed itself: nothing of it is taken back, nor its bond before the end.
    expect([facts.ownResults.length, facts.acceptances.length]).toEqual([1, 3]);
    const lockedWei = async () =>
      (await (await latest(chain())).weiAccount(seller.account.address)).lockedWei;
    expect(await lockedWei()).toBe(bondWei.part + bondWei.ownResult);
    done(await payer.account.settle(channelId, 0, [fuller]));
    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(90n);
    expect(await lockedWei()).toBe(0n);
  });

  it('ends a dispute with its windows where one result stands alone, and keeps the bond of who began it', async () => {
    const channel = await ExampleChannel.open(chain(), 'alone');
    const { channelId, participants } = channel;
    const seller = participants[1];
    const { given, challengedAt } = await revealedByOne(channel, false);
    const { result: other, opening } = channel.result(0, 9, 0b001);
    done(await seller.account.revealOwnResult(channelId, 0, other, opening));
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('dispute');
    done(await seller.account.acceptResult(channelId, 0, 1, given.result.outputHash));
    const now = await latest(chain());
    const facts = await now.blockFacts(channelId, 0);
    expect([facts.ownResults, facts.results.map((one) => one.isGone)]).toEqual([[], [false, true]]);
    expect(await now.stage(channelId, 0)).toBe('dispute');
    expect((await now.weiAccount(seller.account.address)).lockedWei).toBe(bondWei.part + bondWei.ownResult);
    await chain().advanceTo(challengedAt + periods.challengePeriod - 1);
    expect(refused(await seller.account.settle(channelId, 0, [given.result]))).toBe('not-final');
    await chain().advanceTo(challengedAt + periods.challengePeriod);
    done(await seller.account.settle(channelId, 0, [given.result]));
    expect((await (await latest(chain())).weiAccount(seller.account.address)).lockedWei).toBe(0n);
  });

  it('gives the bonds of a void block back, once', async () => {
    const channel = await ExampleChannel.open(chain(), 'void');
    const { channelId, participants, terms } = channel;
    const start = collectionEnd(terms, 0) + periods.collationPeriod;
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await participants[0].operator.postPart(channelId, 0, channel.part(0)));
    await chain().advanceTo(start);
    done(await channel.commit(0, 0, channel.result(0, 1, 0b001)));
    await chain().advanceTo(start + 2 * periods.processingPeriod);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('void');
    const released = done(await participants[1].account.releaseVoid(channelId, 0));
    expect(refused(await participants[1].account.releaseVoid(channelId, 0))).toBe('already-ended');
    const facts = await (await latest(chain())).blockFacts(channelId, 0);
    expect([facts.releasedAtSeconds, facts.settledAtSeconds]).toEqual([
      ...[released.timestampSeconds, undefined],
    ]);
    expect(refused(await participants[1].account.releaseVoid(channelId, 1))).toBe('wrong-stage');
  });
}

/** Parts and equal results of all seats. */
export async function makeFinal(
  channel: ExampleChannel,
  blockNumber: number,
  variant: number,
): Promise<void> {
  const { chain, channelId, participants, terms } = channel;
  await chain.advanceTo(collectionEnd(terms, blockNumber));
  const each = async (act: (index: number) => Promise<ChainOutcome>): Promise<void> => {
    for (const outcome of await Promise.all(participants.map((_, index) => act(index)))) done(outcome);
  };
  await each((index) => participants[index].operator.postPart(channelId, blockNumber, channel.part(index)));
  const given = channel.result(blockNumber, variant, 0b111);
  await each((index) => channel.commit(blockNumber, index, given));
  await each((index) => channel.reveal(blockNumber, index, given));
}

/** Payer and seller have posted, and the payer's seat alone has revealed: the challenge period begins. */
async function revealedByOne(
  channel: ExampleChannel,
  binding: boolean,
): Promise<{ readonly given: ExampleResult; readonly challengedAt: number }> {
  const { chain, channelId, participants, terms } = channel;
  const start = collectionEnd(terms, 0) + periods.collationPeriod;
  await chain.advanceTo(collectionEnd(terms, 0));
  for (const at of [0, 1]) done(await participants[at].operator.postPart(channelId, 0, channel.part(at)));
  await chain.advanceTo(start);
  const given = channel.result(0, 1, 0b001);
  done(await channel.commit(0, 0, given, binding));
  await chain.advanceTo(start + periods.processingPeriod / 2);
  done(await channel.reveal(0, 0, given));
  const challengedAt = start + periods.processingPeriod;
  await chain.advanceTo(challengedAt);
  return { given, challengedAt };
}

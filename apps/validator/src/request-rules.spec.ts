import { describe, expect, it } from '@jest/globals';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import type { ValidatorFacts } from '#chain';
import { encryptionPublicKey } from '#crypto';
import { bondWei } from '#protocol';
import { codeOf, facts, inProcessing, type RequestChange, requestOf } from './testing/validator-stage.js';
import type { ValidatorOptions } from './validator.js';

type Stage = Awaited<ReturnType<typeof inProcessing>>;

const stranger = new Uint8Array(32).fill(7);
const other = `0x${'77'.repeat(32)}` as const;

/** What participant 0 is answered, and what the answer says was found. */
async function asks(stage: Stage, change: RequestChange = {}, options: Partial<ValidatorOptions> = {}) {
  const signer = change.signer ?? stage.rehearsal.participants[0].operatorKey;
  const request = await requestOf(stage, 0, 0, { ...change, signer });
  const answer = await stage.validator(0, options).accept(request);
  return { code: codeOf(answer), found: answer.ok ? '' : answer.detail };
}

async function ownEntry(stage: Stage, change: Partial<ValidatorFacts>): Promise<void> {
  const { chain, participants } = stage.rehearsal;
  const entry = await chain.latest().validator(participants[0].validator);
  chain.registerValidator({ ...(entry as ValidatorFacts), ...change });
}

describe('a validator that is asked', () => {
  it.each<[string, RequestChange, string]>([
    ['accepted', {}, ''],
    ['wrong-validator', { delegation: { validator: `0x${'77'.repeat(20)}` as const } }, '0x7777'],
    ['unknown-channel', { delegation: { channelId: other } }, other],
    ['unknown-block', { delegation: { blockNumber: 9 } }, 'block 9'],
    ['not-a-participant', { delegation: { participant: 3 } }, 'no participant 3'],
    ['block-not-in-processing', { delegation: { blockNumber: 1 } }, 'in collection until 10200'],
    ['delegation-expired', { delegation: { notAfter: 10_099n } }, 'ended at 10099, it is 10100'],
    ['accepted', { delegation: { notAfter: 10_100n } }, ''],
    ['delegation-not-signed', { signer: stranger }, 'the operator key is 0x'],
    ['delegation-not-signed', { delegation: { participant: 1 } }, 'the signature is of 0x'],
    ['key-commitment-not-proven', { keyPath: [] }, 'a path of 0 nodes'],
    ['key-commitment-not-proven', { delegation: { keyCommitment: other } }, 'keysRoot 0x'],
    ['box-does-not-open', { boxFor: encryptionPublicKey(stranger) }, 'another key'],
    ['block-key-differs', { blockKey: stranger }, 'has the commitment 0x'],
  ])('answers %s', async (code, change, found) => {
    const stage = await inProcessing();
    const signer = change.signer ?? stage.rehearsal.participants[0].operatorKey;
    const request = await requestOf(stage, 0, 0, { ...change, signer });
    const validator = stage.validator(0);
    const answer = await validator.accept(request);
    expect(codeOf(answer)).toBe(code);
    expect(answer.ok ? '' : answer.detail).toContain(found);
    const didSomething = (await validator.sweep()) > 0;
    expect(didSomething).toBe(code === 'accepted');
  });

  it('refuses a box that was made for another delegation', async () => {
    const stage = await inProcessing();
    const first = await requestOf(stage, 0);
    const second = await requestOf(stage, 0, 0, { delegation: { nonce: 2n } });
    const mixed = { ...second, sealedBlockKey: first.sealedBlockKey };
    expect(codeOf(await stage.validator(0).accept(mixed))).toBe('box-of-another-delegation');
    // The delegation of another participant of the same block is another one too.
    const ofOther = await requestOf(stage, 1, 0);
    const taken = { ...first, sealedBlockKey: ofOther.sealedBlockKey };
    expect(codeOf(await stage.validator(0).accept(taken))).toBe('box-of-another-delegation');
  });

  it('goes by the operator key that is current, not by one that was revoked', async () => {
    const stage = await inProcessing();
    const { account } = stage.rehearsal.participants[0];
    const keys = await stage.rehearsal.chain.latest().keysAt(account, 99_999);
    if (keys === undefined) throw new Error('registered');
    stage.rehearsal.chain.register(account, { ...keys, operatorKey: `0x${'77'.repeat(20)}` as const });
    expect(await asks(stage)).toMatchObject({ code: 'delegation-not-signed' });
    stage.rehearsal.chain.register(account, { ...keys, operatorKey: `0x${'00'.repeat(20)}` as const });
    expect(await asks(stage)).toEqual({ code: 'no-operator-key', found: `${account} has no operator key` });
  });

  it('tells commits that are over for now from a block that is over', async () => {
    const stage = await inProcessing();
    const { chain } = stage.rehearsal;
    const start = stage.rehearsal.collected(0);
    const { processing } = blockSeconds;
    for (const [later, code] of [
      [processing / 2 - 1, 'accepted'],
      [processing / 2, 'commits-over'],
      [processing, 'accepted'],
      [(3 * processing) / 2, 'commits-over'],
      [2 * processing, 'block-over'],
    ] as const) {
      chain.advanceTo(start + later);
      expect([later, (await asks(stage)).code]).toEqual([later, code]);
    }
  });

  it('takes no commit once something was revealed, though the half is not over', async () => {
    const stage = await inProcessing();
    const validators = [0, 1, 2].map((at) => stage.validator(at));
    for (const [at, one] of validators.entries()) {
      await one.accept(await requestOf(stage, at, at));
      await one.sweep();
    }
    expect(await validators[0].sweep()).toBe(1);
    expect(facts(stage).results).toHaveLength(1);
    expect(await asks(stage, { delegation: { nonce: 9n } })).toEqual({
      ...{ code: 'commits-over', found: 'a result of block 0 was revealed' },
    });
  });

  it('lets nobody bind whose account did not name it before the block started', async () => {
    const stage = await inProcessing();
    const { chain, terms, participants } = stage.rehearsal;
    const { account } = participants[0];
    const start = terms.firstBlockStart;
    chain.namedAtSeconds = start;
    const late = `${account} named it at ${start}, the block started at ${start}`;
    expect(await asks(stage)).toEqual({ code: 'not-own-validator', found: late });
    expect(await asks(stage, { delegation: { binding: false } })).toMatchObject({ code: 'accepted' });
    chain.namedAtSeconds = undefined;
    expect(await asks(stage)).toMatchObject({ code: 'not-own-validator' });
    chain.namedAtSeconds = start - 1;
    expect(await asks(stage, { delegation: { nonce: 2n } })).toMatchObject({ code: 'accepted' });
  });

  it('works for its least fee, for nothing for those whom it trusts, and for nobody who cannot pay', async () => {
    const stage = await inProcessing();
    const { chain, participants } = stage.rehearsal;
    await ownEntry(stage, { leastFeeWei: 50n });
    const found = '49 wei are offered, it takes 50';
    expect(await asks(stage, { delegation: { feeWei: 49n } })).toEqual({ code: 'fee-too-low', found });
    chain.freeWei = 50n;
    expect(await asks(stage, { delegation: { feeWei: 51n } })).toMatchObject({ code: 'fee-not-covered' });
    expect(await asks(stage, { delegation: { feeWei: 50n } })).toMatchObject({ code: 'accepted' });
    const trusts = { feeFreeAccounts: [participants[0].account] };
    expect(await asks(stage, { delegation: { nonce: 2n } }, trusts)).toMatchObject({ code: 'accepted' });
    const another = { feeFreeAccounts: [participants[1].account] };
    expect(await asks(stage, { delegation: { nonce: 3n } }, another)).toMatchObject({ code: 'fee-too-low' });
  });

  it('takes nothing that its stake cannot vouch for', async () => {
    const stage = await inProcessing();
    await ownEntry(stage, { stakeWei: bondWei.seat - 1n });
    const short = await asks(stage);
    expect(short.code).toBe('stake-used-up');
    expect(short.found).toContain(`${bondWei.seat - 1n} wei of stake are not locked`);
    await ownEntry(stage, { stakeWei: bondWei.seat });
    expect(await asks(stage)).toMatchObject({ code: 'accepted' });
    stage.rehearsal.chain.leave(stage.rehearsal.participants[0].validator);
    expect(await asks(stage)).toMatchObject({
      code: 'stake-used-up',
      found: expect.stringContaining('not reg'),
    });
  });
});

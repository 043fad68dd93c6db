import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disputeSecondsMin, roleOf, termsFault } from '#protocol';
import { defaultParameters } from '#reduction';
import { policiesOf, readDraft, termsOf } from './draft.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-draft-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const account = (at: number) => `0x${String(at).repeat(40)}`;
const word = `0x${'00'.repeat(32)}` as const;
const keys = { keysRoot: word, boxesHash: word, salt: word };
const least = {
  schemaVersion: 1,
  participants: [
    { role: 'dsp', account: account(1) },
    { role: 'ssp', account: account(2), blockMax: '50.25' },
  ],
  token: account(9),
  tokenPerUnit: '1000000',
  firstBlockStart: '2026-01-01T00:00:00Z',
  blocksMax: 24,
};

function termsFrom(draft: object) {
  const path = join(folder, 'draft.json');
  writeFileSync(path, JSON.stringify(draft));
  return termsOf(readDraft(path), keys);
}

function refusal(draft: object | string): { code: string; message: string } {
  const path = join(folder, 'bad.json');
  writeFileSync(path, typeof draft === 'string' ? draft : JSON.stringify(draft));
  try {
    termsOf(readDraft(path), keys);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was taken');
}

describe('a draft', () => {
  it('means terms that a channel takes, whatever it leaves out', () => {
    const terms = termsFrom(least);
    expect(terms).toMatchObject({
      roles: [roleOf.dsp, roleOf.ssp],
      blockMaxNano: [0n, 50_250_000_000n],
      tokenPerUnit: 1_000_000n,
      firstBlockStart: 1_767_225_600,
      blockDuration: 3_600,
      disputeMax: disputeSecondsMin({ challengePeriod: 600, processingPeriod: 600, answerPeriod: 300 }),
      withdrawalNotice: 7_200,
      retentionPeriod: 7_776_000,
      priceNanoMax: 1_000_000_000n,
    });
    expect(termsFault(terms, { auditorFeeNano: 0n, openedAtSeconds: 1_767_225_600 })).toBeUndefined();
    // Nobody audits: what no audit speaks for is paid.
    expect(policiesOf(terms)).toEqual({ ...defaultParameters, onMissingAudit: 1, requireViewable: false });
  });

  it('means what it says', () => {
    const auditor = { role: 'auditor', account: account(3), blockMax: '1' };
    const policies = {
      priceTolerancePpm: 5,
      onPriceMismatch: 'reject',
      onMissingDsp: 'pay',
      onMissingSsp: 'reject',
      onMissingAudit: 'pay',
      requireViewable: false,
      auditorFee: '0.000002',
      shares: [{ participant: 2, ppm: 10_000 }],
      discrepancyLimitPpm: 7,
    };
    const terms = termsFrom({
      ...least,
      participants: [...least.participants, auditor],
      ...{ disputeMax: 99_999, withdrawalNotice: 8_000, priceMax: '0.05', policies },
    });
    expect(terms).toMatchObject({ disputeMax: 99_999, withdrawalNotice: 8_000, priceNanoMax: 50_000_000n });
    expect(policiesOf(terms)).toEqual({
      priceTolerancePpm: 5,
      onPriceMismatch: 3,
      onMissingDsp: 1,
      onMissingSsp: 0,
      onMissingAudit: 1,
      requireViewable: false,
      auditorFeeNano: 2_000n,
      shares: [{ participant: 2, ppm: 10_000 }],
      discrepancyLimitPpm: 7,
    });
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['no version', { ...least, schemaVersion: 2 }, 'schemaVersion: '],
    ['a word too many', { ...least, blockduration: 60 }, 'blockduration'],
    ['a role that nobody has', { ...least, participants: [{ role: 'boss', account: account(1) }] }, 'role'],
    ['an amount that is a number', { ...least, priceMax: 0.05 }, 'priceMax'],
    ['more blocks than a channel has', { ...least, blocksMax: 2 ** 20 + 1 }, 'blocksMax'],
    ['a time that is none', { ...least, firstBlockStart: 'tomorrow' }, 'a time such as'],
    ['an account that is none', { ...least, token: '0x12' }, 'token: 20 bytes'],
    [
      'a payee without bound',
      { ...least, participants: [least.participants[0], { role: 'ssp', account: account(2) }] },
      'blockMax',
    ],
  ])('is refused by place: %s', (_, draft, place) => {
    expect(refusal(draft)).toMatchObject({
      code: 'draft-not-readable',
      message: expect.stringContaining(place),
    });
  });

  it('is refused where it is not there', () => {
    expect(() => readDraft(join(folder, 'nowhere.json'))).toThrow(/nowhere.json is not there/);
  });

  it('is refused as terms where the reducer would not take its policies', () => {
    const terms = termsFrom({ ...least, policies: { shares: [{ participant: 5, ppm: 1 }] } });
    expect(() => policiesOf(terms)).toThrow(/parameters-shares: a share belongs to a participant/);
  });
});

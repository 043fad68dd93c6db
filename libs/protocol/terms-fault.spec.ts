import { describe, expect, it } from '@jest/globals';
import type { Address } from '#encoding';
import type { ChannelTerms } from './channel-terms.js';
import { roleOf } from './ids.js';
import { recordsMaxOf, rowsMaxOf, termsFault } from './terms-fault.js';

const accounts = (count: number): Address[] =>
  Array.from({ length: count }, (_, at) => `0xab${at.toString(16).padStart(38, '0')}` as const);
const { dsp, advertiser, ssp, publisher, auditor, operator } = roleOf;
const days = 86_400;
const zero = `0x${'00'.repeat(32)}` as const;

/** At the least or the most of every rule that has a border, so that one step further breaks it. */
const good: ChannelTerms = {
  participants: accounts(2),
  roles: [dsp, ssp],
  blockMaxNano: [0n, 1n],
  token: accounts(9)[8],
  tokenPerUnit: 1n,
  reducer: 'rtb-impression/1',
  reducerParameters: '0x',
  blockPolicy: 0,
  firstBlockStart: 1_000,
  blockDuration: 1,
  blocksMax: 1,
  collectionGrace: 0,
  collationPeriod: 1,
  processingPeriod: 2,
  challengePeriod: 1,
  answerPeriod: 1,
  disputeMax: 3 * 1 + 5 * 2 + 24 * 1,
  withdrawalNotice: 2,
  retentionPeriod: 0,
  authorBytesMax: 2_048,
  priceNanoMax: 1n,
  keysRoot: zero,
  boxesHash: zero,
  salt: zero,
};
const opening = { auditorFeeNano: 0n, openedAtSeconds: 1_000 };
const of = (change: Partial<ChannelTerms>, more: Partial<typeof opening> = {}): string | undefined =>
  termsFault({ ...good, ...change }, { ...opening, ...more });
const sized = (count: number): Partial<ChannelTerms> => ({
  participants: accounts(count),
  roles: [dsp, ...Array<number>(Math.max(0, count - 1)).fill(ssp)],
  blockMaxNano: Array<bigint>(count).fill(0n),
});

describe('the terms of a channel', () => {
  it('open at the least of everything', () => expect(of({})).toBeUndefined());

  it('name 2 to 16 distinct participants with one role each', () => {
    expect([1, 2, 16, 17].map((count) => of(sized(count)))).toEqual([
      'a channel has 2 to 16 participants, not 1',
      undefined,
      undefined,
      'a channel has 2 to 16 participants, not 17',
    ]);
    expect(of({ roles: [dsp] })).toBe('2 participants have as many roles, not 1');
    expect(of({ roles: [dsp, ssp, ssp] })).toBe('2 participants have as many roles, not 3');
    const [one] = accounts(1);
    const twice: Address[] = [one, `0x${one.slice(2).toUpperCase()}` as const];
    expect(of({ participants: twice })).toBe(`participants 0 and 1 are one account, ${one}`);
    const zero = `0x${'00'.repeat(20)}` as const;
    expect(of({ participants: [one, zero] })).toBe("participant 1 is the zero address, which is nobody's");
  });

  it('name one payer, which is the first', () => {
    expect(of({ roles: [advertiser, ssp] })).toBeUndefined();
    for (const first of [ssp, publisher, auditor, operator]) {
      expect(of({ roles: [first, ssp] })).toMatch(/the payer: a dsp or an advertiser; 0 has role/);
    }
    for (const role of [ssp, publisher, auditor, operator])
      expect(of({ roles: [dsp, role] })).toBeUndefined();
    for (const role of [dsp, advertiser])
      expect(of({ roles: [dsp, role] })).toMatch(/nobody else, is the payer.*1 has role/);
    for (const role of [0, operator + 1]) {
      expect(of({ roles: [dsp, role] })).toBe(`participant 1 has role ${role}, not 1 to 6`);
    }
  });

  it('have numbers that this program holds exactly', () => {
    for (const field of ['retentionPeriod', 'withdrawalNotice', 'blocksMax'] as const) {
      for (const value of [2 ** 53, -1, 1.5]) {
        expect(of({ [field]: value })).toBe(`${field} is ${value}, not an integer of 0 to 2^53 - 1`);
      }
    }
    expect(of({ retentionPeriod: 2 ** 53 - 1 })).toBeUndefined();
  });

  it('have time blocks, 1 to 2^20, of a second at least, which all end below 2^64', () => {
    expect(of({ blockPolicy: 1 })).toBe('blockPolicy is 1: channels open by time, 0');
    expect(of({ blocksMax: 2 ** 20 })).toBeUndefined();
    for (const blocksMax of [0, 2 ** 20 + 1]) {
      expect(of({ blocksMax })).toBe(`blocksMax is ${blocksMax}, not 1 to 1048576`);
    }
    expect(of({ blockDuration: 0 })).toBe('blockDuration is 0, not at least 1');
    // 2^20 blocks of 2^44 seconds end at 2^64 where the first starts at 0.
    const long = { blockDuration: 2 ** 44, withdrawalNotice: 2 ** 45, blocksMax: 2 ** 20 };
    const early = { openedAtSeconds: 0 };
    expect(of({ ...long, firstBlockStart: 0 }, early)).toBe(
      `the last block ends at ${2n ** 64n}, not below 2^64`,
    );
    expect(of({ ...long, blocksMax: 2 ** 20 - 1 }, early)).toBeUndefined();
  });

  it('open at or before the first block starts', () => {
    expect(of({}, { openedAtSeconds: 1_001 })).toBe(
      'firstBlockStart is 1000 and it is 1001: a channel opens before it',
    );
  });

  it('leave everyone time to act', () => {
    const least = { collationPeriod: 1, processingPeriod: 2, challengePeriod: 1, answerPeriod: 1 };
    for (const [field, value] of Object.entries(least)) {
      expect(of({ [field]: value - 1 })).toBe(`${field} is ${value - 1}, not at least ${value}`);
    }
    expect(of({ withdrawalNotice: 1 })).toBe('withdrawalNotice is 1, not at least 2');
    expect(of({ disputeMax: 36 })).toBe('disputeMax is 36, not at least 37');
    // Each period counts as often as it occurs in a dispute.
    expect(of({ challengePeriod: 2 })).toBe('disputeMax is 37, not at least 40');
    expect(of({ processingPeriod: 3 })).toBe('disputeMax is 37, not at least 42');
    expect(of({ answerPeriod: 2 })).toBe('disputeMax is 37, not at least 61');
  });

  it('end each block within 8,191 others and within 90 days', () => {
    const sum = 'collectionGrace + collationPeriod + 2 × processingPeriod + challengePeriod + disputeMax';
    const rest = 1 + 2 * 2 + 1 + 37;
    expect(of({ collectionGrace: 8_191 - rest })).toBeUndefined();
    expect(of({ collectionGrace: 8_192 - rest })).toBe(`${sum} is 8192, not 0 to 8191`);
    const long = { blockDuration: days, withdrawalNotice: 2 * days };
    expect(of({ ...long, collectionGrace: 90 * days - rest })).toBeUndefined();
    const tooLong = `${sum} is ${90 * days + 1}, not 0 to ${90 * days}`;
    expect(of({ ...long, collectionGrace: 90 * days - rest + 1 })).toBe(tooLong);
    // Of processing, the extension counts as well.
    const more = { processingPeriod: 3, disputeMax: 42, collectionGrace: 90 * days - 50 };
    expect(of({ ...long, ...more })).toBeUndefined();
    expect(of({ ...long, ...more, collectionGrace: 90 * days - 49 })).toBe(tooLong);
  });

  it('pay in a token at a sane rate, at most blockMaxNano of a block', () => {
    for (const tokenPerUnit of [0n, 2n ** 128n]) {
      expect(of({ tokenPerUnit })).toBe(`tokenPerUnit is ${tokenPerUnit}, not 1 to 2^128 - 1`);
    }
    expect(of({ tokenPerUnit: 2n ** 128n - 1n, blockMaxNano: [0n, 0n] })).toBeUndefined();
    expect(of({ blockMaxNano: [0n] })).toBe('blockMaxNano has 1 entries for 2 participants');
    expect(of({ blockMaxNano: [1n, 1n] })).toBe('blockMaxNano of the payer is 1, not 0');
    for (const nano of [-1n, 2n ** 64n]) {
      expect(of({ blockMaxNano: [0n, nano] })).toBe(`blockMaxNano of participant 1 is ${nano}, not a uint64`);
    }
    // 10^9 nano, a unit, at a rate of 2^96 base units.
    const rate = { tokenPerUnit: 2n ** 96n };
    expect(of({ ...rate, blockMaxNano: [0n, 10n ** 9n] })).toMatch(/reaches 2\^96 base units/);
    expect(of({ ...rate, blockMaxNano: [0n, 10n ** 9n - 1n] })).toBeUndefined();
  });

  it('name a reducer that there is', () => {
    for (const reducer of ['', 'rtb-impression/2', 'rtb-impression/1 ']) {
      expect(of({ reducer })).toBe(`reducer is ${JSON.stringify(reducer)}, not rtb-impression/1`);
    }
  });

  it('count rows and records of a block by authorBytesMax', () => {
    const rows = [2_048, 8_191, 8_192, 65_536].map((authorBytesMax) => rowsMaxOf({ authorBytesMax }));
    expect(rows).toEqual([1, 1, 2, 9]);
    expect(recordsMaxOf({ participants: accounts(3), authorBytesMax: 65_536 })).toBe(9 * 9 * 1_021);
    expect(of({ authorBytesMax: 2_047 })).toBe('authorBytesMax is 2047, not at least 2048');
    // 4 × rows × 1,021 records: 269,224,198 rows are the most below 2^40.
    const most = 269_224_198;
    expect(of({ authorBytesMax: 8_192 * most - 1 })).toBeUndefined();
    expect(of({ authorBytesMax: 8_192 * most })).toMatch(/could hold 1099511628716 records, more than 2\^40/);
  });

  it('keep every sum below 2^63: records of all parts, at the price with the auditors’ fees', () => {
    expect(of({ priceNanoMax: 0n })).toBe('priceNanoMax is 0, not 1 to 2^64 - 1');
    expect(of({ priceNanoMax: 2n ** 64n })).toBe(`priceNanoMax is ${2n ** 64n}, not 1 to 2^64 - 1`);
    const records = 4n * 1_021n;
    const most = (2n ** 63n - 1n) / records;
    expect(of({ priceNanoMax: most })).toBeUndefined();
    expect(of({ priceNanoMax: most + 1n })).toMatch(/could owe \d+ nano, 2\^63 or more/);
    // Each participant may be an auditor with a fee of its own.
    expect(of({ priceNanoMax: most - 2n }, { auditorFeeNano: 1n })).toBeUndefined();
    expect(of({ priceNanoMax: most - 1n }, { auditorFeeNano: 1n })).toMatch(/2\^63 or more/);
  });
});

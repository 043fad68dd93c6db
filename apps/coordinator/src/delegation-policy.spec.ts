import { describe, expect, it } from '@jest/globals';
import { drawAt } from '#block-watch';
import { blockSeconds, type Rehearsal } from '#block-watch/testing/rehearsal';
import { addressOf, encryptionPublicKey, sha256 } from '#crypto';
import { type Address, toHex, utf8 } from '#encoding';
import { Fault } from '#environment';
import type { CoordinatorOptions } from './coordinator.js';
import { readCoordinatorConfig } from './coordinator.config.js';
import {
  Correspondent,
  coordinatorOf,
  inProcessing,
  postEmptyPart,
  problem,
} from './testing/coordinator-stage.js';
import { feeFor } from './validator-order.js';

const drawn = { validators: { kind: 'drawn' } } as const;
const own = (...validators: [Address, ...Address[]]) =>
  ({ validators: { kind: 'own', validators } }) as const;
const gone = new Fault('chain-snapshot-gone', 'pruned', { retriable: true });
const { processing } = blockSeconds;
/** Of a seat for whose validator several are listed. */
const silence = processing / 8;

/** What anybody finds who has the chain alone. */
async function repeated(rehearsal: Rehearsal): Promise<readonly Address[]> {
  const { channelId } = rehearsal;
  const [part] = rehearsal.chain.facts(channelId, 0).parts;
  const draw = await drawAt(rehearsal.chain.port(), part.height, { channelId, blockNumber: 0 }, 1);
  return draw.order;
}

function list(rehearsal: Rehearsal, name: string, facts: { stakeWei: bigint }): Address {
  const account = addressOf(sha256(utf8(name)));
  rehearsal.chain.registerValidator({
    account,
    encryptionKey: toHex(encryptionPublicKey(sha256(utf8(`${name} box`)))),
    endpoint: `http://${account}`,
    ...{ leastFeeWei: 0n, exitWei: 0n },
    ...facts,
  });
  return account;
}

class Seat {
  readonly correspondent = new Correspondent();
  readonly errors: object[] = [];

  private constructor(
    readonly rehearsal: Rehearsal,
    readonly startsAt: number,
    readonly options: Partial<CoordinatorOptions>,
  ) {}

  static async of(options: Partial<CoordinatorOptions>): Promise<Seat> {
    const { rehearsal, startsAt } = await inProcessing();
    return new Seat(rehearsal, startsAt, options);
  }

  /** So long after the start of processing; each time after a restart. */
  async at(seconds: number): Promise<number> {
    this.rehearsal.chain.advanceTo(this.startsAt + seconds);
    return this.sweep();
  }

  sweep(): Promise<number> {
    const error = (fields: object) => this.errors.push(fields);
    return coordinatorOf(this.rehearsal, this.correspondent, {
      options: this.options,
      log: { error },
    }).sweep();
  }

  get asked(): readonly Address[] {
    return this.correspondent.received.map(({ validator }) => validator);
  }
}

describe('a coordinator that draws its validator', () => {
  it('asks the one that anybody draws from the chain, and never lets it bind', async () => {
    const seat = await Seat.of(drawn);
    await seat.at(0);
    const order = await repeated(seat.rehearsal);
    expect(order).toHaveLength(3);
    expect(seat.asked).toEqual([order[0]]);
    expect(seat.correspondent.received[0]).toMatchObject({ binding: false, feeWei: '0' });
  });

  it('rests on the height of the first part, whoever is listed or leaves afterwards', async () => {
    const seat = await Seat.of(drawn);
    const before = await repeated(seat.rehearsal);
    seat.rehearsal.chain.advanceTo(seat.startsAt - 1);
    list(seat.rehearsal, 'late and heavy', { stakeWei: 10n ** 30n });
    await postEmptyPart(seat.rehearsal, 0, 2);
    await seat.at(0);
    expect(seat.asked).toEqual([before[0]]);
  });

  it('keeps the draw from when it sees the first part, since nodes forget', async () => {
    const seat = await Seat.of(drawn);
    const order = await repeated(seat.rehearsal);
    await seat.sweep();
    seat.rehearsal.chain.drawFault = gone;
    await seat.at(0);
    expect([seat.asked, seat.errors]).toEqual([[order[0]], []]);
  });

  it('says loudly, once, that it came too late for the draw, and asks nobody whom nobody could check', async () => {
    const seat = await Seat.of(drawn);
    seat.rehearsal.chain.drawFault = gone;
    const error = (fields: object) => seat.errors.push(fields);
    const coordinator = coordinatorOf(seat.rehearsal, seat.correspondent, { options: drawn, log: { error } });
    seat.rehearsal.chain.advanceTo(seat.startsAt);
    await coordinator.sweep();
    await coordinator.sweep();
    expect(seat.asked).toEqual([]);
    expect(seat.errors).toEqual([expect.objectContaining({ blockNumber: 0, height: expect.any(Number) })]);
  });

  it('draws anew where the height was rolled back', async () => {
    const seat = await Seat.of(drawn);
    for (let more = 0; more < 30; more++)
      list(seat.rehearsal, `one of many ${more}`, { stakeWei: 10n ** 18n });
    await postEmptyPart(seat.rehearsal, 0, 2);
    await seat.sweep();
    const before = await repeated(seat.rehearsal);
    seat.rehearsal.chain.rollBack(seat.rehearsal.chain.facts(seat.rehearsal.channelId, 0).parts[0].height);
    const after = await repeated(seat.rehearsal);
    expect(after).not.toEqual(before);
    await seat.at(0);
    expect(seat.asked).toEqual([after[0]]);
  });

  it('forgets the draws of blocks that are over', async () => {
    const seat = await Seat.of(drawn);
    const draws = () =>
      seat.rehearsal.participants[1].stateDrawer.entries
        .keysUnder('')
        .filter((key) => key.startsWith('draws/'));
    await seat.at(0);
    expect(draws()).toHaveLength(1);
    await seat.at(2 * processing);
    expect(draws()).toEqual([]);
  });
});

describe('a validator that does not do its work', () => {
  it('is replaced at once when it refuses, by the next of the draw with a higher nonce', async () => {
    const seat = await Seat.of(drawn);
    const order = await repeated(seat.rehearsal);
    const codes = ['too-many-requests', 'fee-too-low', 'seat-taken'] as const;
    seat.correspondent.answers = codes.map((code) => problem(code));
    for (let turn = 0; turn < 4; turn++) await seat.at(0);
    expect(seat.asked).toEqual(order);
    expect(seat.correspondent.received.map(({ nonce }) => nonce)).toEqual(['1', '2', '3']);
    await seat.at(silence - 1);
    expect(seat.asked).toEqual(order);
  });

  it('is replaced when it is silent or away for a quarter of the time for commits', async () => {
    const seat = await Seat.of(drawn);
    const order = await repeated(seat.rehearsal);
    seat.correspondent.answers = [new Error('connection refused'), new Error('connection refused')];
    await seat.at(0);
    await seat.at(silence - 1);
    expect(seat.asked).toEqual([order[0], order[0]]);
    await seat.at(silence);
    await seat.at(2 * silence - 1);
    expect(seat.asked.slice(2)).toEqual([order[1]]);
    await seat.at(2 * silence);
    expect(seat.asked.slice(3)).toEqual([order[2]]);
    // Three were asked, and a quarter of the time for commits is left for the last.
    expect(2 * silence).toBeLessThanOrEqual(processing / 2 - silence);
  });

  it('is followed by the next trusted one, each of whom may bind', async () => {
    const { rehearsal } = await inProcessing();
    const trusted = [2, 0].map((at) => rehearsal.participants[at].validator);
    const seat = await Seat.of(own(trusted[0], trusted[1]));
    seat.correspondent.answers = [problem('seat-taken')];
    await seat.at(0);
    await seat.at(0);
    expect(seat.asked).toEqual(trusted);
    expect(seat.correspondent.received.map(({ binding }) => binding)).toEqual([true, true]);
  });
});

describe('the fee of a delegation', () => {
  it('is what is offered, or the least that the validator takes, up to the most that is paid', () => {
    const policy = { offeredWei: 10n, mostWei: 30n };
    expect([0n, 10n, 11n, 30n, 31n].map((least) => feeFor(policy, least))).toEqual([
      ...[10n, 10n, 11n, 30n],
      undefined,
    ]);
  });

  it('passes over who takes more or is not registered, and asks nobody whom the account cannot pay', async () => {
    const seat = await Seat.of({ ...drawn, fee: { offeredWei: 7n, mostWei: 5_000n } });
    const order = await repeated(seat.rehearsal);
    const { chain } = seat.rehearsal;
    const takes = async (...least: (bigint | undefined)[]) => {
      for (const [at, leastFeeWei] of least.entries()) {
        const facts = await chain.latest().validator(order[at]);
        if (facts === undefined) throw new Error('registered');
        if (leastFeeWei !== undefined) chain.registerValidator({ ...facts, leastFeeWei });
      }
    };
    chain.freeWei = 1_000n;
    await seat.sweep();
    await takes(5_001n, 1_001n);
    chain.leave(order[2]);
    await seat.at(0);
    expect(seat.asked).toEqual([]);
    const passed = order.map((validator) => expect.objectContaining({ validator }));
    expect(seat.errors).toMatchObject([{ mostWei: '5000', passed }]);
    await takes(undefined, 1_000n);
    await seat.at(0);
    expect(seat.correspondent.received).toMatchObject([{ validator: order[1], feeWei: '1000' }]);
  });

  it('is what is offered to an own validator, whatever it takes from others', async () => {
    const { rehearsal } = await inProcessing();
    const { validator } = rehearsal.participants[1];
    const seat = await Seat.of({ ...own(validator), fee: { offeredWei: 7n, mostWei: 7n } });
    const facts = await seat.rehearsal.chain.latest().validator(validator);
    seat.rehearsal.chain.registerValidator({ ...(facts as NonNullable<typeof facts>), leastFeeWei: 8n });
    await seat.at(0);
    expect(seat.correspondent.received).toMatchObject([{ validator, feeWei: '7', binding: true }]);
  });
});

describe('the coordinator’s configuration', () => {
  const secret = `0x${'11'.repeat(32)}`;
  const [one, other] = [`0x${'aA'.repeat(20)}`, `0x${'bb'.repeat(20)}`];
  const environment = {
    ...{ CHAIN: 'http://localhost:8545', LENS: one, ACCOUNT: one, OPERATOR_KEY: secret },
    ...{ ENCRYPTION_SECRET: secret, KEY_VALUE: 'file:./state', VALIDATORS: 'drawn' },
  };
  const optionsOf = (more: object) => readCoordinatorConfig({ ...environment, ...more }).options;

  it('takes own validators in their order, or draws them', () => {
    expect(optionsOf({}).validators).toEqual({ kind: 'drawn' });
    expect(optionsOf({ VALIDATORS: `${one}  ${other}` }).validators).toEqual({
      kind: 'own',
      validators: [one.toLowerCase(), other],
    });
    for (const VALIDATORS of [
      '',
      'random',
      `${one},${other}`,
      `${one} ${one.toLowerCase()}`,
      `${one} drawn`,
    ]) {
      expect(() => optionsOf({ VALIDATORS })).toThrow('VALIDATORS');
    }
  });

  it('pays nothing unless told, and at most what it offers unless told', () => {
    expect(optionsOf({}).fee).toEqual({ offeredWei: 0n, mostWei: 0n });
    expect(optionsOf({ FEE_WEI: '5' }).fee).toEqual({ offeredWei: 5n, mostWei: 5n });
    expect(optionsOf({ FEE_MAX_WEI: '9' }).fee).toEqual({ offeredWei: 0n, mostWei: 9n });
    expect(() => optionsOf({ FEE_WEI: '5', FEE_MAX_WEI: '4' })).toThrow('FEE_MAX_WEI');
    expect(() => optionsOf({ FEE_WEI: '-1' })).toThrow('FEE_WEI');
  });
});

it('knows a fault of the chain from a height that is gone', async () => {
  const seat = await Seat.of(drawn);
  seat.rehearsal.chain.drawFault = new Fault('chain-unavailable', 'away', { retriable: true });
  await expect(seat.at(0)).rejects.toMatchObject({ code: 'chain-unavailable' });
});

import { describe, expect, it } from '@jest/globals';
import type { ReadinessReason } from '#api';
import { addressOf } from '#crypto';
import type { Address } from '#encoding';
import { type Log, silentLog } from '#environment';
import { BlockWatch } from './block-watch.js';
import { ChannelKeys } from './channel-keys.js';
import {
  channelKeysCheck,
  operatorKeyCheck,
  ReasonTeller,
  type RegistryCheck,
  RegistryReasons,
  validatorCheck,
  validatorsCheck,
} from './registry-reasons.js';
import { Rehearsal } from './testing/rehearsal.js';

const stranger: Address = `0x${'77'.repeat(20)}` as const;

async function found(rehearsal: Rehearsal, ...checks: RegistryCheck[]): Promise<readonly ReadinessReason[]> {
  return new RegistryReasons(rehearsal.chain.port(), checks).look();
}

/** The check of a service of `account` that has the secret of another participant. */
function keysCheck(rehearsal: Rehearsal, participant: number, account?: Address): RegistryCheck {
  const { encryptionSecret, ...one } = rehearsal.participants[participant];
  const own = { account: account ?? one.account, encryptionSecret };
  const ports = { chain: rehearsal.chain.port(), keyValue: rehearsal.keyValue(participant) };
  return channelKeysCheck(own, new ChannelKeys(own, ports), new BlockWatch(own, ports));
}

describe('the registry speaks against a service', () => {
  it('whose operator key it does not name, or not any more', async () => {
    const rehearsal = new Rehearsal();
    const { account, operatorKey } = rehearsal.participants[1];
    const operator = addressOf(operatorKey);
    const code = 'operator-key-not-registered';
    expect(await found(rehearsal, operatorKeyCheck(account, operator))).toEqual([]);
    expect(await found(rehearsal, operatorKeyCheck(stranger, operator))).toEqual([
      { code: 'account-not-registered', detail: `the registry has no keys for ${stranger}` },
    ]);
    const keys = { recordKey: stranger, encryptionKey: stranger, endpoint: '' };
    rehearsal.chain.register(account, { ...keys, operatorKey: stranger });
    expect(await found(rehearsal, operatorKeyCheck(account, operator))).toEqual([
      { code, detail: expect.stringMatching(`operator key ${stranger} for ${account}.* ${operator}`) },
    ]);
  });

  it('whose secret does not open the box of a channel, until the channel is over', async () => {
    const rehearsal = new Rehearsal();
    const { chain, channelId, participants, terms } = rehearsal;
    expect(await found(rehearsal, keysCheck(rehearsal, 1))).toEqual([]);
    const check = keysCheck(rehearsal, 2, participants[1].account);
    const registry = new RegistryReasons(chain.port(), [check]);
    expect(await registry.look()).toEqual([
      { code: 'no-channel-keys', detail: expect.stringMatching(`${channelId}.*does not open`) },
      { code: 'encryption-secret-not-registered', detail: expect.stringContaining(participants[1].account) },
    ]);
    chain.advanceTo(rehearsal.collected(terms.blocksMax) + 10_000);
    expect((await registry.look()).map(({ code }) => code)).toEqual(['encryption-secret-not-registered']);
  });

  it('whose secret is not that of the registered key, unless it opens a channel of before', async () => {
    const rehearsal = new Rehearsal();
    const { chain, participants } = rehearsal;
    const { account, operatorKey } = participants[1];
    const keys = { recordKey: stranger, operatorKey: addressOf(operatorKey), endpoint: '' };
    chain.register(account, { ...keys, encryptionKey: participants[2].encryptionKey });
    const registry = new RegistryReasons(chain.port(), [keysCheck(rehearsal, 1)]);
    expect(await registry.look()).toEqual([]);
    chain.closeChannel(rehearsal.channelId);
    expect(await registry.look()).toEqual([
      {
        code: 'encryption-secret-not-registered',
        detail: expect.stringMatching(`${participants[2].encryptionKey}.*${participants[1].encryptionKey}`),
      },
    ]);
    chain.register(account, { ...keys, encryptionKey: participants[1].encryptionKey });
    chain.advanceTo(chain.nowSeconds + 1);
    expect(await registry.look()).toEqual([]);
  });

  it('whose validators are none, or which is no validator itself', async () => {
    const rehearsal = new Rehearsal();
    const [{ validator, validatorSecret, encryptionSecret }] = rehearsal.participants;
    const code = 'validator-not-registered';
    expect(await found(rehearsal, validatorsCheck([validator]))).toEqual([]);
    expect(await found(rehearsal, validatorsCheck([validator, stranger]))).toEqual([
      { code, detail: expect.stringContaining(`VALIDATORS names ${stranger}`) },
    ]);
    expect(await found(rehearsal, validatorCheck(validator, validatorSecret))).toEqual([]);
    expect(await found(rehearsal, validatorCheck(stranger, validatorSecret))).toEqual([
      { code, detail: expect.stringContaining(stranger) },
    ]);
    expect(await found(rehearsal, validatorCheck(validator, encryptionSecret))).toEqual([
      { code: 'encryption-secret-not-registered', detail: expect.stringContaining(validator) },
    ]);
  });

  it('once a height, however often it is asked', async () => {
    const { chain } = new Rehearsal();
    let asked = 0;
    const check = async () => [{ code: 'one', detail: String(++asked) }];
    const registry = new RegistryReasons(chain.port(), [check, async () => []]);
    expect([await registry.look(), await registry.look()].flat().map(({ detail }) => detail)).toEqual([
      '1',
      '1',
    ]);
    chain.advanceTo(chain.nowSeconds + 1);
    expect(await registry.look()).toEqual([{ code: 'one', detail: '2' }]);
  });
});

it('reasons are told once each, and again after they were gone', () => {
  const told: (readonly [object, string])[] = [];
  const warned: object[] = [];
  const log: Log = {
    ...silentLog,
    error: (fields, message) => told.push([fields, message]),
    warn: (fields) => warned.push(fields),
  };
  const teller = new ReasonTeller(log);
  const [one, other] = ['one', 'other'].map((code) => ({ code, detail: `${code} thing` }));
  for (const reasons of [[one], [one, other], [], [one]]) teller.tell(reasons);
  expect(told.map(([, message]) => message)).toEqual(['one thing', 'other thing', 'one thing']);
  expect(told[0]).toEqual([{ code: 'one' }, 'one thing']);
  expect(warned).toEqual([]);
  const absent = ['account-not-registered', 'validator-not-registered'].map((code) => ({
    code,
    detail: code,
  }));
  for (const reasons of [absent, absent]) teller.tell(reasons);
  expect(warned).toEqual(absent.map(({ code }) => ({ code })));
  expect(told).toHaveLength(3);
});

/** Who disputes: the same people for every seed on a chain, each with a validator; and whom panels are drawn of. */
import type { DrivenChain } from '#chain';
import { registerKeys } from '#chain/testing/example-channel';
import { addressOf, encryptionPublicKey, sha256 } from '#crypto';
import { type Address, type Hex, toHex, utf8 } from '#encoding';
import { done } from '../open-on-chain.js';

export interface Person {
  /** Of its account, which signs records as well. */
  readonly accountKey: Uint8Array;
  readonly operatorKey: Uint8Array;
  readonly validatorKey: Uint8Array;
  readonly account: Address;
  readonly operator: Address;
  readonly validator: Address;
}

export interface People {
  readonly chain: DrivenChain;
  readonly all: readonly Person[];
  /** Private keys of validators of nobody in the channel. */
  readonly outsiders: readonly Uint8Array[];
  readonly token: Hex;
}

const peopleMax = 4;
const outsidersCount = 6;
const wealthWei = 10n ** 24n;

export async function gather(chain: DrivenChain): Promise<People> {
  const all = Array.from({ length: peopleMax }, (_, at) => person(at));
  for (const one of all) {
    for (const address of [one.account, one.operator, one.validator]) await chain.fund(address, wealthWei);
    const encryptionKey = toHex(encryptionPublicKey(one.accountKey));
    await done(
      registerKeys(chain, one.accountKey, {
        ...{ recordKey: one.account, operatorKey: one.operator, encryptionKey, endpoint: '' },
        ...{ record: one.accountKey, operator: one.operatorKey },
      }),
    );
    await done(chain.participantActs(one.accountKey).depositWei(one.account, wealthWei / 2n));
    await registerValidator(chain, one.validatorKey);
    await done(chain.participantActs(one.accountKey).nameValidator(one.validator, true));
  }
  const outsiders = Array.from({ length: outsidersCount }, (_, at) => sha256(utf8(`outsider ${at}`)));
  for (const key of outsiders) {
    await chain.fund(addressOf(key), wealthWei);
    await registerValidator(chain, key);
  }
  const token = await chain.deployToken('Disputed', 'DSP', 9);
  await chain.mint(token, all[0].account, 10n ** 30n);
  return { chain, all, outsiders, token };
}

function person(at: number): Person {
  const [accountKey, operatorKey, validatorKey] = ['account', 'operator', 'validator'].map((what) =>
    sha256(utf8(`disputing ${what} ${at}`)),
  );
  return {
    ...{ accountKey, operatorKey, validatorKey, account: addressOf(accountKey) },
    ...{ operator: addressOf(operatorKey), validator: addressOf(validatorKey) },
  };
}

function registerValidator(chain: DrivenChain, key: Uint8Array): Promise<void> {
  const encryptionKey = toHex(encryptionPublicKey(key));
  const facts = { encryptionKey, endpoint: 'http://validator', leastFeeWei: 0n, stakeWei: wealthWei / 4n };
  return done(chain.validatorActs(key).registerValidator(facts));
}

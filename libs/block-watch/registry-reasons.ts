/**
 * What the registry says against a service before any of its acts or messages is refused: keys that it does
 * not name, boxes that do not open, validators that are none.
 */
import type { ReadinessReason } from '#api';
import type { Chain, ChainSnapshot } from '#chain';
import { atOneHeight } from '#chain/at-one-height';
import { encryptionPublicKey } from '#crypto';
import { type Address, type Hex, toHex } from '#encoding';
import type { Log } from '#environment';
import type { BlockWatch } from './block-watch.js';
import type { ChannelKeys } from './channel-keys.js';
import { currentKeysOf } from './participant-keys.js';

/** What speaks against a service at a height. */
export type RegistryCheck = (latest: ChainSnapshot) => Promise<readonly ReadinessReason[]>;

/** Makes its checks once at each height. */
export class RegistryReasons {
  readonly #chain: Chain;
  readonly #checks: readonly RegistryCheck[];
  #last: { readonly id: string; readonly reasons: readonly ReadinessReason[] } | undefined;

  constructor(chain: Chain, checks: readonly RegistryCheck[]) {
    this.#chain = chain;
    this.#checks = checks;
  }

  look(): Promise<readonly ReadinessReason[]> {
    return atOneHeight(async () => {
      const latest = await this.#chain.snapshot({ finality: 'latest' });
      if (this.#last?.id === latest.id) return this.#last.reasons;
      const reasons = (await Promise.all(this.#checks.map((check) => check(latest)))).flat();
      this.#last = { id: latest.id, reasons };
      return reasons;
    });
  }
}

/** What is not there may be registered yet, as services may be started before it; all else is a mistake. */
const absences: ReadonlySet<string> = new Set(['account-not-registered', 'validator-not-registered']);

/** Says each reason once, and again if it was gone meanwhile. */
export class ReasonTeller {
  readonly #log: Log;
  #told: ReadonlySet<string> = new Set();

  constructor(log: Log) {
    this.#log = log;
  }

  tell(reasons: readonly ReadinessReason[]): void {
    for (const { code, detail } of reasons) {
      if (this.#told.has(detail)) continue;
      if (absences.has(code)) this.#log.warn({ code }, detail);
      else this.#log.error({ code }, detail);
    }
    this.#told = new Set(reasons.map(({ detail }) => detail));
  }
}

/** Parts, delegations and own results count only with the operator key that is registered now. */
export function operatorKeyCheck(account: Address, operator: Address): RegistryCheck {
  return async (latest) => {
    const keys = await currentKeysOf(latest, account);
    if (keys?.operatorKey.toLowerCase() === operator.toLowerCase()) return [];
    if (keys === undefined) {
      return [{ code: 'account-not-registered', detail: `the registry has no keys for ${account}` }];
    }
    const found = `operator key ${keys.operatorKey} for ${account}`;
    const detail = `the registry has ${found}, OPERATOR_KEY is that of ${operator}`;
    return [{ code: 'operator-key-not-registered', detail }];
  };
}

/**
 * The keys of each channel that is not over must be had. Where there is no such channel yet, the secret must
 * be that of the registered key, for which boxes will be made; afterwards an older one may be in use.
 */
export function channelKeysCheck(
  own: { readonly account: Address; readonly encryptionSecret: Uint8Array },
  channelKeys: ChannelKeys,
  watch: BlockWatch,
): RegistryCheck {
  const publicKey = toHex(encryptionPublicKey(own.encryptionSecret));
  return async (latest) => {
    await watch.blocks();
    const opened = await Promise.all(
      watch.liveChannelIds().map(async (channelId) => ({ channelId, ...(await channelKeys.of(channelId)) })),
    );
    const reasons = opened.flatMap((one) =>
      one.ok ? [] : [{ code: 'no-channel-keys', detail: `channel ${one.channelId}: ${one.message}` }],
    );
    if (opened.some(({ ok }) => ok)) return reasons;
    const keys = await currentKeysOf(latest, own.account);
    return [...reasons, ...secretReasons(own.account, keys?.encryptionKey, publicKey)];
  };
}

/** Those that a participant trusts, so that it can ask them. */
export function validatorsCheck(validators: readonly Address[]): RegistryCheck {
  return async (latest) => {
    const facts = await Promise.all(validators.map((one) => latest.validator(one)));
    const missing = validators.filter((_, at) => facts[at] === undefined);
    return missing.map((one) => notRegistered(`VALIDATORS names ${one}, and the registry has no such`));
  };
}

/** Of a validator itself: without an entry it can commit to nothing, and boxes are made for the key in it. */
export function validatorCheck(account: Address, encryptionSecret: Uint8Array): RegistryCheck {
  const publicKey = toHex(encryptionPublicKey(encryptionSecret));
  return async (latest) => {
    const facts = await latest.validator(account);
    if (facts === undefined)
      return [notRegistered(`the account of VALIDATOR_KEY, ${account}, is no registered`)];
    return secretReasons(account, facts.encryptionKey, publicKey);
  };
}

function notRegistered(found: string): ReadinessReason {
  return { code: 'validator-not-registered', detail: `${found} validator` };
}

function secretReasons(
  account: Address,
  registered: Hex | undefined,
  publicKey: Hex,
): readonly ReadinessReason[] {
  if (registered === undefined || registered.toLowerCase() === publicKey) return [];
  const detail = `the registry has encryption key ${registered} for ${account}, ENCRYPTION_SECRET is that of ${publicKey}`;
  return [{ code: 'encryption-secret-not-registered', detail }];
}

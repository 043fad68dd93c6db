/** `papyrus account …`: what an account has in the Vault, its bonds, and whom it trusts. */
import { currentKeysOf } from '#block-watch';
import type { Chain, ChainSnapshot, ParticipantKeys, ValidatorFacts, WeiAccount } from '#chain';
import type { Address } from '#encoding';
import { roleName } from '#protocol';
import { type ChainOptions, onChain } from '../chain/chain-session.js';
import { accountIn } from '../chain/own-keys.js';
import { readPublicKeys } from '../keys/key-folder.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import { formatCount, type Output } from '../report/output.js';

interface AccountOptions extends ChainOptions {
  readonly keys: string;
}

/** The chain's own coin, as the Vault names it among tokens. */
const coin: Address = `0x${'00'.repeat(20)}` as const;

export function runAccountShow(options: AccountOptions, output: Output): Promise<ExitCode> {
  const { account } = readPublicKeys(options.keys);
  return onChain(options, output, async ({ chain, domain, latest }) => {
    const now = await latest();
    const keys = (await currentKeysOf(now, account)) ?? null;
    const validator = (await now.validator(account)) ?? null;
    const wei = {
      ...(await now.weiAccount(account)),
      coinsWei: (await chain.gasBalance(account)).balanceWei,
    };
    const channels = await channelsOf(chain, now, account);
    const tokens = [...new Set(channels.map(({ token }) => token))];
    const balances = await Promise.all(
      tokens.map(async (token) => ({ token, balance: await now.balance(token, account) })),
    );
    output.line(`Account ${account}`);
    output.line(`Chain ${domain.chainId}, contracts ${domain.verifyingContract}`);
    output.line();
    output.table(['registered', ''], registeredRows(keys, validator), 2);
    output.line();
    output.table(['wei', ''], weiRows(wei));
    output.line();
    output.table(
      ['channel', 'role', 'state'],
      channels.map(({ channelId, role, isClosed }) => [channelId, role, isClosed ? 'closed' : 'open']),
      3,
    );
    output.line();
    output.table(
      ['token', 'to withdraw, base units'],
      balances.map(({ token, balance }) => [token, formatCount(balance)]),
    );
    return { account, domain, keys, validator, wei, channels, balances };
  });
}

async function channelsOf(chain: Chain, now: ChainSnapshot, account: Address) {
  const ids = await chain.channelsOf(account);
  return Promise.all(
    ids.map(async (channelId) => {
      const channel = await now.channel(channelId);
      if (channel === undefined) throw new Error(`channel ${channelId} was listed and is not there`);
      const { terms, closedAtSeconds } = channel;
      const index = terms.participants.findIndex((one) => one.toLowerCase() === account.toLowerCase());
      const isClosed = closedAtSeconds !== undefined;
      return { channelId, role: roleName(terms.roles[index]), token: terms.token, isClosed };
    }),
  );
}

function registeredRows(keys: ParticipantKeys | null, validator: ValidatorFacts | null): string[][] {
  const shown = (key: string): string => (/^0x0+$/.test(key) ? 'none: revoked' : key);
  if (validator !== null) {
    const { endpoint, encryptionKey, leastFeeWei } = validator;
    return [
      ['validator at', endpoint || 'no endpoint'],
      ['encryption', encryptionKey],
      ['least fee', `${formatCount(leastFeeWei)} wei`],
    ];
  }
  if (keys === null) return [['nothing', '']];
  return [
    ['endpoint', keys.endpoint || 'none'],
    ['operator key', shown(keys.operatorKey)],
    ['record key', shown(keys.recordKey)],
    ['encryption', keys.encryptionKey],
  ];
}

function weiRows(wei: WeiAccount & { readonly coinsWei: bigint }): string[][] {
  return [
    ['own coins, for gas', formatCount(wei.coinsWei)],
    ['free in the Vault, for bonds and fees', formatCount(wei.freeWei)],
    ['stake of a validator', formatCount(wei.stakeWei)],
    ['locked by blocks', formatCount(wei.lockedWei)],
  ];
}

export interface BondOptions extends AccountOptions {
  readonly wei: bigint;
}

export function runAccountBond(options: BondOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return onChain(options, output, async ({ chain, act }) => {
    await act('put wei on the account', () => chain.participantActs(secret).depositWei(address, options.wei));
    return { account: address, wei: options.wei };
  });
}

export interface TrustOptions extends AccountOptions {
  readonly end?: boolean;
}

export function runAccountTrust(
  validator: Address,
  options: TrustOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return onChain(options, output, async ({ chain, latest, act }) => {
    const isNamed = options.end !== true;
    const now = await latest();
    if (isNamed && (await now.validator(validator)) === undefined) {
      throw new CommandRefused('validator-unknown', `${validator} is no validator in the registry`);
    }
    const isStanding = (await now.ownValidatorSince(address, validator)) !== undefined;
    if (isStanding === isNamed) {
      output.line(isNamed ? `${validator} is trusted already.` : `${validator} is not trusted anyway.`);
      return { account: address, validator, isNamed };
    }
    const name = isNamed ? 'trust the validator' : 'end the trust in the validator';
    await act(name, () => chain.participantActs(secret).nameValidator(validator, isNamed));
    return { account: address, validator, isNamed };
  });
}

export interface WithdrawOptions extends AccountOptions {
  /** The chain's own coin if absent. */
  readonly token?: Address;
  /** The account itself if absent. */
  readonly to?: Address;
  /** Base units, or wei; either this or `all`. */
  readonly amount?: bigint;
  readonly all?: boolean;
}

export function runAccountWithdraw(options: WithdrawOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'anybody');
  const { token = coin, to = address } = options;
  if ((options.amount === undefined) !== (options.all === true)) {
    const why = 'the wei of an account are also what its parts and results need for bonds';
    throw new CommandRefused('usage', `name either --amount or --all: ${why}`);
  }
  return onChain(options, output, async ({ chain, latest, act }) => {
    const amount = options.amount ?? (await (await latest()).balance(token, address));
    if (amount === 0n) {
      output.line('There is nothing to withdraw.');
      return { account: address, token, to, amount };
    }
    await act('withdraw', () => chain.participantActs(secret).withdraw(token, to, amount));
    return { account: address, token, to, amount };
  });
}

/** `papyrus account …`: what an account has in the Vault, its bonds, and whom it trusts. */
import { currentKeysOf } from '#block-watch';
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
  return onChain(options, output, async ({ chain, latest }) => {
    const now = await latest();
    const keys = (await currentKeysOf(now, account)) ?? null;
    const wei = await now.weiAccount(account);
    const channels = await Promise.all(
      (await chain.channelsOf(account)).map(async (channelId) => {
        const terms = (await now.channel(channelId))?.terms;
        if (terms === undefined) throw new Error(`channel ${channelId} was listed and is not there`);
        const index = terms.participants.findIndex((one) => one.toLowerCase() === account.toLowerCase());
        const balance = await now.balance(terms.token, account);
        return { channelId, role: roleName(terms.roles[index]), token: terms.token, balance };
      }),
    );
    output.line(`Account ${account}`);
    output.line(keys === null ? 'No keys are registered.' : `Endpoint ${keys.endpoint || 'none'}`);
    output.line();
    const rows = Object.entries(wei).map(([book, amount]) => [book.replace('Wei', ''), formatCount(amount)]);
    output.table(['in the Vault', 'wei'], rows);
    output.line();
    output.table(
      ['channel', 'role', 'token', 'to withdraw'],
      channels.map((one) => [
        ...[one.channelId.slice(0, 14), one.role, one.token.slice(0, 14)],
        formatCount(one.balance),
      ]),
      3,
    );
    return { account, keys, wei, channels };
  });
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
  /** Base units, or wei; all if absent. */
  readonly amount?: bigint;
}

export function runAccountWithdraw(options: WithdrawOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'anybody');
  const { token = coin, to = address } = options;
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

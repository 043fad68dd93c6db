/** `papyrus validator …`: a validator's entry in the registry, its bond, and its leaving. */
import type { ValidatorFacts } from '#chain';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { accountIn, keysOf } from '../chain/own-keys.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import { formatCount, type Output } from '../report/output.js';

interface ValidatorOptions extends ChainOptions {
  readonly keys: string;
}

export interface ValidatorRegisterOptions extends ValidatorOptions {
  readonly endpoint: string;
  /** The least that it takes for a block, wei. */
  readonly fee: bigint;
  /** Added to its stake, wei. */
  readonly bond: bigint;
}

export function runValidatorRegister(options: ValidatorRegisterOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'validator');
  const { encryption } = keysOf(options.keys, 'validator');
  return onChain(options, output, async (session) => {
    const entry = {
      encryptionKey: encryption,
      endpoint: options.endpoint,
      leastFeeWei: options.fee,
      stakeWei: options.bond,
    };
    await session.act('register', () => session.chain.validatorActs(secret).registerValidator(entry));
    return { account: address, validator: await shownEntry(session, address, output) };
  });
}

export interface ValidatorBondOptions extends ValidatorOptions {
  readonly wei: bigint;
}

/** More stake, everything else as it is registered. */
export function runValidatorBond(options: ValidatorBondOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'validator');
  return onChain(options, output, async (session) => {
    const { encryptionKey, endpoint, leastFeeWei } = await entryOf(session, address);
    const entry = { encryptionKey, endpoint, leastFeeWei, stakeWei: options.wei };
    await session.act('add to the stake', () => session.chain.validatorActs(secret).registerValidator(entry));
    return { account: address, validator: await shownEntry(session, address, output) };
  });
}

export interface ValidatorLeaveOptions extends ValidatorOptions {
  /** So much of the stake; all if absent, 0 to stay. */
  readonly wei?: bigint;
}

/** Announces what leaves; asked again once the time has come, frees it. */
export function runValidatorLeave(options: ValidatorLeaveOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'validator');
  return onChain(options, output, async (session) => {
    const { exitAtSeconds, exitWei } = await entryOf(session, address);
    const acts = session.chain.validatorActs(secret);
    const now = await session.latest();
    const isDue = exitAtSeconds !== undefined && now.timestampSeconds >= exitAtSeconds;
    const isSame = exitAtSeconds !== undefined && (options.wei ?? exitWei) === exitWei;
    if (isDue && options.wei !== 0n) {
      await session.act('leave', () => acts.completeExit());
    } else if (isSame) {
      output.line('It is announced already, and the time has not come.');
    } else {
      if (exitAtSeconds !== undefined)
        output.line('What was announced before is replaced: its time begins anew.');
      const { stakeWei, lockedWei } = await now.weiAccount(address);
      const wei = options.wei ?? stakeWei + lockedWei;
      await session.act('announce what leaves', () => acts.announceExit(wei));
    }
    return { account: address, validator: await shownEntry(session, address, output) };
  });
}

async function entryOf(session: ChainSession, account: `0x${string}`): Promise<ValidatorFacts> {
  const known = await (await session.latest()).validator(account);
  if (known !== undefined) return known;
  throw new CommandRefused('validator-unknown', `${account} is no validator: papyrus validator register`);
}

/** What stands in the registry after the acts; null once it left. */
async function shownEntry(
  session: ChainSession,
  account: `0x${string}`,
  output: Output,
): Promise<ValidatorFacts | null> {
  if (session.isDryRun) return null;
  const now = await session.latest();
  const entry = (await now.validator(account)) ?? null;
  if (entry === null) {
    const { freeWei } = await now.weiAccount(account);
    output.line(`It is no longer listed; ${formatCount(freeWei)} wei are free: papyrus account withdraw`);
    return null;
  }
  const leaves =
    entry.exitAtSeconds === undefined
      ? 'nothing'
      : `${formatCount(entry.exitWei)} wei, from ${new Date(entry.exitAtSeconds * 1_000).toISOString()} on`;
  const rows = [
    ['account', account],
    ['endpoint', entry.endpoint],
    ['least fee', `${formatCount(entry.leastFeeWei)} wei`],
    ['stake', `${formatCount(entry.stakeWei)} wei`],
    ['leaving', leaves],
  ];
  output.line();
  output.table(['validator', ''], rows, 2);
  return entry;
}

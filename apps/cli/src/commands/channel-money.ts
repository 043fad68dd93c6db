/** `papyrus channel deposit | cover | release | request | withdraw | close`: the money of an open channel. */
import type { ChannelFacts, ParticipantActs } from '#chain';
import type { Address } from '#encoding';
import { type ChannelTerms, roleName } from '#protocol';
import { amountText, baseUnitsOf } from '../channel/money.js';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { accountIn, keysOf, participantIn } from '../chain/own-keys.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { unendedBlocks } from './channel-blocks.js';

interface MoneyOptions extends ChainOptions {
  readonly keys: string;
}

export interface AmountOptions extends MoneyOptions {
  /** Units of the channel's currency, decimal text. */
  readonly amount: string;
}

export interface LineOptions extends AmountOptions {
  /** Index or account. */
  readonly payee: string;
}

export interface DebtOptions extends MoneyOptions {
  readonly payee: string;
  readonly amount?: string;
}

export interface ConcedeOptions extends MoneyOptions {
  readonly block: number;
  /** Index or account; of the payer alone. */
  readonly payee?: string;
}

export function runChannelDeposit(id: string, options: LineOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session, index }) => {
    if (index !== 0) {
      const message = `what is put into a line comes back to the payer, participant 0: use its keys`;
      throw new CommandRefused('keys-of-another', message);
    }
    const { payee, amount } = lineOf(channel.terms, options);
    const act = () => acts.deposit(channel.channelId, payee, amount);
    await session.act(`deposit for participant ${payee}`, act);
    return { payee, amount };
  });
}

/** The payer asks for what lies in a line; an amount of 0 takes the request back. */
export function runChannelRequest(id: string, options: LineOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session }) => {
    const { payee, amount } = lineOf(channel.terms, options);
    const act = () => acts.requestWithdrawal(channel.channelId, payee, amount);
    await session.act(`request of the line of participant ${payee}`, act);
    return { payee, amount };
  });
}

/** Pays what blocks owe and the line lacked, with the account's own tokens; all if no amount is named. */
export function runChannelPayDebt(id: string, options: DebtOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session }) => {
    const { payee, amount } = lineOf(channel.terms, { amount: '0', ...options });
    const debt = channel.lines[payee - 1].debt;
    const paid = options.amount === undefined ? debt : amount;
    if (paid === 0n) output.line(`Participant ${payee} is owed nothing.`);
    else await session.act('pay the debt', () => acts.payDebt(channel.channelId, payee, paid));
    return { payee, amount: paid, debt };
  });
}

/** What several results left open of a block: the payer lets a payee have it, or the payee the payer. */
export function runChannelConcede(id: string, options: ConcedeOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session, index }) => {
    const { channelId, terms } = channel;
    if (index === 0 && options.payee === undefined) {
      throw new CommandRefused('usage', 'the payer names to whom it concedes: --payee');
    }
    const payee = index === 0 ? lineOf(terms, { payee: String(options.payee), amount: '0' }).payee : index;
    const found = await (await session.latest()).contested(channelId, options.block, payee);
    if (found === undefined) {
      output.line(`Nothing of block ${options.block} is contested with participant ${payee}.`);
      return { blockNumber: options.block, payee, amount: 0n };
    }
    const act =
      index === 0
        ? () => acts.concede(channelId, options.block, payee)
        : () => acts.releaseContested(channelId, options.block);
    await session.act(`concede ${amountText(found.amount, terms.tokenPerUnit)}`, act);
    return { blockNumber: options.block, payee, amount: found.amount };
  });
}

/** A payee gives back of its own line. */
export function runChannelRelease(id: string, options: AmountOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session }) => {
    const amount = baseUnitsOf(options.amount, channel.terms.tokenPerUnit);
    await session.act('release', () => acts.release(channel.channelId, amount));
    return { amount };
  });
}

export function runChannelClose(id: string, options: MoneyOptions, output: Output): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session }) => {
    if (channel.closedAtSeconds !== undefined) {
      output.line(`Channel ${channel.channelId} is closed already.`);
      return { closedAtSeconds: channel.closedAtSeconds };
    }
    await session.act('close the channel', () => acts.closeChannel(channel.channelId));
    return {};
  });
}

export interface ChannelWithdrawOptions extends MoneyOptions {
  /** The account itself if absent. */
  readonly to?: Address;
}

/** The payer gets what is due of its requests; then everybody its balance. */
export function runChannelWithdraw(
  id: string,
  options: ChannelWithdrawOptions,
  output: Output,
): Promise<ExitCode> {
  return moveOf(id, options, output, async ({ acts, channel, session, address, index }) => {
    const { token, tokenPerUnit } = channel.terms;
    const waiting = index === 0 ? await executeRequests(session, acts, channel, output) : [];
    const to = options.to ?? address;
    const amount = await (await session.latest()).balance(token, address);
    if (amount === 0n) output.line('There is no balance to withdraw.');
    else await session.act('withdraw the balance', () => acts.withdraw(token, to, amount));
    if (amount > 0n && !session.isDryRun) output.line(`${amountText(amount, tokenPerUnit)} went to ${to}.`);
    return { token, to, amount, waiting };
  });
}

/** Requests that have not run their time stay; why is told for each. */
async function executeRequests(
  session: ChainSession,
  acts: ParticipantActs,
  channel: ChannelFacts,
  output: Output,
): Promise<{ readonly payee: number; readonly code: string; readonly message: string }[]> {
  const { channelId, closedAtSeconds } = channel;
  const isClosed = closedAtSeconds !== undefined;
  const waiting: { payee: number; code: string; message: string }[] = [];
  for (const { payee, amount, requested } of channel.lines) {
    if (amount === 0n || !(isClosed || requested > 0n)) continue;
    const refusal = await session.attempt(`take back of the line of participant ${payee}`, () =>
      acts.executeWithdrawal(channelId, payee),
    );
    if (refusal === undefined) continue;
    waiting.push({ payee, ...refusal });
  }
  if (waiting.length > 0) {
    const unended = await unendedBlocks(session, channel);
    output.line(
      `The lines of ${waiting.map(({ payee }) => payee).join(', ')} have to wait: of the blocks that have started` +
        ` ${unended} are neither settled nor void, and each keeps its blockMax.`,
    );
    output.line(
      'papyrus channel settle ends those whose time has come, and shows until when the others last.',
    );
  }
  return waiting;
}

export interface CoverOptions extends MoneyOptions {
  /** The next to start if absent. */
  readonly block?: number;
}

export function runChannelCover(id: string, options: CoverOptions, output: Output): Promise<ExitCode> {
  const { account } = keysOf(options.keys, 'participant');
  return onChain(options, output, async (session) => {
    const { channelId, terms, lines } = await session.channelOf(account, id);
    const now = await session.latest();
    const blockNumber = options.block ?? nextBlock(terms, now.timestampSeconds);
    const covers = await Promise.all(lines.map(({ payee }) => now.cover(channelId, blockNumber, payee)));
    const text = (units: bigint): string => amountText(units, terms.tokenPerUnit);
    output.line(`What block ${blockNumber} of ${channelId.slice(0, 14)} surely pays:`);
    output.line();
    output.table(
      ['payee', 'cover', 'line', 'debt', 'requested'],
      lines.map(({ payee, amount, debt, requested }, at) => [
        `${payee} ${roleName(terms.roles[payee])}`,
        ...[text(covers[at]), text(amount), text(debt), text(requested)],
      ]),
    );
    return { channelId, blockNumber, lines: lines.map((line, at) => ({ ...line, cover: covers[at] })) };
  });
}

interface Acting {
  readonly session: ChainSession;
  readonly acts: ParticipantActs;
  readonly address: Address;
  /** Of the account in the channel. */
  readonly index: number;
  readonly channel: ChannelFacts;
}

/** Opens the chain and the channel with the account's own key. */
function moveOf(
  id: string,
  options: MoneyOptions,
  output: Output,
  run: (acting: Acting) => Promise<Readonly<Record<string, unknown>>>,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return onChain(options, output, async (session) => {
    const channel = await session.channelOf(address, id);
    const index = participantIn(channel.terms.participants, address, channel.channelId);
    const acts = session.chain.participantActs(secret);
    const data = await run({ session, acts, address, index, channel });
    return { channelId: channel.channelId, ...data };
  });
}

function lineOf(
  terms: ChannelTerms,
  { payee, amount }: Pick<LineOptions, 'payee' | 'amount'>,
): { readonly payee: number; readonly amount: bigint } {
  const byAccount = terms.participants.findIndex((one) => one.toLowerCase() === payee.toLowerCase());
  const index = byAccount >= 0 ? byAccount : /^\d{1,2}$/.test(payee) ? Number(payee) : -1;
  if (index < 1 || index >= terms.participants.length) {
    const message = `${payee} is no payee: 1 to ${terms.participants.length - 1}, or the account of one`;
    throw new CommandRefused('participant-unknown', message);
  }
  return { payee: index, amount: baseUnitsOf(amount, terms.tokenPerUnit) };
}

function nextBlock({ firstBlockStart, blockDuration, blocksMax }: ChannelTerms, nowSeconds: number): number {
  if (nowSeconds < firstBlockStart) return 0;
  return Math.min(Math.floor((nowSeconds - firstBlockStart) / blockDuration) + 1, blocksMax - 1);
}

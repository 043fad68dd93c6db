/**
 * A command's time on a base chain: acts that are posted, or in a dry run tried and shown; what is signed is
 * shown as wallets show it.
 */
import type { Chain, ChainOutcome, ChainSnapshot, ChannelFacts } from '#chain';
import { openChain } from '#chain/open-chain';
import type { RehearsedAct } from '#chain/rehearsing-poster';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import type { Eip712Domain, SignableData } from '#protocol';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import { formatCount, type Output } from '../report/output.js';
import { channelOf } from './channel-of.js';

/** The options that every command on a chain takes. */
export interface ChainOptions {
  /** JSON-RPC of a node. */
  readonly chain: string;
  readonly lens: Address;
  /** Show what would be signed and posted; do neither. */
  readonly dryRun?: boolean;
}

/** An act as the result of a command tells it. */
export interface ToldAct {
  readonly act: string;
  /** In a dry run: which call, with its fields. */
  readonly rehearsed: RehearsedAct | null;
  /** Null in a dry run. */
  readonly height: number | null;
  /** Null where the act rests on one before it, which was not posted. */
  readonly gas: string | null;
}

export interface ChainSession {
  readonly chain: Chain;
  readonly domain: Eip712Domain;
  readonly isDryRun: boolean;
  latest(): Promise<ChainSnapshot>;
  /** The channel whose id begins so, of those in which `account` takes part. */
  channelOf(account: Address, id: string): Promise<ChannelFacts>;
  /** Ends the command with `refused-by-contracts` where the contracts say no. */
  act(name: string, post: () => Promise<ChainOutcome>): Promise<void>;
  /** The same where a no of the contracts ends nothing: it is the answer. */
  attempt(
    name: string,
    post: () => Promise<ChainOutcome>,
  ): Promise<{ readonly code: string; readonly message: string } | undefined>;
  /** Tells what is signed, before it is. */
  signs(what: string, data: SignableData): void;
}

const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 120_000 };

/** Opens the chain, runs the command, and writes its result: what it gives back, signatures, and acts. */
export async function onChain(
  options: ChainOptions,
  output: Output,
  run: (session: ChainSession) => Promise<Readonly<Record<string, unknown>>>,
): Promise<ExitCode> {
  const isDryRun = options.dryRun === true;
  const rehearsed: RehearsedAct[] = [];
  const rehearse = isDryRun ? { rehearse: (act: RehearsedAct) => void rehearsed.push(act) } : {};
  const chain = await openChain(options.chain, {
    ...timing,
    ...{ lens: options.lens, log: silentLog },
    ...rehearse,
  });
  try {
    const signed: { readonly what: string; readonly data: SignableData }[] = [];
    const acts: ToldAct[] = [];
    const attempt: ChainSession['attempt'] = async (name, post) => {
      const outcome = await post();
      if (!outcome.ok && outcome.code === 'operator-key-without-gas') {
        throw new CommandRefused('account-without-gas', `${name}: ${outcome.message}`);
      }
      if (!outcome.ok) return { code: outcome.code, message: outcome.message };
      const told = toldActs(name, outcome, rehearsed.splice(0));
      for (const one of told) printAct(one, output);
      acts.push(...told);
      return undefined;
    };
    const session: ChainSession = {
      ...{ chain, isDryRun, domain: await chain.domain() },
      latest: () => chain.snapshot({ finality: 'latest' }),
      channelOf: (account, id) => channelOf(chain, account, id),
      attempt,
      act: async (name, post) => {
        const refusal = await attempt(name, post);
        if (refusal === undefined) return;
        throw new CommandRefused('refused-by-contracts', `${name}: ${refusal.code}: ${refusal.message}`);
      },
      signs: (what, data) => {
        signed.push({ what, data });
        if (isDryRun) printSigned(what, data, output);
      },
    };
    const data = await run(session);
    if (isDryRun) output.line('A dry run: nothing was posted or written.');
    output.result({ isDryRun, ...data, signed, acts });
    return exitCode.ok;
  } finally {
    await chain.close();
  }
}

function toldActs(
  name: string,
  outcome: Extract<ChainOutcome, { ok: true }>,
  rehearsed: readonly RehearsedAct[],
): ToldAct[] {
  if (rehearsed.length > 0) {
    return rehearsed.map((one) => ({
      ...{ act: name, rehearsed: one, height: null },
      gas: one.gas === undefined ? null : String(one.gas),
    }));
  }
  return [{ act: name, rehearsed: null, height: outcome.height, gas: String(outcome.gasUsed) }];
}

function printAct({ act, rehearsed, height, gas }: ToldAct, output: Output): void {
  if (rehearsed === null) {
    output.line(`${act}: in height ${height}, ${formatCount(BigInt(gas ?? 0))} gas`);
    return;
  }
  const { contract, call, to, valueWei } = rehearsed;
  output.line(`${act}: would call ${contract}.${call}`);
  printFields({ at: to, ...(valueWei > 0n ? { wei: valueWei } : {}), ...rehearsed.fields }, output);
  output.line(gas === null ? '  after the one before it' : `  about ${formatCount(BigInt(gas))} gas`);
}

function printSigned(what: string, { primaryType, domain, message }: SignableData, output: Output): void {
  output.line(`${what}: would sign ${primaryType}`);
  printFields({ chainId: domain.chainId, verifyingContract: domain.verifyingContract, ...message }, output);
}

function printFields(fields: Readonly<Record<string, unknown>>, output: Output, indent = '  '): void {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'object' && value !== null) {
      output.line(`${indent}${name}`);
      printFields(value as Readonly<Record<string, unknown>>, output, `${indent}  `);
    } else {
      output.line(`${indent}${name.padEnd(20 - indent.length)} ${textOf(value)}`);
    }
  }
}

/** What is longer than a hash is told by its beginning and size. */
function textOf(value: unknown): string {
  const text = String(value);
  const isLong = text.startsWith('0x') && text.length > 66;
  return isLong ? `${text.slice(0, 18)}… (${(text.length - 2) / 2} bytes)` : text;
}

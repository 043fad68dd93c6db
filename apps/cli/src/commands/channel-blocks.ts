/** `papyrus channel settle | contested`: which blocks somebody still has to end, and what is open of them. */
import type { ChainOutcome, ChainSnapshot, ChannelFacts } from '#chain';
import { type BlockFacts, isDue, releaseVoidDue, stageOf, startedBlocks } from '#protocol';
import { amountText } from '../channel/money.js';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { accountIn, keysOf } from '../chain/own-keys.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

interface BlocksOptions extends ChainOptions {
  readonly keys: string;
}

/** Blocks that are asked for at a time. */
const concurrentReads = 16;

/** Ends every block whose time has come: pays what stands, gives bonds back. Anyone may, services do. */
export function runChannelSettle(id: string, options: BlocksOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return onChain(options, output, async (session) => {
    const channel = await session.channelOf(address, id);
    const { channelId, terms } = channel;
    const now = await session.latest();
    const acts = session.chain.participantActs(secret);
    const settled: number[] = [];
    const open: { blockNumber: number; stage: string; endsAtSeconds: number | null }[] = [];
    for (const { blockNumber, facts } of await blocksOf(now, channel)) {
      const block = stageOf(terms, blockNumber, facts, now.timestampSeconds, channel.closedAtSeconds);
      if (block.stage === 'final') {
        const standing = facts.results.filter((one) => block.standing.includes(one.outputHash));
        const settle = () => acts.settle(channelId, blockNumber, standing);
        if (await hasEnded(session, `settle block ${blockNumber}`, settle)) settled.push(blockNumber);
      } else if (isDue(releaseVoidDue({ stage: block, facts }))) {
        const release = () => acts.releaseVoid(channelId, blockNumber);
        if (await hasEnded(session, `end void block ${blockNumber}`, release)) settled.push(blockNumber);
      } else if (block.stage !== 'settled' && block.stage !== 'void') {
        const endsAtSeconds = 'endsAtSeconds' in block ? (block.endsAtSeconds ?? null) : null;
        open.push({ blockNumber, stage: block.stage, endsAtSeconds });
      }
    }
    tellOpen(open, output);
    return { channelId, settled, open };
  });
}

/** False where somebody was faster: services end blocks too. */
async function hasEnded(
  session: ChainSession,
  name: string,
  post: () => Promise<ChainOutcome>,
): Promise<boolean> {
  const refusal = await session.attempt(name, post);
  if (refusal === undefined || refusal.code === 'already-ended') return refusal === undefined;
  throw new CommandRefused('refused-by-contracts', `${name}: ${refusal.code}: ${refusal.message}`);
}

function tellOpen(
  open: readonly {
    readonly blockNumber: number;
    readonly stage: string;
    readonly endsAtSeconds: number | null;
  }[],
  output: Output,
): void {
  if (open.length === 0) {
    output.line('Every block that has started is over.');
    return;
  }
  output.table(
    ['block', 'stage', 'until'],
    open.map(({ blockNumber, stage, endsAtSeconds }) => [
      String(blockNumber),
      stage,
      endsAtSeconds === null ? '' : new Date(endsAtSeconds * 1_000).toISOString().replace('.000', ''),
    ]),
    3,
  );
}

/** What several results left open between the payer and a payee: neither's until one of them concedes. */
export function runChannelContested(id: string, options: BlocksOptions, output: Output): Promise<ExitCode> {
  const { account } = keysOf(options.keys, 'participant');
  return onChain(options, output, async (session) => {
    const channel = await session.channelOf(account, id);
    const { channelId, terms } = channel;
    const contested = await contestedIn(await session.latest(), channel);
    if (contested.length === 0) output.line('Nothing is contested.');
    else {
      output.table(
        ['block', 'payee', 'amount', 'burnt from'],
        contested.map(({ blockNumber, payee, amount, sinceSeconds }) => [
          ...[String(blockNumber), String(payee), amountText(amount, terms.tokenPerUnit)],
          new Date((sinceSeconds + terms.retentionPeriod) * 1_000).toISOString().slice(0, 10),
        ]),
      );
    }
    return { channelId, contested };
  });
}

async function contestedIn(now: ChainSnapshot, channel: ChannelFacts) {
  const found: { blockNumber: number; payee: number; amount: bigint; sinceSeconds: number }[] = [];
  for (const { blockNumber, facts } of await blocksOf(now, channel)) {
    // Of one result nothing is left open.
    if (facts.settledAtSeconds === undefined || facts.results.length < 2) continue;
    for (const { payee } of channel.lines) {
      const one = await now.contested(channel.channelId, blockNumber, payee);
      if (one !== undefined) found.push({ blockNumber, payee, ...one });
    }
  }
  return found;
}

/** Every block that has started. */
async function blocksOf(
  now: ChainSnapshot,
  channel: ChannelFacts,
): Promise<readonly { readonly blockNumber: number; readonly facts: BlockFacts }[]> {
  const count = startedBlocks(channel, now.timestampSeconds);
  const blocks: { blockNumber: number; facts: BlockFacts }[] = [];
  for (let from = 0; from < count; from += concurrentReads) {
    const some = Array.from({ length: Math.min(concurrentReads, count - from) }, (_, at) => from + at);
    const read = some.map(async (blockNumber) => ({
      blockNumber,
      facts: await now.blockFacts(channel.channelId, blockNumber),
    }));
    blocks.push(...(await Promise.all(read)));
  }
  return blocks;
}

/** How many blocks have started and are neither settled nor void, by facts read now. */
export async function unendedBlocks(session: ChainSession, channel: ChannelFacts): Promise<number> {
  const now = await session.latest();
  const blocks = await blocksOf(now, channel);
  return blocks.filter(({ blockNumber, facts }) => {
    const seen = stageOf(channel.terms, blockNumber, facts, now.timestampSeconds, channel.closedAtSeconds);
    if (seen.stage === 'void') return isDue(releaseVoidDue({ stage: seen, facts }));
    return seen.stage !== 'settled';
  }).length;
}

/**
 * Drives a network through its blocks without a wall clock: work that is due, then all services, then the
 * next moment.
 */
import type { Chain, ChannelFacts, DrivenChain } from '#chain';
import { atOneHeight } from '#chain/at-one-height';
import type {} from '#encoding';
import type { DrivenClock } from '#environment';
import {
  type BlockFacts,
  type BlockStage,
  type ChannelId,
  type DisputeFacts,
  decidedFacts,
  isOver,
  stageOf,
} from '#protocol';

/** A service as the driver sees it: `sweep` looks at the facts, does what is due, says how much that was. */
export interface Sweeper {
  sweep(): Promise<number>;
}

/** Services of one kind, of all participants; kinds run one after the other, those of a kind together. */
export interface SweepGroup {
  readonly kind: string;
  readonly sweepers: readonly Sweeper[];
}

/** Something that happens at a moment of chain time, for example traffic. */
export interface TimedWork {
  readonly atSeconds: number;
  run(): Promise<void>;
}

export interface BlockState {
  readonly blockNumber: number;
  readonly facts: BlockFacts;
  readonly stage: BlockStage;
  /** Of a block whose results were disputed. */
  readonly dispute: DisputeFacts | undefined;
  /** Chain time of the height that shows this. */
  readonly nowSeconds: number;
}

export interface DriveOptions {
  readonly channelId: ChannelId;
  /** Blocks 0 … blocks − 1 are driven to their end. */
  readonly blocks: number;
  readonly works: readonly TimedWork[];
  /** Called after every round with the state of all blocks. */
  onRound(blocks: readonly BlockState[]): void;
  /** A kind of work took `ms` of wall time and did `done` things. */
  onStep(kind: string, ms: number, done: number): void;
}

const idleRoundsMax = 10_000;
const passesMax = 1_000;

/** Returns the state of all blocks, each settled or void. */
export async function drive(
  parts: { readonly chain: DrivenChain; readonly clock: DrivenClock; readonly groups: readonly SweepGroup[] },
  options: DriveOptions,
): Promise<readonly BlockState[]> {
  const works = [...options.works].sort((a, b) => a.atSeconds - b.atSeconds);
  let done = 0;
  for (let round = 0; round < idleRoundsMax; round++) {
    const now = await chainNow(parts);
    const from = performance.now();
    const before = done;
    for (; done < works.length && works[done].atSeconds <= now; done++) await works[done].run();
    options.onStep('traffic', performance.now() - from, done - before);
    await processAll(parts.groups, options.onStep);
    const blocks = await blockStates(parts.chain, options.channelId, options.blocks);
    options.onRound(blocks);
    const open = blocks.filter((block) => !isOver(block.stage));
    if (open.length === 0 && done === works.length) return blocks;
    const moments = open.flatMap(({ stage, dispute }) => [...momentsOf(stage), ...turnsIn(dispute)]);
    const next = [...moments, works[done]?.atSeconds].filter(
      (at) => at !== undefined && at > now,
    ) as number[];
    if (next.length === 0)
      throw new Error(`block ${open[0].blockNumber} is ${open[0].stage.stage} and nothing will move it`);
    await parts.chain.advanceTo(Math.min(...next));
  }
  throw new Error(`the blocks did not end within ${idleRoundsMax} rounds`);
}

/** When something else may be done than now. */
function momentsOf(stage: BlockStage): readonly (number | undefined)[] {
  return [
    'commitEndsAtSeconds' in stage ? stage.commitEndsAtSeconds : undefined,
    'endsAtSeconds' in stage ? stage.endsAtSeconds : undefined,
    'partsDecidedAtSeconds' in stage ? stage.partsDecidedAtSeconds : undefined,
  ];
}

/** When the time of somebody's turn in a dispute is over. */
function turnsIn(dispute: DisputeFacts | undefined): readonly (number | undefined)[] {
  if (dispute === undefined) return [];
  const rows = dispute.parts.flatMap((part) => part.rows);
  return [...dispute.accusations, ...rows].map(({ untilSeconds }) => untilSeconds);
}

/** Sweeps until nobody finds anything to do. */
async function processAll(
  groups: readonly SweepGroup[],
  onStep: DriveOptions['onStep'] = () => {},
): Promise<void> {
  for (let pass = 0; pass < passesMax; pass++) {
    let count = 0;
    for (const { kind, sweepers } of groups) {
      const from = performance.now();
      const did = await Promise.all(sweepers.map((one) => one.sweep()));
      const done = did.reduce((sum, one) => sum + one, 0);
      count += done;
      onStep(kind, performance.now() - from, done);
    }
    if (count === 0) return;
  }
  throw new Error(`the services still found work after ${passesMax} passes`);
}

/** The facts and stages of blocks 0 … count − 1 at the chain's present time. */
export function blockStates(chain: Chain, channelId: ChannelId, count: number): Promise<BlockState[]> {
  return statesOf(
    chain,
    channelId,
    Array.from({ length: count }, (_, blockNumber) => blockNumber),
  );
}

/** `blockNumber` is below the terms' blocksMax. */
export async function blockState(
  chain: Chain,
  channelId: ChannelId,
  blockNumber: number,
): Promise<BlockState> {
  return (await statesOf(chain, channelId, [blockNumber]))[0];
}

async function statesOf(
  chain: Chain,
  channelId: ChannelId,
  blocks: readonly number[],
): Promise<BlockState[]> {
  return atOneHeight(async () => {
    const latest = await chain.snapshot({ finality: 'latest' });
    const channel = (await latest.channel(channelId)) as ChannelFacts;
    const { timestampSeconds } = latest;
    return Promise.all(
      blocks.map(async (blockNumber) => {
        const found = await latest.blockFacts(channelId, blockNumber);
        const facts = decidedFacts(channel.terms, blockNumber, found, timestampSeconds);
        const stage = stageOf(channel.terms, blockNumber, facts, timestampSeconds, channel.closedAtSeconds);
        const wasDisputed = facts.disputedAtSeconds !== undefined;
        const dispute = wasDisputed ? await latest.disputeFacts(channelId, blockNumber) : undefined;
        return { blockNumber, facts, stage, dispute, nowSeconds: timestampSeconds };
      }),
    );
  });
}

async function chainNow({ chain, clock }: { chain: Chain; clock: DrivenClock }): Promise<number> {
  const { timestampSeconds } = await chain.time();
  clock.advanceTo(timestampSeconds * 1_000);
  return timestampSeconds;
}

/** What a channel node shows of a channel and of a block. */
import type { BlockView, ChannelView, ExposureView, ForwardingView } from '#api';
import type { ChannelFacts } from '#chain';
import { type BlockFacts, blockStart, collectionEnd, roleName, stageOf } from '#protocol';
import type { ChannelIntake } from './channel-intake.js';
import type { BlockCover, CoverLimit } from './cover-limit.js';
import type { ExposureSums } from './exposure.js';
import type { ExposureLimit } from './exposure-limit.js';

export function channelView(
  facts: ChannelFacts,
  participant: number,
  forwarding: ForwardingView[],
  nowSeconds: number,
): ChannelView {
  const { terms } = facts;
  const elapsed = Math.floor((nowSeconds - terms.firstBlockStart) / terms.blockDuration);
  const isCollecting = elapsed >= 0 && elapsed < terms.blocksMax;
  return {
    channelId: facts.channelId,
    participant,
    participants: terms.participants.map((account, index) => ({
      account,
      role: roleName(terms.roles[index]),
    })),
    reducer: terms.reducer,
    firstBlockStart: terms.firstBlockStart,
    blockDuration: terms.blockDuration,
    collectionGrace: terms.collectionGrace,
    blocksMax: terms.blocksMax,
    authorBytesMax: terms.authorBytesMax,
    priceNanoMax: String(terms.priceNanoMax),
    lines: facts.lines.map(({ payee, amount, debt, requested, requestedAtSeconds, blockMax }) => ({
      payee,
      amount: String(amount),
      debt: String(debt),
      requested: String(requested),
      ...(requestedAtSeconds === undefined ? {} : { requestedAt: requestedAtSeconds }),
      blockMax: String(blockMax),
    })),
    ...(isCollecting ? { currentBlock: elapsed } : {}),
    ...(facts.closedAtSeconds === undefined ? {} : { closedAt: facts.closedAtSeconds }),
    forwarding,
  };
}

export function blockView(
  intake: ChannelIntake,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): BlockView {
  const { terms, closedAtSeconds } = intake.facts;
  const at = stageOf(terms, blockNumber, facts, nowSeconds, closedAtSeconds);
  return {
    channelId: intake.channelId,
    blockNumber,
    stage: at.stage,
    collectionStart: blockStart(terms, blockNumber),
    collectionEnd: collectionEnd(terms, blockNumber),
    isCut: blockNumber < intake.cutBelow,
    authors: intake.block(blockNumber)?.authors() ?? [],
    parts: facts.parts.map(({ participant, partRoot, segmentCount }) => ({
      participant,
      partRoot,
      segmentCount,
    })),
    ...('standing' in at ? { standing: [...at.standing] } : {}),
  };
}

/** `exposureLimit` and `coverLimit` as the node has them. */
export function exposureView(
  intake: ChannelIntake,
  { exposureLimit, coverLimit }: { exposureLimit?: ExposureLimit; coverLimit?: CoverLimit },
): ExposureView {
  const { channelId, participant, watch } = intake;
  const { exposedNano, blocks } = intake.exposure();
  const { cover } = watch;
  const byNumber = new Map(blocks.map(({ blockNumber, sums }) => [blockNumber, sums]));
  const numbers = new Set([...byNumber.keys(), ...cover.blockNumbers]);
  const deliveredIn = (block: number): bigint => byNumber.get(block)?.deliveredNano ?? 0n;
  const { current } = cover;
  return {
    channelId,
    participant,
    exposedNano: String(exposedNano),
    ...(exposureLimit === undefined ? {} : { limitNano: String(exposureLimit.nano), act: exposureLimit.act }),
    isBeyondLimit: exposureLimit !== undefined && exposedNano >= exposureLimit.nano,
    ...(coverLimit === undefined ? {} : { coverPercent: coverLimit.percent, coverAct: coverLimit.act }),
    isBeyondCover: current !== undefined && cover.isBeyond(current, deliveredIn(current)),
    blocks: [...numbers]
      .sort((a, b) => a - b)
      .map((blockNumber) => ({
        blockNumber,
        ...sumsView(byNumber.get(blockNumber) ?? noSums),
        earned: String(cover.earned(deliveredIn(blockNumber))),
        ...coverView(cover.of(blockNumber)),
        isBeyondCover: cover.isBeyond(blockNumber, deliveredIn(blockNumber)),
      })),
  };
}

/** Of a block in which nothing is delivered yet, or of a participant that sells nothing. */
const noSums: ExposureSums = {
  ...{ deliveredNano: 0n, exposedNano: 0n, impressions: 0, exposedImpressions: 0, isExact: true },
};

function sumsView({ deliveredNano, exposedNano, ...sums }: ExposureSums) {
  return { ...sums, deliveredNano: String(deliveredNano), exposedNano: String(exposedNano) };
}

function coverView(cover: BlockCover | undefined) {
  if (cover === undefined) return {};
  const auditors = cover.auditors.map((one) => ({ ...one, cover: String(one.cover) }));
  return { cover: String(cover.own), auditors };
}

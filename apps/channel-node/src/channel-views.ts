/** What a channel node shows of a channel and of a block. */
import type { BlockView, ChannelView, ExposureView, ForwardingView } from '#api';
import type { ChannelFacts } from '#chain';
import { type BlockFacts, blockStart, collectionEnd, roleName, stageOf } from '#protocol';
import type { ChannelIntake } from './channel-intake.js';
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

export function exposureView(intake: ChannelIntake, limit: ExposureLimit | undefined): ExposureView {
  const { exposedNano, blocks } = intake.exposure();
  return {
    channelId: intake.channelId,
    participant: intake.participant,
    exposedNano: String(exposedNano),
    ...(limit === undefined ? {} : { limitNano: String(limit.nano), act: limit.act }),
    isBeyondLimit: limit !== undefined && exposedNano >= limit.nano,
    blocks: blocks
      .map(({ blockNumber, sums }) => ({
        blockNumber,
        ...sums,
        deliveredNano: String(sums.deliveredNano),
        exposedNano: String(sums.exposedNano),
      }))
      .sort((a, b) => a.blockNumber - b.blockNumber),
  };
}

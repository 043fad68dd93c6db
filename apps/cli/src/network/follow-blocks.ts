/** Tells how the blocks of a network that runs by itself go from stage to stage. */
import { Fault } from '#environment';
import type { Stage } from '#protocol';
import { blockState } from './drive.js';
import type { Network } from './open-network.js';

export interface Following {
  start(): void;
  /** Resolves when nothing more is asked of the chain. */
  stop(): Promise<void>;
}

/** `tell` hears each new stage of a block once, from those on that may still be under way at the start. */
export function followBlocks(network: Network, tell: (blockNumber: number, stage: Stage) => void): Following {
  const { chain, channelId, terms } = network;
  const stages = new Map<number, Stage>();
  let first: number | undefined;
  let isStopped = false;
  let isAwake = false;
  let working: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const { timestampSeconds } = await chain.time();
    const current = Math.floor((timestampSeconds - terms.firstBlockStart) / terms.blockDuration);
    first ??= Math.max(0, current - blocksUnderWay(terms));
    for (let block = first; block <= Math.min(current, terms.blocksMax - 1) && !isStopped; block++) {
      const { stage } = (await blockState(chain, channelId, block)).stage;
      if (stages.get(block) !== stage) tell(block, stage);
      stages.set(block, stage);
      const isOver = stage === 'settled' || stage === 'void';
      if (block === first && isOver && block < current) {
        stages.delete(block);
        first = block + 1;
      }
    }
  };
  const work = async (): Promise<void> => {
    while (isAwake && !isStopped) {
      isAwake = false;
      await look().catch((cause) => {
        // What cannot be read now is read after the next height.
        if (!(cause instanceof Fault)) throw cause;
      });
    }
    working = undefined;
  };
  const wake = (): void => {
    isAwake = true;
    working ??= work();
  };
  let unsubscribe = (): void => {};
  return {
    start: () => {
      unsubscribe = chain.subscribe(wake);
      wake();
    },
    stop: async () => {
      isStopped = true;
      unsubscribe();
      await working;
    },
  };
}

/** How many blocks before the present one can still be on their way, disputes apart. */
function blocksUnderWay(terms: Network['terms']): number {
  const { collectionGrace, collationPeriod, processingPeriod, challengePeriod, blockDuration } = terms;
  const seconds = collectionGrace + collationPeriod + processingPeriod + challengePeriod;
  return Math.ceil(seconds / blockDuration) + 1;
}

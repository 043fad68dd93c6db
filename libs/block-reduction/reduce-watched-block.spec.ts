/** How long stores may take for a block that somebody watches. */
import { expect, it } from '@jest/globals';
import { BlockWatch } from '#block-watch';
import { emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import type { BlockToReduce } from './reduce-port.js';
import { reduceInMemory } from './reduce-in-memory.js';
import { reduceWatchedBlock } from './reduce-watched-block.js';

it('gives stores an eighth of the time until the stage ends, and no less than two askings', async () => {
  const processingPeriod = 8_000;
  const rehearsal = new Rehearsal({ terms: { processingPeriod } });
  const { chain, channelId, participants } = rehearsal;
  chain.advanceTo(rehearsal.collected(0));
  for (const { operatorKey } of participants) {
    await chain.port().participantActs(operatorKey).postPart(channelId, 0, emptyPart);
  }
  const start = chain.nowSeconds;
  const watch = new BlockWatch({}, { chain: chain.port() });
  const patience: (number | undefined)[] = [];
  const reduce = reduceInMemory(rehearsal.partStore());
  const reduceBlock = (block: BlockToReduce) => {
    patience.push(block.patienceMs);
    return reduce(block);
  };
  for (const later of [0, 4_000, 7_999]) {
    chain.advanceTo(start + later);
    const block = await watch.block(channelId, 0);
    if (block === undefined) throw new Error('there is such a block');
    const ports = { chain: chain.port(), reduceBlock };
    await reduceWatchedBlock(block, new Uint8Array(32), participants[0].account, ports);
  }
  expect(patience).toEqual([1_000_000, 500_000, 20_000]);
});

/** Rollbacks of one to twelve heights: each is told, and every act has one effect in the end. */
import { RollbackChain } from '#chain/testing/rollback';

const depthsMax = 12;

/** `[COUNT]`: how many rollbacks, of each depth in turn; 504 if absent. */
export async function runTrial(args: string[]): Promise<boolean> {
  const count = Number(args[0] ?? 504);
  const chain = await RollbackChain.open();
  const wrong: string[] = [];
  try {
    for (let at = 0; at < count; at++) {
      const depth = (at % depthsMax) + 1;
      const { toldTo, stayed, effects, wasGone } = await chain.rollBack(depth);
      const isTold = toldTo !== undefined && toldTo <= stayed;
      if (!isTold || effects !== 2n || !wasGone) {
        wrong.push(
          `${at}: depth ${depth}, told to ${toldTo} of ${stayed}, ${effects} effects, gone ${wasGone}`,
        );
      }
    }
  } finally {
    await chain.close();
  }
  for (const line of wrong) process.stdout.write(`${line}\n`);
  process.stdout.write(`${count} rollbacks, ${wrong.length} wrong\n`);
  return wrong.length === 0;
}

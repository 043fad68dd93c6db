/** Disputes over random blocks, each whole and each from a seed: all end as the reference says. */
import { SimulatedChain } from '#block-watch/testing/simulated-chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { silentLog } from '#environment';
import { gather, type People } from '../disputes/dispute-people.js';
import { wrongIn } from '../disputes/reference-ending.js';
import { SeededDispute, type SeededEnding } from '../disputes/seeded-dispute.js';
import { TwinChain } from '../twin-chain.js';

const genesis = 1_700_000_000;
/** A simulated chain keeps all of its blocks: after so many it begins anew. */
const perChain = 250;

interface Found {
  readonly wrong: string[];
  disputed: number;
}

/**
 * `[COUNT] [FIRST] [BOTH]`: how many on the simulated chain, 10,000 if absent, from which seed on, 1 if absent,
 * and how many of them on the contracts as well, which are held against it, 1,000 if absent.
 */
export async function runTrial(args: string[]): Promise<boolean> {
  const [count = 10_000, first = 1, both = 1_000] = args.map(Number);
  const found: Found = { wrong: [], disputed: 0 };
  for (let at = 0; at < count; at += perChain) {
    await onSimulated(first + at, Math.min(perChain, count - at), found);
    process.stdout.write(`${Math.min(at + perChain, count)} of ${count}, ${found.wrong.length} wrong\n`);
  }
  if (both > 0) await onBoth(first, both, found);
  for (const line of found.wrong) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${count} on the simulated chain and ${both} on both, ${found.disputed} disputed, ${found.wrong.length} wrong\n`,
  );
  return found.wrong.length === 0;
}

async function onSimulated(first: number, count: number, found: Found): Promise<void> {
  const chain = new SimulatedChain(genesis);
  chain.namedAtSeconds = undefined;
  chain.freeWei = 0n;
  const people = await gather(chain.port());
  for (let seed = first; seed < first + count; seed++) await play(people, seed, found, async () => []);
}

async function onBoth(first: number, count: number, found: Found): Promise<void> {
  const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
  const real = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  try {
    const twin = await TwinChain.over(real);
    const people = await gather(twin.port());
    for (let seed = first; seed < first + count; seed++) {
      await play(people, seed, found, async ({ id, accounts }) => {
        await twin.compare(id, accounts);
        return twin.differences.splice(0);
      });
      if (seed % 50 === 0) process.stdout.write(`${seed - first + 1} of ${count} on both\n`);
    }
  } finally {
    await real.close();
  }
}

async function play(
  people: People,
  seed: number,
  found: Found,
  more: (ending: SeededEnding) => Promise<readonly string[]>,
): Promise<void> {
  try {
    const ending = await SeededDispute.play(people, seed);
    if (ending.isDisputed) found.disputed += 1;
    found.wrong.push(...[...wrongIn(ending), ...(await more(ending))].map((what) => `seed ${seed}: ${what}`));
  } catch (cause) {
    found.wrong.push(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

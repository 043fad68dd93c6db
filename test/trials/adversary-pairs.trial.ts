/** Adversaries two at a time on the simulated chain, against one honest organisation with its services. */
import { SimulatedChain } from '#block-watch/testing/simulated-chain';
import type { DrivenChain } from '#chain';
import { eachRecord } from '#dispute/impression-records';
import { limits } from '#protocol';
import { defaultParameters } from '#reduction';
import { accusers } from '../network/actors/accusers.js';
import { liars } from '../network/actors/liars.js';
import { pairsOf } from '../network/actors/pairs.js';
import { posters } from '../network/actors/posters.js';
import { type Ending, registerOutsiders, Scene, type Strategy } from '../network/actors/scene.js';
import { seatHolders } from '../network/actors/seat-holders.js';
import { joinChain, rehearseOn } from '../open-on-chain.js';
import { loggedAuthors } from '../organisations.js';
import { referenceReduce } from '../reference/reduce-records.js';

const genesis = 1_700_000_000;
const disputeMax = 500;
/** Half of what the members of a panel of four get, which asker and owner of a part that is held share. */
const panelShareWei = (4n * 15n * 10n ** 13n) / 2n;
/** Services that start look at all channels of their people. */
const perChain = 20;

/** `[COUNT] [FIRST]`: how many pairs, all if absent, from which on. */
export async function runTrial(args: string[]): Promise<boolean> {
  const all = pairsOf([...liars, ...accusers, ...posters, ...seatHolders]);
  const [count = all.length, first = 0] = args.map(Number);
  const pairs = all.slice(first, first + count);
  const wrong: string[] = [];
  let disputed = 0;
  let chain: DrivenChain | undefined;
  for (const [at, pair] of pairs.entries()) {
    if (chain === undefined || at % perChain === 0) chain = await openSimulated();
    const ending = await Scene.play(chain, pair);
    if (ending.disputedSeconds > 0) disputed += 1;
    wrong.push(...wrongIn(ending, pair).map((what) => `${first + at}: ${pair.name}: ${what}`));
    if (at % perChain === perChain - 1)
      process.stdout.write(`${at + 1} of ${pairs.length}, ${wrong.length} wrong\n`);
  }
  for (const line of wrong) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${pairs.length} pairs of ${all.length}, ${disputed} disputed, ${wrong.length} wrong\n`,
  );
  return wrong.length === 0;
}

async function openSimulated(): Promise<DrivenChain> {
  const simulated = new SimulatedChain(genesis);
  simulated.namedAtSeconds = undefined;
  simulated.freeWei = 0n;
  const chain = simulated.port();
  await joinChain(chain, (await rehearseOn(chain)).rehearsal);
  await registerOutsiders(chain);
  return chain;
}

function wrongIn(ending: Ending, { culprits, spoilers = [] }: Strategy): string[] {
  const { stage, taken, grown, stillLocked, disputedSeconds, scene } = ending;
  const good = [0, 1, 2].filter((one) => !spoilers.includes(one));
  const authors = [...new Set(good.flatMap((one) => loggedAuthors[one]))];
  const records = authors.flatMap((author) =>
    eachRecord(scene.rehearsal.batch(0, author, 1).slice(limits.batchHeaderBytes)),
  );
  const due = referenceReduce(records, scene.rehearsal.terms.roles, defaultParameters).amounts.slice(1);
  const honest = [0, 1, 2].filter((one) => !culprits.includes(one));
  return [
    ...(stage === 'settled' ? [] : [`it ended ${stage}`]),
    ...(taken.join() === due.join() ? [] : [`took ${taken.join()} and not ${due.join()}`]),
    ...honest.flatMap((one) => (grown[one] < -panelShareWei ? [`${one} lost ${-grown[one]} wei`] : [])),
    ...honest.flatMap((one) => (stillLocked[one] > 0n ? [`${one} has ${stillLocked[one]} wei locked`] : [])),
    ...(disputedSeconds <= disputeMax ? [] : [`it took ${disputedSeconds} s`]),
  ];
}

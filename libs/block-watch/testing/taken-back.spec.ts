/** Bonds of results that were taken back, on the simulated chain (TakenBack.t.sol has the same of the contracts). */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ChannelFacts } from '#chain';
import type { RefereedBlock } from '#dispute/testing/tree-rules';
import type { Address, Digest, Hex } from '#encoding';
import {
  type BlockFacts,
  type BlockId,
  bondWei,
  type ChannelId,
  outputHashOfWords,
  type RevealedResult,
} from '#protocol';
import { shortTerms } from '#protocol/testing/short-terms';
import { Journal } from './kept.js';
import { SimulatedAccusations } from './simulated-accusations.js';
import { bondsBack } from './simulated-block-ends.js';
import { type Quarrel, SimulatedBlockStore } from './simulated-block-store.js';
import { SimulatedSeams } from './simulated-seams.js';
import { burnAccount, SimulatedWei } from './simulated-wei.js';

const address = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}` as Address;
const hash = (n: number): Digest => `0x${n.toString(16).padStart(64, '0')}` as Digest;
const accounts = [address(1), address(2), address(3)];
const terms = { ...shortTerms, participants: accounts, blockMaxNano: [0n, 1_000n, 1_000n] };
const id: BlockId = { channelId: `0x${'09'.repeat(32)}` as ChannelId, blockNumber: 0 };
const claim = (nano: number, validParts: number): Omit<RevealedResult, 'outputHash'> => ({
  ...{ settlementRoot: hash(nano), impressionCount: 1n, validParts },
  amountWords: [`0x${nano.toString(16).padStart(64, '0')}` as Hex],
});
const known = (nano: number, validParts: number) => {
  const said = claim(nano, validParts);
  const outputHash = outputHashOfWords({ ...id, ...said });
  return { ...said, outputHash, firstRevealedAtSeconds: 1_140, isGone: false };
};
const part = (participant: number) => ({
  ...{ participant, partRoot: hash(0), segmentCount: 0, indexHash: hash(0), height: 9 },
  postedAtSeconds: 1_110,
});
/** Of the first two parts all of the three say the first; participant 1 had said the other. */
const first = known(10, 0b011);
const words = (other: number): BlockFacts => {
  const results = [first, { ...known(17, other), isGone: true }];
  const acceptances = accounts.map((_, participant) => ({ participant, outputHash: first.outputHash }));
  const parts = [0, 1, 2].map(part);
  return { parts, seats: [], ownResults: [], acceptances, results, disputedAtSeconds: 1_160 };
};

let store: SimulatedBlockStore;
let seams: SimulatedSeams;
let wei: SimulatedWei;
let accusations: SimulatedAccusations;
beforeEach(() => {
  const journal = new Journal();
  wei = new SimulatedWei(journal, 10n ** 18n);
  store = new SimulatedBlockStore({
    ...{ journal, wei },
    nowSeconds: () => 1_165,
    height: () => 9,
    channel: () => ({ terms }) as unknown as ChannelFacts,
    operatorKey: () => undefined,
    operatorAccount: () => undefined,
    ownSince: () => undefined,
  });
  seams = new SimulatedSeams(store);
  const refereed = () => ({}) as RefereedBlock;
  accusations = new SimulatedAccusations(journal, seams, wei, () => 1_165, refereed);
  for (const one of accounts) wei.add(one, 'lockedWei', bondWei.ownResult);
});

/** Participant 1 took back what counted `other`. */
function tookBack(other: number, quarrel: Partial<Quarrel>, facts: Partial<BlockFacts> = {}): void {
  const said = words(other);
  const own = { 1: said.results[1].outputHash };
  store.save(id, { ...said, ...facts }, { own, takenBack: 0b010, ...quarrel });
}

describe('the bond of a result that was taken back after it was accused', () => {
  const lost = { accused: 0b10, lostOwn: 0b010, forfeitable: 0b010 };
  const open = (openAccusations: number) => ({ dispute: { openAccusations, openQuestions: 0 } });
  const locked = () => wei.of(accounts[1]).lockedWei;

  it('is burnt with the last accusation of a block that is over', () => {
    tookBack(0b011, lost, { ...open(2), settledAtSeconds: 1_164 });
    seams.freeAccusations(id, 1);
    expect(locked()).toBe(bondWei.ownResult);
    seams.freeAccusations(id, 1);
    expect(locked()).toBe(0n);
    expect(wei.of(burnAccount).freeWei).toBe(10n ** 18n + bondWei.ownResult);
  });

  it('is burnt at the end where the last accusation ended before it', () => {
    tookBack(0b011, lost, open(1));
    seams.freeAccusations(id, 1);
    expect(locked()).toBe(bondWei.ownResult);
    const found = store.findNow(id);
    expect(found.facts.dispute?.openAccusations).toBe(0);
    wei.move(bondsBack({ ...found, facts: { ...found.facts, parts: [] } }, [first.outputHash]));
    expect(locked()).toBe(0n);
    expect(wei.of(burnAccount).freeWei).toBe(10n ** 18n + bondWei.ownResult);
  });

  it('is half of whoever releases the last accusation of it, also of a block that is over', () => {
    const said = words(0b011);
    const results = said.results.map((one) => ({ ...one, isGone: false }));
    store.save(id, { ...said, results, acceptances: [said.acceptances[0]] });
    accusations.accuse(accounts[0], id, 1, known(17, 0b011), 0);
    tookBack(0b011, lost, { ...open(1), settledAtSeconds: 1_164 });
    accusations.release(accounts[0], { ...id, resultIndex: 1, slot: 0 });
    expect(wei.of(accounts[0]).freeWei).toBe(10n ** 18n + bondWei.ownResult / 2n);
    expect(locked()).toBe(0n);
  });
});

describe('the bond of a result that was taken back where all agree before parts are decided', () => {
  const ends = 0b101;
  it.each([
    ['is burnt where it was questioned and ignored a part that counts', ends, { 2: 1 }, true],
    ['comes back where nobody asked about what it counts', ends, { 1: 1 }, false],
    ['comes back where its participant asked about what it left out', ends, { 1: 0b010, 2: 1 }, false],
    ['comes back where it left nothing out', 0b111, { 2: 1 }, false],
  ])('%s', (_, other, questioned, isBurnt) => {
    tookBack(other, { questioned });
    const moves = bondsBack(store.findNow(id), [first.outputHash]);
    const burnt = moves.filter(({ to }) => to === burnAccount);
    expect(burnt.map(({ from, wei: lost }) => [from, lost])).toEqual(
      isBurnt ? [[accounts[1], bondWei.ownResult]] : [],
    );
  });

  it('comes back where what it left out is struck', () => {
    const parts = [part(0), { ...part(1), isStruck: true as const }, part(2)];
    tookBack(ends, { questioned: { 2: 1 }, provers: { 1: 1 } }, { parts });
    const moves = bondsBack(store.findNow(id), [first.outputHash]);
    const back = moves.filter(({ from, wei: each }) => from === accounts[1] && each === bondWei.ownResult);
    expect(back.map(({ to }) => to)).toEqual([accounts[1]]);
  });
});

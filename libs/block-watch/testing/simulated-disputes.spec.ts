/** What the simulated chain hands over in ends of disputes that drawn ones come to rarely. */
import { describe, expect, it } from '@jest/globals';
import type { Address, Digest } from '#encoding';
import { type BlockId, bondWei, type ChannelId } from '#protocol';
import { Journal } from './kept.js';
import { bondsBack } from './simulated-block-ends.js';
import type { FoundBlock } from './simulated-block-store.js';
import { SimulatedPanels } from './simulated-panels.js';
import { SimulatedQuestions } from './simulated-questions.js';
import type { SimulatedSeams } from './simulated-seams.js';
import { handed, SimulatedWei, unlocked } from './simulated-wei.js';

const address = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}` as Address;
const hash = (n: number): Digest => `0x${n.toString(16).padStart(64, '0')}` as Digest;
const participants = [0, 1, 2].map((one) => address(0xa0 + one));
const id: BlockId = { channelId: hash(5) as string as ChannelId, blockNumber: 0 };
const blockMaxNano = [100n, 100n, 100n];
const terms = { participants, blockMaxNano, processingPeriod: 40, answerPeriod: 20 };
const part = 2;
const posted = { participant: part, partRoot: hash(7), segmentCount: 3, indexHash: hash(8) };
const commitment = {
  ...{ partRoot: Buffer.from(posted.partRoot.slice(2), 'hex'), segmentCount: 3 },
  indexHash: Buffer.from(posted.indexHash.slice(2), 'hex'),
};

/** A disputed block of which nobody's word is refused. */
class Scene {
  nowSeconds = 1_000;
  height = 10;
  isOpen = true;
  readonly struckBy: (readonly number[])[] = [];
  readonly #journal = new Journal();
  readonly wei = new SimulatedWei(this.#journal, 10n ** 18n);
  readonly seams = {
    find: () => ({ facts: { parts: [posted], seats: [] } }),
    termsOf: () => terms,
    isOpen: () => this.isOpen,
    holdQuestion: (_: BlockId, __: number, sender: Address) => participants.indexOf(sender),
    strikePart: (_: BlockId, __: number, provers: readonly number[]) => this.struckBy.push(provers),
    freeQuestions: () => {},
  } as unknown as SimulatedSeams;

  questions(): SimulatedQuestions {
    const noRules = () => {
      throw new Error('nothing is published');
    };
    return new SimulatedQuestions(this.#journal, this.seams, this.wei, () => this.nowSeconds, noRules);
  }

  panels(members: readonly Address[]): SimulatedPanels {
    return new SimulatedPanels(this.#journal, this.seams, this.wei, {
      nowSeconds: () => this.nowSeconds,
      height: () => this.height,
      hashOf: hash,
      steadyBonds: () => members.map((account) => ({ account, weight: 10n ** 17n })),
      drawn: () => {},
    });
  }
}

describe('the simulated chain', () => {
  it('upholds questions about the row that nobody published, and lets those about others go on', () => {
    const scene = new Scene();
    const questions = scene.questions();
    const [first, second] = participants;
    questions.askRow(first, id, { part, commitment, rowIndex: 0 });
    questions.askRow(second, id, { part, commitment, rowIndex: 1 });
    scene.nowSeconds += terms.answerPeriod;
    questions.concludeQuestion(first, id, part, 0);
    expect(questions.facts(id, part)?.questions).toEqual([
      { participant: 0, rowIndex: 0, state: 'returned' },
      { participant: 1, rowIndex: 1, state: 'open' },
    ]);
    expect(scene.struckBy).toEqual([[0]]);
    expect([first, second].map((one) => scene.wei.of(one).lockedWei)).toEqual([0n, bondWei.question]);
  });

  it('fines no member of a panel that is cut short, however late it is released', () => {
    const member = address(0xb0);
    const stakeAfter = (seconds: number): bigint => {
      const scene = new Scene();
      scene.wei.add(member, 'stakeWei', bondWei.leastStake);
      const panels = scene.panels([member]);
      panels.askPanel(participants[0], id, part);
      scene.height += 3;
      panels.drawPanel(member, id, part, 100);
      scene.nowSeconds += seconds;
      scene.isOpen = false;
      panels.releasePanel(member, id, part);
      return scene.wei.of(member).stakeWei;
    };
    const { processingPeriod } = terms;
    for (const late of [-1, 0, 1]) expect(stakeAfter(processingPeriod + late)).toBe(bondWei.leastStake);
  });

  it('pays no fee to the validator of a result that fell, though it pays what stands', () => {
    const validator = address(0xc0);
    const [payer] = participants;
    const seat = { participant: 0, validator, feeWei: 5n, outputHash: hash(1) };
    const words = { amountWords: [hash(9)] };
    const facts = {
      ...{ parts: [], seats: [seat], ownResults: [], acceptances: [] },
      results: [
        { ...words, outputHash: hash(1) },
        { ...words, outputHash: hash(2) },
      ],
    };
    const quarrel = { own: {}, lostOwn: 0, lostSeats: 0, burntOwn: 0, burntSeats: 0, forfeitable: 0 };
    const back = (lostSeats: number) =>
      bondsBack({ id, terms, facts, quarrel: { ...quarrel, lostSeats } } as unknown as FoundBlock, [hash(2)]);
    expect(back(0)).toContainEqual(handed(payer, validator, 5n));
    expect(back(1)).toEqual([unlocked(payer, 5n)]);
  });
});

/** Whether a part was served, as validators by lot say: tests of what every chain promises. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toHex } from '#encoding';
import { panelCommitmentOf, panelTimes } from '#protocol';
import type { DrivenChain } from '../chain.js';
import { done, refused } from './answers.js';
import { DisputedBlock } from './disputed-block.js';
import { keyOf, stakeWeiMin } from './example-channel.js';

const payer = 0;
const seller = 1;
const part = 2;
const outsider = keyOf('panel outsider');

interface OwnChain {
  readonly port: DrivenChain;
  close(): Promise<void>;
}

/** On a chain of its own: whoever is listed may be drawn. */
export function asksPanels(open: () => Promise<OwnChain>): void {
  describe('whose validators are asked', () => {
    let opened: OwnChain;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    it('strikes a part that the majority of a panel does not hold, and hears an appeal', async () => {
      const panel = await Panel.ask(opened.port);
      const { block, keys } = panel;
      const { acts, id } = block;
      expect(refused(await acts[payer].drawPanel(id, part, 100))).toBe('draw-too-early');
      expect(refused(await acts[payer].concludePanel(id, part))).toBe('not-drawn');
      const members = await panel.draw();
      // The payer's seat has a result at stake; there are no more.
      expect([...members].sort()).toEqual([...keys.keys()].sort());
      const [first] = members;
      const strange = block.chain.disputeActs(block.channel.participants[payer].validatorKey);
      expect(refused(await strange.commitPanel(id, part, 0, toHex(outsider)))).toBe('not-member');
      await panel.commit(0, [true, false, false]);
      const committed = (await panel.facts()).rounds[0];
      expect(committed.members.every(({ commitment }) => commitment !== undefined)).toBe(true);
      expect(refused(await panel.reveal(0, 0, true))).toBe('wrong-time');
      const times = panelTimes(block.channel.terms, Number(committed.drawnAtSeconds));
      await block.chain.advanceTo(times.commitUntilSeconds);
      expect(refused(await panel.reveal(0, 0, false))).toBe('commitment-mismatch');
      for (const [place, isHeld] of [true, false, false].entries()) {
        done(await panel.reveal(0, place, isHeld));
      }
      const { rounds } = await panel.facts();
      expect(rounds[0].members[0]).toEqual({ account: first, isHeld: true });
      expect(rounds[0].members.map(({ isHeld }) => isHeld)).toEqual([true, false, false]);
      await block.chain.advanceTo(times.revealUntilSeconds);
      done(await acts[payer].appealPanel(id, part));
      expect((await panel.facts()).rounds[1]).toMatchObject({ appellant: acts[payer].address, members: [] });
      await panel.draw();
      await panel.commit(1, [false, false, false]);
      await block.pass(block.channel.terms.processingPeriod / 2);
      for (const place of [0, 1, 2]) done(await panel.reveal(1, place, false));
      expect(refused(await acts[seller].concludePanel(id, part))).toBe('wrong-time');
      await block.pass(block.channel.terms.processingPeriod / 2 + block.channel.terms.answerPeriod);
      done(await acts[seller].concludePanel(id, part));
      const [questioned] = (await block.facts()).parts;
      expect(questioned).toMatchObject({ isStruck: true, isPanelAsked: true, askedRows: 0 });
      expect(questioned.panel).toMatchObject({ isOver: true, isHeld: false });
      expect(refused(await acts[seller].concludePanel(id, part))).toBe('already-concluded');
    });

    it('gives the bonds of a panel back where the block is over first', async () => {
      const panel = await Panel.ask(opened.port);
      const { acts, id, results, channel } = panel.block;
      expect(refused(await acts[payer].askPanel(id, part))).toBe('already-asked');
      expect(refused(await acts[payer].releasePanel(id, part))).toBe('block-open');
      for (const [at, { account }] of channel.participants.entries()) {
        done(await account.acceptResult(id.channelId, 0, at, results[0].result.outputHash));
      }
      done(await acts[payer].releasePanel(id, part));
      const { isOver, isHeld } = await panel.facts();
      expect([isOver, isHeld]).toEqual([true, undefined]);
    });
  });
}

let asked = 0;

class Panel {
  readonly block: DisputedBlock;
  /** Keys of those who may be drawn, by account. */
  readonly keys: ReadonlyMap<string, Uint8Array>;

  private constructor(block: DisputedBlock, keys: ReadonlyMap<string, Uint8Array>) {
    this.block = block;
    this.keys = keys;
  }

  static async ask(chain: DrivenChain): Promise<Panel> {
    asked += 1;
    const outside = chain.validatorActs(outsider);
    await chain.fund(outside.address, 10n ** 18n);
    const facts = { encryptionKey: toHex(outsider), endpoint: 'http://here', leastFeeWei: 0n };
    if (asked === 1) done(await outside.registerValidator({ ...facts, stakeWei: stakeWeiMin * 5n }));
    const block = await DisputedBlock.begin(chain, {
      ...{ name: `panel ${asked}`, impressions: 5, sellersParts: 0b011 },
      lie: (leaves) => leaves.slice(1),
    });
    const [, { validatorKey: sellers }, { validatorKey: auditors }] = block.channel.participants;
    const keys = [outsider, sellers, auditors].map((key) => [chain.validatorActs(key).address, key] as const);
    done(await block.acts[seller].askPanel(block.id, part));
    return new Panel(block, new Map(keys));
  }

  async facts() {
    const { panel } = (await this.block.facts()).parts[0];
    if (panel === undefined) throw new Error('nobody asked');
    return panel;
  }

  /** Who was drawn into the current round. */
  async draw(): Promise<readonly string[]> {
    const { block } = this;
    for (const _ of [1, 2, 3]) await block.pass(0);
    done(await block.acts[2].drawPanel(block.id, part, 100));
    const round = (await this.facts()).rounds.at(-1);
    return (round?.members ?? []).map(({ account }) => account);
  }

  async commit(round: number, words: readonly boolean[]): Promise<void> {
    const { block } = this;
    for (const [place, isHeld] of words.entries()) {
      const { member, salt } = await this.#memberAt(round, place);
      const commitment = panelCommitmentOf({ ...block.id, part, round, member, isHeld, salt });
      const acts = block.chain.disputeActs(this.keys.get(member) as Uint8Array);
      done(await acts.commitPanel(block.id, part, place, commitment));
    }
  }

  async reveal(round: number, place: number, isHeld: boolean) {
    const { salt } = await this.#memberAt(round, place);
    return this.block.acts[2].revealPanel(this.block.id, part, place, isHeld, salt);
  }

  async #memberAt(round: number, place: number) {
    const { account: member } = (await this.facts()).rounds[round].members[place];
    return { member, salt: toHex(keyOf(`salt ${member}`)) };
  }
}

/**
 * What is said in disputes on the simulated chain: decided by the contracts' rules, or, of a block of which
 * a test tells what others said, kept as services say it.
 */
import type { ChainEvent, ChainOutcome, DisputeActs, RefusalCode } from '#chain';
import type { Address, Hex } from '#encoding';
import type {
  AccusationId,
  BlockId,
  BlockRules,
  ChannelId,
  DisputeFacts,
  QuestionedPartFacts,
} from '#protocol';
import type { RefereedBlock } from '#dispute/testing/tree-rules';
import type { Journal } from './kept.js';
import { SimulatedAccusations } from './simulated-accusations.js';
import type { SimulatedBlockStore } from './simulated-block-store.js';
import { type PanelSetting, SimulatedPanels } from './simulated-panels.js';
import { SimulatedQuestions } from './simulated-questions.js';
import { SimulatedSeams } from './simulated-seams.js';

/** One act, as it was sent. */
export interface Said {
  readonly by: Address;
  readonly act: keyof DisputeActs;
  readonly given: readonly unknown[];
}

/** What disputes ask of the rest of the chain. */
export interface DisputesSetting extends Omit<PanelSetting, 'drawn'> {
  readonly journal: Journal;
  readonly store: SimulatedBlockStore;
  mine(): void;
  /** Runs an act and mines it. */
  take(run: () => void): ChainOutcome;
  rules(id: BlockId): BlockRules;
  refereed(id: BlockId): RefereedBlock;
}

export class SimulatedDisputes {
  /** All acts, also refused ones. */
  readonly said: Said[] = [];
  /** What the chain answers instead of taking an act. */
  refuses: (said: Said) => RefusalCode | undefined = () => undefined;
  readonly #setting: DisputesSetting;
  readonly #told = new Map<string, DisputeFacts>();
  readonly #drawn: ChainEvent[] = [];
  readonly #accusations: SimulatedAccusations;
  readonly #questions: SimulatedQuestions;
  readonly #panels: SimulatedPanels;

  constructor(setting: DisputesSetting) {
    const { journal, store } = setting;
    this.#setting = setting;
    const seams = new SimulatedSeams(store);
    const { wei } = store.setting;
    const now = () => setting.nowSeconds();
    const drawn = ({ channelId, blockNumber }: BlockId) => this.#tellDrawn(channelId, blockNumber);
    const rules = (id: BlockId) => setting.rules(id);
    this.#accusations = new SimulatedAccusations(journal, seams, wei, now, (id) => setting.refereed(id));
    this.#questions = new SimulatedQuestions(journal, seams, wei, now, rules);
    this.#panels = new SimulatedPanels(journal, seams, wei, { ...setting, drawn });
  }

  /** What was said of a block so far, as others see it. */
  put(channelId: ChannelId, blockNumber: number, facts: Partial<DisputeFacts>): void {
    const before = this.of(channelId, blockNumber);
    this.#told.set(`${channelId}/${blockNumber}`, { ...before, ...facts });
    const drawn = facts.parts?.some(({ panel }) =>
      panel?.rounds.some((one) => one.drawnAtSeconds !== undefined),
    );
    if (drawn === true) this.#tellDrawn(channelId, blockNumber);
    this.#setting.mine();
  }

  of(channelId: ChannelId, blockNumber: number): DisputeFacts {
    const told = this.#told.get(`${channelId}/${blockNumber}`);
    if (told !== undefined) return told;
    const id = { channelId, blockNumber };
    const parts = [...Array(16).keys()].flatMap((part) => this.#partOf(id, part));
    return { accusations: this.#accusations.facts(id), parts };
  }

  /** Of panels that were drawn, from the `from`th on. */
  drawnSince(from: number): readonly ChainEvent[] {
    return this.#drawn.slice(from);
  }

  acts(by: Address): DisputeActs {
    const target = { address: by } as DisputeActs;
    return new Proxy(target, {
      get: (_, name) => {
        if (name === 'address') return by;
        return async (...given: unknown[]): Promise<ChainOutcome> => {
          const said: Said = { by, act: name as keyof DisputeActs, given };
          this.said.push(said);
          const code = this.refuses(said);
          if (code !== undefined) return { ok: false, code, message: code };
          return this.#setting.take(() => this.#decide(said));
        };
      },
    });
  }

  #decide({ by, act, given }: Said): void {
    const { channelId, blockNumber } = given[0] as BlockId | AccusationId;
    if (this.#told.has(`${channelId}/${blockNumber}`)) return;
    for (const game of [this.#accusations, this.#questions, this.#panels]) {
      const run = (game as unknown as Record<string, unknown>)[act];
      if (typeof run !== 'function') continue;
      run.call(game, by, ...given);
      return;
    }
    throw new Error(`the simulated chain knows no ${act}`);
  }

  #partOf(id: BlockId, part: number): QuestionedPartFacts[] {
    const questions = this.#questions.facts(id, part);
    const panel = this.#panels.facts(id, part);
    if (questions === undefined && panel === undefined) return [];
    const posted = this.#setting.store.facts(id).parts.find(({ participant }) => participant === part);
    const none = { askedRows: 0, questions: [], rows: [] };
    const asked = { part, isStruck: posted?.isStruck === true, isPanelAsked: panel !== undefined };
    return [{ ...asked, ...(questions ?? none), ...(panel === undefined ? {} : { panel }) }];
  }

  #tellDrawn(channelId: ChannelId, blockNumber: number): void {
    const at = { height: this.#setting.height(), hash: '0x' as Hex, logIndex: 0 };
    this.#drawn.push({ kind: 'panel-drawn', channelId, blockNumber, at });
  }
}

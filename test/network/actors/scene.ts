/**
 * One block in which somebody plays against honest organisations: real contracts on the embedded chain, whose
 * time is the test's, and the real services of those who are honest.
 */
import { Validator } from '#apps/validator/src/validator';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import type { ChainOutcome, DisputeActs, DrivenChain, ParticipantActs, ValidatorActs } from '#chain';
import { addressOf, encryptionPublicKey, sha256 } from '#crypto';
import { eachRecord } from '#dispute/impression-records';
import { type GameLeaf, leavesOf } from '#dispute/testing/game-block';
import { type Address, type Hex, toHex, utf8 } from '#encoding';
import { silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import {
  type BlockFacts,
  type BlockId,
  type DisputeFacts,
  type DisputeWindows,
  keyCommitments,
  keysRootOf,
  limits,
  panelTimes,
  type Stage,
  stageOf,
} from '#protocol';
import { reductionTermsOf } from '#proofs';
import { done, type OnChain, openRehearsed, rehearseOn } from '../../open-on-chain.js';
import { fillLogs, type Sweeper, startAll, sweepUntilStill } from '../../organisations.js';

/** What the payer puts into each payee's line, nano. */
export const deposit = 1_000_000n;

/** Of a channel of one block. */
const oneBlock = {
  blocksMax: 1,
  keysRoot: toHex(keysRootOf(keyCommitments(new Rehearsal().channelSecret, 1))),
};

/** Somebody who plays against the others, by name. */
export interface Strategy {
  readonly name: string;
  /** What of the protocol it attacks. */
  readonly attacks: string;
  /** Participants who play it together; all others are honest. */
  readonly culprits: readonly number[];
  /** What its accounts, operator keys and validators have lost in the end, wei. */
  readonly pays: bigint;
  /** What it says, each once, by name; with the code of the chain's no where it is refused. */
  readonly says: readonly string[];
  /** What the protocol lets somebody honest pay for it; nobody else pays anything. */
  readonly costs?: { readonly participant: number; readonly wei: bigint };
  /** Before the block. */
  prepare?(scene: Scene): Promise<void>;
  /** Instead of honest parts of the culprits. */
  post?(scene: Scene): Promise<void>;
  /** Culprits whose parts do not count; all of them if absent of one that posts. */
  readonly spoilers?: readonly number[];
  /** While validators commit. */
  commit?(scene: Scene): Promise<void>;
  /** Once the others' validators have revealed. */
  reveal?(scene: Scene): Promise<void>;
  /** Once own results may be revealed, at V + `after`. */
  begin?(scene: Scene): Promise<void>;
  /** Instead of at V. */
  readonly beginsAfter?: number;
  /** Its turns, each time nobody else has anything to say; whether it said something. */
  turn?(scene: Scene): Promise<boolean>;
  /** It speaks in the last second of each time. */
  readonly isLate?: boolean;
  /** No validator of those who are honest has a seat: they wait for parts that do not come. */
  readonly isUnattended?: boolean;
}

/** What somebody has in the Vault, wei. */
interface Wei {
  readonly all: bigint;
  readonly locked: bigint;
}

export interface Ending {
  readonly scene: Scene;
  readonly block: BlockId;
  /** Of all participants: account, operator key and validator. */
  readonly accounts: readonly Address[];
  readonly said: readonly string[];
  readonly stage: Stage;
  /** From the first result that differs to the end; 0 where nobody disputed anything. */
  readonly disputedSeconds: number;
  /** What each participant has been paid, nano. */
  readonly paid: readonly bigint[];
  /** What left each payee's line, nano. */
  readonly taken: readonly bigint[];
  /** Wei of each participant, its operator key and its validator: how they grew. */
  readonly grown: readonly bigint[];
  /** How what they have locked grew. */
  readonly stillLocked: readonly bigint[];
}

export class Scene {
  readonly chain: DrivenChain;
  readonly rehearsal: Rehearsal;
  readonly token: Hex;
  readonly strategy: Strategy;
  readonly block: BlockId;
  /** What culprits said, as `says`. */
  readonly said = new Set<string>();
  /** What the strategy remembers. */
  readonly memory = new Map<string, unknown>();
  /** The true leaves of the block. */
  readonly leaves: readonly GameLeaf[];
  readonly #services: readonly Sweeper[];
  readonly #views = new Map<number, Scene>();
  #panels: readonly Sweeper[] | undefined;
  /** V. */
  readonly processed: number;

  private constructor(chain: DrivenChain, { rehearsal, token }: OnChain, strategy: Strategy) {
    this.chain = chain;
    this.rehearsal = rehearsal;
    this.token = token;
    this.strategy = strategy;
    this.block = { channelId: rehearsal.channelId, blockNumber: 0 };
    this.processed = rehearsal.collected(0) + blockSeconds.processing;
    const records = [0, 1, 2].flatMap((author) =>
      eachRecord(rehearsal.batch(0, author, 1).slice(limits.batchHeaderBytes)),
    );
    this.leaves = leavesOf(reductionTermsOf(rehearsal.terms), records);
    this.#services = startAll(rehearsal, undefined, [], chain, { away: strategy.culprits });
  }

  static async play(chain: DrivenChain, strategy: Strategy): Promise<Ending> {
    const found = await rehearseOn(chain, oneBlock);
    await openRehearsed(chain, found, deposit);
    const scene = new Scene(chain, found, strategy);
    await fillLogs(found.rehearsal);
    const before = await scene.#wei();
    await scene.#process();
    await scene.#quarrel();
    const after = await scene.#wei();
    const { stage, facts, now } = await scene.look();
    const snapshot = await chain.snapshot({ finality: 'latest' });
    const { participants, channelId } = found.rehearsal;
    const lines = (await snapshot.channel(channelId))?.lines ?? [];
    return {
      scene,
      block: scene.block,
      accounts: participants.flatMap((one) => [one.account, addressOf(one.operatorKey), one.validator]),
      said: [...scene.said],
      stage,
      disputedSeconds: facts.disputedAtSeconds === undefined ? 0 : now - facts.disputedAtSeconds,
      paid: await Promise.all(participants.map(({ account }) => snapshot.balance(found.token, account))),
      taken: lines.map(({ amount }) => deposit - amount),
      grown: after.map(({ all }, at) => all - before[at].all),
      stillLocked: after.map(({ locked }, at) => locked - before[at].locked),
    };
  }

  /** Who plays. */
  get me(): number {
    return this.strategy.culprits[0];
  }

  /** Somebody honest. */
  get victim(): number {
    return [0, 1, 2].find((one) => !this.strategy.culprits.includes(one)) as number;
  }

  /** The scene as one of several sees it who play at once: with a memory of its own. */
  as(strategy: Strategy, me: number): Scene {
    const known = this.#views.get(me) ?? this.#viewOf(strategy, me);
    this.#views.set(me, known);
    return known;
  }

  #viewOf(strategy: Strategy, me: number): Scene {
    const { victim } = this;
    const own = { strategy, memory: new Map<string, unknown>(), me, victim };
    return Object.create(
      this,
      Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value }])),
    ) as Scene;
  }

  /** Posts the honest part of a participant. */
  async collate(participant: number): Promise<void> {
    await sweepUntilStill([this.#services[participant]]);
  }

  /** How many have a settlement service. */
  get #honest(): number {
    return this.rehearsal.participants.length - this.strategy.culprits.length;
  }

  acts(participant: number): DisputeActs {
    return this.chain.disputeActs(this.rehearsal.participants[participant].operatorKey);
  }

  operator(participant: number): ParticipantActs {
    return this.chain.participantActs(this.rehearsal.participants[participant].operatorKey);
  }

  account(participant: number): ParticipantActs {
    return this.chain.participantActs(this.rehearsal.participants[participant].accountKey);
  }

  validator(participant: number): ValidatorActs {
    return this.chain.validatorActs(this.rehearsal.participants[participant].validatorKey);
  }

  /** What a culprit says; whether the chain took it. */
  async say(name: string, outcome: Promise<ChainOutcome>): Promise<boolean> {
    const answer = await outcome;
    this.said.add(answer.ok ? name : `${name}: ${answer.code}`);
    return answer.ok;
  }

  async look(): Promise<Looked> {
    const { channelId, blockNumber } = this.block;
    const latest = await this.chain.snapshot({ finality: 'latest' });
    const facts = await latest.blockFacts(channelId, blockNumber);
    const dispute = await latest.disputeFacts(channelId, blockNumber);
    return {
      facts,
      dispute,
      now: latest.timestampSeconds,
      stage: await latest.stage(channelId, blockNumber),
    };
  }

  async #process(): Promise<void> {
    const { strategy, chain, rehearsal } = this;
    const seats = strategy.isUnattended === true ? [] : this.#services.slice(3, -this.#honest);
    await strategy.prepare?.(this);
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(this.#collators(strategy.post === undefined));
    await strategy.post?.(this);
    await sweepUntilStill(seats);
    await strategy.commit?.(this);
    await chain.advanceTo(rehearsal.collected(0) + blockSeconds.processing / 2);
    await sweepUntilStill(seats);
    await strategy.reveal?.(this);
    await chain.advanceTo(this.processed + (strategy.beginsAfter ?? 0));
    await strategy.begin?.(this);
  }

  /** Until the block is over and nothing of it is left to do. */
  async #quarrel(): Promise<void> {
    for (;;) {
      do await sweepUntilStill(this.#services.slice(-this.#honest));
      while ((await this.strategy.turn?.(this)) === true);
      const looked = await this.look();
      if (looked.stage === 'settled' || looked.stage === 'void') return;
      if (looked.dispute.parts.some(({ panel }) => panel !== undefined)) {
        this.#panels ??= outsiders.map((key) => panelist(this.chain, this.rehearsal, key));
        const validators = this.#services.slice(-2 * this.#honest, -this.#honest);
        await sweepUntilStill([...this.#panels, ...validators]);
      }
      await this.chain.advanceTo(this.#next(looked));
    }
  }

  /** When something begins or ends next, or is in its last second. */
  #next({ facts, dispute, now }: Looked): number {
    const { terms } = this.rehearsal;
    const stage = stageOf(terms, 0, facts, now);
    const windows: DisputeWindows = stage.stage === 'dispute' ? stage : {};
    const panels = dispute.parts.flatMap(({ panel }) => panel?.rounds ?? []);
    const ends = [
      ...('endsAtSeconds' in stage ? [stage.endsAtSeconds] : []),
      ...[windows.ownResults, windows.questions, windows.accusations].map((one) => one?.untilSeconds),
      ...(windows.questions === undefined ? [] : [windows.questions.untilSeconds - 2]),
      ...[windows.partsDecidedAtSeconds, this.processed + terms.challengePeriod / 2],
      // When own results are said that wait for parts.
      this.processed + terms.challengePeriod - terms.processingPeriod / 8,
      ...dispute.accusations.map(({ untilSeconds }) => untilSeconds),
      ...dispute.parts.flatMap(({ rows }) => rows.flatMap((one) => [one.untilSeconds, one.untilSeconds - 2])),
      ...panels.flatMap(({ drawnAtSeconds, namedAtSeconds }) =>
        drawnAtSeconds === undefined
          ? [namedAtSeconds + 1, now + 1]
          : Object.values(panelTimes(terms, drawnAtSeconds)),
      ),
    ].filter((one) => one !== undefined);
    const moments = this.strategy.isLate === true ? ends.flatMap((one) => [one - 1, one]) : ends;
    return Math.min(...moments.filter((one) => one > now));
  }

  /** Of all, or of those who are honest. */
  #collators(isWhole: boolean): readonly Sweeper[] {
    const { culprits } = this.strategy;
    return this.#services.slice(0, 3).filter((_, at) => isWhole || !culprits.includes(at));
  }

  #wei(): Promise<readonly Wei[]> {
    return Promise.all(
      this.rehearsal.participants.map(async ({ account, operatorKey, validator }) => {
        const latest = await this.chain.snapshot({ finality: 'latest' });
        const each = await Promise.all(
          [account, addressOf(operatorKey), validator].map((one) => latest.weiAccount(one)),
        );
        const sum = (of: (one: (typeof each)[number]) => bigint) => each.map(of).reduce((a, b) => a + b);
        const locked = sum(({ lockedWei }) => lockedWei);
        return { locked, all: sum(({ freeWei, stakeWei }) => freeWei + stakeWei) + locked };
      }),
    );
  }
}

export interface Looked {
  readonly facts: BlockFacts;
  readonly dispute: DisputeFacts;
  readonly now: number;
  readonly stage: Stage;
}

export function owedFor(leaves: readonly GameLeaf[]): bigint[] {
  return [0, 1, 2].map((one) => leaves.reduce((sum, { amounts }) => sum + amounts[one], 0n));
}

/** Validators of nobody in the channel, of whom panels are drawn. */
const outsiders = [1, 2, 3, 4].map((one) => sha256(utf8(`outsider ${one}`)));

export async function registerOutsiders(chain: DrivenChain): Promise<void> {
  for (const key of outsiders) {
    await chain.fund(addressOf(key), 10n ** 20n);
    const registered = chain.validatorActs(key).registerValidator({
      encryptionKey: toHex(encryptionPublicKey(key)),
      endpoint: `http://${addressOf(key)}`,
      ...{ leastFeeWei: 0n, stakeWei: 10n ** 18n },
    });
    await done(registered);
  }
}

function panelist(chain: DrivenChain, rehearsal: Rehearsal, privateKey: Uint8Array): Sweeper {
  const partStore = rehearsal.partStore();
  return new Validator(
    {
      ...{ privateKey, encryptionSecret: privateKey },
      ...{ sweepIntervalMs: 1_000, feeFreeAccounts: [], requestsMax: 10, availabilityWaitSeconds: 0 },
    },
    {
      ...{ chain, partStore, log: silentLog, reduceBlock: reduceInMemory(partStore) },
      keyValue: openMemoryKeyValue(new KeyValueDrawer()),
      jobQueue: openInProcessJobQueue({ log: silentLog }),
    },
  );
}

/**
 * One dispute over a random block, whole: what is posted, who lies and how, in which order everybody moves, and
 * who is silent, all decided by a seed. The same on every chain.
 */
import type { ChainSnapshot } from '#chain';
import { merklePath, signDigest } from '#crypto';
import { type Address, fromHex, toHex } from '#encoding';
import {
  blockKeyOf,
  boxesHashOf,
  type BlockId,
  type ChannelTerms,
  channelIdOf,
  commitmentOf,
  decidedFacts,
  delegationDigest,
  type DisputeWindows,
  domainSeparator,
  type Eip712Domain,
  keyCommitments,
  keysRootOf,
  panelCommitmentOf,
  panelTimes,
  roleOf,
  secretOf,
  type Stage,
  stageOf,
} from '#protocol';
import { reductionTermsOf } from '#proofs';
import { defaultParameters, encodeParameters } from '#reduction';
import { boxOf, secretsOf } from './dispute-secrets.js';
import { done } from '../open-on-chain.js';
import type { People, Person } from './dispute-people.js';
import { Dice } from './dice.js';
import { type DisputedPart, disputedPart, partFaultKinds, randomRecords, viewOf } from './disputed-parts.js';
import { type DisputeLook, type HonestSetting, HonestSide, isGood } from './honest-side.js';
import { LyingSide } from './lying-side.js';

const roles = [roleOf.dsp, roleOf.ssp, roleOf.auditor, roleOf.ssp];
const deposit = 1_000_000n;
const periods = {
  ...{ blockDuration: 100, collectionGrace: 10, collationPeriod: 50, processingPeriod: 40 },
  ...{
    challengePeriod: 30,
    answerPeriod: 10,
    disputeMax: 700,
    withdrawalNotice: 200,
    retentionPeriod: 1_000,
  },
};
export const { disputeMax } = periods;

export interface SeededEnding {
  readonly id: BlockId;
  readonly stage: Stage;
  readonly honest: readonly number[];
  /** What left each payee's line, base units. */
  readonly paid: readonly bigint[];
  /** The good parts' records: what counts. */
  readonly counted: readonly Uint8Array[];
  readonly roles: readonly number[];
  /** By participant: how much all wei of its account, operator key and validator grew. */
  readonly grownWei: readonly bigint[];
  /** How much more wei than before somebody has locked. */
  readonly lockedWei: bigint;
  /** By participant: its part was held by a panel, half of whose pay is the owner's. */
  readonly wasHeld: readonly boolean[];
  readonly disputedSeconds: number;
  readonly accounts: readonly Address[];
  readonly isDisputed: boolean;
}

/** Wei of each participant, and what they and those of whom panels are drawn have locked. */
interface Wealth {
  readonly all: readonly bigint[];
  readonly locked: bigint;
}

type Seat = 'own-word' | 'true' | 'false';

export class SeededDispute {
  readonly #people: People;
  readonly #dice: Dice;
  readonly #persons: readonly Person[];
  readonly #setting: HonestSetting;
  readonly #channel: { readonly terms: ChannelTerms; readonly id: BlockId; readonly domain: Eip712Domain };
  readonly #secret: Uint8Array;
  readonly #honest: readonly HonestSide[];
  readonly #liars: readonly LyingSide[];

  static async play(people: People, seed: number): Promise<SeededEnding> {
    const dispute = await SeededDispute.#open(people, seed);
    const before = await dispute.#wealth();
    await dispute.#process();
    await dispute.#quarrel();
    return dispute.#ending(before);
  }

  private constructor(
    people: People,
    dice: Dice,
    channel: { readonly terms: ChannelTerms; readonly id: BlockId; readonly domain: Eip712Domain },
    secret: Uint8Array,
  ) {
    const { terms, id, domain } = channel;
    this.#people = people;
    this.#dice = dice;
    this.#channel = channel;
    this.#secret = secret;
    this.#persons = people.all.slice(0, terms.roles.length);
    const keys = this.#persons.map(({ accountKey }) => accountKey);
    const rules = {
      ...{ roles: terms.roles, priceNanoMax: terms.priceNanoMax, authorBytesMax: terms.authorBytesMax },
      ...{ channelId: fromHex(id.channelId), blockNumber: 0, blockKey: blockKeyOf(secretOf(secret, 0)) },
      domainSeparator: domainSeparator(domain),
      signers: this.#persons.map(({ account }) => fromHex(account)),
    };
    const signing = { rules, keys };
    const everybody = [...terms.roles.keys()];
    const trusty = dice.below(everybody.length);
    const isHonest = everybody.map((one) => one === trusty || dice.chance(30));
    const isAway = everybody.map((one) => !isHonest[one] && dice.chance(20));
    const records = randomRecords(dice, terms.roles);
    const parts = everybody
      .filter((one) => isHonest[one] || dice.chance(90))
      .map((one) => {
        const own = records.filter(() => dice.chance(85));
        const isSpoiled = !isHonest[one] && dice.chance(40);
        return disputedPart(signing, one, own, isSpoiled ? dice.pick(partFaultKinds) : undefined);
      });
    this.#setting = {
      ...{ chain: people.chain, id, terms: reductionTermsOf(terms), signing, parts },
      keyPath: merklePath(keyCommitments(secret, terms.blocksMax), 0),
      views: parts.map((part) => viewOf(rules, part)),
    };
    this.#honest = everybody
      .filter((one) => isHonest[one])
      .map((one) => new HonestSide(one, this.#persons[one], this.#setting));
    this.#liars = everybody
      .filter((one) => !isHonest[one] && !isAway[one])
      .map((one) => new LyingSide(one, this.#persons[one], this.#setting, dice));
  }

  static async #open(people: People, seed: number): Promise<SeededDispute> {
    const { chain, all, token } = people;
    const dice = new Dice(seed);
    const domain = await chain.domain();
    const { secret, salt } = secretsOf(seed);
    const of = roles.slice(0, 3 + dice.below(2));
    const persons = all.slice(0, of.length);
    const boxes = persons.map((_, at) => boxOf(at));
    const blocksMax = 3;
    const terms: ChannelTerms = {
      participants: persons.map(({ account }) => account),
      roles: of,
      blockMaxNano: of.map((_, at) => (at === 0 ? 0n : 900_000n)),
      ...{ token, tokenPerUnit: 1_000_000_000n, reducer: 'rtb-impression/1', blockPolicy: 0 },
      reducerParameters: toHex(encodeParameters(defaultParameters)),
      firstBlockStart: (await chain.time()).timestampSeconds + 10,
      ...{ blocksMax, authorBytesMax: 65_536, priceNanoMax: 1_000_000n },
      keysRoot: toHex(keysRootOf(keyCommitments(secret, blocksMax))),
      boxesHash: boxesHashOf(boxes),
      salt,
      ...periods,
    };
    const id = { channelId: channelIdOf(domain, terms), blockNumber: 0 };
    const signatures = persons.map((one) => toHex(signDigest(fromHex(id.channelId), one.accountKey)));
    const payer = chain.participantActs(all[0].accountKey);
    await done(payer.openChannel(terms, signatures, boxes));
    for (const payee of of.keys()) {
      if (payee > 0) await done(payer.deposit(id.channelId, payee, deposit));
    }
    return new SeededDispute(people, dice, { terms, id, domain }, secret);
  }

  async #process(): Promise<void> {
    const { chain } = this.#people;
    const { terms, id } = this.#channel;
    const collected = terms.firstBlockStart + terms.blockDuration + terms.collectionGrace;
    await chain.advanceTo(collected);
    for (const { participant, commitment } of this.#setting.parts) {
      const { partRoot, segmentCount, indexHash } = commitment;
      const posted = { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash) };
      const operator = chain.participantActs(this.#persons[participant].operatorKey);
      await done(operator.postPart(id.channelId, 0, posted));
    }
    const isWhole = this.#setting.parts.length === terms.roles.length;
    if (!isWhole) await chain.advanceTo(collected + terms.collationPeriod);
    const { timestampSeconds: processing } = await chain.time();
    const seats = this.#persons.map((_, one): Seat => this.#seatOf(one));
    for (const [one, seat] of seats.entries()) if (seat !== 'own-word') await this.#commit(one, seat);
    await chain.advanceTo(processing + terms.processingPeriod / 2);
    for (const [one, seat] of seats.entries()) {
      if (seat === 'true' || (seat === 'false' && this.#dice.chance(90))) await this.#reveal(one, seat);
    }
    await chain.advanceTo(processing + terms.processingPeriod);
  }

  #seatOf(one: number): Seat {
    if (this.#dice.chance(50)) return 'own-word';
    const isHonest = this.#honest.some(({ participant }) => participant === one);
    return isHonest || !this.#liars.some(({ participant }) => participant === one) ? 'true' : 'false';
  }

  #claimOf(one: number, seat: Seat) {
    const liar = this.#liars.find(({ participant }) => participant === one);
    return seat === 'false' && liar !== undefined ? liar.claim : this.#honest[0].own;
  }

  async #commit(one: number, seat: Seat): Promise<void> {
    const { domain, id, terms } = this.#channel;
    const { validator, validatorKey, operatorKey } = this.#persons[one];
    const leaves = keyCommitments(this.#secret, terms.blocksMax);
    const delegation = {
      ...{ ...id, participant: one, validator, binding: true, feeWei: 0n, nonce: 1n, notAfter: 1n << 40n },
      keyCommitment: toHex(leaves.slice(0, 32)),
    };
    const signature = toHex(signDigest(delegationDigest(domainSeparator(domain), delegation), operatorKey));
    const { outputHash } = this.#claimOf(one, seat).result;
    const commitment = commitmentOf(outputHash, validator, this.#secret, this.#secret);
    const acts = this.#people.chain.validatorActs(validatorKey);
    await done(acts.commitResult({ ...delegation, signature }, merklePath(leaves, 0).map(toHex), commitment));
  }

  async #reveal(one: number, seat: Seat): Promise<void> {
    const { id } = this.#channel;
    const acts = this.#people.chain.validatorActs(this.#persons[one].validatorKey);
    const { result, opening } = this.#claimOf(one, seat);
    const secret = toHex(this.#secret);
    await done(acts.revealResult(id.channelId, 0, one, result, opening, secret, secret));
  }

  /** Until it is over, and nobody has anything left to do. */
  async #quarrel(): Promise<void> {
    for (;;) {
      const isMoved = await this.#move();
      if (isMoved) continue;
      const look = await this.#look();
      const { stage } = look.block.stage;
      if (stage === 'settled' || stage === 'void') return;
      await this.#people.chain.advanceTo(this.#next(look));
    }
  }

  /** One act of somebody, in an order that the dice say. */
  async #move(): Promise<boolean> {
    const sides = this.#dice.shuffled<HonestSide | LyingSide>([...this.#honest, ...this.#liars]);
    for (const side of sides) if (await side.turn(await this.#look())) return true;
    const look = await this.#look();
    return (await this.#sitInPanels(look)) || (await this.#end(look)) || this.#free(look);
  }

  async #end({ block }: DisputeLook): Promise<boolean> {
    const { id } = this.#channel;
    const acts = this.#people.chain.participantActs(this.#persons[this.#honest[0].participant].operatorKey);
    if (block.stage.stage === 'final') {
      const { standing } = block.stage;
      const results = block.facts.results.filter(({ outputHash }) => standing.includes(outputHash));
      await done(acts.settle(id.channelId, 0, results));
      return true;
    }
    const isVoid = block.stage.stage === 'void' && block.facts.releasedAtSeconds === undefined;
    if (isVoid) await done(acts.releaseVoid(id.channelId, 0));
    return isVoid;
  }

  /** Bonds of a block that is over are freed by anybody. */
  async #free({ block, dispute }: DisputeLook): Promise<boolean> {
    const { id } = this.#channel;
    if (block.stage.stage !== 'settled' && block.stage.stage !== 'void') return false;
    const acts = this.#people.chain.disputeActs(this.#people.outsiders[0]);
    const accusation = dispute.accusations.find(({ turn }) => turn !== 'over');
    if (accusation !== undefined) {
      await done(acts.release({ ...id, ...accusation }));
      return true;
    }
    for (const { part, panel, questions } of dispute.parts) {
      const open = questions.find(({ state }) => state === 'open');
      if (open === undefined && panel?.isOver !== false) continue;
      if (open === undefined) await done(acts.releasePanel(id, part));
      else await done(acts.concludeQuestion(id, part, open.participant));
      return true;
    }
    return false;
  }

  /** Validators say whether they were served; those of liars say the opposite. */
  async #sitInPanels({ dispute, block }: DisputeLook): Promise<boolean> {
    if (block.stage.stage !== 'dispute') return false;
    for (const { part, panel } of dispute.parts) {
      const round = panel?.rounds.at(-1);
      if (panel === undefined || panel.isOver || round?.drawnAtSeconds === undefined) continue;
      const times = panelTimes(block.terms, round.drawnAtSeconds);
      for (const [place, member] of round.members.entries()) {
        const word = this.#wordOf(part, panel.rounds.length - 1, member.account);
        if (block.nowSeconds < times.commitUntilSeconds && member.commitment === undefined) {
          const acts = this.#people.chain.disputeActs(word.key);
          const commitment = panelCommitmentOf(word);
          if ((await acts.commitPanel(this.#channel.id, part, place, commitment)).ok) return true;
        }
        const isRevealing =
          block.nowSeconds >= times.commitUntilSeconds && block.nowSeconds < times.revealUntilSeconds;
        if (isRevealing && member.isHeld === undefined && member.commitment !== undefined) {
          const acts = this.#people.chain.disputeActs(word.key);
          const { isHeld, salt } = word;
          if ((await acts.revealPanel(this.#channel.id, part, place, isHeld, salt)).ok) return true;
        }
      }
    }
    return false;
  }

  #wordOf(part: number, round: number, account: Address) {
    const { all, outsiders, chain } = this.#people;
    const key = [...all.map(({ validatorKey }) => validatorKey), ...outsiders].find(
      (one) => chain.validatorActs(one).address.toLowerCase() === account.toLowerCase(),
    ) as Uint8Array;
    const posted = this.#setting.parts.find(({ participant }) => participant === part) as DisputedPart;
    const isServed = posted.sealed.every((one) => one !== undefined);
    const isLiars = this.#liars.some(
      ({ participant }) => this.#persons[participant].validator.toLowerCase() === account.toLowerCase(),
    );
    const salt = toHex(this.#secret);
    return { ...this.#channel.id, part, round, member: account, isHeld: isServed !== isLiars, salt, key };
  }

  /** When something begins or ends next, or the second before it. */
  #next({ block, dispute }: DisputeLook): number {
    const { stage, nowSeconds: now, terms } = block;
    const windows: DisputeWindows = stage.stage === 'dispute' ? stage : {};
    const rounds = dispute.parts.flatMap(({ panel }) => panel?.rounds ?? []);
    const ends = [
      ...('endsAtSeconds' in stage ? [stage.endsAtSeconds] : []),
      ...this.#honest.flatMap(({ moments }) => moments),
      windows.questions?.untilSeconds,
      windows.partsDecidedAtSeconds,
      ...dispute.accusations.map(({ untilSeconds }) => untilSeconds),
      ...dispute.parts.flatMap(({ rows }) => rows.map(({ untilSeconds }) => untilSeconds)),
      ...rounds.flatMap(({ drawnAtSeconds }) =>
        drawnAtSeconds === undefined ? [now + 1] : Object.values(panelTimes(terms, drawnAtSeconds)),
      ),
    ].filter((one) => one !== undefined);
    const early = this.#dice.chance(20) ? ends.map((one) => one - 1) : [];
    return Math.min(...[...ends, ...early].filter((one) => one > now));
  }

  async #look(): Promise<DisputeLook> {
    const { terms, id } = this.#channel;
    const latest = await this.#people.chain.snapshot({ finality: 'latest' });
    const { timestampSeconds: nowSeconds, height } = latest;
    const facts = decidedFacts(terms, 0, await latest.blockFacts(id.channelId, 0), nowSeconds);
    const stage = stageOf(terms, 0, facts, nowSeconds);
    const dispute = await latest.disputeFacts(id.channelId, 0);
    return { block: { terms, blockNumber: 0, facts, stage, nowSeconds }, dispute, height };
  }

  async #wealth(): Promise<Wealth> {
    const { chain, outsiders } = this.#people;
    const latest = await chain.snapshot({ finality: 'latest' });
    const each = await Promise.all(
      this.#persons.map((one) => wealthOf(latest, [one.account, one.operator, one.validator])),
    );
    const others = await wealthOf(
      latest,
      outsiders.map((key) => chain.validatorActs(key).address),
    );
    const locked = [...each, others].reduce((sum, one) => sum + one.locked, 0n);
    return { all: each.map(({ all }) => all), locked };
  }

  async #ending(before: Wealth): Promise<SeededEnding> {
    const { terms, id } = this.#channel;
    const { chain } = this.#people;
    const after = await this.#wealth();
    const { block, dispute } = await this.#look();
    const latest = await chain.snapshot({ finality: 'latest' });
    const lines = (await latest.channel(id.channelId))?.lines ?? [];
    const { disputedAtSeconds } = block.facts;
    return {
      ...{ id, stage: block.stage.stage, roles: terms.roles, isDisputed: disputedAtSeconds !== undefined },
      honest: this.#honest.map(({ participant }) => participant),
      paid: lines.map(({ amount }) => deposit - amount),
      counted: this.#setting.parts
        .filter(({ participant }) => isGood(this.#setting, participant))
        .flatMap(({ records }) => records),
      grownWei: after.all.map((all, at) => all - before.all[at]),
      lockedWei: after.locked - before.locked,
      wasHeld: terms.roles.map((_, one) =>
        dispute.parts.some(({ part, panel }) => part === one && panel?.isHeld === true),
      ),
      disputedSeconds: disputedAtSeconds === undefined ? 0 : block.nowSeconds - disputedAtSeconds,
      accounts: this.#persons.flatMap((one) => [one.account, one.operator, one.validator]),
    };
  }
}

async function wealthOf(latest: ChainSnapshot, accounts: readonly Address[]) {
  const each = await Promise.all(accounts.map((one) => latest.weiAccount(one)));
  const locked = each.reduce((sum, { lockedWei }) => sum + lockedWei, 0n);
  const all = each.reduce((sum, { freeWei, stakeWei }) => sum + freeWei + stakeWei, locked);
  return { all, locked };
}

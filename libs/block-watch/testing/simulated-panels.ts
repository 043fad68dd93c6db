/** Panels on the simulated chain (contracts/src/disputes/Panel.sol): whether a part was served. */
import type { DisputeActs } from '#chain';
import { type Address, type Digest, isZero, fromHex } from '#encoding';
import {
  type BlockId,
  bondWei,
  type DrawCandidate,
  drawPanel,
  type PanelFacts,
  type PanelRoundFacts,
  panelCommitmentOf,
  panelTimes,
} from '#protocol';
import { type Journal, Kept, refuse } from './kept.js';
import { isSame, keyOf } from './simulated-block-store.js';
import type { SimulatedSeams } from './simulated-seams.js';
import {
  burnt,
  handed,
  leastOf,
  locked,
  type SimulatedWei,
  unlocked,
  type WeiMove,
} from './simulated-wei.js';

interface Round extends PanelRoundFacts {
  /** What each member has locked, by place. */
  readonly bondsWei: readonly bigint[];
}

interface Case extends Omit<PanelFacts, 'rounds'> {
  /** Who asked. */
  readonly participant: number;
  readonly rounds: readonly Round[];
}

/** What panels ask of the rest of the chain. */
export interface PanelSetting {
  nowSeconds(): number;
  /** Of the height in which the act under way is. */
  height(): number;
  hashOf(height: number): Digest;
  /** Weights of all listed validators that were so before the second. */
  steadyBonds(beforeSeconds: number): readonly DrawCandidate[];
  /** A round was drawn. */
  drawn(id: BlockId): void;
}

type Given<Name extends keyof DisputeActs> = DisputeActs[Name] extends (...given: infer All) => unknown
  ? All
  : never;

const rounds = 3;
const seatWei = 10n ** 16n;
const silenceWei = seatWei / 10n;
const payWei = 15n * 10n ** 13n;
/** Heights from naming a round's height to it. */
const seedAfter = 2;
/** Heights whose hash the chain still has. */
const hashesKept = 256;

export class SimulatedPanels {
  readonly #cases: Kept<Case>;
  readonly #seams: SimulatedSeams;
  readonly #wei: SimulatedWei;
  readonly #setting: PanelSetting;

  constructor(journal: Journal, seams: SimulatedSeams, wei: SimulatedWei, setting: PanelSetting) {
    this.#cases = new Kept(journal);
    this.#seams = seams;
    this.#wei = wei;
    this.#setting = setting;
  }

  facts(id: BlockId, part: number): PanelFacts | undefined {
    const one = this.#cases.get(placeOf(id, part));
    if (one === undefined) return undefined;
    const { participant: _, ...told } = one;
    return { ...told, rounds: one.rounds.map(({ bondsWei: _wei, ...round }) => round) };
  }

  askPanel(sender: Address, ...[id, part]: Given<'askPanel'>): void {
    if (this.#cases.get(placeOf(id, part)) !== undefined) refuse('already-asked');
    const participant = this.#seams.holdQuestion(id, part, sender, true);
    const asker = this.#seams.termsOf(id).participants[participant];
    this.#save(id, part, { asker, participant, isOver: false, rounds: [this.#named()] });
    this.#wei.move([locked(asker, bondOf(0))]);
  }

  drawPanel(_: Address, ...[id, part, limit]: Given<'drawPanel'>): void {
    const one = this.#live(id, part);
    const round = one.rounds[one.rounds.length - 1];
    if (round.drawnAtSeconds !== undefined) refuse('already-drawn');
    if (this.#setting.height() <= round.seedHeight) refuse('draw-too-early');
    const others = one.rounds.slice(0, -1);
    if (this.#setting.height() > round.seedHeight + hashesKept) {
      this.#save(id, part, { ...one, rounds: [...others, { ...round, ...this.#named() }] });
      return;
    }
    const listed = this.#setting.steadyBonds(round.namedAtSeconds);
    if (listed.length > limit) throw new Error('the simulated chain draws a panel in one act');
    const { seats } = this.#seams.find(id).facts;
    const candidates = listed.filter(({ account }) => !seats.some((seat) => isSame(seat.validator, account)));
    const heightHash = this.#setting.hashOf(round.seedHeight);
    const seed = { ...id, part, round: others.length, heightHash };
    const members = drawPanel(seed, candidates).map((account) => ({ account }));
    const bondsWei = members.map(({ account }) => leastOf(this.#wei.of(account).stakeWei, seatWei));
    const drawn = { ...round, drawnAtSeconds: this.#setting.nowSeconds(), members, bondsWei };
    this.#save(id, part, { ...one, rounds: [...others, drawn] });
    this.#wei.move(members.map(({ account }, place) => locked(account, bondsWei[place], 'stakeWei')));
    this.#setting.drawn(id);
  }

  commitPanel(sender: Address, ...[id, part, place, commitment]: Given<'commitPanel'>): void {
    const { one, round, times } = this.#drawn(id, part);
    this.#requireTime(round.drawnAtSeconds, times.commitUntilSeconds);
    const member = this.#memberAt(round, place);
    if (!isSame(member.account, sender)) refuse('not-member');
    if (isZero(fromHex(commitment))) refuse('commitment-missing');
    this.#change(id, part, one, { ...round, members: round.members.with(place, { ...member, commitment }) });
  }

  revealPanel(_: Address, ...[id, part, place, isHeld, salt]: Given<'revealPanel'>): void {
    const { one, round, times } = this.#drawn(id, part);
    this.#requireTime(times.commitUntilSeconds, times.revealUntilSeconds);
    const { account, commitment } = this.#memberAt(round, place);
    const word = { ...id, part, round: one.rounds.length - 1, member: account, isHeld, salt };
    if (panelCommitmentOf(word) !== commitment) refuse('commitment-mismatch');
    this.#change(id, part, one, { ...round, members: round.members.with(place, { account, isHeld }) });
  }

  appealPanel(sender: Address, ...[id, part]: Given<'appealPanel'>): void {
    const { one, round, times } = this.#drawn(id, part);
    const { held, notHeld } = wordsOf(round);
    if (one.rounds.length === rounds || held === notHeld) refuse('nothing-to-appeal');
    this.#requireTime(times.revealUntilSeconds, times.appealUntilSeconds);
    const { participants } = this.#seams.termsOf(id);
    const isIt = (account: Address): boolean =>
      isSame(account, sender) || isSame(this.#seams.operatorKey(account), sender);
    const appellant = participants.find(isIt) ?? refuse('not-participant');
    this.#save(id, part, { ...one, rounds: [...one.rounds, { ...this.#named(), appellant }] });
    this.#wei.move([locked(appellant, bondOf(one.rounds.length))]);
  }

  concludePanel(_: Address, ...[id, part]: Given<'concludePanel'>): void {
    const { one, round, times } = this.#drawn(id, part);
    const { held, notHeld } = wordsOf(round);
    if (round.members.length > 0) {
      const isLast = one.rounds.length === rounds;
      const isTie = held === notHeld;
      const opensAt = isLast || isTie ? times.revealUntilSeconds : times.appealUntilSeconds;
      this.#requireTime(opensAt, Number.MAX_SAFE_INTEGER);
      if (!isLast && isTie) {
        this.#save(id, part, { ...one, rounds: [...one.rounds, this.#named()] });
        return;
      }
    }
    const isHeld = held >= notHeld;
    this.#save(id, part, { ...one, isOver: true, isHeld });
    if (!isHeld) this.#seams.strikePart(id, part, [one.participant]);
    this.#payDecided(id, part, one, isHeld);
    this.#seams.freeQuestions(id, 1);
  }

  releasePanel(_: Address, ...[id, part]: Given<'releasePanel'>): void {
    const one = this.#notOver(id, part);
    if (this.#seams.isOpen(id)) refuse('block-open');
    this.#save(id, part, { ...one, isOver: true });
    const { moves, open } = appeals(one, undefined);
    this.#wei.move([...moves, ...askerPays(one, open), ...membersOf(one, false)]);
  }

  #payDecided(id: BlockId, part: number, one: Case, isHeld: boolean): void {
    const { moves, open } = appeals(one, isHeld);
    const { account: owner, wei: byOwner } = this.#seams.chargePart(id, part, isHeld ? open / 2n : open);
    this.#wei.move([
      ...moves,
      cost(owner, byOwner),
      ...askerPays(one, open - byOwner),
      ...membersOf(one, true),
    ]);
  }

  #named(): Round {
    const setting = this.#setting;
    return {
      ...{ seedHeight: setting.height() + seedAfter, namedAtSeconds: setting.nowSeconds() },
      ...{ members: [], bondsWei: [] },
    };
  }

  #notOver(id: BlockId, part: number): Case {
    const one = this.#cases.get(placeOf(id, part));
    if (one === undefined) refuse('not-asked');
    return one.isOver ? refuse('already-concluded') : one;
  }

  #live(id: BlockId, part: number): Case {
    const one = this.#notOver(id, part);
    return this.#seams.isOpen(id) ? one : refuse('block-over');
  }

  #drawn(id: BlockId, part: number) {
    const one = this.#live(id, part);
    const round = one.rounds[one.rounds.length - 1];
    const { drawnAtSeconds } = round;
    if (drawnAtSeconds === undefined) refuse('not-drawn');
    const times = panelTimes(this.#seams.termsOf(id), drawnAtSeconds);
    return { one, round: { ...round, drawnAtSeconds }, times };
  }

  #requireTime(fromSeconds: number, untilSeconds: number): void {
    const now = this.#setting.nowSeconds();
    if (now < fromSeconds || now >= untilSeconds) refuse('wrong-time');
  }

  #memberAt({ members }: Round, place: number): Round['members'][number] {
    return members[place] ?? refuse('place-unknown');
  }

  #change(id: BlockId, part: number, one: Case, round: Round): void {
    this.#save(id, part, { ...one, rounds: [...one.rounds.slice(0, -1), round] });
  }

  #save(id: BlockId, part: number, one: Case): void {
    this.#cases.set(placeOf(id, part), one);
  }
}

function placeOf(id: BlockId, part: number): string {
  return `${keyOf(id)}/${part}`;
}

/** What calling a round locks: twice that of the round before. */
function bondOf(round: number): bigint {
  return bondWei.question << BigInt(round);
}

function wordsOf({ members }: Round): { readonly held: number; readonly notHeld: number } {
  const held = members.filter(({ isHeld }) => isHeld === true).length;
  const notHeld = members.filter(({ isHeld }) => isHeld === false).length;
  return { held, notHeld };
}

/**
 * What becomes of the bonds of appeals, and what rounds cost that none of them pays; `verdict` absent where
 * nothing was decided.
 */
function appeals(
  { rounds: all }: Case,
  verdict: boolean | undefined,
): { readonly moves: readonly WeiMove[]; readonly open: bigint } {
  let open = 0n;
  const moves = all.flatMap((round, at): WeiMove[] => {
    const { appellant } = round;
    const { held, notHeld } = wordsOf(round);
    const price = BigInt(held + notHeld) * payWei;
    if (appellant === undefined) {
      open += price;
      return [];
    }
    const before = wordsOf(all[at - 1] ?? round);
    if (verdict !== undefined && before.held >= before.notHeld !== verdict) {
      open += price;
      return [unlocked(appellant, bondOf(at))];
    }
    const rest = bondOf(at) - price;
    return [
      cost(appellant, price),
      verdict === undefined ? unlocked(appellant, rest) : burnt(appellant, rest),
    ];
  });
  return { moves, open };
}

function askerPays({ asker }: Case, price: bigint): WeiMove[] {
  return [cost(asker, price), unlocked(asker, bondOf(0) - price)];
}

/** Bonds and pay of all validators; `isOver`: the last round's time to reveal surely is. */
function membersOf({ rounds: all }: Case, isOver: boolean): WeiMove[] {
  return all.flatMap((round, at) =>
    round.members.flatMap(({ account, isHeld }, place): WeiMove[] => {
      const bond = round.bondsWei[place];
      const back = (wei: bigint): WeiMove => unlocked(account, wei, 'stakeWei');
      if (isHeld !== undefined) return [handed(panelAccount, account, payWei), back(bond)];
      if (!isOver && at === all.length - 1) return [back(bond)];
      const fine = leastOf(bond, silenceWei);
      return [burnt(account, fine), back(bond - fine)];
    }),
  );
}

/** What several pay to several goes through it; it holds nothing after the act. */
const panelAccount: Address = '0x0000000000000000000000000000000000009a4e';

function cost(payer: Address, wei: bigint): WeiMove {
  return { from: payer, to: panelAccount, fromBook: 'lockedWei', toBook: 'lockedWei', wei };
}

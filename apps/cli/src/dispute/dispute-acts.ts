/** What was done in a block's dispute, as far as its facts still show it: look often to see everything. */
import type { Address } from '#encoding';
import { type AccusationFacts, bondWei, type EntryPosition, validatorSlots } from '#protocol';
import type { BlockState } from '../network/drive.js';
import type { NetworkMember } from '../network/open-channel.js';

export interface DisputeAct {
  /** The same act has the same. */
  readonly id: string;
  readonly atSeconds: number;
  /** Participants by index; empty where any key may do it. */
  readonly who: readonly number[];
  readonly what: string;
  /** Of each of them, as decimal wei. */
  readonly bond: { readonly wei: string; readonly moved: Moved } | null;
}

type Moved = 'staked' | 'back' | 'won' | 'lost';

/** In the order in which acts of one moment follow each other. */
export function disputeActs(state: BlockState, members: readonly NetworkMember[]): DisputeAct[] {
  const { accusations } = state.dispute ?? { accusations: [] };
  return [
    ...revealed(state),
    ...accusations.map((one) => accused(state, one)),
    ...accusations.flatMap((one) => named(state, one)),
    ...accusations.flatMap((one) => opened(state, one, members)),
    ...fallen(state),
    ...accusations.flatMap((one) => ended(state, one)),
    ...settled(state),
  ];
}

function act(
  id: string,
  atSeconds: number,
  who: readonly number[],
  what: string,
  moved?: readonly [bigint, Moved],
): DisputeAct {
  return { id, atSeconds, who, what, bond: moved === undefined ? null : bondOf(...moved) };
}

function bondOf(wei: bigint, moved: Moved): DisputeAct['bond'] {
  return { wei: String(wei), moved };
}

function revealed({ facts, nowSeconds }: BlockState): DisputeAct[] {
  const indexOf = (hash: string | undefined) => facts.results.findIndex((one) => one.outputHash === hash);
  const seats = facts.seats.filter(({ outputHash }) => outputHash !== undefined);
  return [
    ...seats.map(({ participant, outputHash, revealedAtSeconds }) => {
      const what = `its validator reveals result ${indexOf(outputHash)}`;
      return act(`seat/${participant}`, revealedAtSeconds ?? nowSeconds, [participant], what);
    }),
    ...facts.ownResults.map(({ participant, outputHash, revealedAtSeconds }) => {
      const what = `reveals result ${indexOf(outputHash)} itself`;
      return act(`own/${participant}/${outputHash}`, revealedAtSeconds, [participant], what, [
        bondWei.ownResult,
        'staked',
      ]);
    }),
  ];
}

function accused({ nowSeconds }: BlockState, { resultIndex, slot }: AccusationFacts): DisputeAct {
  const id = `accused/${resultIndex}/${slot}`;
  const what = `accuses result ${resultIndex}`;
  return act(id, nowSeconds, [participantOf(slot)], what, [bondWei.accusation, 'staked']);
}

/** Not the root: whoever accuses a result has named that. */
function named({ nowSeconds, facts }: BlockState, accusation: AccusationFacts): DisputeAct[] {
  const { resultIndex, slot, named: entry } = accusation;
  const count = facts.results[resultIndex].impressionCount;
  if (1n << BigInt(entry.level) >= count) return [];
  const id = `named/${resultIndex}/${slot}/${entry.level}/${entry.index}`;
  return [act(id, nowSeconds, [participantOf(slot)], `names ${entryText(entry)}, which differs`)];
}

/** By whoever answered the accusation that has it named. */
function opened(
  { nowSeconds }: BlockState,
  { resultIndex, nodes, leaves, named: entry, answerer }: AccusationFacts,
  members: readonly NetworkMember[],
): DisputeAct[] {
  const isOpen =
    entry.level === 0
      ? leaves.some(({ index }) => index === entry.index)
      : nodes.some(({ level, index }) => level === entry.level && index === entry.index);
  if (!isOpen || answerer === undefined) return [];
  const id = `opened/${resultIndex}/${entry.level}/${entry.index}`;
  return [act(id, nowSeconds, withKey(members, answerer), `opens ${entryText(entry)}`)];
}

function fallen({ facts, nowSeconds }: BlockState): DisputeAct[] {
  return facts.results.flatMap(({ outputHash, isFallen }, index) => {
    if (!isFallen) return [];
    const own = facts.ownResults.filter((one) => one.outputHash === outputHash);
    const who = own.map(({ participant }) => participant);
    return [act(`fell/${index}`, nowSeconds, who, `its result ${index} falls`, [bondWei.ownResult, 'lost'])];
  });
}

function ended({ facts, nowSeconds }: BlockState, accusation: AccusationFacts): DisputeAct[] {
  const { resultIndex, slot, end } = accusation;
  if (end === undefined) return [];
  const who = [participantOf(slot)];
  const id = `ended/${resultIndex}/${slot}`;
  if (end.outcome === 'failed') {
    return [
      act(id, nowSeconds, who, `its accusation of result ${resultIndex} fails`, [bondWei.accusation, 'lost']),
    ];
  }
  const back = act(id, nowSeconds, who, `its accusation of result ${resultIndex} ends`, [
    bondWei.accusation,
    'back',
  ]);
  if (end.outcome === 'returned') return [back];
  const { outputHash } = facts.results[resultIndex];
  const own = facts.ownResults.filter((one) => one.outputHash === outputHash).length;
  const half = (bondWei.ownResult * BigInt(own)) / 2n;
  return [back, act(`won/${resultIndex}`, nowSeconds, who, 'gets half of what it lost', [half, 'won'])];
}

function settled({ stage, facts }: BlockState): DisputeAct[] {
  if (stage.stage !== 'settled' || facts.settledAtSeconds === undefined) return [];
  const standing = stage.standing.map((hash) => facts.results.findIndex((one) => one.outputHash === hash));
  return [
    act('settled', facts.settledAtSeconds, [], `the block is settled by result ${standing.join(', ')}`),
  ];
}

export function entryText({ level, index }: EntryPosition): string {
  return level === 0 ? `leaf ${index}` : `node ${level}/${index}`;
}

function participantOf(slot: number): number {
  return slot >= validatorSlots ? slot - validatorSlots : slot;
}

function withKey(members: readonly NetworkMember[], key: Address): number[] {
  const found = members.filter(({ secrets }) =>
    [secrets.account, secrets.operator].some(({ address }) => address.toLowerCase() === key.toLowerCase()),
  );
  return found.map(({ index }) => index);
}

/** Two adversaries at once, each a participant of its own, against the third. */
import type { Scene, Strategy } from './scene.js';

/** Who plays the first and the second, and who is honest. */
export const castings: readonly (readonly [number, number])[] = [
  [1, 2],
  [0, 1],
  [2, 0],
];

/** Each of these with each other one, once, in a casting that changes from pair to pair. */
export function pairsOf(strategies: readonly Strategy[]): readonly Strategy[] {
  const alone = strategies.filter(({ culprits }) => culprits.length === 1);
  const pairs = alone.flatMap((one, at) => alone.slice(at + 1).map((other) => [one, other] as const));
  return pairs.map(([one, other], at) => pairOf(one, other, castings[at % castings.length]));
}

function pairOf(one: Strategy, other: Strategy, [first, second]: readonly [number, number]): Strategy {
  type Hook = 'prepare' | 'commit' | 'reveal' | 'begin';
  const both = (hook: Hook) => async (scene: Scene) => {
    await one[hook]?.(scene.as(one, first));
    await other[hook]?.(scene.as(other, second));
  };
  const post = async (scene: Scene): Promise<void> => {
    for (const [who, strategy] of [
      [first, one],
      [second, other],
    ] as const) {
      if (strategy.post === undefined) await scene.collate(who);
      else await strategy.post(scene.as(strategy, who));
    }
  };
  return {
    name: `${one.name}, and ${other.name}`,
    attacks: `${one.attacks}; ${other.attacks}`,
    ...{ culprits: [first, second], pays: 0n, says: [] },
    ...{
      prepare: both('prepare'),
      post,
      commit: both('commit'),
      reveal: both('reveal'),
      begin: both('begin'),
    },
    turn: async (scene) =>
      (await one.turn?.(scene.as(one, first))) === true ||
      (await other.turn?.(scene.as(other, second))) === true,
    beginsAfter: Math.max(one.beginsAfter ?? 0, other.beginsAfter ?? 0),
    isLate: one.isLate === true || other.isLate === true,
    isUnattended: one.isUnattended === true || other.isUnattended === true,
    spoilers: [...spoilersOf(one, first), ...spoilersOf(other, second)],
  };
}

function spoilersOf({ post, spoilers }: Strategy, who: number): readonly number[] {
  return post === undefined || spoilers?.length === 0 ? [] : [who];
}

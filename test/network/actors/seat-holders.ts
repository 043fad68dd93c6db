/** Whose validators take seats and do not say in them what is true, or not as it is agreed. */
import { bondWei } from '#protocol';
import { answerFor, commitSeat, greedyLie, type Lie, lieOf, revealOwn, revealSeat } from './lie.js';
import type { Scene, Strategy } from './scene.js';

const [payer, seller, auditor] = [0, 1, 2];
const { ownResult, seat } = bondWei;

const remembered = (scene: Scene): Lie => scene.memory.get('lie') as Lie;

export const seatHolders: readonly Strategy[] = [
  {
    name: 'reveals the truth by its seat and a lie itself',
    attacks: 'one word a participant',
    says: ['commit', 'reveal', 'reveal-own'],
    ...{ culprits: [seller], pays: ownResult },
    prepare: async (scene) => {
      await scene.account(scene.me).nameValidator(scene.rehearsal.participants[scene.me].validator, false);
    },
    begin: async (scene) => {
      await revealOwn(scene, scene.me, greedyLie(scene));
      await scene.account(scene.me).nameValidator(scene.rehearsal.participants[scene.me].validator, true);
    },
    commit: (scene) => seatOfTruth(scene, scene.me, 'commit'),
    reveal: (scene) => seatOfTruth(scene, scene.me, 'reveal'),
  },
  {
    name: 'copies the commitment of the payer’s validator',
    attacks: 'work that others did',
    says: ['commit', 'reveal: commitment-mismatch'],
    ...{ culprits: [seller], pays: seat / 10n },
    commit: async (scene) => {
      const { facts } = await scene.look();
      const copied = facts.seats.find(({ participant }) => participant === scene.victim)?.commitment;
      if (copied !== undefined) await commitSeat(scene, scene.me, copied);
    },
    reveal: async (scene) => {
      await revealSeat(scene, scene.me, lieOf(scene, scene.leaves));
    },
  },
  {
    name: 'two validators of three reveal the same lie',
    attacks: 'a majority of seats',
    says: ['commit', 'reveal', 'open-node', 'open-leaf: leaf-mismatch'],
    ...{ culprits: [seller, auditor], pays: 2n * seat },
    commit: async (scene) => {
      scene.memory.set('lie', greedyLie(scene));
      for (const one of [seller, auditor]) await commitSeat(scene, one, remembered(scene));
    },
    reveal: async (scene) => {
      for (const one of [seller, auditor]) await revealSeat(scene, one, remembered(scene));
    },
    turn: (scene) => answerFor(scene, seller, remembered(scene)),
  },
  {
    name: 'payer and auditor say by their seats that nothing was sold',
    attacks: 'a majority of seats, against the payee',
    says: ['commit', 'reveal'],
    ...{ culprits: [payer, auditor], pays: 2n * seat },
    commit: async (scene) => {
      for (const one of [payer, auditor]) await commitSeat(scene, one, lieOf(scene, []));
    },
    reveal: async (scene) => {
      for (const one of [payer, auditor]) await revealSeat(scene, one, lieOf(scene, []));
    },
  },
];

/** A seat that says what is true. */
async function seatOfTruth(scene: Scene, participant: number, what: 'commit' | 'reveal'): Promise<void> {
  const truth = lieOf(scene, scene.leaves);
  await (what === 'commit'
    ? commitSeat(scene, participant, truth, false)
    : revealSeat(scene, participant, truth));
}

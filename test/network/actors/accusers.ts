/** Who says something against what is true: against results, and against parts. */
import type { DisputeActs } from '#chain';
import { SumTree } from '#dispute';
import { fromHex } from '#encoding';
import { type AccusationFacts, bondWei } from '#protocol';
import { commitSeat, everyPart, greedyLie, type Lie, lieOf, more, revealOwn, revealSeat } from './lie.js';
import type { Scene, Strategy } from './scene.js';

const [payer, seller, auditor] = [0, 1, 2];
const { ownResult, seat, accusation, question } = bondWei;
/** Of four members that spoke, to each 0.00015 ether. */
const heldPanelShare = (4n * 15n * 10n ** 13n) / 2n;

/** Against the first result, which is true. */
async function accuseTruth(scene: Scene, acts: DisputeActs, participant: number): Promise<void> {
  const { facts } = await scene.look();
  await scene.say('accuse', acts.accuse(scene.block, 0, facts.results[0], participant));
}

/** Names the second entry, then wants to know where its first record stands. */
async function insist(scene: Scene, participant: number): Promise<boolean> {
  const { dispute, now } = await scene.look();
  const seen = dispute.accusations.find((one) => one.slot === participant && one.turn === 'accuser');
  if (seen === undefined || now < (seen.untilSeconds ?? 0) - 1) return false;
  const acts = scene.acts(participant);
  const id = { ...scene.block, resultIndex: 0, slot: participant };
  if (seen.named.level === 0) return scene.say('doubt-record', acts.doubtRecord(id, 0));
  return scene.say('name-entry', acts.nameEntry(id, namedIn(scene, seen)));
}

function namedIn({ rehearsal }: Scene, { nodes }: AccusationFacts) {
  const tree = SumTree.ofEntries(rehearsal.terms.roles.length, nodes[0].entries);
  const entry = { level: 0, index: 1 };
  return { entry, entryHash: tree.hashAt(entry), path: tree.pathOf(entry) };
}

/** A result that leaves out what somebody honest posted. */
async function leaveOut(scene: Scene): Promise<void> {
  const without = everyPart & ~(1 << scene.victim);
  await revealOwn(scene, scene.me, lieOf(scene, more(scene.leaves, seller, 500n), without));
}

export const accusers: readonly Strategy[] = [
  {
    name: 'accuses what is true and waits for silence',
    attacks: 'bonds of who is right',
    ...{ culprits: [seller], pays: ownResult + accusation, says: ['reveal-own', 'accuse'] },
    begin: async (scene) => {
      await revealOwn(scene, scene.me, greedyLie(scene));
      await accuseTruth(scene, scene.acts(scene.me), scene.me);
    },
    turn: async (scene) => {
      const { dispute, now } = await scene.look();
      const own = dispute.accusations.find(({ slot, turn }) => slot === scene.me && turn === 'opening');
      if (own?.untilSeconds === undefined || now < own.untilSeconds) return false;
      return scene.say('time-out', scene.acts(scene.me).timeOut({ ...scene.block, ...own }));
    },
  },
  {
    name: 'accuses what is true and takes every turn in its last second',
    attacks: 'clocks of who answers',
    ...{ culprits: [seller], pays: ownResult + accusation, isLate: true },
    says: ['reveal-own', 'accuse', 'name-entry', 'doubt-record'],
    begin: async (scene) => {
      await revealOwn(scene, scene.me, greedyLie(scene));
      await accuseTruth(scene, scene.acts(scene.me), scene.me);
    },
    turn: (scene) => insist(scene, scene.me),
  },
  {
    name: 'two of three lie by their seats and accuse what is true, accounts and validators',
    attacks: 'that half of the bonds of who is right go to whoever lies',
    ...{ culprits: [seller, auditor], pays: 2n * seat + 4n * accusation },
    says: ['commit', 'reveal', 'accuse'],
    commit: async (scene) => {
      scene.memory.set('lie', greedyLie(scene));
      for (const one of [seller, auditor]) await commitSeat(scene, one, scene.memory.get('lie') as Lie);
    },
    reveal: async (scene) => {
      for (const one of [seller, auditor]) await revealSeat(scene, one, scene.memory.get('lie') as Lie);
    },
    begin: async (scene) => {
      for (const one of [seller, auditor]) {
        await accuseTruth(scene, scene.acts(one), one);
        const { validatorKey } = scene.rehearsal.participants[one];
        await accuseTruth(scene, scene.chain.disputeActs(validatorKey), one);
      }
    },
  },
  {
    name: 'leaves out the payer’s part and asks nothing',
    attacks: 'which parts count',
    ...{ culprits: [seller], pays: ownResult, says: ['reveal-own'] },
    begin: leaveOut,
  },
  {
    name: 'leaves out the payer’s part and asks falsely about a row of it',
    attacks: 'which parts count, and bonds of who posted them',
    ...{ culprits: [seller], pays: question, says: ['reveal-own', 'ask-row'] },
    begin: async (scene) => {
      await leaveOut(scene);
      const { facts } = await scene.look();
      const { partRoot, segmentCount, indexHash } = facts.parts[scene.victim];
      const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
      const doubt = { part: scene.victim, commitment, rowIndex: 0 };
      await scene.say('ask-row', scene.acts(scene.me).askRow(scene.block, doubt));
    },
  },
  {
    name: 'leaves out the payer’s part and asks a panel whether it was served',
    attacks: 'which parts count, and who pays panels',
    says: ['reveal-own', 'ask-panel'],
    // Half of what the members get, and its validator was drawn and kept silent.
    ...{ culprits: [seller], pays: heldPanelShare + seat / 10n },
    // A part that is held was perhaps served late: its owner pays the other half.
    costs: { participant: payer, wei: heldPanelShare },
    begin: async (scene) => {
      await leaveOut(scene);
      await scene.say('ask-panel', scene.acts(scene.me).askPanel(scene.block, scene.victim));
    },
  },
];

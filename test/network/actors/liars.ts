/** Who reveals results that are not true. */
import { sha256 } from '#crypto';
import { explainRecords } from '#reduction';
import { concatBytes, u64BigEndian } from '#encoding';
import { bondWei, recordAt } from '#protocol';
import { reductionTermsOf } from '#proofs';
import {
  answerFor,
  claimOf,
  greed,
  greedyLie,
  type Lie,
  lieOf,
  more,
  openAgainst,
  revealOwn,
} from './lie.js';
import type { Scene, Strategy } from './scene.js';

const [payer, seller, auditor] = [0, 1, 2];
const { ownResult } = bondWei;
const remembered = (scene: Scene): Lie => scene.memory.get('lie') as Lie;

/** One participant that reveals a lie of its own and answers for it as well as it can. */
function liar(
  { name, attacks, says }: Pick<Strategy, 'name' | 'attacks' | 'says'>,
  of: (scene: Scene) => Lie,
  more: Partial<Strategy> = {},
): Strategy {
  const { culprits = [seller] } = more;
  return {
    ...{ name, attacks, culprits, says, pays: ownResult },
    begin: async (scene) => {
      scene.memory.set('lie', of(scene));
      await revealOwn(scene, scene.me, remembered(scene));
    },
    turn: (scene) => answerFor(scene, scene.me, remembered(scene)),
    ...more,
  };
}

/** Opens everything: what it claims is a record that the payer never signed. */
function withInventedPrice(scene: Scene): Lie {
  const [first, ...others] = scene.leaves;
  const dearer = first.records.map((record) => {
    const altered = record.slice();
    if (altered[recordAt.priceNano] > 0) altered[recordAt.priceNano + 1] += 1;
    return altered;
  });
  const terms = reductionTermsOf(scene.rehearsal.terms);
  const [{ keptHashes, amounts }] = explainRecords(terms, concatBytes(...dearer));
  const records = keptHashes.map((hash) => dearer.find((one) => Buffer.from(sha256(one)).equals(hash)));
  return lieOf(scene, [{ ...first, records: records as Uint8Array[], amounts }, ...others]);
}

/** Of many results that say the same under other contents of the root, the one whose hash is lowest. */
function ground(scene: Scene, tries: number): Omit<Lie, 'forged'> {
  const wanted = [3_000n + greed, 3_000n + greed, 0n];
  const made = Array.from({ length: tries }, (_, at) =>
    claimOf(scene, wanted, sha256(u64BigEndian(BigInt(at)))),
  );
  return made.reduce((low, one) => (one.result.outputHash < low.result.outputHash ? one : low));
}

async function acceptTruth(scene: Scene, participant: number): Promise<boolean> {
  const { facts } = await scene.look();
  const [{ outputHash }] = facts.results;
  const { channelId, blockNumber } = scene.block;
  const account = scene.account(participant);
  return scene.say('accept', account.acceptResult(channelId, blockNumber, participant, outputHash));
}

export const liars: readonly Strategy[] = [
  {
    name: 'grinds the hash of its result until it is the lowest',
    attacks: 'a choice between results by a value that a liar can choose',
    says: ['reveal-own'],
    ...{ culprits: [seller], pays: ownResult },
    begin: async (scene) => {
      const { facts } = await scene.look();
      const low = ground(scene, 4_096);
      if (low.result.outputHash >= facts.results[0].outputHash) throw new Error('it is not the lowest');
      await revealOwn(scene, scene.me, low);
    },
  },
  liar(
    { name: 'never answers for its result', attacks: 'that silence costs the accuser', says: ['reveal-own'] },
    greedyLie,
    { turn: async () => false },
  ),
  liar(
    {
      name: 'says that one impression earned it more',
      attacks: 'amounts of a leaf',
      says: ['reveal-own', 'open-node', 'open-leaf: leaf-mismatch'],
    },
    greedyLie,
  ),
  liar(
    {
      name: 'answers everything but the last',
      attacks: 'that an accuser gets tired',
      says: ['reveal-own', 'open-node', 'open-leaf'],
    },
    withInventedPrice,
  ),
  liar(
    {
      name: 'reveals and answers in the last second of each time',
      attacks: 'clocks',
      says: ['reveal-own', 'open-node', 'open-leaf'],
    },
    withInventedPrice,
    { isLate: true, beginsAfter: 29 },
  ),
  liar(
    {
      name: 'leaves out the last impressions',
      attacks: 'records behind the last leaf',
      says: ['reveal-own', 'open-leaf'],
    },
    (scene) => lieOf(scene, scene.leaves.slice(0, 1)),
    { culprits: [payer] },
  ),
  liar(
    {
      name: 'leaves out an impression in the middle',
      attacks: 'the order of leaves',
      says: ['reveal-own', 'open-node', 'open-leaf'],
    },
    (scene) => lieOf(scene, scene.leaves.toSpliced(1, 1)),
    { culprits: [payer] },
  ),
  liar(
    { name: 'says that there was no impression', attacks: 'a tree without leaves', says: ['reveal-own'] },
    (scene) => lieOf(scene, []),
    { culprits: [payer] },
  ),
  liar(
    {
      name: 'claims amounts of a tree without leaves',
      attacks: 'amounts that nothing backs',
      says: ['reveal-own: amount-sum-mismatch'],
    },
    (scene) => ({ ...lieOf(scene, []), ...claimOf(scene, [greed, greed, 0n], undefined, 0) }),
    { pays: 0n },
  ),
  liar(
    { name: 'counts no part and pays nothing', attacks: 'the least of all results', says: ['reveal-own'] },
    (scene) => lieOf(scene, [], 0),
    { culprits: [payer] },
  ),
  liar(
    {
      name: 'an auditor that pays itself out of every impression',
      attacks: 'trust in who audits',
      says: ['reveal-own', 'open-node', 'open-leaf: leaf-mismatch'],
    },
    (scene) => lieOf(scene, more(scene.leaves, auditor, greed)),
    { culprits: [auditor] },
  ),
  liar(
    {
      name: 'lets others accuse it, then accepts what is true',
      attacks: 'bonds of who takes back',
      says: ['reveal-own', 'open-node', 'accept'],
    },
    greedyLie,
    {
      turn: async (scene) => {
        if (await answerFor(scene, scene.me, remembered(scene), (move) => move === 'open-leaf')) return true;
        const accusations = await openAgainst(scene, remembered(scene));
        if (accusations.length === 0 || scene.memory.has('accepted')) return false;
        scene.memory.set('accepted', true);
        return acceptTruth(scene, scene.me);
      },
    },
  ),
  {
    name: 'reveals a second lie under a sock, which proves the first',
    attacks: 'half of a bond for who proves a lie',
    says: ['reveal-own', 'accuse', 'open-node', 'open-leaf: leaf-mismatch'],
    // The sock is given half of the first bond.
    ...{ culprits: [seller, auditor], pays: ownResult / 2n + ownResult },
    begin: async (scene) => {
      scene.memory.set('lie', lieOf(scene, more(scene.leaves, auditor, greed)));
      const first = greedyLie(scene);
      await revealOwn(scene, seller, first);
      await revealOwn(scene, auditor, remembered(scene));
      const { facts } = await scene.look();
      const index = facts.results.findIndex(({ outputHash }) => outputHash === first.result.outputHash);
      await scene.say('accuse', scene.acts(auditor).accuse(scene.block, index, first.result, auditor));
    },
    turn: (scene) => answerFor(scene, auditor, remembered(scene)),
  },
];

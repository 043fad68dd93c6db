/** Questions about parts, as tests of what every chain promises. */
import { expect, it } from '@jest/globals';
import { sealTagBytes, sha256 } from '#crypto';
import { disproofDue, type HeldPart, publicationsDue } from '#dispute';
import { concatBytes, fromHex } from '#encoding';
import { headerPlace, rowPlace } from '#proofs';
import { type BlockRules, bondWei, commitManifest, sealSegment } from '#protocol';
import type { DrivenChain } from '../chain.js';
import { done, refused } from './answers.js';
import { DisputedBlock } from './disputed-block.js';
import { periods } from './example-channel.js';

const payer = 0;
const seller = 1;
/** The auditor's part, which the seller's result leaves out. */
const part = 2;
const sellersParts = 0b011;
const impressions = 20;
const forged = (leaves: DisputedBlock['game']['leaves']) => leaves.slice(1);

export function questionsParts(chain: () => DrivenChain): void {
  it('refutes a question about a row that somebody publishes, and pays who did', async () => {
    const scene = { name: 'refuted', impressions, sellersParts, lie: forged };
    const block = await DisputedBlock.begin(chain(), scene);
    const { acts, id, parts } = block;
    expect(await block.facts()).toEqual({ accusations: [], parts: [] });
    const { commitment, segments } = parts[part];
    const doubt = { part, commitment, rowIndex: 0 };
    expect(refused(await acts[seller].askRow(id, { ...doubt, rowIndex: 99 }))).toBe('row-unknown');
    done(await acts[seller].askRow(id, doubt));
    expect(refused(await acts[seller].askRow(id, doubt))).toBe('already-asked');
    const [asked] = (await block.facts()).parts;
    expect(asked).toMatchObject({
      ...{ part, isStruck: false, askedRows: 0b010, isPanelAsked: false },
      questions: [{ participant: seller, rowIndex: 0, state: 'open' }],
      rows: [{ part, rowIndex: 0, asker: seller, isPublished: false }],
    });
    const [move] = publicationsDue(asked.rows, parts);
    const before = await block.weiOf(payer);
    done(await acts[payer].publishRow(id, move));
    const [{ rows }] = (await block.facts()).parts;
    expect(rows[0].published?.segment).toEqual(segments[0]);
    expect(rows[0].published?.publisher).toBe(acts[payer].address);
    expect(publicationsDue(rows, parts)).toEqual([]);
    expect(disproofOf(block, rows[0].published, sealSegment(block.game.rules, segments[0]).sealed)).toEqual({
      ...{ move: 'none', reason: 'decrypts-to-published' },
    });
    expect(refused(await acts[payer].concludeQuestion(id, part, seller))).toBe('question-undecided');
    await block.pass(periods.answerPeriod);
    done(await acts[payer].concludeQuestion(id, part, seller));
    const [{ questions }] = (await block.facts()).parts;
    expect(questions).toEqual([{ participant: seller, rowIndex: 0, state: 'refuted' }]);
    expect((await block.weiOf(payer)).freeWei - before.freeWei).toBe(bondWei.question);
  });

  it('strikes a part of which nobody publishes a row that was asked about', async () => {
    const scene = { name: 'unanswered', impressions, sellersParts, lie: forged };
    const block = await DisputedBlock.begin(chain(), scene);
    const { acts, id, parts } = block;
    const { commitment } = parts[part];
    done(await acts[seller].askRow(id, { part, commitment, rowIndex: 0 }));
    await block.pass(periods.answerPeriod);
    const [move] = publicationsDue((await block.facts()).parts[0].rows, parts);
    expect(refused(await acts[payer].publishRow(id, move))).toBe('row-too-late');
    done(await acts[payer].concludeQuestion(id, part, seller));
    await isStruck(block, 'row-unanswered');
  });

  it('strikes a part whose sealed bytes decrypt to something else than was published', async () => {
    const block = await DisputedBlock.begin(chain(), {
      ...{ name: 'disproved', impressions, sellersParts, lie: forged },
      posted: (held, rules) => (held.participant === part ? withSealed(held, otherwise(rules, held)) : held),
    });
    const { acts, id, parts, game } = block;
    const { commitment, segments } = parts[part];
    done(await acts[seller].askRow(id, { part, commitment, rowIndex: 0 }));
    const [move] = publicationsDue((await block.facts()).parts[0].rows, parts);
    done(await acts[payer].publishRow(id, move));
    const [{ rows }] = (await block.facts()).parts;
    const sealed = otherwise(game.rules, parts[part]);
    const row = { part, rowIndex: 0 };
    expect(refused(await acts[seller].disproveLength(id, row, { sealed }))).toBe('sealed-length-fits');
    const disproof = disproofOf(block, rows[0].published, sealed);
    if (disproof.move !== 'disprove-text') throw new Error('there is nothing to disprove');
    expect(disproof.place).toBe((segments[0].length - sealTagBytes) / 16);
    expect(refused(await acts[seller].disproveText(id, row, { ...disproof, place: 0 }))).toBe(
      'piece-refused',
    );
    done(await acts[seller].disproveText(id, row, disproof));
    await isStruck(block, 'row-disproved');
  });

  it('strikes a part whose rows are out of order, as soon as two headers show it', async () => {
    const block = await DisputedBlock.begin(chain(), {
      ...{ name: 'disorder', impressions, sellersParts, lie: forged },
      posted: (held) => (held.participant === part ? turnedRound(held) : held),
    });
    const { acts, id, parts } = block;
    const { commitment, rows, segments } = parts[part];
    const [one, other] = [0, 1].map((at) => ({ ...headerPlace(segments[at], 0), ...rowPlace(rows, at) }));
    const pair = { part, commitment, earlier: one, later: other };
    const turned = { ...pair, earlier: other, later: one };
    expect(refused(await acts[seller].proveDisorder(id, turned))).toBe('rows-too-close');
    expect(refused(await acts[seller].proveTooManyRows(id, pair))).toBe('rows-too-close');
    done(await acts[seller].proveDisorder(id, pair));
    await isStruck(block, 'disorder');
  });
}

async function isStruck(block: DisputedBlock, fault: string): Promise<void> {
  const [questioned] = (await block.facts()).parts;
  const prover = block.acts[seller].address;
  expect(questioned).toMatchObject({ part, isStruck: true, found: { fault, prover } });
  expect(questioned.questions.map(({ state }) => state)).not.toContain('open');
  const { parts } = await block.blockFacts();
  expect(parts.map((one) => one.isStruck)).toEqual([undefined, undefined, true]);
}

function disproofOf(
  { channel, game, id }: DisputedBlock,
  published: Parameters<typeof disproofDue>[0] | undefined,
  sealed: Uint8Array,
) {
  if (published === undefined) throw new Error('nothing was published');
  const { channelId, blockNumber, blockKey } = game.rules;
  const keyPath = channel.keyPath(id.blockNumber).map(fromHex);
  return disproofDue(published, sealed, { channelId, blockNumber, blockKey, keyPath });
}

/** The first row's sealed bytes, of which the last 16 before the tag decrypt to something else. */
function otherwise(rules: BlockRules, { segments }: HeldPart): Uint8Array {
  const sealed = sealSegment(rules, segments[0]).sealed.slice();
  sealed[sealed.length - sealTagBytes - 1] ^= 1;
  return sealed;
}

/** The same part, with these bytes as those of its first row. */
function withSealed(held: HeldPart, sealed: Uint8Array): HeldPart {
  const rows = concatBytes(sha256(sealed), held.rows.subarray(32));
  return { ...held, rows, commitment: commitManifest(rows).commitment };
}

function turnedRound(held: HeldPart): HeldPart {
  const { rows, segments } = held;
  const turned = concatBytes(rows.subarray(64, 128), rows.subarray(0, 64), rows.subarray(128));
  const [first, second, ...others] = segments;
  const commitment = commitManifest(turned).commitment;
  return { ...held, rows: turned, segments: [second, first, ...others], commitment };
}

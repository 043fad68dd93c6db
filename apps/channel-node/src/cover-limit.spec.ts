import { describe, expect, it } from '@jest/globals';
import { exposureSchema } from '#api';
import { toHex } from '#encoding';
import { silentLog } from '#environment';
import { roleOf } from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';
import { type CoverLimit, CoverWatch } from './cover-limit.js';
import { start, TestChain, testTerms } from './testing/test-channel.js';
import { TestNode } from './testing/test-node.js';

/** Of one impression; a base unit of the token is one nano. */
const price = 1_250_000n;

async function nodeWith(coverLimit?: CoverLimit, change: Parameters<typeof testTerms>[0] = {}) {
  const node = await TestNode.open(change);
  await node.close();
  await node.reopen(undefined, { options: { coverLimit } });
  const show = async () => {
    const answer = await node.get(`/v1/channels/${node.chain.channelId}/exposure`);
    expect(answer.status).toBe(200);
    return exposureSchema.parse(answer.body);
  };
  let sequence = 0n;
  const deliver = async (blockNumber: number, ...impressions: string[]) => {
    const answer = await node.post(node.chain.batch({ blockNumber, sequence: sequence++, impressions }));
    return answer.status === 202 ? 'taken' : answer.body.code;
  };
  return { node, show, deliver };
}

describe('the cover of a block', () => {
  it('is shown beside what is delivered, the auditors’ too, also before anything is delivered', async () => {
    const { node, show, deliver } = await nodeWith();
    node.chain.cover = (block, payee) => BigInt(1_000 * block + payee + 1);
    const covers = { cover: '2', auditors: [{ participant: 2, cover: '3' }] };
    expect(await show()).toMatchObject({
      isBeyondCover: false,
      blocks: [{ blockNumber: 0, deliveredNano: '0', earned: '0', ...covers, isBeyondCover: false }],
    });
    await deliver(0, 'a');
    expect(await show()).toMatchObject({
      isBeyondCover: true,
      blocks: [{ blockNumber: 0, earned: String(price), isBeyondCover: true }],
    });
    node.chain.moveTo(start + 3_600);
    // In its grace the last block still takes late notices; what is won now belongs to the next.
    expect(await show()).toMatchObject({
      isBeyondCover: false,
      blocks: [
        { blockNumber: 0, isBeyondCover: true },
        { blockNumber: 1, cover: '1002' },
      ],
    });
    await node.close();
  });

  it('is read once a height, and once more where the chain was away', async () => {
    const { node, show } = await nodeWith();
    let asked = 0;
    node.chain.cover = () => {
      asked++;
      if (asked <= 2) throw new Error('away');
      return 5n;
    };
    expect((await show()).blocks).toEqual([]);
    expect(node.told).toContain('the covers of blocks could not be read');
    await show();
    expect(asked).toBe(2);
    node.chain.moveTo(start + 61);
    expect((await show()).blocks).toMatchObject([{ cover: '5' }]);
    await show();
    expect(asked).toBe(4);
    await node.close();
  });

  it('has to reach for what the seller keeps: shares are paid from the lines of others', async () => {
    const shares = [{ participant: 2, ppm: 750_000 }];
    const reducerParameters = toHex(
      encodeParameters({ ...defaultParameters, onMissingAudit: 1, requireViewable: false, shares }),
    );
    const roles = [roleOf.dsp, roleOf.ssp, roleOf.publisher];
    const { node, show, deliver } = await nodeWith(undefined, { reducerParameters, roles });
    node.chain.cover = () => price / 4n + 1n;
    await deliver(0, 'a');
    expect((await show()).blocks).toMatchObject([{ earned: String(price / 4n), isBeyondCover: false }]);
    node.chain.cover = () => price / 4n;
    node.chain.moveTo(start + 61);
    expect((await show()).blocks).toMatchObject([{ isBeyondCover: true, auditors: [] }]);
    await node.close();
  });

  it('stops a node that is to refuse, block by block, and lets what others wrote in', async () => {
    const { node, deliver } = await nodeWith({ percent: 50, act: 'refuse' });
    const { chain } = node;
    chain.cover = (block) => (block === 0 ? 4n * price : 100n * price);
    await node.app.node.sweep();
    expect(await deliver(0, 'a')).toBe('taken');
    expect(await deliver(0, 'b')).toBe('taken');
    expect(await deliver(0, 'c')).toBe('cover-limit');
    const matched = chain.batch({ author: 0, impressions: ['a', 'b'] });
    expect(await node.post(matched)).toMatchObject({ status: 202 });
    expect(await deliver(0, 'c')).toBe('cover-limit');
    chain.cover = () => 100n * price;
    chain.moveTo(start + 61);
    await node.app.node.sweep();
    expect(await deliver(0, 'c')).toBe('taken');
    chain.cover = () => 0n;
    chain.moveTo(start + 3_600);
    await node.app.node.sweep();
    expect(await deliver(1, 'd')).toBe('cover-limit');
    await node.close();
  });

  it('is told once a block where it is reached, and refuses nothing of a node that warns', async () => {
    const { node, show, deliver } = await nodeWith({ percent: 100, act: 'warn' });
    const words = 'what is delivered in the block reaches what its line surely pays';
    const told = () => node.told.filter((one) => one === words).length;
    node.chain.cover = () => 2n * price;
    await node.app.node.sweep();
    await deliver(0, 'a');
    await node.app.node.sweep();
    expect(told()).toBe(0);
    expect(await deliver(0, 'b')).toBe('taken');
    await node.app.node.sweep();
    expect(await deliver(0, 'c')).toBe('taken');
    await node.app.node.sweep();
    expect(told()).toBe(1);
    expect(await show()).toMatchObject({ coverPercent: 100, coverAct: 'warn', isBeyondCover: true });
    await node.close();
  });

  it('is read while a block takes records, its grace included, of the own line and of other auditors', async () => {
    const chain = new TestChain(testTerms({ blocksMax: 2, roles: [roleOf.dsp, roleOf.auditor, roleOf.ssp] }));
    const ports = { chain: chain.port(), log: silentLog };
    const facts = await (await ports.chain.snapshot({ finality: 'latest' })).channel(chain.channelId);
    const watchOf = (participant: number) =>
      new CoverWatch(facts as NonNullable<typeof facts>, { participant, coverLimit: undefined }, ports);
    const [payer, auditor, seller] = [0, 1, 2].map(watchOf);
    let asOf = 0;
    const seen = async (watch: CoverWatch, now: number, cover: bigint) => {
      chain.cover = () => cover;
      await watch.look(asOf++, now);
      return [watch.current, ...watch.blockNumbers.map((block) => watch.of(block)?.own)];
    };
    expect(await seen(seller, start - 1, 9n)).toEqual([undefined]);
    expect(await seen(seller, start, 1n)).toEqual([0, 1n]);
    expect(await seen(seller, start + 3_600, 2n)).toEqual([1, 2n, 2n]);
    expect(await seen(seller, start + 4_199, 3n)).toEqual([1, 3n, 3n]);
    expect(await seen(seller, start + 4_200, 4n)).toEqual([1, 3n, 4n]);
    expect(await seen(seller, start + 7_200, 5n)).toEqual([undefined, 3n, 5n]);
    expect(await seen(seller, start + 7_800, 6n)).toEqual([undefined, 3n, 5n]);
    expect(await seen(auditor, start, 1n)).toEqual([0, 1n]);
    expect([seller.of(0)?.auditors, auditor.of(0)?.auditors]).toEqual([[{ participant: 1, cover: 3n }], []]);
    // Nobody pays the payer.
    expect(await seen(payer, start, 1n)).toEqual([undefined]);
  });
});

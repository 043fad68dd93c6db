import { expect, it } from '@jest/globals';
import { exposureSchema } from '#api';
import { recordKind } from '#protocol';
import { start } from './testing/test-channel.js';
import { TestNode } from './testing/test-node.js';

const price = 1_250_000n;
const limit = { nano: 2n * price, act: 'warn' } as const;
const audit = { kind: recordKind.audit, counterparty: 255, priceNano: 0n };

it('shows what is delivered and not sure to be paid for, block by block, also after a restart', async () => {
  const node = await TestNode.open();
  await node.close();
  await node.reopen(undefined, { options: { exposureLimit: limit } });
  const { chain } = node;
  const show = async () => {
    const answer = await node.get(`/v1/channels/${chain.channelId}/exposure`);
    expect(answer.status).toBe(200);
    return exposureSchema.parse(answer.body);
  };
  const post = async (batch: Uint8Array): Promise<void> =>
    expect(await node.post(batch)).toMatchObject({ status: 202 });
  const told = (): string[] => node.told.filter((words) => words.includes('sure to be paid'));

  expect(await show()).toMatchObject({
    exposedNano: '0',
    isBeyondLimit: false,
    limitNano: '2500000',
    blocks: [{ blockNumber: 0, deliveredNano: '0', exposedNano: '0' }],
  });
  await post(chain.batch({ impressions: ['a', 'b'] }));
  await node.app.node.sweep();
  await node.app.node.sweep();
  expect(told()).toHaveLength(1);
  const nobody = {
    deliveredNano: '2500000',
    exposedNano: '2500000',
    impressions: 2,
    exposedImpressions: 2,
    isExact: true,
  };
  expect(await show()).toMatchObject({
    exposedNano: '2500000',
    isBeyondLimit: true,
    act: 'warn',
    blocks: [nobody],
  });
  // A node that warns takes more.
  await post(chain.batch({ sequence: 1n, impressions: ['c'] }));
  await post(chain.batch({ author: 0, impressions: ['a', 'b', 'c'] }));
  await post(chain.batch({ author: 2, impressions: ['a', 'b'], change: audit }));
  const half = { blockNumber: 0, deliveredNano: '3750000', exposedNano: '1250000', exposedImpressions: 1 };
  expect(await show()).toMatchObject({ exposedNano: '1250000', isBeyondLimit: false, blocks: [half] });
  await node.close();
  await node.reopen(undefined, { options: { exposureLimit: limit } });
  expect(await show()).toMatchObject({ exposedNano: '1250000', isBeyondLimit: false, blocks: [half] });
  chain.moveTo(start + 3_600);
  await post(chain.batch({ blockNumber: 1, sequence: 9n, impressions: ['d'] }));
  expect(await show()).toMatchObject({ exposedNano: '2500000', blocks: [half, { blockNumber: 1 }] });
  await node.close();
});

it('is of channels of its participant only', async () => {
  const node = await TestNode.open();
  const answer = await node.get(`/v1/channels/0x${'00'.repeat(32)}/exposure`);
  expect(answer).toMatchObject({ status: 404, body: { code: 'unknown-channel' } });
  await node.close();
});

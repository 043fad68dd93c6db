import { describe, expect, it } from '@jest/globals';
import type { OutboxEntry } from '#chain/outbox';
import type { Address, Hex } from '#encoding';
import { KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import { outboxIn } from './key-value-outbox.js';

const address: Address = `0x${'0a'.repeat(20)}` as const;
const entryOf = (nonce: number, to: Address | undefined = `0x${'0b'.repeat(20)}` as const): OutboxEntry => ({
  nonce,
  act: { to, data: '0x1234', valueWei: 10n ** 21n },
  gasLimit: 100_000n,
  newest: {
    ...{ hash: `0x${'0c'.repeat(32)}`, raw: '0x02' },
    ...{ maxFeePerGasWei: 2n ** 70n, maxPriorityFeePerGasWei: 1n },
  },
  earlier: [`0x${'0e'.repeat(32)}`],
});

describe('an outbox in a key-value store', () => {
  it('gives back after a restart what was kept, by nonce, and what of it was not forgotten', async () => {
    const drawer = new KeyValueDrawer();
    const outbox = outboxIn(openMemoryKeyValue(drawer), 'collator');
    for (const nonce of [10, 9, 2]) await outbox.keep(address, entryOf(nonce));
    await outbox.keep(`0x${'0d'.repeat(20)}` as const, entryOf(1));
    const again = outboxIn(openMemoryKeyValue(drawer), 'collator');
    expect(await again.entries(address)).toEqual([entryOf(2), entryOf(9), entryOf(10)]);
    await again.forget(address, 9);
    await again.keep(address, { ...entryOf(2), gasLimit: 7n });
    expect(await outbox.entries(address)).toEqual([{ ...entryOf(2), gasLimit: 7n }, entryOf(10)]);
  });

  it('is apart for each service that posts with the key', async () => {
    const keyValue = openMemoryKeyValue();
    const [collator, settlement] = ['collator', 'settlement'].map((name) => outboxIn(keyValue, name));
    for (const outbox of [collator, settlement]) await outbox.keep(address, entryOf(4));
    await settlement.forget(address, 4);
    expect(await collator.entries(address)).toEqual([entryOf(4)]);
    expect(await settlement.entries(address)).toEqual([]);
  });

  it('keeps the largest act of a dispute, however often it was sent for more', async () => {
    const outbox = outboxIn(openMemoryKeyValue(), 'settlement');
    const largest: Hex = `0x${'5a'.repeat(68_000)}`;
    const { act, newest, ...rest } = entryOf(3);
    const entry = { ...rest, act: { ...act, data: largest }, newest: { ...newest, raw: largest } };
    const earlier = Array.from({ length: 19 }, () => newest.hash);
    await outbox.keep(address, { ...entry, earlier });
    expect(await outbox.entries(address)).toEqual([{ ...entry, earlier }]);
  });

  it('keeps what deploys a contract too', async () => {
    const outbox = outboxIn(openMemoryKeyValue(), 'collator');
    const { act, ...rest } = entryOf(0);
    const creation = { ...rest, act: { ...act, to: undefined } };
    await outbox.keep(address, creation);
    expect(await outbox.entries(address)).toEqual([creation]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { SignedReceipt } from '#api';
import type { Hex } from '#encoding';
import { silentLog, systemClock } from '#environment';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { openFileKeyValue } from '#key-value/file-key-value';
import { type LogItem, logPosition } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { ChannelNode } from './channel-node.js';
import { accounts, operatorKeys, rootOf, TestChain } from './testing/test-channel.js';

/** Submits batches from four callers without end and prints the receipt of each. */
const submitting = (folder: string) => `
  import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  import { ChannelNode } from '${builtFile('apps/channel-node/src/channel-node.js')}';
  import { accounts, operatorKeys, TestChain } from '${builtFile('apps/channel-node/src/testing/test-channel.js')}';
  import { silentLog, systemClock } from '${builtFile('libs/environment/index.js')}';
  const chain = new TestChain();
  const node = new ChannelNode(
    { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 },
    {
      recordLog: await openFileRecordLog('${folder}/log'),
      keyValue: await openFileKeyValue('${folder}/state'),
      chain: chain.port(),
      clock: systemClock,
      log: silentLog,
    },
  );
  let next = 0;
  async function caller() {
    for (;;) {
      const sequence = BigInt(next++);
      const batch = chain.batch({ sequence, impressions: ['impression ' + sequence] });
      const { receipt } = await node.submit(batch, chain.channelId);
      console.log(JSON.stringify(receipt));
    }
  }
  await Promise.all([caller(), caller(), caller(), caller()]);
`;

describe('a channel node that is killed', () => {
  it('holds every batch it gave a receipt for, and gives the very same receipt again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'papyrus.channel-node-'));
    const lines = await runAndKill({ source: submitting(folder), lines: 60 });
    const receipts = lines.map((line) => JSON.parse(line) as SignedReceipt);
    const chain = new TestChain();
    const recordLog = await openFileRecordLog(`${folder}/log`);
    const keyValue = await openFileKeyValue(`${folder}/state`);
    const options = { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 };
    const node = new ChannelNode(options, {
      recordLog,
      keyValue,
      chain: chain.port(),
      clock: systemClock,
      log: silentLog,
    });
    const partition = { channelId: chain.channelId as Hex, stream: 1 };
    const endBefore = await recordLog.end(partition);
    for (const receipt of receipts) {
      const sequence = BigInt(receipt.sequence);
      const batch = chain.batch({ sequence, impressions: [`impression ${sequence}`] });
      const kept = await recordLog.get(partition, logPosition(receipt.logOffset));
      expect(kept).toMatchObject({ bytes: batch } satisfies Partial<LogItem>);
      expect(receipt.recordsRoot).toBe(rootOf(batch));
      expect(await node.submit(batch, chain.channelId)).toEqual({ ok: true, receipt });
    }
    expect(await recordLog.end(partition)).toBe(endBefore);
    await node.stop();
    await recordLog.close();
    await keyValue.close();
    await rm(folder, { recursive: true });
  });
});

/**
 * `papyrus up`: a network on real time takes signed batches, settles them, stops when told, and goes on where
 * it was.
 */
import type { ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignedReceipt } from '#api';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import { type Address, toHex } from '#encoding';
import type { ChannelId, Eip712Domain } from '#protocol';
import { BatchSigner, ChannelNodeClient, PapyrusRefused, receiptFault } from '#sdk';
import { type CliRun, resultOf, runCli, startCli } from './run-cli.js';

interface UpEvent {
  readonly channelId: ChannelId;
  readonly domain: Eip712Domain;
  readonly chainUrl: string;
  readonly members: readonly {
    name: string;
    index: number;
    operatorKey: Address;
    recordKey: Address;
    nodeUrl: string;
    validatorUrl: string;
  }[];
}

interface BlockEvent {
  readonly blockNumber: number;
  readonly stage: string;
}

type Line = { readonly type: string } & Readonly<Record<string, unknown>>;

const seed = 'up-spec';
const deadlineMs = 90_000;
const priceNano = 1_234_567n;

let folder = '';
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-up-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

/** A running network, and the lines that it says, in turn; a wait of more than the deadline fails. */
function startUp(blockSeconds: number, ...more: readonly string[]) {
  const child = startCli([
    'up',
    '--json',
    '--data',
    folder,
    '--seed',
    seed,
    '--block-seconds',
    `${blockSeconds}`,
    ...more,
  ]);
  children.push(child);
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const reader = createInterface({ input: child.stdout! });
  const lines = on(reader, 'line', { close: ['close'], signal: AbortSignal.timeout(deadlineMs) });
  const ended = once(child, 'close');
  const next = async <Found>(isWanted: (line: Line) => boolean): Promise<Found> => {
    for (let one = await lines.next(); one.done !== true; one = await lines.next()) {
      const line = JSON.parse(one.value[0]) as Line;
      if (isWanted(line)) return line as Found;
    }
    throw new Error(`the network ended before it said what was waited for: ${stderr}`);
  };
  return {
    up: () => next<UpEvent>(({ type }) => type === 'up'),
    block: (isWanted: (block: BlockEvent) => boolean) =>
      next<BlockEvent>((line) => line.type === 'block' && isWanted(line as unknown as BlockEvent)),
    stop: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      const result = await next<Line>(({ type }) => type === 'result');
      const [code] = await ended;
      return { code, result, stderr };
    },
  };
}

/** The batch of one win or one check, as the participant's own back end signs it. */
function batchOf({ domain, channelId, members }: UpEvent, name: string, blockNumber: number): Uint8Array {
  const recordKey = participantSecrets(seed, name).record.privateKey;
  const author = members.findIndex((one) => one.name === name);
  const signer = new BatchSigner({ domain, channelId, author, recordKey, recordsPerBatch: 1 });
  const impression = { auctionId: `auction of block ${blockNumber}`, impId: '1' };
  const seen = { impression, timestampMs: 1_700_000_000_000, counterparty: author === 0 ? 1 : 0 };
  const batch =
    name === 'auditor'
      ? signer.audit(blockNumber, { ...seen, counterparty: 1, flags: ['measurable', 'viewable'] })
      : signer.win(blockNumber, { ...seen, priceNano });
  return batch as Uint8Array;
}

const authors = ['dsp', 'ssp-1', 'auditor'];

/** All three say the same of one impression; their nodes answer receipts that verify without any node. */
async function submitImpression(up: UpEvent, blockNumber: number): Promise<SignedReceipt[]> {
  return Promise.all(
    authors.map(async (name) => {
      const member = up.members.find((one) => one.name === name)!;
      const batch = batchOf(up, name, blockNumber);
      const receipt = await new ChannelNodeClient({ url: member.nodeUrl }).submit(up.channelId, batch);
      const operatorKey = participantSecrets(seed, name).operator.address;
      expect(member.operatorKey).toBe(operatorKey);
      expect(receiptFault(receipt, { domain: up.domain, operatorKey, batch })).toBeUndefined();
      const later = { ...receipt, receivedAt: receipt.receivedAt + 1 };
      expect(receiptFault(later, { domain: up.domain, operatorKey, batch })).toBe('signature');
      return receipt;
    }),
  );
}

/** Exports the settled block from the data folder: what it pays, by participant. */
async function amountsOf(channelId: ChannelId, blockNumber: number): Promise<string[]> {
  const out = join(folder, `export-${blockNumber}`);
  const run = await runCli([
    'block',
    'export',
    channelId,
    `${blockNumber}`,
    '--data',
    folder,
    '--out',
    out,
    '--json',
  ]);
  expect([run.code, run.stderr]).toEqual([0, '']);
  resultOf(run);
  return JSON.parse(readFileSync(join(out, 'block.json'), 'utf8')).result.amounts;
}

/** On a busy machine a block may close while its batches are on their way: then the next is tried. */
async function settleImpression(
  network: ReturnType<typeof startUp>,
  up: UpEvent,
  from: number,
): Promise<number> {
  const { blockNumber } = await network.block((one) => one.stage === 'collection' && one.blockNumber >= from);
  try {
    await submitImpression(up, blockNumber);
  } catch (cause) {
    if (!(cause instanceof PapyrusRefused) || cause.code !== 'block-closed') throw cause;
    return settleImpression(network, up, blockNumber + 1);
  }
  await network.block((block) => block.blockNumber === blockNumber && block.stage === 'settled');
  return blockNumber;
}

/** What a process wrote until it wrote that. */
async function until(child: ChildProcess, wanted: RegExp): Promise<string> {
  let text = '';
  for await (const line of createInterface({ input: child.stdout! })) {
    text += `${line}\n`;
    if (wanted.test(line)) return text;
  }
  throw new Error(`it ended before ${wanted}: ${text}`);
}

function resultError(run: CliRun): unknown {
  const last = run.lines.at(-1) as { errors?: { code: string }[] } | undefined;
  return last?.errors?.[0].code;
}

describe('a network that is left running', () => {
  it('stops in order also while it starts', async () => {
    const child = startCli(['up', '--data', folder, '--seed', seed]);
    children.push(child);
    const ended = once(child, 'exit');
    // The first that is written, before anything is opened.
    while (!existsSync(join(folder, 'network.json'))) await pause(5);
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(readdirSync(folder)).not.toContain('running.json');
  });

  it('keeps its ports over a restart, prints keys and a curl that works, and takes nobody else’s port', async () => {
    const taken = createServer();
    // Below those that systems give away by themselves; another run of this test has another.
    const base = 20_000 + 9 * (process.pid % 1_000);
    await once(taken.listen(base + 8, '127.0.0.1'), 'listening');
    const network = ['up', '--data', folder, '--seed', seed];
    const refused = await runCli([...network, '--json', '--port-base', `${base}`]);
    expect([refused.code, resultError(refused)]).toEqual([5, 'port-in-use']);
    await once(taken.close(), 'close');

    const first = startUp(60, '--port-base', `${base}`);
    const up = await first.up();
    const ports = [
      up.chainUrl,
      ...up.members.flatMap(({ nodeUrl, validatorUrl }) => [nodeUrl, validatorUrl]),
    ];
    expect(ports).toEqual(ports.map((_, at) => `http://127.0.0.1:${base + at}`));
    expect(up.members[1].recordKey).toBe(participantSecrets(seed, 'ssp-1').record.address);
    expect((await first.stop('SIGINT')).code).toBe(0);

    const again = startCli([...network, '--port-base', `${base}`]);
    children.push(again);
    const printed = await until(again, /Ctrl-C/);
    expect(printed).toContain(`verifyingContract ${up.domain.verifyingContract}`);
    expect(printed).toContain(toHex(participantSecrets(seed, 'ssp-1').record.privateKey));
    const [, url] = /^ {2}curl (\S+)$/m.exec(printed) ?? [];
    expect(url).toBe(`${up.members[1].nodeUrl}/v1/channels/${up.channelId}`);
    expect((await fetch(url)).status).toBe(200);
    again.kill('SIGINT');
    expect(await once(again, 'exit')).toEqual([0, null]);
  });

  it('settles what it is given in real time, stops at SIGINT, and goes on with its channel after it', async () => {
    const first = startUp(5);
    const up = await first.up();
    const blockNumber = await settleImpression(first, up, 0);
    const stopped = await first.stop('SIGINT');
    expect(stopped).toMatchObject({ code: 0, stderr: '', result: { success: true, errors: [] } });
    const fee = 2_000n;
    const paid = [priceNano + fee, priceNano, 0n, fee].map(String);
    expect(await amountsOf(up.channelId, blockNumber)).toEqual(paid);

    const second = startUp(5);
    const again = await second.up();
    expect([again.channelId, again.domain]).toEqual([up.channelId, up.domain]);
    const later = await settleImpression(second, again, blockNumber + 1);
    expect(await second.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    expect(await amountsOf(up.channelId, later)).toEqual(paid);
  }, 180_000);
});

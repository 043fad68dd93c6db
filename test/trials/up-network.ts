/**
 * `papyrus up` under trial: a process that is told what to do by signals, traffic that keeps what it was given
 * receipts for, and the question afterwards whether all of that is in the settled blocks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { batchMediaType, endpoints, pathOf } from '#api';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import type {} from '#encoding';
import { builtFile } from '#environment/built-file';
import type { ChannelId, Eip712Domain } from '#protocol';
import { BatchSigner } from '#sdk';
import { runCli } from '../network/run-cli.js';

export type Line = { readonly type: string } & Readonly<Record<string, unknown>>;

interface UpLine {
  readonly channelId: ChannelId;
  readonly chainUrl: string;
  readonly domain: Eip712Domain;
  readonly members: readonly { readonly name: string; readonly nodeUrl: string }[];
}

/** A batch that a node gave a receipt for. */
export interface Acknowledged {
  readonly blockNumber: number;
  readonly author: number;
  readonly bytes: Uint8Array;
}

const batchEveryMs = 100;
const requestTimeoutMs = 10_000;
const lineWaitMs = 300_000;
const seed = 'trial';
/** The auditor's records need a counterparty of their own; wins say enough here. */
const authors = ['dsp', 'ssp-1', 'ssp-2'];

export class UpNetwork {
  readonly folder: string;
  readonly acknowledged: Acknowledged[] = [];
  readonly notices: string[] = [];
  readonly ended: Promise<number | null>;
  refused = 0;
  unanswered = 0;
  up: UpLine | undefined;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<{ look(line: Line | undefined): void }>();
  readonly #stages = new Map<number, string>();
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  #stderr = '';

  /** `env` comes on top of ours. */
  constructor(folder: string, blockSeconds: number, env: NodeJS.ProcessEnv = {}) {
    this.folder = folder;
    const args = ['up', '--json', '--data', folder, '--seed', seed, '--block-seconds', `${blockSeconds}`];
    this.#child = spawn(process.execPath, ['--no-warnings', builtFile('apps/cli/src/main.js'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
    const reader = createInterface({ input: this.#child.stdout! });
    reader.on('line', (text) => this.#hear(JSON.parse(text) as Line));
    reader.on('close', () => {
      for (const one of this.#waiting) one.look(undefined);
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when the network says that it is up. */
  async start(): Promise<this> {
    this.up = (await this.next((line) => line.type === 'up')) as unknown as UpLine;
    return this;
  }

  /** Resolves with the next line that is wanted. */
  next(isWanted: (line: Line) => boolean): Promise<Line> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(one);
        act();
      };
      const fail = (why: string): void => end(() => reject(new Error(`${why}: ${this.#stderr}`)));
      const timer = setTimeout(() => fail('nothing that was waited for was said'), lineWaitMs);
      const one = {
        look: (line: Line | undefined) => {
          if (line === undefined) fail('the network ended too early');
          else if (isWanted(line)) end(() => resolve(line));
        },
      };
      this.#waiting.add(one);
    });
  }

  #hear(line: Line): void {
    if (line.type === 'block') this.#stages.set(line.blockNumber as number, line.stage as string);
    if (line.type === 'notice') this.notices.push(line.code as string);
    for (const one of this.#waiting) one.look(line);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  anvilPid(): number {
    return Number(readFileSync(join(this.folder, 'chain', 'anvil.pid'), 'utf8'));
  }

  /** Wins of all authors, a batch each, again and again until `stopTraffic`. */
  startTraffic(): void {
    this.#isSending = true;
    const { channelId, domain, members } = this.up!;
    const signers = authors.map((name) => {
      const author = members.findIndex((one) => one.name === name);
      const recordKey = participantSecrets(seed, name).record.privateKey;
      return new BatchSigner({ domain, channelId, author, recordKey, recordsPerBatch: 1 });
    });
    let count = 0;
    const send = async (): Promise<void> => {
      const under: Promise<void>[] = [];
      while (this.#isSending) {
        const author = count++ % authors.length;
        under.push(this.#send(author, signers[author], `auction ${count}`));
        await pause(batchEveryMs);
      }
      await Promise.all(under);
    };
    this.#sending = send();
  }

  async stopTraffic(): Promise<void> {
    this.#isSending = false;
    await this.#sending;
  }

  /** Resolves when every block with acknowledged batches is over. */
  async settled(): Promise<void> {
    const isOpen = (): boolean =>
      this.acknowledged.some(({ blockNumber }) => !isOver(this.#stages.get(blockNumber)));
    while (isOpen()) await this.next((line) => line.type === 'block' && isOver(line.stage as string));
  }

  /** How many acknowledged batches are in no settled block's part of their author. */
  async lost(): Promise<number> {
    let lost = 0;
    for (const blockNumber of new Set(this.acknowledged.map((one) => one.blockNumber))) {
      const own = this.acknowledged.filter((one) => one.blockNumber === blockNumber);
      const out = join(this.folder, 'export', `${blockNumber}`);
      const where = ['--data', this.folder, '--out', out, '--json'];
      const run = await runCli(['block', 'export', this.up!.channelId, `${blockNumber}`, ...where]);
      if (run.code !== 0) {
        process.stdout.write(`block ${blockNumber}: ${run.stderr.trim()}\n`);
        lost += own.length;
        continue;
      }
      const { parts } = JSON.parse(readFileSync(join(out, 'block.json'), 'utf8')) as {
        parts: Record<string, string>;
      };
      for (const { author, bytes } of own) {
        if (!Buffer.from(parts[author] ?? '', 'base64').includes(Buffer.from(bytes))) lost++;
      }
    }
    return lost;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }

  async #send(author: number, signer: BatchSigner, auctionId: string): Promise<void> {
    const { channelId, members } = this.up!;
    const collecting = [...this.#stages]
      .filter(([, stage]) => stage === 'collection')
      .map(([block]) => block);
    if (collecting.length === 0) return;
    const blockNumber = Math.max(...collecting);
    const counterparty = author === 0 ? 1 : 0;
    const impression = { auctionId, impId: '1' };
    const seen = { impression, timestampMs: 1_700_000_000_000, counterparty, priceNano: 1_000n };
    const bytes = signer.win(blockNumber, seen) as Uint8Array;
    const { nodeUrl } = members.find((one) => one.name === authors[author])!;
    const { method, path } = endpoints.submitRecords;
    try {
      const response = await fetch(`${nodeUrl}${pathOf({ path }, { channelId })}`, {
        method,
        headers: { 'content-type': batchMediaType },
        body: new Uint8Array(bytes),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      await response.arrayBuffer();
      if (response.ok) this.acknowledged.push({ blockNumber, author, bytes });
      else this.refused++;
    } catch {
      this.unanswered++;
    }
  }
}

/** Runs `work` with a network that is up; whatever comes of it, the network has ended afterwards. */
export async function withUp<Result>(
  network: UpNetwork,
  work: (network: UpNetwork) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(await network.start());
  } finally {
    await network.end('SIGKILL');
  }
}

/** Runs `work` with a folder of its own that is gone afterwards. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-trial-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isOver(stage: string | undefined): boolean {
  return stage === 'settled' || stage === 'void';
}

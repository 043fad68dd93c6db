/**
 * The disk of a part store is full, again and again, for 8 seconds, and until the store is opened anew: every
 * put that resolved is there, every other one is told with path and reason, and a collator posts when there
 * is room. Needs a file system of its own, so the right to mount one.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Collator } from '#apps/collator/src/collator';
import { Rehearsal } from '#block-watch/testing/rehearsal';
import { sha256 } from '#crypto';
import { codeOf, messageOf, seededEntropy, silentLog, systemClock } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import type { PartStore } from '#part-store';
import { openFilePartStore } from '#part-store/file-part-store';

const mebibytes = 4;
/** No call may take longer, whatever the disk does. */
const slowestMs = 5_000;

interface Counts {
  stored: number;
  faults: number;
  slowestMs: number;
  readonly wrong: string[];
}

/** `count`: how often the disk is full for a moment, 40 unless said. */
export async function runTrial([count = '40']: string[]): Promise<boolean> {
  const disk = mkdtempSync(join(tmpdir(), 'papyrus-part-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', disk]);
  const trial = new FullDisk(disk);
  try {
    for (let at = 0; at < Number(count); at++) await trial.fillFor(150);
    await trial.fillFor(8_000);
    const collated = await trial.collateOnFullDisk();
    await trial.fillForEver();
    await trial.check();
    const { stored, faults, wrong } = trial.counts;
    for (const line of wrong) process.stdout.write(`${line}\n`);
    process.stdout.write(
      `${Number(count) + 3} times full: ${stored} blocks stored, 0 of them lost, ${faults} puts refused with ` +
        `path and ENOSPC, the slowest call ${trial.counts.slowestMs} ms; the collator posted after ` +
        `${collated} sweeps that failed\n`,
    );
    return wrong.length === 0 && trial.counts.slowestMs < slowestMs && faults > 0 && collated > 0;
  } finally {
    await trial.close();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

class FullDisk {
  readonly counts: Counts = { stored: 0, faults: 0, slowestMs: 0, wrong: [] };
  readonly #folder: string;
  readonly #ballast: string;
  readonly #entropy = seededEntropy('part-full');
  readonly #stored: Uint8Array[] = [];
  #owners = 0;
  #store: PartStore;

  constructor(disk: string) {
    this.#folder = join(disk, 'parts');
    this.#ballast = join(disk, 'ballast');
    this.#store = openFilePartStore(this.#folder);
  }

  /** Puts while the disk is full; what it took is let go afterwards, so that there is room for the next turn. */
  async fillFor(ms: number): Promise<void> {
    this.#fill(this.#below(200_000));
    const until = performance.now() + ms;
    do {
      await this.#put();
      await pause(10);
    } while (performance.now() < until);
    this.#expectNothingHalfWritten();
    this.#makeRoom();
    const { faults } = this.counts;
    for (let at = 0; at < 5; at++) await this.#put();
    if (this.counts.faults !== faults) this.counts.wrong.push('it did not go on when there was room');
    await this.check();
    for (let owner = 0; owner < this.#owners; owner++) await this.#store.release(`owner/${owner}`);
    this.#stored.length = 0;
    const left = readdirSync(this.#folder, { recursive: true }).filter((name) =>
      /\.data$/.test(String(name)),
    );
    if (left.length > 0) this.counts.wrong.push(`${left.length} released blocks are still there`);
  }

  /** A collator sweeps while the disk is full and after it; returns how many sweeps failed. */
  async collateOnFullDisk(): Promise<number> {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, [rehearsal.batch(0, 0, 1, 900), rehearsal.batch(0, 1, 1, 900)]);
    await rehearsal.cutOff(0, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    const collator = new Collator(
      { ...rehearsal.participants[0], sweepIntervalMs: 1_000 },
      {
        recordLog: rehearsal.recordLog(0),
        partStore: this.#store,
        chain: rehearsal.chain.port(),
        keyValue: rehearsal.keyValue(0),
        jobQueue: openInProcessJobQueue({ log: silentLog }),
        clock: systemClock,
        log: silentLog,
      },
    );
    this.#fill(30_000);
    let failed = 0;
    for (let sweep = 0; sweep < 20; sweep++) {
      if (sweep === 10) this.#makeRoom();
      const posted = await collator.sweep().catch((cause) => {
        if (codeOf(cause) !== 'part-store-unavailable') this.counts.wrong.push(messageOf(cause));
        failed++;
        return 0;
      });
      const isPosted = rehearsal.chain.accepted.postPart === 1;
      if (isPosted && sweep < 10) this.counts.wrong.push('a part was posted that the store cannot hold');
      if (posted > 0) return failed;
    }
    this.counts.wrong.push('the collator never posted');
    return failed;
  }

  /** The disk stays full while the store is closed and opened again: what it took is there. */
  async fillForEver(): Promise<void> {
    await this.#put();
    this.#fill(0);
    for (let turn = 0; turn < 100; turn++) await this.#put();
    await this.#store.close();
    this.#store = openFilePartStore(this.#folder);
    await this.check();
    for (let turn = 0; turn < 100; turn++) await this.#put();
    this.#expectNothingHalfWritten();
    this.#makeRoom();
    const { stored } = this.counts;
    await this.#put();
    if (this.counts.stored === stored) this.counts.wrong.push('it did not go on after it was opened again');
  }

  /** Every put that resolved is there, as it was put. */
  async check(): Promise<void> {
    for (const bytes of this.#stored) {
      const found = await this.#store.get(sha256(bytes));
      if (typeof found === 'string' || Buffer.compare(found, bytes) !== 0)
        this.counts.wrong.push('a block is lost');
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #put(): Promise<void> {
    const bytes = this.#entropy.bytes(1 + this.#below(60_000));
    const fromMs = performance.now();
    try {
      const owner = `owner/${this.#owners++}`;
      await this.#store.hold(owner, [sha256(bytes)]);
      await this.#store.put(bytes);
      this.#stored.push(bytes);
      this.counts.stored++;
    } catch (cause) {
      this.counts.faults++;
      const message = messageOf(cause);
      const isNamed = codeOf(cause) === 'part-store-unavailable' && /ENOSPC/.test(message);
      if (!isNamed || !message.includes(this.#folder)) this.counts.wrong.push(message);
    }
    this.counts.slowestMs = Math.max(this.counts.slowestMs, Math.round(performance.now() - fromMs));
  }

  /** Leaves this many bytes free, at most. */
  #fill(free: number): void {
    const { bavail, bsize } = statfsSync(this.#folder);
    writeFileSync(this.#ballast, Buffer.alloc(Math.max(0, bavail * bsize - free)));
  }

  #makeRoom(): void {
    if (existsSync(this.#ballast)) truncateSync(this.#ballast);
  }

  #expectNothingHalfWritten(): void {
    const left = readdirSync(join(this.#folder, '.incoming'));
    if (left.length > 0) this.counts.wrong.push(`half-written files are left: ${left.join(', ')}`);
  }

  #below(limit: number): number {
    return new DataView(this.#entropy.bytes(4).buffer).getUint32(0) % limit;
  }
}

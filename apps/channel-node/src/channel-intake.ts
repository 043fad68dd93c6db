/**
 * One channel as its node takes records in: which blocks are open, what each holds, and where each is cut
 * off.
 */
import { type Refusal, refuse, type SignedReceipt } from '#api';
import { recordSignersOf } from '#block-watch';
import type { Chain, ChannelFacts } from '#chain';
import type {} from '#encoding';
import { type Clock, Fault, type Log, messageOf } from '#environment';
import type { KeyValue } from '#key-value';
import {
  type BatchHasher,
  type BatchHeader,
  blockStart,
  type ChannelId,
  collectionEnd,
  limits,
  parseHeader,
  RecordCheck,
} from '#protocol';
import { isDamaged, type LogClaim, type LogEntry, type LogPosition, type RecordLog } from '#record-log';
import { authenticityRefusal, type BatchRules, contentRefusal } from './accept-rules.js';
import { BlockIntake, type SeenBatch } from './block-intake.js';
import type { ChainClock, KnownTime } from './chain-clock.js';
import { ClaimedLog } from './claimed-log.js';
import type { CoverLimit } from './cover-limit.js';
import { type ChannelExposure, exposureOf } from './exposure.js';
import { type ExposureLimit, ExposureWatch } from './exposure-limit.js';
import type { ImpressionMemories } from './impression-memory.js';
import { KnownLog } from './known-log.js';
import { LogRetention } from './log-retention.js';
import type { ReceiptSigner } from './receipt.js';
import { WrittenMarks } from './written-marks.js';

export interface IntakePorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly log: Log;
  readonly time: ChainClock;
}

export interface IntakeOptions {
  /** Index of the node's own participant. */
  readonly participant: number;
  readonly hasher: BatchHasher;
  readonly receipts: ReceiptSigner;
  /** Of all channels of the node. */
  readonly impressions: ImpressionMemories;
  /** What the participant would deliver at most without being sure of its money. */
  readonly exposureLimit: ExposureLimit | undefined;
  readonly coverLimit: CoverLimit | undefined;
  /**
   * Chain time during which a closed block is remembered, so that repeats of its batches get their receipts.
   */
  readonly rememberSeconds: number;
  /** Ends when another node may take the channel over. */
  readonly turnOver: AbortSignal;
}

export type Accepted = { readonly ok: true; readonly receipt: SignedReceipt };

export class ChannelIntake {
  readonly channelId: ChannelId;
  readonly facts: ChannelFacts;
  readonly participant: number;
  readonly #options: IntakeOptions;
  readonly #ports: IntakePorts;
  readonly #claimed: ClaimedLog;
  readonly #rules: BatchRules;
  readonly watch: ExposureWatch;
  readonly #blocks = new Map<number, BlockIntake>();
  readonly #hashes = new Uint8Array(limits.batchRecordsMax * 32);
  /** Blocks below it have a cut mark, or are so old that nobody may post a part of them. */
  #cutBelow = 0;
  /** Blocks below it take nothing more: they are cut, or being cut. */
  #closedBelow = 0;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #known: KnownLog;
  readonly #marks: WrittenMarks;
  readonly #retention: LogRetention;

  private constructor(facts: ChannelFacts, options: IntakeOptions, ports: IntakePorts, claim: LogClaim) {
    this.channelId = facts.channelId;
    this.facts = facts;
    this.participant = options.participant;
    this.#options = options;
    this.#ports = ports;
    this.#claimed = new ClaimedLog(ports.recordLog, claim, options.turnOver);
    this.#known = new KnownLog(facts.channelId, ports);
    this.#retention = new LogRetention(facts.channelId, facts.terms, ports);
    this.#marks = new WrittenMarks(facts.channelId, ports, (mark) => this.#appendMark(mark));
    this.watch = new ExposureWatch(facts, options, ports);
    this.#rules = {
      records: new RecordCheck(facts.terms),
      participants: facts.terms.participants.length,
      priceNanoMax: facts.terms.priceNanoMax,
    };
  }

  /**
   * Claims the channel, then reads the log: what was accepted before, by whatever process. `nowSeconds` is
   * chain time.
   */
  static async open(
    facts: ChannelFacts,
    options: IntakeOptions,
    ports: IntakePorts,
    nowSeconds: number,
  ): Promise<ChannelIntake> {
    // A log that this node must not go on with is not taken from whoever does.
    await new KnownLog(facts.channelId, ports).read();
    // Before the rest, so that nobody appends behind what is read here.
    const claim = await ports.recordLog.claim(facts.channelId);
    const intake = new ChannelIntake(facts, options, ports, claim);
    try {
      await intake.#known.read();
      await intake.#retention.read();
      intake.#cutBelow = await intake.#marks.cutBelow();
      intake.#closedBelow = intake.#cutBelow;
      await intake.#restore(nowSeconds);
      await intake.#known.remember(() => intake.#blocks.values());
    } catch (cause) {
      intake.forgetImpressions();
      throw cause;
    }
    return intake;
  }

  /** The log failed or another process took the channel: what is known here may not be all there is. */
  get isBroken(): boolean {
    return this.#claimed.isBroken;
  }

  /** Another process appends to the channel's log, or did. */
  get isClaimLost(): boolean {
    return this.#claimed.isClaimLost;
  }

  get cutBelow(): number {
    return this.#cutBelow;
  }

  /** Of all blocks that are remembered. */
  exposure(): ChannelExposure {
    return exposureOf(this.#blocks.values());
  }

  block(blockNumber: number): BlockIntake | undefined {
    return this.#blocks.get(blockNumber);
  }

  /** `bytes` is a batch of good shape for this channel. Throws a Fault when its block may be over unseen. */
  async submit(bytes: Uint8Array, now: KnownTime): Promise<Accepted | Refusal> {
    const header = parseHeader(bytes);
    const refusal = this.#timeRefusal(header, now.timestampSeconds);
    if (refusal !== undefined) return refusal;
    this.#assertStillCollects(header.blockNumber, now);
    const block = await this.#prepare(Number(header.blockNumber));
    if (!(block instanceof BlockIntake)) return block;
    // While this waited the log failed: its entries are being read again, by another of this class.
    this.#claimed.assertWhole();
    const admitted = this.#admit(block, header, bytes);
    if (!admitted.ok) return admitted;
    return { ok: true, receipt: await admitted.receipt };
  }

  /** Writes the cut mark of each block whose collection has ended, and those again that were damaged; returns
   *  how many were written. */
  async cut(nowSeconds: number): Promise<number> {
    const { terms } = this.facts;
    const mending = this.#marks.mend(this.#firstCollated(nowSeconds), this.#cutBelow);
    this.#writing = mending;
    let written = await mending;
    while (this.#cutBelow < terms.blocksMax && collectionEnd(terms, this.#cutBelow) <= nowSeconds) {
      const blockNumber = this.#cutBelow;
      this.#closedBelow = Math.max(this.#closedBelow, blockNumber + 1);
      const block = this.#blocks.get(blockNumber);
      // What was accepted before is within the cut, and nothing else is.
      await block?.idle();
      if (this.isBroken) return written;
      const isTooLate = this.#isTooLate(blockNumber, nowSeconds);
      if (block !== undefined) block.isCutTooLate = isTooLate;
      if (block !== undefined || !isTooLate) {
        this.#writing = this.#marks.write(blockNumber);
        await this.#writing;
        written++;
      }
      this.#cutBelow = blockNumber + 1;
    }
    this.#forget(nowSeconds);
    this.watch.look(this.exposure());
    if (written > 0) await this.#rememberLog();
    return written;
  }

  /** Lets the log forget what nobody needs any more; when it could not, that is told. No cut waits for it. */
  async retain(nowSeconds: number): Promise<void> {
    if (this.isBroken) return;
    try {
      const mark = this.#marks.positionOf(this.#cutBelow - 1);
      // This mark stays: it says below which block all are cut.
      if (mark !== undefined) {
        const begins = [...this.#known.begins(), ['cut-marks', mark] as const];
        await this.#retention.note({ cutBelow: this.#cutBelow, begins });
      }
      await this.#retention.sweep(nowSeconds);
    } catch (cause) {
      const fields = { channelId: this.channelId, cause: messageOf(cause) };
      this.#ports.log.warn(fields, 'the log could not be told to forget what is over');
    }
  }

  /** For one that is broken and makes way for another. */
  forgetImpressions(): void {
    for (const block of this.#blocks.values()) block.forgetImpressions();
  }

  /** Resolves when nothing is on its way into the log. */
  async idle(): Promise<void> {
    for (const block of this.#blocks.values()) await block.idle();
    await this.#writing.catch(() => {});
  }

  /** Of what is not remembered more is read at the next start, and less surely seen to be missing. */
  async #rememberLog(): Promise<void> {
    await this.#known
      .remember(() => this.#blocks.values())
      .catch((cause) => {
        const fields = { channelId: this.channelId, cause: messageOf(cause) };
        this.#ports.log.warn(fields, 'how far the log goes could not be remembered');
      });
  }

  #timeRefusal(header: BatchHeader, nowSeconds: number): Refusal | undefined {
    const { terms } = this.facts;
    if (header.blockNumber >= BigInt(terms.blocksMax)) {
      return refuse('unknown-block', `the channel has blocks 0 to ${terms.blocksMax - 1}`);
    }
    const blockNumber = Number(header.blockNumber);
    const start = blockStart(terms, blockNumber);
    if (nowSeconds < start) {
      return refuse('block-not-open', `block ${blockNumber} starts at ${start}, chain time is ${nowSeconds}`);
    }
    const end = collectionEnd(terms, blockNumber);
    if (nowSeconds < end && blockNumber >= this.#closedBelow) return undefined;
    // A repeat of what was accepted in time gets its receipt as long as the block is remembered.
    const seen = this.#blocks.get(blockNumber)?.seen(header);
    const isRepeat = seen?.recordsRoot === header.recordsRoot && !this.#isTooLate(blockNumber, nowSeconds);
    return isRepeat ? undefined : this.#closedRefusal(blockNumber);
  }

  /** Whether what the log holds of the block is worth nothing: no part of it was possible when it was cut. */
  #isTooLate(blockNumber: number, nowSeconds: number): boolean {
    if (blockNumber < this.#cutBelow) return this.#blocks.get(blockNumber)?.isCutTooLate ?? false;
    return this.#isPartOver(blockNumber, nowSeconds);
  }

  /** Whether nobody may post a part of the block any more. */
  #isPartOver(blockNumber: number, nowSeconds: number): boolean {
    const { terms } = this.facts;
    return collectionEnd(terms, blockNumber) + terms.collationPeriod <= nowSeconds;
  }

  /** A receipt is a promise: none is given on a chain time that may have passed the end of collection. */
  #assertStillCollects(block: bigint, { timestampSeconds, latestSeconds }: KnownTime): void {
    const blockNumber = Number(block);
    const end = collectionEnd(this.facts.terms, blockNumber);
    if (timestampSeconds >= end || latestSeconds < end) return;
    const found = `the chain said ${timestampSeconds} last, and may be at ${latestSeconds}`;
    const message = `${found}: block ${blockNumber}, which collects until ${end}, may be over`;
    throw new Fault('chain-unavailable', message, { retriable: true });
  }

  #closedRefusal(blockNumber: number): Refusal {
    const end = collectionEnd(this.facts.terms, blockNumber);
    return refuse('block-closed', `block ${blockNumber} collected until ${end}`);
  }

  /** The block with the keys that count in it. */
  async #prepare(blockNumber: number): Promise<BlockIntake | Refusal> {
    const known = this.#blocks.get(blockNumber);
    if (known?.signers !== undefined) return known;
    const { chain } = this.#ports;
    const start = blockStart(this.facts.terms, blockNumber);
    const latest = await chain.snapshot({ finality: 'latest' });
    // Of several nodes behind one address one may lag: keys that it has not seen would be missing for good.
    if (latest.timestampSeconds < start) {
      const found = `a node of the chain is at ${latest.timestampSeconds}`;
      const message = `${found}, and block ${blockNumber} began at ${start}`;
      throw new Fault('chain-unavailable', message, { retriable: true });
    }
    const facts = await latest.channel(this.channelId);
    if (facts?.closedAtSeconds !== undefined && start > facts.closedAtSeconds) {
      return refuse('channel-closed', `the channel was closed at ${facts.closedAtSeconds}`);
    }
    const signers = await recordSignersOf(latest, this.facts.terms, blockNumber);
    const block = this.#blockOf(blockNumber);
    block.signers ??= signers;
    return block;
  }

  /** From here to the append nothing waits: what is checked still holds when the batch is taken in. */
  #admit(
    block: BlockIntake,
    header: BatchHeader,
    bytes: Uint8Array,
  ): Refusal | { readonly ok: true; readonly receipt: Promise<SignedReceipt> } {
    const { author, recordsRoot, sequence } = header;
    const isOwn = author === this.participant;
    const seen = block.seen(header);
    const isRepeat = seen?.recordsRoot === recordsRoot;
    if (!isRepeat && block.blockNumber < this.#closedBelow) {
      return this.#closedRefusal(block.blockNumber);
    }
    const refusal =
      contentRefusal(bytes, header, this.#rules) ??
      (isRepeat ? undefined : this.#budgetRefusal(block, header, bytes)) ??
      authenticityRefusal(bytes, header, block.signers ?? [], {
        hasher: this.#options.hasher,
        hashes: this.#hashes,
      });
    if (refusal !== undefined) return refusal;
    if (isRepeat) return { ok: true, receipt: this.#repeat(block, header, bytes, seen) };
    if (seen !== undefined) {
      const detail = `participant ${author} used sequence ${sequence} for ${seen.recordsRoot}`;
      return refuse('sequence-conflict', detail);
    }
    return (
      this.#wrongBlock(block, header, bytes) ??
      (isOwn ? this.watch.refusal(block.exposure, () => this.exposure()) : undefined) ?? {
        ok: true,
        receipt: this.#append(block, header, bytes),
      }
    );
  }

  #budgetRefusal(block: BlockIntake, { author }: BatchHeader, bytes: Uint8Array): Refusal | undefined {
    const { authorBytesMax } = this.facts.terms;
    const needed = block.budgetWith(author, bytes.length);
    if (needed <= authorBytesMax) return undefined;
    return refuse('author-bytes-used-up', `with this batch it would be ${needed} of ${authorBytesMax} bytes`);
  }

  #wrongBlock(block: BlockIntake, header: BatchHeader, bytes: Uint8Array): Refusal | undefined {
    for (const other of this.#blocks.values()) {
      if (other === block) continue;
      const index = other.sharedImpression(header, bytes, header.author === this.participant);
      if (index === undefined) continue;
      const detail = `the impression of record ${index} has records in block ${other.blockNumber}`;
      return refuse('wrong-block', detail, [{ pointer: `/records/${index}/impressionKey`, detail }]);
    }
    return undefined;
  }

  #append(block: BlockIntake, header: BatchHeader, bytes: Uint8Array): Promise<SignedReceipt> {
    const receivedAtMs = this.#ports.clock.nowMs();
    const seen: SeenBatch = { recordsRoot: header.recordsRoot, receivedAtMs };
    block.take(header, bytes, header.author === this.participant, seen);
    const appended = this.#appendDurably(block, header, bytes, seen);
    seen.pending = block.during(appended);
    return seen.pending;
  }

  /** The same receipt, if the log still has the bytes; those that it has damaged are appended anew. */
  #repeat(
    block: BlockIntake,
    header: BatchHeader,
    bytes: Uint8Array,
    seen: SeenBatch,
  ): Promise<SignedReceipt> {
    if (seen.pending !== undefined) return seen.pending;
    const isClosed = block.blockNumber < this.#closedBelow;
    const repeated = this.#repeatDurably(block, { header, bytes, isClosed }, seen);
    // The cut waits for what may append. Once the block takes nothing more nothing does, and whoever went on
    // repeating would hold the cut up until the block is void.
    seen.pending = isClosed ? repeated : block.during(repeated);
    return seen.pending;
  }

  async #repeatDurably(
    block: BlockIntake,
    { header, bytes, isClosed }: { header: BatchHeader; bytes: Uint8Array; isClosed: boolean },
    seen: SeenBatch,
  ): Promise<SignedReceipt> {
    const { recordLog, log } = this.#ports;
    const partition = { channelId: this.channelId, stream: header.author };
    const position = seen.position as LogPosition;
    try {
      const item = await recordLog.get(partition, position);
      if (item !== undefined && !isDamaged(item)) {
        seen.pending = undefined;
        return this.#receiptOf(header, seen);
      }
      const { blockNumber } = block;
      const damage = item?.damage ?? `nothing stands at ${position}`;
      const found = { ...partition, blockNumber, sequence: `${header.sequence}`, damage };
      log.error({ ...found, isClosed }, 'a batch that is repeated is damaged in the log');
      if (isClosed) {
        const message = `the log has lost the batch (${damage}), and block ${blockNumber} takes nothing more`;
        throw new Fault('record-log-unavailable', message, { retriable: true });
      }
    } catch (cause) {
      seen.pending = undefined;
      throw cause;
    }
    return this.#appendDurably(block, header, bytes, seen);
  }

  async #appendDurably(
    block: BlockIntake,
    header: BatchHeader,
    bytes: Uint8Array,
    seen: SeenBatch,
  ): Promise<SignedReceipt> {
    seen.position = await this.#claimed.append(header.author, bytes, seen.receivedAtMs);
    block.stands(header.author, seen.position);
    this.#known.took(header.author, seen.position);
    seen.pending = undefined;
    await this.#assertInTime(header);
    return this.#receiptOf(header, seen);
  }

  /** The log may have taken long: what stands in it is promised only while a part can still hold it. */
  async #assertInTime({ blockNumber }: BatchHeader): Promise<void> {
    const { time } = this.#ports;
    if (time.isSurelyBefore(collectionEnd(this.facts.terms, Number(blockNumber)))) return;
    const now = await time.now();
    this.#assertStillCollects(blockNumber, now);
    if (!this.#isTooLate(Number(blockNumber), now.timestampSeconds)) return;
    const message = `block ${blockNumber} was over before the log had the batch: no part of it can hold it`;
    throw new Fault('record-log-unavailable', message, { retriable: true });
  }

  #receiptOf(header: BatchHeader, seen: SeenBatch): SignedReceipt {
    const position = seen.position as LogPosition;
    return this.#options.receipts.sign(header, { position, receivedAtMs: seen.receivedAtMs });
  }

  #appendMark(mark: Uint8Array): Promise<LogPosition> {
    this.#claimed.assertWhole();
    return this.#claimed.append('cut-marks', mark, this.#ports.clock.nowMs());
  }

  /** Blocks that are cut and of which a part may still be posted begin here. */
  #firstCollated(nowSeconds: number): number {
    let first = this.#cutBelow;
    while (first > 0 && !this.#isPartOver(first - 1, nowSeconds)) first--;
    return first;
  }

  async #restore(nowSeconds: number): Promise<void> {
    const { recordLog, log } = this.#ports;
    for (const partition of await recordLog.partitions(this.channelId)) {
      if (partition.stream === 'cut-marks') continue;
      for await (const page of recordLog.read(partition, { from: this.#known.begin(partition.stream) })) {
        for (const item of page) {
          this.#known.took(partition.stream, item.position);
          if (isDamaged(item)) log.error({ ...partition, ...item }, 'an entry of the log is damaged');
          else this.#retake(item, nowSeconds);
        }
      }
    }
  }

  #retake({ position, receivedAtMs, bytes }: LogEntry, nowSeconds: number): void {
    const header = parseHeader(bytes);
    const blockNumber = Number(header.blockNumber);
    if (this.#isForgotten(blockNumber, nowSeconds)) return;
    const block = this.#blockOf(blockNumber);
    // A failed append may have been repeated: the first entry counts, as for the collator.
    if (block.seen(header) !== undefined) return;
    const seen = { recordsRoot: header.recordsRoot, receivedAtMs, position };
    block.take(header, bytes, header.author === this.participant, seen);
    block.stands(header.author, position);
  }

  #blockOf(blockNumber: number): BlockIntake {
    const known = this.#blocks.get(blockNumber);
    if (known !== undefined) return known;
    const about = { channelId: this.channelId, blockNumber };
    const block = new BlockIntake(about, this.#options.impressions, this.watch.rules);
    this.#blocks.set(blockNumber, block);
    return block;
  }

  #isForgotten(blockNumber: number, nowSeconds: number): boolean {
    const end = collectionEnd(this.facts.terms, blockNumber);
    return blockNumber < this.#cutBelow && end + this.#options.rememberSeconds <= nowSeconds;
  }

  #forget(nowSeconds: number): void {
    for (const [blockNumber, block] of this.#blocks) {
      if (!this.#isForgotten(blockNumber, nowSeconds)) continue;
      block.forgetImpressions();
      this.#blocks.delete(blockNumber);
    }
  }
}

/** A block of real records on a chain, with results that differ, for the tests of disputes. */
import { sha256 } from '#crypto';
import type { HeldPart } from '#dispute';
import { ForgedTree } from '#dispute/testing/forged-tree';
import { type GameBlock, type GameLeaf, type GameRecords, signedBlock } from '#dispute/testing/game-block';
import { toHex } from '#encoding';
import {
  amountWords,
  type BlockId,
  type BlockRules,
  collectionEnd,
  encodeRecord,
  outputHashOf,
  type PartCommitment,
  recordFlag,
  recordKind,
} from '#protocol';
import { reductionTermsOf } from '#proofs';
import type { DrivenChain } from '../chain.js';
import type { DisputeActs } from '../dispute-acts.js';
import { done } from './answers.js';
import { ExampleChannel, type ExampleResult, periods } from './example-channel.js';

const every = 0b111;

export interface DisputeScene {
  readonly name: string;
  readonly impressions: number;
  /** What the seller makes of the leaves; it reveals the tree of them. */
  readonly lie?: (leaves: readonly GameLeaf[]) => readonly GameLeaf[];
  /** As a bit for each: what the seller's result counts. */
  readonly sellersParts?: number;
  /** What is posted as a part, instead of it. */
  readonly posted?: (part: HeldPart, rules: BlockRules) => HeldPart;
}

/** The payer's seat revealed what the records give, and the seller another result: a dispute has begun. */
export class DisputedBlock {
  readonly chain: DrivenChain;
  readonly channel: ExampleChannel;
  readonly id: BlockId;
  readonly game: GameBlock;
  readonly forged: ForgedTree;
  /** As they were posted. */
  readonly parts: readonly HeldPart[];
  readonly results: readonly ExampleResult[];
  /** By participant. */
  readonly acts: readonly DisputeActs[];

  private constructor(channel: ExampleChannel, game: GameBlock, scene: DisputeScene) {
    const { chain, channelId, participants } = channel;
    this.chain = chain;
    this.channel = channel;
    this.id = { channelId, blockNumber: 0 };
    this.game = game;
    const { lie = (leaves) => leaves, sellersParts = every, posted = (part) => part } = scene;
    this.parts = game.parts.map((part) => posted(part, game.rules));
    this.forged = new ForgedTree(participants.length, lie(game.leaves), game.held);
    this.results = [
      this.#resultOf(game.held.own.tree, every),
      this.#resultOf(this.forged.tree, sellersParts),
    ];
    this.acts = participants.map(({ accountKey }) => chain.disputeActs(accountKey));
  }

  static async begin(chain: DrivenChain, scene: DisputeScene): Promise<DisputedBlock> {
    const channel = await ExampleChannel.open(chain, scene.name);
    const { terms, participants } = channel;
    const records = recordsOf(scene);
    const game: GameRecords = {
      ...{ terms: reductionTermsOf(terms), records, counted: every },
      spread: records.map(() => every),
      batchRecords: 1_000,
    };
    const keys = participants.map(({ accountKey }) => accountKey);
    const block = new DisputedBlock(channel, signedBlock(game, { rules: channel.rules(0), keys }), scene);
    await block.#reveal();
    return block;
  }

  async #reveal(): Promise<void> {
    const { chain, channel, parts } = this;
    const { channelId, participants, terms } = channel;
    await chain.advanceTo(collectionEnd(terms, 0));
    for (const [at, { operator }] of participants.entries()) {
      done(await operator.postPart(channelId, 0, postedOf(parts[at].commitment)));
    }
    const posted = (await chain.time()).timestampSeconds;
    const [told, lie] = this.results;
    done(await channel.commit(0, 0, told, false));
    await chain.advanceTo(posted + periods.processingPeriod / 2);
    done(await channel.reveal(0, 0, told));
    await chain.advanceTo(posted + periods.processingPeriod);
    done(await participants[1].account.revealOwnResult(channelId, 0, lie.result, lie.opening));
  }

  #resultOf(tree: ForgedTree['tree'], validParts: number): ExampleResult {
    const amounts = tree.amountsAt(tree.top);
    const plain = {
      ...{ settlementRoot: toHex(tree.settlementRoot), impressionCount: BigInt(tree.count), validParts },
    };
    const result = {
      outputHash: outputHashOf({ ...this.id, amounts, ...plain }),
      amountWords: amountWords(amounts).map(toHex),
      ...plain,
    };
    return { result, opening: toHex(tree.entryAt(tree.top).subarray(0, 32)) };
  }

  /** The facts as they are now. */
  async facts() {
    const { channelId, blockNumber } = this.id;
    return (await this.chain.snapshot({ finality: 'latest' })).disputeFacts(channelId, blockNumber);
  }

  async blockFacts() {
    const { channelId, blockNumber } = this.id;
    return (await this.chain.snapshot({ finality: 'latest' })).blockFacts(channelId, blockNumber);
  }

  async weiOf(participant: number) {
    const { account } = this.channel.participants[participant];
    return (await this.chain.snapshot({ finality: 'latest' })).weiAccount(account.address);
  }

  async pass(seconds: number): Promise<void> {
    await this.chain.advanceTo((await this.chain.time()).timestampSeconds + seconds);
  }
}

function postedOf({ partRoot, segmentCount, indexHash }: PartCommitment) {
  return { partRoot: toHex(partRoot), segmentCount, indexHash: toHex(indexHash) };
}

/** Of each impression what all three say: seen, for a price of 1. */
function recordsOf({ name, impressions }: DisputeScene): Uint8Array[] {
  return Array.from({ length: impressions }, (_, at) => {
    const impressionKey = sha256(new TextEncoder().encode(`${name} ${at}`)).slice(0, 16);
    const seen = recordFlag.measurable | recordFlag.viewable;
    return [
      { kind: recordKind.win, author: 0, counterparty: 1, flags: 0, priceNano: 1n },
      { kind: recordKind.win, author: 1, counterparty: 0, flags: 0, priceNano: 1n },
      { kind: recordKind.audit, author: 2, counterparty: 1, flags: seen, priceNano: 0n },
    ].map((said) =>
      encodeRecord({
        ...{ ...said, timestampMs: 1n, impressionKey, campaign: new Uint8Array(8) },
        ...{ placement: new Uint8Array(8), reference: new Uint8Array(8) },
      }),
    );
  }).flat();
}

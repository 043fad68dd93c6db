/** From a block's facts and its key to the result that one commits to, or reveals as one's own. */
import { blockRulesOf, committedPart, type WatchedBlock } from '#block-watch';
import type { Chain } from '#chain';
import { type Address, type Digest, fromHex, type Hex, toHex } from '#encoding';
import {
  amountWords,
  type BlockReport,
  countableParts,
  encodeBlockReport,
  outputHashOf,
  type RevealedResult,
  reportHashOf,
} from '#protocol';
import type { LeafVisit } from '#reduction';
import { partAskMs, type ReduceBlock } from './reduce-port.js';

/** The outcome of reducing a block, kept before anything is said of it. */
export interface KeptResult {
  readonly result: RevealedResult;
  /** x of wire-formats.md 8; undefined if the block has no impression. */
  readonly opening: Hex | undefined;
  /** Of whoever reduced it. */
  readonly workDigest: Digest;
  /** Where the part store holds the block report. */
  readonly reportHash: Digest;
}

export interface ReducedBlock {
  readonly kept: KeptResult;
  readonly report: BlockReport;
  /** DAG-CBOR, published in the part store under reportHash. */
  readonly reportBytes: Uint8Array;
  /** See `ReducedParts`. */
  readonly unsureBlocks: number;
}

/** Of the parts that may count now. `validator`: whose work it is; `visitLeaves`: see `BlockToReduce`. */
export async function reduceWatchedBlock(
  block: WatchedBlock,
  blockKey: Uint8Array,
  validator: Address,
  ports: { readonly chain: Chain; readonly reduceBlock: ReduceBlock },
  visitLeaves?: LeafVisit,
): Promise<ReducedBlock> {
  const { channelId, blockNumber, terms } = block;
  const parameters = fromHex(terms.reducerParameters);
  const { output, unsureBlocks } = await ports.reduceBlock({
    rules: await blockRulesOf(ports.chain, channelId, terms, blockNumber, blockKey),
    terms: { roles: terms.roles, reducer: terms.reducer, parameters },
    parts: block.facts.parts
      .filter(({ participant }) => ((countableParts(block.facts) >> participant) & 1) === 1)
      .map(committedPart),
    validator,
    patienceMs: patienceOf(block),
    ...(visitLeaves === undefined ? {} : { visitLeaves }),
  });
  if (output.workDigest === undefined) throw new Error('a block reduced for a validator has its workDigest');
  const fields = {
    settlementRoot: toHex(output.settlementRoot),
    impressionCount: BigInt(output.impressionCount),
    validParts: output.validParts,
  };
  const outputHash = outputHashOf({ channelId, blockNumber, ...fields, amounts: output.amounts });
  const reportBytes = encodeBlockReport(output.report);
  const kept = {
    result: { outputHash, ...fields, amountWords: amountWords(output.amounts).map(toHex) },
    opening: output.x && toHex(output.x),
    workDigest: toHex(output.workDigest),
    reportHash: toHex(reportHashOf(reportBytes)),
  };
  return { kept, report: output.report, reportBytes, unsureBlocks };
}

/** Of the time until the stage ends: a commit is taken in its first half, and one look may not be enough. */
const shareOfStage = 8;

/**
 * However many segments stores hand out however slowly, the block is computed in time for what is to be said
 * of it, and other blocks have their turn.
 */
function patienceOf({ stage, nowSeconds }: WatchedBlock): number {
  const endsAtSeconds = 'endsAtSeconds' in stage ? stage.endsAtSeconds : nowSeconds;
  return Math.max(2 * partAskMs, ((endsAtSeconds - nowSeconds) * 1_000) / shareOfStage);
}

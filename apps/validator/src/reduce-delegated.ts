/** From a block's facts and its key to the result that a validator commits to. */
import { blockRulesOf, committedPart, type WatchedBlock } from '#block-watch';
import type { Chain } from '#chain';
import { type Address, fromHex, toHex } from '#encoding';
import { amountWords, type BlockReport, encodeBlockReport, outputHashOf, reportHashOf } from '#protocol';
import type { ReduceBlock } from './reduce-port.js';
import type { KeptResult } from './validator-state.js';

export interface ReducedBlock {
  readonly kept: KeptResult;
  readonly report: BlockReport;
  /** DAG-CBOR, published in the part store under reportHash. */
  readonly reportBytes: Uint8Array;
  /** See `ReducedParts`. */
  readonly unsureBlocks: number;
}

export async function reduceDelegated(
  block: WatchedBlock,
  blockKey: Uint8Array,
  validator: Address,
  ports: { readonly chain: Chain; readonly reduceBlock: ReduceBlock },
): Promise<ReducedBlock> {
  const { channelId, blockNumber, terms } = block;
  const parameters = fromHex(terms.reducerParameters);
  const { output, unsureBlocks } = await ports.reduceBlock({
    rules: await blockRulesOf(ports.chain, channelId, terms, blockNumber, blockKey),
    terms: { roles: terms.roles, reducer: terms.reducer, parameters },
    parts: block.facts.parts.map(committedPart),
    validator,
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

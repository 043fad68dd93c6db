/** By which code the contracts refuse a segment that is no good: batch by batch, as they read it (SegmentRules.sol). */
import type { RefusalCode } from '#chain';
import { compareBytes, equalBytes, fromHex } from '#encoding';
import { batchKeyBytes, type BlockRules, limits, SegmentCheck, writeBatchKey } from '#protocol';
import { CutRule } from '#protocol/block-part';
import { batchBytes, headerFault, parseHeader } from '#protocol/record-batch';

/** Undefined for good bytes. */
export function segmentRefusal(rules: BlockRules, segment: Uint8Array): RefusalCode | undefined {
  if (segment.length === 0 || segment.length > limits.segmentBytesMax) return 'segment-refused';
  const check = new SegmentCheck(rules);
  const cut = new CutRule();
  let before = new Uint8Array(0);
  for (let at = 0; at < segment.length; ) {
    const refusal = headerRefusal(rules, segment, at);
    if (refusal !== undefined) return refusal;
    const { author, count, recordsRoot } = parseHeader(segment, at);
    if (at === 0 && author >= rules.roles.length) return 'batch-author-unknown';
    const size = batchBytes(count);
    const isCut = cut.begins(author, size, fromHex(recordsRoot)[31]);
    const key = new Uint8Array(batchKeyBytes);
    writeBatchKey(segment, at, key, 0);
    if (at > 0 && (isCut || compareBytes(before, key) >= 0)) return 'segment-refused';
    const { reason } = check.checkPlaintext(segment.subarray(at, at + size));
    if (reason === 'malformed') return 'segment-record-refused';
    if (reason === 'wrong-batch-root') return 'segment-refused';
    if (reason !== undefined) return 'batch-signature-refused';
    before = key;
    at += size;
  }
  return undefined;
}

/** Of a batch of this block that lies whole in the segment. */
function headerRefusal(rules: BlockRules, segment: Uint8Array, at: number): RefusalCode | undefined {
  if (segment.length - at < limits.batchHeaderBytes) return 'segment-refused';
  // Whether the records are there is asked of a header that is good by itself.
  if (headerFault(segment, at, Number.MAX_SAFE_INTEGER) !== undefined) return 'batch-header-malformed';
  const { channelId, blockNumber, count } = parseHeader(segment, at);
  if (segment.length - at < batchBytes(count)) return 'segment-refused';
  const isOfBlock =
    equalBytes(fromHex(channelId), rules.channelId) && blockNumber === BigInt(rules.blockNumber);
  return isOfBlock ? undefined : 'batch-of-other-block';
}

/** Every limit of the wire formats, in one place; relations are asserted below. */

export const recordBytes = 64;
export const batchHeaderBytes = 192;
export const batchRecordsMax = 1_021;
export const batchBytesMax = 65_536;
export const segmentBytesMax = 65_536;
/**
 * A segment of at least this size ends after a batch whose recordsRoot's last byte is below
 * `segmentCutBelow`.
 */
export const segmentCutBytesMin = 16_384;
export const segmentCutBelow = 64;
export const manifestRowBytes = 64;
export const manifestPageRows = 16_384;
/** What a batch counts at least toward its author's budget. */
export const authorBatchBytesMin = 2_048;
export const participantsMin = 2;
export const participantsMax = 16;
export const blocksMaxLimit = 2 ** 20;
/** A channel secret for one participant: ephemeral public key 32, nonce 24, NaCl box of 32 bytes. */
export const secretBoxBytes = 104;
/** Blocks of a channel that are unfinished at a time. */
export const unfinishedBlocksMax = 8_191;
/** From a block's end to its own: no bond leaves the ValidatorRegistry sooner. */
export const endingSecondsMax = 90 * 86_400;
/** A part holds one segment for so many bytes of an author's budget, and one more, at most. */
export const rowBudgetBytes = 8_192;
/** Of all parts of a block. */
export const blockRecordsMax = 2 ** 40;
/** Distinct records that an author may have reason to write of one impression: who writes more floods. */
export const usualRecordsMax = 16;
export const idBytesMax = 256;
/** counterparty of an audit that speaks for every seller. */
export const everySeller = 255;

// Stryker disable all: these relations hold, so that nothing can see what happens where they do not.
if (batchHeaderBytes + batchRecordsMax * recordBytes !== batchBytesMax) {
  throw new Error('the largest batch fills batchBytesMax exactly');
}
if (batchBytesMax > segmentBytesMax) throw new Error('every batch fits a segment');

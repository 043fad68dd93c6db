/** The rules by which a batch is accepted, cheapest first: those by which validators judge parts. */
import { type Refusal, refuse } from '#api';
import { isHighS, recoverSigner } from '#crypto';
import { equalBytes, toHex, viewOf } from '#encoding';
import {
  type BatchHasher,
  type BatchHeader,
  batchAt,
  batchCount,
  batchFault,
  cpmExponent,
  limits,
  type RecordCheck,
  recordAt,
  recordKind,
} from '#protocol';

/** What a channel asks of a batch. */
export interface BatchRules {
  readonly records: RecordCheck;
  readonly participants: number;
  readonly priceNanoMax: bigint;
}

/** Record key of each participant at the block's collection start, 20 bytes; undefined if it had none. */
export type Signers = readonly (Uint8Array | undefined)[];

/** Size and shape: whether the bytes are one batch and nothing more. */
export function shapeRefusal(bytes: Uint8Array): Refusal | undefined {
  if (bytes.length > limits.batchBytesMax) {
    return refuse('too-large', `the batch has more than ${limits.batchBytesMax} bytes`);
  }
  if (bytes.length < limits.batchHeaderBytes) {
    return refuse('not-parsable', `${bytes.length} bytes are less than the header of a batch`);
  }
  const fault = batchFault(bytes);
  if (fault === 'length' || fault === 'count') {
    const says = batchCount(bytes);
    return refuse('wrong-count', `the header counts ${says} records in a body of ${bytes.length} bytes`);
  }
  return fault && refuse('not-parsable', `the ${fault} of the batch is wrong`);
}

/** Whether the batch is one of this channel. */
export function channelRefusal(bytes: Uint8Array, channelId: Uint8Array): Refusal | undefined {
  if (equalBytes(bytes.subarray(batchAt.channelId, batchAt.recordsRoot), channelId)) return undefined;
  return refuse('wrong-channel', 'the batch was made for another channel');
}

/** Whether the author may write these records in this channel. */
export function contentRefusal(
  bytes: Uint8Array,
  header: BatchHeader,
  rules: BatchRules,
): Refusal | undefined {
  const { author, count } = header;
  if (author >= rules.participants) {
    const detail = `the channel has ${rules.participants} participants, ${author} is none of them`;
    return refuse('not-a-participant', detail);
  }
  const view = viewOf(bytes);
  for (let index = 0; index < count; index++) {
    const at = limits.batchHeaderBytes + index * limits.recordBytes;
    if (bytes[at + recordAt.author] !== author) return wrongRecord(index, 'author');
    const fault = rules.records.faultAt(view, at);
    if (fault === undefined) continue;
    const isDear = fault === 'priceNano' && bytes[at + recordAt.kind] === recordKind.win;
    if (!isDear) return wrongRecord(index, fault);
    const price = view.getBigUint64(at + recordAt.priceNano, true);
    const detail =
      `a price of ${price} nano-units (${cpmText(price)} per thousand impressions) is above priceNanoMax, ` +
      `${rules.priceNanoMax} (${cpmText(rules.priceNanoMax)} per thousand)`;
    return refuse('price-too-large', detail, [{ pointer: `/records/${index}/priceNano`, detail }]);
  }
  return undefined;
}

/** Whether the author's record key signed the header, and the header these records. */
export function authenticityRefusal(
  bytes: Uint8Array,
  header: BatchHeader,
  signers: Signers,
  scratch: { readonly hasher: BatchHasher; readonly hashes: Uint8Array },
): Refusal | undefined {
  const signer = signers[header.author];
  if (signer === undefined) {
    return refuse('no-record-key', `participant ${header.author} had no record key when the block began`);
  }
  if (isHighS(bytes.subarray(batchAt.signature, batchAt.padding))) {
    return refuse('high-s', 'the signature has s in the upper half of the group order');
  }
  const { hasher, hashes } = scratch;
  if (!hasher.isSignedBy(signer, bytes)) return badSignature(bytes, header, signer, hasher);
  if (!hasher.hasTrueRoot(bytes, 0, hashes)) {
    const computed = toHex(hasher.recordsRoot(bytes, 0, hashes));
    return refuse('wrong-root', `recordsRoot ${header.recordsRoot} was sent, these records give ${computed}`);
  }
  return undefined;
}

/** What was computed beside what was expected, so that whoever signed sees where the two part. */
function badSignature(
  bytes: Uint8Array,
  { author, recordsRoot }: BatchHeader,
  signer: Uint8Array,
  hasher: BatchHasher,
): Refusal {
  const digest = hasher.digest(bytes).slice();
  const signature = bytes.subarray(batchAt.signature, batchAt.padding);
  const v = signature[64];
  const recovered = recoverSigner(digest, signature);
  const found =
    v === 27 || v === 28
      ? `the signature recovers to ${recovered ?? 'no key'}`
      : `v is ${v}, expected 27 or 28`;
  const detail =
    `of the header with recordsRoot ${recordsRoot} and digest ${toHex(digest)} ${found}; ` +
    `expected ${toHex(signer)}, the record key of participant ${author}`;
  return refuse('bad-signature', detail, [{ pointer: '/signature', detail: found }]);
}

/** Nano-units of one impression as a price per thousand, in currency units. */
function cpmText(nano: bigint): string {
  const digits = nano.toString().padStart(cpmExponent + 1, '0');
  const fraction = digits.slice(-cpmExponent).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -cpmExponent) : `${digits.slice(0, -cpmExponent)}.${fraction}`;
}

function wrongRecord(index: number, field: string): Refusal {
  const detail = `${field} of record ${index} is not allowed`;
  return refuse('wrong-record', detail, [{ pointer: `/records/${index}/${field}`, detail }]);
}

/** EIP-712 digests and ABI encodings of wire-formats.md, written out by hand. */
import { ascii, bigEndian, join, keccak256, unhex } from './bytes.js';
import type { ReducerParameters } from './reduce-impression.js';

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: string;
}

export type Integer = number | string | bigint;

export interface ChannelTerms {
  readonly participants: readonly string[];
  readonly roles: readonly number[];
  readonly blockMaxNano: readonly Integer[];
  readonly token: string;
  readonly tokenPerUnit: Integer;
  readonly reducer: string;
  readonly reducerParameters: string;
  readonly blockPolicy: number;
  readonly firstBlockStart: Integer;
  readonly blockDuration: Integer;
  readonly blocksMax: Integer;
  readonly collectionGrace: Integer;
  readonly collationPeriod: Integer;
  readonly processingPeriod: Integer;
  readonly challengePeriod: Integer;
  readonly answerPeriod: Integer;
  readonly disputeMax: Integer;
  readonly withdrawalNotice: Integer;
  readonly retentionPeriod: Integer;
  readonly authorBytesMax: Integer;
  readonly priceNanoMax: Integer;
  readonly keysRoot: string;
  readonly boxesHash: string;
  readonly salt: string;
}

const termsType =
  'ChannelTerms(address[] participants,uint8[] roles,uint64[] blockMaxNano,address token,' +
  'uint256 tokenPerUnit,string reducer,bytes reducerParameters,uint8 blockPolicy,uint64 firstBlockStart,' +
  'uint64 blockDuration,uint64 blocksMax,uint64 collectionGrace,uint64 collationPeriod,' +
  'uint64 processingPeriod,uint64 challengePeriod,uint64 answerPeriod,uint64 disputeMax,' +
  'uint64 withdrawalNotice,uint64 retentionPeriod,uint64 authorBytesMax,uint64 priceNanoMax,' +
  'bytes32 keysRoot,bytes32 boxesHash,bytes32 salt)';
const batchType =
  'RecordBatch(bytes32 channelId,uint64 blockNumber,uint8 author,uint64 sequence,' +
  'uint32 count,bytes32 recordsRoot)';
const possessionType = 'KeyPossession(address account,uint8 purpose,uint256 nonce)';
const delegationType =
  'Delegation(bytes32 channelId,uint64 blockNumber,uint8 participant,address validator,bool binding,' +
  'bytes32 keyCommitment,uint256 feeWei,uint64 nonce,uint64 notAfter)';
const receiptType =
  'Receipt(bytes32 channelId,uint64 blockNumber,uint8 author,uint64 sequence,' +
  'bytes32 recordsRoot,uint64 receivedAt)';
const domainType = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';

export function termsStructHash(terms: ChannelTerms): Uint8Array {
  return keccak256(
    typeHash(termsType),
    keccak256(...terms.participants.map(address)),
    keccak256(...terms.roles.map(word)),
    keccak256(...terms.blockMaxNano.map(word)),
    address(terms.token),
    word(terms.tokenPerUnit),
    keccak256(ascii(terms.reducer)),
    keccak256(unhex(terms.reducerParameters)),
    word(terms.blockPolicy),
    word(terms.firstBlockStart),
    word(terms.blockDuration),
    word(terms.blocksMax),
    word(terms.collectionGrace),
    word(terms.collationPeriod),
    word(terms.processingPeriod),
    word(terms.challengePeriod),
    word(terms.answerPeriod),
    word(terms.disputeMax),
    word(terms.withdrawalNotice),
    word(terms.retentionPeriod),
    word(terms.authorBytesMax),
    word(terms.priceNanoMax),
    unhex(terms.keysRoot),
    unhex(terms.boxesHash),
    unhex(terms.salt),
  );
}

export function channelIdOf(domain: Domain, terms: ChannelTerms): Uint8Array {
  return digestOf(domain, termsStructHash(terms));
}

export function batchDigest(
  domain: Domain,
  batch: { channelId: Uint8Array; blockNumber: bigint; author: number; sequence: bigint; count: number },
  recordsRoot: Uint8Array,
): Uint8Array {
  const { channelId, blockNumber, author, sequence, count } = batch;
  const fields = [channelId, word(blockNumber), word(author), word(sequence), word(count), recordsRoot];
  return digestOf(domain, keccak256(typeHash(batchType), ...fields));
}

export function delegationDigest(
  domain: Domain,
  delegation: {
    readonly channelId: Uint8Array;
    readonly blockNumber: Integer;
    readonly participant: number;
    readonly validator: string;
    readonly binding: boolean;
    readonly keyCommitment: Uint8Array;
    readonly feeWei: Integer;
    readonly nonce: Integer;
    readonly notAfter: Integer;
  },
): Uint8Array {
  const struct = keccak256(
    typeHash(delegationType),
    delegation.channelId,
    word(delegation.blockNumber),
    word(delegation.participant),
    address(delegation.validator),
    word(delegation.binding ? 1 : 0),
    delegation.keyCommitment,
    word(delegation.feeWei),
    word(delegation.nonce),
    word(delegation.notAfter),
  );
  return digestOf(domain, struct);
}

export function keyPossessionDigest(
  domain: Domain,
  possession: { readonly account: string; readonly purpose: number; readonly nonce: Integer },
): Uint8Array {
  const { account, purpose, nonce } = possession;
  const struct = keccak256(typeHash(possessionType), address(account), word(purpose), word(nonce));
  return digestOf(domain, struct);
}

export function receiptDigest(
  domain: Domain,
  receipt: {
    readonly channelId: Uint8Array;
    readonly blockNumber: Integer;
    readonly author: number;
    readonly sequence: Integer;
    readonly recordsRoot: Uint8Array;
    readonly receivedAt: Integer;
  },
): Uint8Array {
  const struct = keccak256(
    typeHash(receiptType),
    receipt.channelId,
    word(receipt.blockNumber),
    word(receipt.author),
    word(receipt.sequence),
    receipt.recordsRoot,
    word(receipt.receivedAt),
  );
  return digestOf(domain, struct);
}

/** abi.encode of the reducer's parameters: nine words, then the shares. */
export function encodeParameters(parameters: ReducerParameters): Uint8Array {
  return join(
    word(parameters.priceTolerancePpm),
    word(parameters.onPriceMismatch),
    word(parameters.onMissingDsp),
    word(parameters.onMissingSsp),
    word(parameters.onMissingAudit),
    word(parameters.requireViewable ? 1 : 0),
    word(parameters.auditorFeeNano),
    word(9 * 32),
    word(parameters.discrepancyLimitPpm),
    word(parameters.shares.length),
    ...parameters.shares.flatMap((share) => [word(share.participant), word(share.ppm)]),
  );
}

export function word(value: Integer): Uint8Array {
  return bigEndian(BigInt(value), 32);
}

function address(text: string): Uint8Array {
  return bigEndian(BigInt(text), 32);
}

function typeHash(type: string): Uint8Array {
  return keccak256(ascii(type));
}

function digestOf(domain: Domain, structHash: Uint8Array): Uint8Array {
  const domainHash = keccak256(
    typeHash(domainType),
    keccak256(ascii(domain.name)),
    keccak256(ascii(domain.version)),
    word(domain.chainId),
    address(domain.verifyingContract),
  );
  return keccak256(unhex('0x1901'), domainHash, structHash);
}

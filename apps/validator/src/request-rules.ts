/** The rules by which a validator takes a validation request (protocol.md 6); each no has its own code. */
import { type Refusal, refuse } from '#api';
import { currentKeysOf, type WatchedBlock } from '#block-watch';
import type { ChainSnapshot, ValidatorFacts } from '#chain';
import { recoverSigner, rootFromPath } from '#crypto';
import { type Address, equalBytes, fromHex, isZero, toHex } from '#encoding';
import {
  blockStart,
  bondWei,
  delegationDigest,
  domainSeparator,
  type Eip712Domain,
  isExpired,
  keyCommitmentOf,
  openBlockKey,
  type ValidationRequest,
} from '#protocol';

/** Who is asked, and for whom it works for nothing. */
export interface AskedValidator {
  readonly validator: Address;
  readonly encryptionSecret: Uint8Array;
  readonly feeFreeAccounts: readonly Address[];
}

/** What the base chain says of a delegation. */
export interface DelegationFacts {
  readonly domain: Eip712Domain;
  /** Undefined for a channel or block that the chain does not know. */
  readonly block: WatchedBlock | undefined;
  readonly hasChannel: boolean;
  /** Of the participant that is said to delegate; undefined where the channel has none. */
  readonly participant: ParticipantFacts | undefined;
  /** The validator's own entry; undefined if it is not registered. */
  readonly own: ValidatorFacts | undefined;
}

interface ParticipantFacts {
  readonly account: Address;
  readonly operatorKey: Address | undefined;
  readonly freeWei: bigint;
  /** When the account named this validator as its own; undefined if it does not. */
  readonly namedAtSeconds: number | undefined;
}

export async function participantFactsOf(
  latest: ChainSnapshot,
  account: Address,
  validator: Address,
): Promise<ParticipantFacts> {
  const [keys, wei, namedAtSeconds] = await Promise.all([
    currentKeysOf(latest, account),
    latest.weiAccount(account),
    latest.ownValidatorSince(account, validator),
  ]);
  return { account, operatorKey: keys?.operatorKey, freeWei: wei.freeWei, namedAtSeconds };
}

/**
 * What speaks against the request, first what asks least; the block key if nothing does.
 */
export function checkRequest(
  request: ValidationRequest,
  asked: AskedValidator,
  facts: DelegationFacts,
): Refusal | { readonly ok: true; readonly blockKey: Uint8Array } {
  const { delegation } = request;
  const { block, participant } = facts;
  if (delegation.validator.toLowerCase() !== asked.validator) {
    const why = `the delegation names ${delegation.validator}, this is ${asked.validator}`;
    return refuse('wrong-validator', why);
  }
  if (block === undefined) {
    const { blockNumber, channelId } = delegation;
    if (facts.hasChannel) return refuse('unknown-block', `the channel ends before block ${blockNumber}`);
    return refuse('unknown-channel', `no channel ${channelId} is open on the base chain`);
  }
  if (participant === undefined) {
    return refuse('not-a-participant', `the channel has no participant ${delegation.participant}`);
  }
  const late = checkTime(request, block);
  if (late !== undefined) return late;
  const digest = delegationDigest(domainSeparator(facts.domain), delegation);
  return (
    checkSigner(request, participant, digest) ??
    checkBinding(request, participant, block) ??
    checkMoney(request, asked, participant, facts.own) ??
    checkKey(request, asked, block, digest)
  );
}

function checkTime({ delegation }: ValidationRequest, block: WatchedBlock): Refusal | undefined {
  const { stage, blockNumber, nowSeconds } = block;
  const { stage: name } = stage;
  if (name === 'pending' || name === 'collection' || name === 'collation') {
    const when = `in ${name} until ${stage.endsAtSeconds}`;
    return refuse('block-not-in-processing', `block ${blockNumber} is ${when}`);
  }
  if (name === 'processing' && block.facts.results.length > 0) {
    return refuse('commits-over', `a result of block ${blockNumber} was revealed`);
  }
  if (name === 'processing' && nowSeconds >= stage.commitEndsAtSeconds) {
    const when = `at ${stage.commitEndsAtSeconds}, it is ${nowSeconds}`;
    return refuse('commits-over', `commits of block ${blockNumber} ended ${when}`);
  }
  if (name !== 'processing') return refuse('block-over', `block ${blockNumber} is in ${name}`);
  if (isExpired(delegation, nowSeconds)) {
    return refuse(
      'delegation-expired',
      `the delegation ended at ${delegation.notAfter}, it is ${nowSeconds}`,
    );
  }
  const seat = block.facts.seats.find((one) => one.participant === delegation.participant);
  if (seat === undefined || seat.nonce < delegation.nonce) return undefined;
  const who = `${seat.validator} with nonce ${seat.nonce}`;
  return refuse('seat-taken', `the seat of participant ${delegation.participant} has ${who}`);
}

function checkSigner(
  { delegation }: ValidationRequest,
  { account, operatorKey }: ParticipantFacts,
  digest: Uint8Array,
): Refusal | undefined {
  if (operatorKey === undefined || isZero(fromHex(operatorKey))) {
    return refuse('no-operator-key', `${account} has no operator key`);
  }
  const signer = recoverSigner(digest, fromHex(delegation.signature));
  if (signer === operatorKey.toLowerCase()) return undefined;
  const found = signer === undefined ? 'is nobody’s' : `is of ${signer}`;
  return refuse('delegation-not-signed', `the signature ${found}, the operator key is ${operatorKey}`);
}

/** The chain would refuse its commit. */
function checkBinding(
  { delegation }: ValidationRequest,
  { account, namedAtSeconds }: ParticipantFacts,
  { terms, blockNumber }: WatchedBlock,
): Refusal | undefined {
  const start = blockStart(terms, blockNumber);
  if (!delegation.binding || (namedAtSeconds !== undefined && namedAtSeconds < start)) return undefined;
  const found = namedAtSeconds === undefined ? 'did not name it' : `named it at ${namedAtSeconds}`;
  return refuse('not-own-validator', `${account} ${found}, the block started at ${start}`);
}

function checkMoney(
  { delegation }: ValidationRequest,
  { feeFreeAccounts }: AskedValidator,
  { account, freeWei }: ParticipantFacts,
  own: ValidatorFacts | undefined,
): Refusal | undefined {
  const { feeWei } = delegation;
  if (own === undefined || own.stakeWei < bondWei.seat) {
    const found = own === undefined ? 'it is not registered' : `${own.stakeWei} wei of stake are not locked`;
    return refuse('stake-used-up', `${found}, a seat locks ${bondWei.seat}`);
  }
  const least = feeFreeAccounts.includes(account.toLowerCase() as Address) ? 0n : own.leastFeeWei;
  if (feeWei < least) return refuse('fee-too-low', `${feeWei} wei are offered, it takes ${least}`);
  if (feeWei <= freeWei) return undefined;
  return refuse('fee-not-covered', `${account} has ${freeWei} wei free in the Vault, ${feeWei} are offered`);
}

function checkKey(
  { delegation, sealedBlockKey, keyPath }: ValidationRequest,
  { encryptionSecret }: AskedValidator,
  { terms }: WatchedBlock,
  digest: Uint8Array,
): Refusal | { readonly ok: true; readonly blockKey: Uint8Array } {
  const commitment = fromHex(delegation.keyCommitment);
  const root = rootFromPath(commitment, delegation.blockNumber, terms.blocksMax, keyPath.map(fromHex));
  if (root === undefined || toHex(root) !== terms.keysRoot.toLowerCase()) {
    const found = root === undefined ? `a path of ${keyPath.length} nodes is not` : `${toHex(root)} is not`;
    return refuse('key-commitment-not-proven', `${found} that of the terms’ keysRoot ${terms.keysRoot}`);
  }
  const blockKey = openBlockKey(fromHex(sealedBlockKey), digest, encryptionSecret);
  if (blockKey === 'not-for-this-key') {
    return refuse('box-does-not-open', 'the box is for another key, or was changed');
  }
  if (blockKey === 'of-another-delegation') {
    return refuse('box-of-another-delegation', 'the box opens and names another delegation');
  }
  const found = keyCommitmentOf(blockKey);
  if (equalBytes(found, commitment)) return { ok: true, blockKey };
  return refuse('block-key-differs', `the boxed key has the commitment ${toHex(found)}`);
}

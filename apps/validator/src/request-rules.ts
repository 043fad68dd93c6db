/** The rules by which a validator takes a validation request (protocol.md 6); each no has its own code. */
import { type Refusal, refuse } from '#api';
import type { WatchedBlock } from '#block-watch';
import { recoverSigner, rootFromPath } from '#crypto';
import { type Address, equalBytes, fromHex, toHex } from '#encoding';
import {
  delegationDigest,
  domainSeparator,
  type Eip712Domain,
  isExpired,
  keyCommitmentOf,
  openBlockKey,
  type ValidationRequest,
} from '#protocol';

/** Who is asked, and what the chain says about it. */
export interface RequestContext {
  readonly validator: Address;
  readonly encryptionSecret: Uint8Array;
  readonly domain: Eip712Domain;
  /** Undefined for a channel or block that the chain does not know. */
  readonly block: WatchedBlock | undefined;
  /** Current operator key of the participant, undefined if it has none. */
  readonly operatorKey: Address | undefined;
}

/**
 * What the chain's facts say about the request, cheapest first; the block key if nothing speaks against it.
 */
export function checkRequest(
  request: ValidationRequest,
  context: RequestContext,
): Refusal | { readonly ok: true; readonly blockKey: Uint8Array } {
  const { delegation } = request;
  const { block } = context;
  if (delegation.validator.toLowerCase() !== context.validator) {
    return refuse(
      'wrong-validator',
      `the delegation names ${delegation.validator}, this is ${context.validator}`,
    );
  }
  if (block === undefined) {
    return refuse(
      'unknown-channel',
      `no block ${delegation.blockNumber} of a channel ${delegation.channelId}`,
    );
  }
  if (delegation.participant >= block.terms.participants.length) {
    return refuse('not-a-participant', `the channel has no participant ${delegation.participant}`);
  }
  const late = checkTime(request, block);
  if (late !== undefined) return late;
  const digest = delegationDigest(domainSeparator(context.domain), delegation);
  const signer = recoverSigner(digest, fromHex(delegation.signature));
  if (signer === undefined || signer !== context.operatorKey?.toLowerCase()) {
    return refuse('delegation-not-signed', 'the signature is not of the participant’s current operator key');
  }
  return checkKey(request, context, block, digest);
}

function checkTime({ delegation }: ValidationRequest, block: WatchedBlock): Refusal | undefined {
  const { stage } = block;
  if (stage.stage !== 'processing' || block.nowSeconds >= stage.commitEndsAtSeconds) {
    const when = stage.stage === 'processing' ? 'past the time of commits' : `in ${stage.stage}`;
    return refuse('block-not-in-processing', `block ${block.blockNumber} is ${when}`);
  }
  if (isExpired(delegation, block.nowSeconds)) {
    return refuse('delegation-expired', `the delegation ended at ${delegation.notAfter}`);
  }
  if (block.facts.seats.some((seat) => seat.participant === delegation.participant)) {
    return refuse('seat-taken', `participant ${delegation.participant} has a seat that committed`);
  }
  return undefined;
}

function checkKey(
  { delegation, sealedBlockKey, keyPath }: ValidationRequest,
  { encryptionSecret }: RequestContext,
  { terms }: WatchedBlock,
  digest: Uint8Array,
): Refusal | { readonly ok: true; readonly blockKey: Uint8Array } {
  const commitment = fromHex(delegation.keyCommitment);
  const root = rootFromPath(commitment, delegation.blockNumber, terms.blocksMax, keyPath.map(fromHex));
  if (root === undefined || toHex(root) !== terms.keysRoot.toLowerCase()) {
    return refuse('key-commitment-not-proven', 'the path does not lead from keyCommitment to keysRoot');
  }
  const blockKey = openBlockKey(fromHex(sealedBlockKey), digest, encryptionSecret);
  if (blockKey === undefined) {
    return refuse('box-does-not-open', 'the box is not for this validator’s key and this delegation');
  }
  if (!equalBytes(keyCommitmentOf(blockKey), commitment)) {
    return refuse('block-key-differs', 'the boxed key is not the one that keyCommitment commits to');
  }
  return { ok: true, blockKey };
}

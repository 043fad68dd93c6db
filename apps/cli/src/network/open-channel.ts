/**
 * Brings a network's channel onto its chain: token, keys, terms signed by all, deposit. Each step is left out
 * where it is done.
 */

import { currentKeysOf } from '#block-watch';
import type { ChainOutcome, ChainSnapshot, DrivenChain } from '#chain';
import { keccak256, sealBox, signDigest } from '#crypto';
import { type Address, fromHex, type Hex, toHex, utf8 } from '#encoding';
import { seededEntropy } from '#environment';
import {
  boxesHashOf,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  disputeSecondsMin,
  domainSeparator,
  type KeyPurpose,
  keyCommitments,
  keyPossessionDigest,
  keyPurposeOf,
  keysRootOf,
  roleOf,
  termsFault,
} from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';
import type { NetworkSpec } from './network-spec.js';
import type { ParticipantSecrets, SigningKey } from './participant-keys.js';

export interface NetworkMember {
  readonly index: number;
  readonly name: string;
  readonly role: number;
  readonly secrets: ParticipantSecrets;
  /** Base URLs of its channel node and its validator. */
  readonly nodeUrl: string;
  readonly validatorUrl: string;
}

/** Enough for the gas of many years of blocks. */
const gasWei = 10n ** 22n;
/** Of a validator: enough for the bonds of a thousand unfinished blocks. */
const stakeWei = 10n ** 19n;
/**
 * Of a participant's account: what it has for the bonds of its parts and results, and when it is filled
 * up.
 */
export const bondsWei = 10n ** 20n;
const bondsLeastWei = 10n ** 19n;
/** A base unit of the token is one nano, so that balances show every nano. */
const tokenDecimals = 9;
const tokenPerUnit = 1_000_000_000n;

/** From reading the time to the opening in a height. */
const openingSeconds = 5;

export async function fundAccounts(
  chain: DrivenChain,
  secrets: readonly ParticipantSecrets[],
): Promise<void> {
  for (const one of secrets) {
    for (const key of [one.account, one.operator, one.validator]) await chain.fund(key.address, gasWei);
  }
}

/**
 * Registers every participant and validator under the URLs at which they can be reached now, with what
 * they put at stake.
 */
export async function registerMembers(chain: DrivenChain, members: readonly NetworkMember[]): Promise<void> {
  await Promise.all(
    members.flatMap((member) => [registerParticipant(chain, member), registerValidator(chain, member)]),
  );
  await Promise.all(members.map((member) => nameValidator(chain, member)));
}

async function registerParticipant(chain: DrivenChain, { secrets, nodeUrl }: NetworkMember): Promise<void> {
  const latest = await chain.snapshot({ finality: 'latest' });
  const { address: account, privateKey } = secrets.account;
  const acts = chain.participantActs(privateKey);
  const known = await currentKeysOf(latest, account);
  if (known?.endpoint !== nodeUrl) {
    const keys = {
      recordKey: secrets.record.address,
      operatorKey: secrets.operator.address,
      encryptionKey: toHex(secrets.encryption.publicKey),
      endpoint: nodeUrl,
    };
    const nonce = await latest.registrationCount(account);
    const separator = domainSeparator(await chain.domain());
    const proofOf = (purpose: KeyPurpose, key: Uint8Array): Hex =>
      toHex(signDigest(keyPossessionDigest(separator, { account, purpose, nonce }), key));
    // A key that is the account's already proves nothing anew.
    const proofs = {
      ...(known?.recordKey === keys.recordKey
        ? {}
        : { record: proofOf(keyPurposeOf.record, secrets.record.privateKey) }),
      ...(known?.operatorKey === keys.operatorKey
        ? {}
        : { operator: proofOf(keyPurposeOf.operator, secrets.operator.privateKey) }),
    };
    await must(acts.registerParticipant(keys, proofs));
  }
  const { freeWei } = await latest.weiAccount(account);
  if (freeWei < bondsLeastWei) await must(acts.depositWei(account, bondsWei - freeWei));
}

async function registerValidator(
  chain: DrivenChain,
  { secrets, validatorUrl }: NetworkMember,
): Promise<void> {
  const latest = await chain.snapshot({ finality: 'latest' });
  const known = await latest.validator(secrets.validator.address);
  if (known?.endpoint === validatorUrl) return;
  await must(
    chain.validatorActs(secrets.validator.privateKey).registerValidator({
      encryptionKey: toHex(secrets.validatorEncryption.publicKey),
      endpoint: validatorUrl,
      leastFeeWei: 0n,
      stakeWei: known === undefined ? stakeWei : 0n,
    }),
  );
}

async function nameValidator(chain: DrivenChain, { secrets }: NetworkMember): Promise<void> {
  const { account, validator } = secrets;
  const latest = await chain.snapshot({ finality: 'latest' });
  if ((await latest.ownValidatorSince(account.address, validator.address)) !== undefined) return;
  await must(chain.participantActs(account.privateKey).nameValidator(validator.address, true));
}

const authorBytesUsual = 64 * 1_048_576;

export function channelSecretOf(spec: NetworkSpec): Uint8Array {
  return seededEntropy(`${spec.seed}/channel-secret`).bytes(32);
}

/**
 * Deploys the token and opens the channel of the spec unless they are there, and fills the payees' lines.
 */
export async function openChannel(
  chain: DrivenChain,
  spec: NetworkSpec,
  members: readonly NetworkMember[],
): Promise<{ readonly channelId: ChannelId; readonly token: Address }> {
  const known = (await chain.channelsOf(members[0].secrets.account.address))[0];
  const before = await chain.snapshot({ finality: 'latest' });
  const opened = known && (await before.channel(known));
  const token = opened?.terms.token ?? (await chain.deployToken(spec.currency, spec.currency, tokenDecimals));
  const boxes = boxesOf(spec, members);
  // Registering everybody may have taken until after the spec's start, where time does not wait for us.
  const firstBlockStart = Math.max(spec.firstBlockStart, before.timestampSeconds + openingSeconds);
  const terms = opened?.terms ?? termsOf({ ...spec, firstBlockStart }, members, token, boxes);
  const channelId = channelIdOf(await chain.domain(), terms);
  const payer = members[0].secrets.account;
  if (opened === undefined) {
    const fault = termsFault(terms, {
      auditorFeeNano: BigInt(spec.auditorFeeNano),
      openedAtSeconds: (await chain.time()).timestampSeconds,
    });
    if (fault !== undefined) throw new Error(`terms that no channel takes: ${fault}`);
    const signatures = members.map((one) =>
      toHex(signDigest(fromHex(channelId), one.secrets.account.privateKey)),
    );
    await must(chain.participantActs(payer.privateKey).openChannel(terms, signatures, boxes));
  }
  await fillLines(chain, spec, payer, channelId);
  return { channelId, token };
}

/** Each payee's line gets the whole deposit of the spec, unless it has had it. */
async function fillLines(
  chain: DrivenChain,
  spec: NetworkSpec,
  payer: SigningKey,
  channelId: ChannelId,
): Promise<void> {
  const latest = await chain.snapshot({ finality: 'latest' });
  const channel = await latest.channel(channelId);
  if (channel === undefined || (await isSpent(latest, channelId))) return;
  const { token } = channel.terms;
  const deposit = BigInt(spec.depositNano);
  const empty = channel.lines.filter(({ amount, debt }) => amount === 0n && debt === 0n);
  const needed = deposit * BigInt(empty.length);
  const held = await latest.tokenBalance(token, payer.address);
  if (held < needed) await chain.mint(token, payer.address, needed - held);
  for (const { payee } of empty) {
    await must(chain.participantActs(payer.privateKey).deposit(channelId, payee, deposit));
  }
}

/** A line of zero after a settlement is spent, not missing. */
async function isSpent(snapshot: ChainSnapshot, channelId: ChannelId): Promise<boolean> {
  return (await snapshot.blockFacts(channelId, 0)).settledAtSeconds !== undefined;
}

/** The channel secret for each member. */
function boxesOf(spec: NetworkSpec, members: readonly NetworkMember[]): Hex[] {
  const entropy = seededEntropy(`${spec.seed}/boxes`);
  return members.map((one) =>
    toHex(sealBox(channelSecretOf(spec), one.secrets.encryption.publicKey, entropy.bytes(56))),
  );
}

function termsOf(
  spec: NetworkSpec,
  members: readonly NetworkMember[],
  token: Address,
  boxes: readonly Hex[],
): ChannelTerms {
  const hasAuditor = members.some((one) => one.role === roleOf.auditor);
  const periods = {
    collectionGrace: spec.collectionGrace,
    collationPeriod: spec.collationPeriod,
    processingPeriod: spec.processingPeriod,
    challengePeriod: spec.challengePeriod,
    answerPeriod: Math.max(1, Math.floor(spec.challengePeriod / 2)),
  };
  return {
    participants: members.map((one) => one.secrets.account.address),
    roles: members.map((one) => one.role),
    blockMaxNano: members.map((_, index) => (index === 0 ? 0n : BigInt(spec.blockMaxNano))),
    token,
    tokenPerUnit,
    reducer: 'rtb-impression/1',
    reducerParameters: toHex(
      encodeParameters({
        ...defaultParameters,
        auditorFeeNano: BigInt(spec.auditorFeeNano),
        ...(hasAuditor ? {} : { onMissingAudit: 1, requireViewable: false }),
      }),
    ),
    blockPolicy: 0,
    firstBlockStart: spec.firstBlockStart,
    blockDuration: spec.blockDuration,
    blocksMax: spec.blocksMax,
    ...periods,
    disputeMax: disputeSecondsMin(periods),
    withdrawalNotice: 2 * spec.blockDuration,
    retentionPeriod: 90 * 86_400,
    authorBytesMax: spec.authorBytesMax ?? authorBytesUsual,
    priceNanoMax: BigInt(spec.priceNanoMax),
    keysRoot: toHex(keysRootOf(keyCommitments(channelSecretOf(spec), spec.blocksMax))),
    boxesHash: boxesHashOf(boxes),
    salt: toHex(keccak256(utf8(`${spec.seed}/salt`))),
  };
}

/** Setting up a network of our own, a no of the contracts is a bug. */
async function must(outcome: Promise<ChainOutcome>): Promise<void> {
  const result = await outcome;
  if (!result.ok) throw new Error(`the contracts refused: ${result.code}: ${result.message}`);
}

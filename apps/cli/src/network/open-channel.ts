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
  keyCommitments,
  keysRootOf,
  roleOf,
  termsFault,
} from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';
import type { NetworkSpec } from './network-spec.js';
import type { ParticipantSecrets } from './participant-keys.js';

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
const bondWei = 10n ** 18n;
/** A base unit of the token is one nano, so that balances show every nano. */
const tokenDecimals = 9;
const tokenPerUnit = 1_000_000_000n;

export async function fundAccounts(
  chain: DrivenChain,
  secrets: readonly ParticipantSecrets[],
): Promise<void> {
  for (const one of secrets) {
    for (const key of [one.account, one.operator, one.validator]) await chain.fund(key.address, gasWei);
  }
}

/** Registers every participant and validator under the URLs at which they can be reached now. */
export async function registerMembers(chain: DrivenChain, members: readonly NetworkMember[]): Promise<void> {
  for (const { secrets, nodeUrl, validatorUrl } of members) {
    const latest = await chain.snapshot({ finality: 'latest' });
    const known = await currentKeysOf(latest, secrets.account.address);
    if (known?.endpoint !== nodeUrl) {
      await must(
        chain.participantActs(secrets.account.privateKey).registerParticipant({
          recordKey: secrets.record.address,
          operatorKey: secrets.operator.address,
          encryptionKey: toHex(secrets.encryption.publicKey),
          endpoint: nodeUrl,
        }),
      );
    }
    const validator = await latest.validator(secrets.validator.address);
    if (validator?.endpoint !== validatorUrl) {
      await must(
        chain.validatorActs(secrets.validator.privateKey).registerValidator({
          encryptionKey: toHex(secrets.validatorEncryption.publicKey),
          endpoint: validatorUrl,
          bondWei: validator === undefined ? bondWei : 0n,
        }),
      );
    }
  }
}

export function channelSecretOf(spec: NetworkSpec): Uint8Array {
  return seededEntropy(`${spec.seed}/channel-secret`).bytes(32);
}

/**
 * Deploys the token and opens the channel of the spec unless they are there, and fills the payer's deposit.
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
  const terms = opened?.terms ?? termsOf(spec, members, token, boxes);
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
  const deposit = BigInt(spec.depositNano);
  const after = await chain.snapshot({ finality: 'latest' });
  const channel = await after.channel(channelId);
  if (channel?.deposit === 0n && !(await isSpent(after, channelId))) {
    const held = await after.tokenBalance(token, payer.address);
    if (held < deposit) await chain.mint(token, payer.address, deposit - held);
    await must(chain.participantActs(payer.privateKey).deposit(channelId, deposit));
  }
  return { channelId, token };
}

/** A deposit of zero after a settlement is spent, not missing. */
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
    authorBytesMax: 64 * 1_048_576,
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

/** A channel of three participants, each with a validator, on a driven chain: for the tests of what a
 *  chain promises. */
import { addressOf, encryptionPublicKey, merklePath, merkleRoot, sealBox, sha256, signDigest } from '#crypto';
import { type Address, concatBytes, type Digest, fromHex, type Hex, toHex, utf8 } from '#encoding';
import {
  amountWords,
  blockKeyOf,
  type BlockRules,
  boxesHashOf,
  type ChannelId,
  type ChannelTerms,
  channelIdOf,
  commitmentOf,
  delegationDigest,
  domainSeparator,
  type KeyPurpose,
  keyCommitments,
  keyPossessionDigest,
  keyPurposeOf,
  outputHashOf,
  type RevealedResult,
  roleOf,
  secretOf,
  type SignedDelegation,
} from '#protocol';
import { defaultParameters, encodeParameters } from '#reduction';
import type { Chain, DrivenChain, ParticipantActs, ParticipantKeys, ValidatorActs } from '../chain.js';
import type { ChainOutcome } from '../chain-outcome.js';

export interface ExampleParticipant {
  readonly account: ParticipantActs;
  readonly operator: ParticipantActs;
  readonly validator: ValidatorActs;
  readonly accountKey: Uint8Array;
  readonly operatorKey: Uint8Array;
  readonly validatorKey: Uint8Array;
}

export const roles = [roleOf.dsp, roleOf.ssp, roleOf.auditor];
/** What a validator must have at stake to be listed. */
export const stakeWeiMin = 10n ** 17n;
export const zeroWord: Hex = `0x${'00'.repeat(32)}`;

/** Seconds of the example's terms. */
export const periods = {
  blockDuration: 100,
  collectionGrace: 10,
  collationPeriod: 50,
  processingPeriod: 40,
  challengePeriod: 30,
  answerPeriod: 10,
  disputeMax: 600,
  withdrawalNotice: 200,
};

/** A key that the name alone decides. */
export function keyOf(name: string): Uint8Array {
  return sha256(utf8(`papyrus chain test ${name}`));
}

/** Keys that are nobody's and need no proof: what an account registers that serves a test as a counter. */
export const noKeys = {
  recordKey: `0x${'00'.repeat(20)}`,
  operatorKey: `0x${'00'.repeat(20)}`,
  encryptionKey: `0x${'07'.repeat(32)}`,
} as const;

/** What was revealed, and what shows it. */
export interface ExampleResult {
  readonly result: RevealedResult;
  readonly opening: Hex;
}

export class ExampleChannel {
  readonly chain: DrivenChain;
  readonly participants: readonly ExampleParticipant[];
  readonly token: Address;
  readonly terms: ChannelTerms;
  readonly channelId: ChannelId;
  readonly signatures: readonly Hex[];
  readonly boxes: readonly Hex[];
  readonly #separator: Uint8Array;
  readonly #leaves: Uint8Array;
  readonly #secret: Uint8Array;

  private constructor(setting: ExampleSetting) {
    const { chain, participants, token, terms, separator, secret, domain } = setting;
    this.chain = chain;
    this.participants = participants;
    this.token = token;
    this.terms = terms;
    this.#separator = separator;
    this.#secret = secret;
    this.#leaves = keyCommitments(secret, terms.blocksMax);
    this.channelId = channelIdOf(domain, terms);
    const digest = fromHex(this.channelId);
    this.signatures = participants.map(({ accountKey }) => toHex(signDigest(digest, accountKey)));
    this.boxes = exampleBoxes();
  }

  /** Registers everybody, funds the validators' bonds, mints `minted` base units for the payer; the first
   *  block starts ten seconds from now. Does not open the channel. */
  static async prepare(chain: DrivenChain, name: string, minted = 1_000n): Promise<ExampleChannel> {
    const participants = roles.map((_, index) => exampleParticipant(chain, `${name} ${index}`));
    await Promise.all(participants.map((one) => register(chain, one)));
    const token = await chain.deployToken('Test', 'TST', 9);
    await chain.mint(token, participants[0].account.address, minted);
    const domain = await chain.domain();
    const { timestampSeconds } = await chain.time();
    const secret = keyOf(`${name} secret`);
    const terms: ChannelTerms = {
      participants: participants.map(({ account }) => account.address),
      roles,
      blockMaxNano: [0n, 1_000n, 1_000n],
      token,
      tokenPerUnit: 1_000_000_000n,
      reducer: 'rtb-impression/1',
      reducerParameters: toHex(encodeParameters(defaultParameters)),
      blockPolicy: 0,
      firstBlockStart: timestampSeconds + 10,
      blocksMax: 5,
      retentionPeriod: 1_000,
      authorBytesMax: 65_536,
      priceNanoMax: 1_000_000_000n,
      keysRoot: toHex(merkleRoot(keyCommitments(secret, 5))),
      boxesHash: boxesHashOf(exampleBoxes()),
      salt: toHex(keyOf(`${name} salt`)),
      ...periods,
    };
    return new ExampleChannel({
      chain,
      participants,
      token,
      terms,
      secret,
      domain,
      separator: domainSeparator(domain),
    });
  }

  /** Opens what `prepare` prepared. Throws if the chain refuses. */
  static async open(chain: DrivenChain, name: string, minted?: bigint): Promise<ExampleChannel> {
    const channel = await ExampleChannel.prepare(chain, name, minted);
    const { terms, signatures, boxes, participants } = channel;
    const outcome = await participants[0].account.openChannel(terms, signatures, boxes);
    if (!outcome.ok) throw new Error(outcome.message);
    return channel;
  }

  part(variant: number): { partRoot: Digest; segmentCount: number; indexHash: Digest } {
    return { partRoot: toHex(keyOf(`part ${variant}`)), segmentCount: variant + 1, indexHash: zeroWord };
  }

  /** The payer owes 10 × variant to the seller and 1 to the auditor; `validParts` of the parts counted. */
  result(blockNumber: number, variant: number, validParts: number): ExampleResult {
    const amounts = [BigInt(10 * variant + 1), BigInt(10 * variant), 1n];
    const words = amountWords(amounts);
    const opening = sha256(utf8(`opening ${variant}`));
    const settlementRoot = toHex(sha256(concatBytes(opening, merkleRoot(concatBytes(...words)))));
    const { channelId } = this;
    const plain = { settlementRoot, impressionCount: 7n, validParts };
    const outputHash = outputHashOf({ channelId, blockNumber, amounts, ...plain });
    return {
      result: { outputHash, amountWords: words.map(toHex), ...plain },
      opening: toHex(opening),
    };
  }

  delegation(blockNumber: number, participant: number, binding: boolean): SignedDelegation {
    const delegation = {
      channelId: this.channelId,
      blockNumber,
      participant,
      validator: this.participants[participant].validator.address,
      binding,
      keyCommitment: toHex(this.#leaves.subarray(blockNumber * 32, blockNumber * 32 + 32)),
      feeWei: 0n,
      nonce: 1n,
      notAfter: 1n << 40n,
    };
    const digest = delegationDigest(this.#separator, delegation);
    return {
      ...delegation,
      signature: toHex(signDigest(digest, this.participants[participant].operatorKey)),
    };
  }

  /** What opens a block, and what its records and parts are held against. */
  rules(blockNumber: number): BlockRules {
    const { roles: of, priceNanoMax, authorBytesMax } = this.terms;
    return {
      ...{ roles: of, priceNanoMax, authorBytesMax, blockNumber },
      channelId: fromHex(this.channelId),
      blockKey: blockKeyOf(secretOf(this.#secret, blockNumber)),
      domainSeparator: this.#separator,
      signers: this.participants.map(({ accountKey }) => fromHex(addressOf(accountKey))),
    };
  }

  keyPath(blockNumber: number): readonly Hex[] {
    return merklePath(this.#leaves, blockNumber).map(toHex);
  }

  commit(blockNumber: number, participant: number, given: ExampleResult, binding = true) {
    const { validator } = this.participants[participant];
    const [workDigest, salt] = secretsOf(participant);
    const commitment = commitmentOf(given.result.outputHash, validator.address, workDigest, salt);
    const delegation = this.delegation(blockNumber, participant, binding);
    return validator.commitResult(delegation, this.keyPath(blockNumber), commitment);
  }

  reveal(blockNumber: number, participant: number, { result, opening }: ExampleResult) {
    const { validator } = this.participants[participant];
    const [workDigest, salt] = secretsOf(participant).map(toHex);
    const { channelId } = this;
    return validator.revealResult(channelId, blockNumber, participant, result, opening, workDigest, salt);
  }
}

interface ExampleSetting {
  readonly chain: DrivenChain;
  readonly participants: readonly ExampleParticipant[];
  readonly token: Address;
  readonly terms: ChannelTerms;
  readonly separator: Uint8Array;
  readonly secret: Uint8Array;
  readonly domain: Parameters<typeof channelIdOf>[0];
}

function exampleParticipant(chain: DrivenChain, name: string): ExampleParticipant {
  const accountKey = keyOf(`${name} account`);
  const operatorKey = keyOf(`${name} operator`);
  const validatorKey = keyOf(`${name} validator`);
  return {
    validatorKey,
    accountKey,
    operatorKey,
    account: chain.participantActs(accountKey),
    operator: chain.participantActs(operatorKey),
    validator: chain.validatorActs(validatorKey),
  };
}

async function register(chain: DrivenChain, one: ExampleParticipant): Promise<void> {
  const { account, accountKey, operator, operatorKey, validator } = one;
  const encryptionKey = toHex(encryptionPublicKey(accountKey));
  await chain.fund(account.address, 10n ** 18n);
  await chain.fund(validator.address, 10n ** 18n);
  const facts = { encryptionKey, endpoint: 'http://validator', leastFeeWei: 0n, stakeWei: stakeWeiMin * 5n };
  const keys = { recordKey: addressOf(accountKey), operatorKey: operator.address };
  const outcomes = [
    await registerKeys(chain, accountKey, {
      ...{ ...keys, encryptionKey, endpoint: 'http://node' },
      ...{ record: accountKey, operator: operatorKey },
    }),
    await account.depositWei(account.address, 5n * 10n ** 17n),
    await validator.registerValidator(facts),
    await account.nameValidator(validator.address, true),
  ];
  for (const outcome of outcomes) if (!outcome.ok) throw new Error(outcome.message);
}

/**
 * `record` and `operator`: the private keys, which prove themselves unless they are the account's
 * already.
 */
export async function registerKeys(
  chain: Chain,
  accountKey: Uint8Array,
  { record, operator, ...keys }: ParticipantKeys & { record?: Uint8Array; operator?: Uint8Array },
): Promise<ChainOutcome> {
  const account = addressOf(accountKey);
  const latest = await chain.snapshot({ finality: 'latest' });
  const nonce = await latest.registrationCount(account);
  const separator = domainSeparator(await chain.domain());
  const proofOf = (purpose: KeyPurpose, key: Uint8Array | undefined): Hex | undefined =>
    key && toHex(signDigest(keyPossessionDigest(separator, { account, purpose, nonce }), key));
  return chain.participantActs(accountKey).registerParticipant(keys, {
    record: proofOf(keyPurposeOf.record, record),
    operator: proofOf(keyPurposeOf.operator, operator),
  });
}

function exampleBoxes(): readonly Hex[] {
  return roles.map((_, index) => toHex(exampleBox(index)));
}

function exampleBox(index: number): Uint8Array {
  const randomness = concatBytes(keyOf(`box ${index}`), keyOf(`nonce ${index}`).subarray(0, 24));
  return sealBox(keyOf('secret'), encryptionPublicKey(keyOf(`reader ${index}`)), randomness);
}

function secretsOf(participant: number): [workDigest: Uint8Array, salt: Uint8Array] {
  return [keyOf(`work ${participant}`), keyOf(`salt ${participant}`)];
}

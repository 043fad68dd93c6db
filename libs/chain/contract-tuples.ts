/** Between the tuples of the contracts and the port's types: pure, field by field. */
import type { Address, Digest, Hex } from '#encoding';
import type { ChannelId, ChannelTerms, BlockDispute, RevealedResult, SignedDelegation } from '#protocol';
import type { ChannelFacts, ParticipantKeys, ValidatorFacts } from './chain.js';

/** ChannelTerms of ChannelTypes.sol as the codec gives them. */
type TermsTuple = {
  readonly [Field in keyof ChannelTerms]: ChannelTerms[Field] extends number | bigint
    ? bigint
    : ChannelTerms[Field] extends readonly number[]
      ? readonly bigint[]
      : ChannelTerms[Field];
};

export interface ChannelTuple {
  readonly terms: TermsTuple;
  readonly boxes: readonly Hex[];
  readonly openedAt: bigint;
  readonly closedAt: bigint;
  readonly blocksEnd: bigint;
  readonly lines: readonly {
    readonly payee: bigint;
    readonly amount: bigint;
    readonly debt: bigint;
    readonly requested: bigint;
    readonly requestedAt: bigint;
    readonly blockMax: bigint;
  }[];
}

/** BlockWords of BlockTypes.sol: what a block stores; `result` is an index into `results`. */
export interface BlockWordsTuple {
  readonly parts: readonly {
    readonly participant: bigint;
    readonly partDigest: Hex;
    readonly height: bigint;
  }[];
  readonly seats: readonly {
    readonly participant: bigint;
    readonly validator: Address;
    readonly binding: boolean;
    readonly nonce: bigint;
    readonly feeWei: bigint;
    readonly commitment: Digest;
    readonly revealed: boolean;
    readonly result: bigint;
  }[];
  readonly ownResults: readonly { readonly participant: bigint; readonly result: bigint }[];
  readonly acceptances: readonly { readonly participant: bigint; readonly result: bigint }[];
  readonly results: readonly {
    readonly outputHash: Digest;
    readonly revealedAt: bigint;
    readonly fallen: boolean;
    readonly withdrawn: boolean;
  }[];
  readonly struck: bigint;
  readonly firstRevealedAt: bigint;
  readonly disputedAt: bigint;
  readonly accusations: bigint;
  readonly questions: bigint;
  readonly resolvedAt: bigint;
  readonly decided: boolean;
  readonly counted: bigint;
  readonly endedAt: bigint;
}

/** What an event of a commit says of its delegation, as far as it is read. */
export interface DelegationTuple {
  readonly validator: Address;
  readonly binding: boolean;
  readonly nonce: bigint;
}

export interface KeysTuple {
  readonly keys: {
    readonly recordKey: Address;
    readonly operatorKey: Address;
    readonly encryptionKey: Hex;
    readonly endpoint: string;
  };
  readonly registeredAt: bigint;
}

export interface ValidatorTuple {
  readonly encryptionKey: Hex;
  readonly endpoint: string;
  readonly leastFeeWei: bigint;
  readonly stakeWei: bigint;
  readonly exitWei: bigint;
  readonly exitAt: bigint;
  readonly registeredAt: bigint;
}

export interface WeiTuple {
  readonly free: bigint;
  readonly stake: bigint;
  readonly locked: bigint;
}

export interface ResultTuple {
  readonly settlementRoot: Digest;
  readonly impressionCount: bigint;
  readonly amountWords: readonly Hex[];
  readonly validParts: bigint;
}

export function termsOfTuple(tuple: TermsTuple): ChannelTerms {
  return {
    ...tuple,
    roles: tuple.roles.map(Number),
    blockPolicy: Number(tuple.blockPolicy),
    firstBlockStart: Number(tuple.firstBlockStart),
    blockDuration: Number(tuple.blockDuration),
    blocksMax: Number(tuple.blocksMax),
    collectionGrace: Number(tuple.collectionGrace),
    collationPeriod: Number(tuple.collationPeriod),
    processingPeriod: Number(tuple.processingPeriod),
    challengePeriod: Number(tuple.challengePeriod),
    answerPeriod: Number(tuple.answerPeriod),
    disputeMax: Number(tuple.disputeMax),
    withdrawalNotice: Number(tuple.withdrawalNotice),
    retentionPeriod: Number(tuple.retentionPeriod),
    authorBytesMax: Number(tuple.authorBytesMax),
  };
}

export function channelFactsOf(channelId: ChannelId, tuple: ChannelTuple, terms: ChannelTerms): ChannelFacts {
  return {
    channelId,
    terms,
    boxes: tuple.boxes,
    openedAtSeconds: Number(tuple.openedAt),
    lines: tuple.lines.map(({ payee, amount, debt, requested, requestedAt, blockMax }) => ({
      ...{ payee: Number(payee), amount, debt, requested, blockMax },
      ...secondsUnlessZero('requestedAtSeconds', requestedAt),
    })),
    ...secondsUnlessZero('closedAtSeconds', tuple.closedAt),
  };
}

/** Undefined while nothing was accused, questioned or decided. */
export function disputeOfWords(words: BlockWordsTuple): BlockDispute | undefined {
  const { accusations, questions, resolvedAt, decided, counted } = words;
  if (accusations === 0n && questions === 0n && resolvedAt === 0n && !decided) return undefined;
  return {
    openAccusations: Number(accusations),
    openQuestions: Number(questions),
    ...secondsUnlessZero('resolvedAtSeconds', resolvedAt),
    ...(decided ? { counted: Number(counted) } : {}),
  };
}

export function keysOfTuple({ keys, registeredAt }: KeysTuple): ParticipantKeys | undefined {
  return registeredAt === 0n ? undefined : keys;
}

export function validatorFactsOf(account: Address, tuple: ValidatorTuple): ValidatorFacts | undefined {
  if (tuple.registeredAt === 0n) return undefined;
  const { encryptionKey, endpoint, leastFeeWei, stakeWei, exitWei, exitAt } = tuple;
  const exit = secondsUnlessZero('exitAtSeconds', exitAt);
  return { account, encryptionKey, endpoint, leastFeeWei, stakeWei, exitWei, ...exit };
}

/** BlockResult of ChannelTypes.sol: the outputHash follows from the others. */
export function resultTuple(result: RevealedResult): object {
  const { settlementRoot, impressionCount, amountWords, validParts } = result;
  return { settlementRoot, impressionCount, amountWords, validParts };
}

export function resultOfTuple(outputHash: Digest, tuple: ResultTuple): RevealedResult {
  const { settlementRoot, impressionCount, amountWords, validParts } = tuple;
  return { outputHash, settlementRoot, impressionCount, amountWords, validParts: Number(validParts) };
}

/** Delegation of BlockTypes.sol; the signature goes beside it. */
export function delegationTuple({ signature: _, ...delegation }: SignedDelegation): object {
  return delegation;
}

export function secondsUnlessZero<Name extends string>(
  name: Name,
  at: bigint,
): { readonly [Key in Name]?: number } {
  return at === 0n ? {} : ({ [name]: Number(at) } as { readonly [Key in Name]: number });
}

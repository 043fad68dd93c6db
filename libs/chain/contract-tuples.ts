/** Between the tuples of the contracts and the port's types: pure, field by field. */
import type { Address, Digest, Hex } from '#encoding';
import type { BlockFacts, ChannelId, ChannelTerms, RevealedResult, SignedDelegation } from '#protocol';
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
  readonly blocksOver: bigint;
  readonly deposit: bigint;
  readonly debt: bigint;
  readonly withdrawalRequested: bigint;
}

export interface BlockTuple {
  readonly parts: readonly {
    readonly participant: bigint;
    readonly partRoot: Digest;
    readonly segmentCount: bigint;
    readonly indexHash: Digest;
    readonly postedAt: bigint;
  }[];
  readonly seats: readonly {
    readonly participant: bigint;
    readonly validator: Address;
    readonly binding: boolean;
    readonly nonce: bigint;
    readonly commitment: Digest;
    readonly committedAt: bigint;
    readonly outputHash: Digest;
    readonly revealedAt: bigint;
  }[];
  readonly ownResults: readonly {
    readonly participant: bigint;
    readonly outputHash: Digest;
    readonly revealedAt: bigint;
  }[];
  readonly acceptances: readonly { readonly participant: bigint; readonly outputHash: Digest }[];
  readonly results: readonly { readonly outputHash: Digest; readonly result: ResultTuple }[];
  readonly disputedAt: bigint;
  readonly settledAt: bigint;
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
  readonly bondWei: bigint;
  readonly lockedWei: bigint;
  readonly registeredAt: bigint;
}

interface ResultTuple {
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
    deposit: tuple.deposit,
    withdrawalRequested: tuple.withdrawalRequested,
    debt: tuple.debt,
    ...secondsUnlessZero('closedAtSeconds', tuple.closedAt),
  };
}

export function blockFactsOf(tuple: BlockTuple): BlockFacts {
  return {
    parts: tuple.parts.map((part) => ({
      participant: Number(part.participant),
      partRoot: part.partRoot,
      segmentCount: Number(part.segmentCount),
      indexHash: part.indexHash,
      postedAtSeconds: Number(part.postedAt),
    })),
    seats: tuple.seats.map((seat) => ({
      participant: Number(seat.participant),
      validator: seat.validator,
      binding: seat.binding,
      nonce: seat.nonce,
      commitment: seat.commitment,
      committedAtSeconds: Number(seat.committedAt),
      ...(seat.revealedAt === 0n
        ? {}
        : { outputHash: seat.outputHash, revealedAtSeconds: Number(seat.revealedAt) }),
    })),
    ownResults: tuple.ownResults.map((own) => ({
      participant: Number(own.participant),
      outputHash: own.outputHash,
      revealedAtSeconds: Number(own.revealedAt),
    })),
    acceptances: tuple.acceptances.map((one) => ({
      participant: Number(one.participant),
      outputHash: one.outputHash,
    })),
    results: tuple.results.map(({ outputHash, result }) => ({
      outputHash,
      settlementRoot: result.settlementRoot,
      impressionCount: result.impressionCount,
      amountWords: result.amountWords,
      validParts: Number(result.validParts),
    })),
    ...secondsUnlessZero('disputedAtSeconds', tuple.disputedAt),
    ...secondsUnlessZero('settledAtSeconds', tuple.settledAt),
  };
}

export function keysOfTuple({ keys, registeredAt }: KeysTuple): ParticipantKeys | undefined {
  return registeredAt === 0n ? undefined : keys;
}

export function validatorFactsOf(account: Address, tuple: ValidatorTuple): ValidatorFacts | undefined {
  if (tuple.registeredAt === 0n) return undefined;
  const { encryptionKey, endpoint, bondWei } = tuple;
  return { account, encryptionKey, endpoint, bondWei };
}

/** BlockResult of ChannelTypes.sol: the outputHash follows from the others. */
export function resultTuple(result: RevealedResult): object {
  const { settlementRoot, impressionCount, amountWords, validParts } = result;
  return { settlementRoot, impressionCount, amountWords, validParts };
}

/** Delegation of ChannelTypes.sol; the signature goes beside it. */
export function delegationTuple({ signature: _, ...delegation }: SignedDelegation): object {
  return delegation;
}

function secondsUnlessZero<Name extends string>(name: Name, at: bigint): { readonly [Key in Name]?: number } {
  return at === 0n ? {} : ({ [name]: Number(at) } as { readonly [Key in Name]: number });
}

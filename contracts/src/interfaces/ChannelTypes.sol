// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The nouns of a channel: what is signed, what is posted, what the views answer (wire-formats.md 2, 6 and
/// 8).

/// In the order in which a block runs through them; Void ends a block that pays nothing.
enum Stage {
    Pending,
    Collection,
    Collation,
    Processing,
    Challenge,
    Dispute,
    Final,
    Settled,
    Void
}

struct ChannelTerms {
    address[] participants;
    uint8[] roles;
    /// What one block may pay each participant at most, in nano-units; entry 0, the payer's, is 0.
    uint64[] blockMaxNano;
    address token;
    uint256 tokenPerUnit;
    string reducer;
    bytes reducerParameters;
    uint8 blockPolicy;
    uint64 firstBlockStart;
    uint64 blockDuration;
    uint64 blocksMax;
    uint64 collectionGrace;
    uint64 collationPeriod;
    uint64 processingPeriod;
    uint64 challengePeriod;
    uint64 answerPeriod;
    uint64 disputeMax;
    uint64 withdrawalNotice;
    uint64 retentionPeriod;
    uint64 authorBytesMax;
    uint64 priceNanoMax;
    bytes32 keysRoot;
    bytes32 boxesHash;
    bytes32 salt;
}

struct Delegation {
    bytes32 channelId;
    uint64 blockNumber;
    uint8 participant;
    address validator;
    bool binding;
    bytes32 keyCommitment;
    uint64 nonce;
    uint64 notAfter;
}

/// The fields behind an outputHash. amountWords: one uint64 nano a participant, four to a word, big-endian.
struct BlockResult {
    bytes32 settlementRoot;
    uint64 impressionCount;
    bytes32[] amountWords;
    uint16 validParts;
}

struct ChannelFacts {
    ChannelTerms terms;
    bytes[] boxes;
    uint64 openedAt;
    /// 0 while open.
    uint64 closedAt;
    /// Blocks from this number on never start: blocksMax, or fewer once closed.
    uint64 blocksEnd;
    /// Every block below this number is known to be settled or void.
    uint64 blocksOver;
    uint256 deposit;
    uint256 debt;
    uint256 withdrawalRequested;
    uint64 withdrawalRequestedAt;
    /// The nonce that the next withdrawTogether must carry.
    uint256 withdrawalNonce;
}

struct PartFacts {
    uint8 participant;
    bytes32 partRoot;
    uint32 segmentCount;
    bytes32 indexHash;
    uint64 postedAt;
}

/// outputHash and revealedAt are zero until revealed.
struct SeatFacts {
    uint8 participant;
    address validator;
    bool binding;
    uint64 nonce;
    bytes32 commitment;
    uint64 committedAt;
    bytes32 outputHash;
    uint64 revealedAt;
}

struct OwnResultFacts {
    uint8 participant;
    bytes32 outputHash;
    uint64 revealedAt;
    bool bonded;
}

struct AcceptanceFacts {
    uint8 participant;
    bytes32 outputHash;
}

struct ResultFacts {
    bytes32 outputHash;
    BlockResult result;
}

/// parts, seats, ownResults and acceptances by participant; results by first reveal; times are 0 if not yet.
struct BlockFacts {
    PartFacts[] parts;
    SeatFacts[] seats;
    OwnResultFacts[] ownResults;
    AcceptanceFacts[] acceptances;
    ResultFacts[] results;
    uint64 disputedAt;
    uint64 settledAt;
}

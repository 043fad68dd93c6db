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

/// The fields behind an outputHash. amountWords: one uint64 nano a participant, four to a word, big-endian.
struct BlockResult {
    bytes32 settlementRoot;
    uint64 impressionCount;
    bytes32[] amountWords;
    uint16 validParts;
}

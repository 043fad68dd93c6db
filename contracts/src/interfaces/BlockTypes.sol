// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What is signed for a block, and what a block keeps (wire-formats.md 6 and 8). What only indexers read lives
/// in events: of a part the chain keeps one slot, of a result two.

/// Whom a participant asks to reduce a block, and for how much.
struct Delegation {
    bytes32 channelId;
    uint64 blockNumber;
    uint8 participant;
    address validator;
    bool binding;
    bytes32 keyCommitment;
    uint256 feeWei;
    uint64 nonce;
    uint64 notAfter;
}

/// What postPart was told: the chain keeps its digest alone.
struct PartFacts {
    bytes32 partRoot;
    uint32 segmentCount;
    bytes32 indexHash;
}

/// partDigest: the first 27 bytes of keccak256(abi.encode(partRoot, segmentCount, indexHash)). `height`: where
/// its PartPosted event is.
struct PartWord {
    uint8 participant;
    bytes27 partDigest;
    uint40 height;
}

/// `result` is an index into the block's results, true only where `revealed`.
struct SeatWords {
    uint8 participant;
    address validator;
    bool binding;
    uint64 nonce;
    uint256 feeWei;
    bytes32 commitment;
    bool revealed;
    uint8 result;
}

/// Of a participant that revealed a result of its own, or accepted one: an index into the block's results.
struct Stance {
    uint8 participant;
    uint8 result;
}

/// amountsDigest: the first 25 bytes of keccak256 of the amount words (joined) after the cut to blockMaxNano, with
/// entry 0 as zero; results with the same open no dispute.
struct ResultWords {
    bytes32 outputHash;
    bytes25 amountsDigest;
    uint16 validParts;
    uint40 revealedAt;
    /// It fell in a dispute.
    bool fallen;
    /// Who revealed it took it back, and nobody else stands for it.
    bool withdrawn;
}

/// parts, seats, ownResults and acceptances by participant; results by first reveal; times are 0 if not yet.
struct BlockWords {
    PartWord[] parts;
    SeatWords[] seats;
    Stance[] ownResults;
    Stance[] acceptances;
    ResultWords[] results;
    /// A bit for each participant whose part was struck.
    uint16 struck;
    /// 1 + the index of the result that all participants stand for, 0 if there is none; only told where there
    /// are several results.
    uint8 agreed;
    uint40 lastPostedAt;
    uint40 firstRevealedAt;
    uint40 disputedAt;
    /// How many accusations and questions are open, and when the last question was over.
    uint16 accusations;
    uint16 questions;
    uint40 resolvedAt;
    /// In a dispute: when the last result was revealed, and whether the results count different parts.
    uint40 revealedAt;
    bool differ;
    /// Whether it is written which parts count, and those, as a bit for each.
    bool decided;
    uint16 counted;
    /// When it was settled, or its bonds were released because it is void.
    uint40 endedAt;
}

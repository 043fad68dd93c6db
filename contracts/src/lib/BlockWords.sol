// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The facts of a block that its stage depends on: one word. Masks have a bit for each participant.
struct BlockState {
    /// Participants whose part is posted.
    uint16 posted;
    /// Participants whose seat has committed.
    uint16 seats;
    /// Seats under a binding delegation.
    uint16 binding;
    /// Seats that revealed.
    uint16 revealed;
    /// Participants that accepted a revealed result.
    uint16 accepted;
    /// Participants with a result of their own.
    uint16 own;
    /// Times in seconds, 0 if not yet.
    uint40 lastPostedAt;
    uint40 firstRevealedAt;
    /// When a result with other amounts was revealed.
    uint40 disputedAt;
    /// When it was settled, or released because it is void.
    uint40 endedAt;
}

/// What is only there once results differ, fall or are accepted: one word.
struct Quarrel {
    /// A bit for each result that does not stand any more.
    uint48 fallen;
    /// A bit for each participant whose part is struck.
    uint16 struck;
    /// Number of distinct results once there are two; before, firstRevealedAt tells 0 from 1.
    uint8 resultCount;
    /// 1 + the result that all participants stand for, where there are several; 0 if there is none.
    uint8 agreed;
    /// A bit for each result that was taken back and that nobody else stands for.
    uint48 withdrawn;
    /// A bit for each participant that took its own result back: its bond stays until the block is over.
    uint16 takenBack;
    /// A bit for each result that was ever accused.
    uint48 accused;
    /// A bit for each participant whose seat's bond, or own result's, is burnt when the block is over.
    uint16 burntSeats;
    uint16 burntOwn;
}

/// What is only there in a dispute, beside the Quarrel: one word.
struct Dispute {
    /// How many accusations, and how many questions, are open.
    uint16 accusations;
    uint16 questions;
    /// When the last question was over, and when the last result was revealed.
    uint40 resolvedAt;
    uint40 revealedAt;
    /// Results were revealed that count other parts.
    bool differ;
    /// It is written which parts count, as a bit for each.
    bool decided;
    uint16 counted;
    /// A bit for each participant whose seat's bond, or own result's, was handed over.
    uint16 lostSeats;
    uint16 lostOwn;
    /// A bit for each participant that took its own result back after it was accused, until its bond is fetched.
    uint16 forfeitable;
}

struct Seat {
    address validator;
    uint64 nonce;
    /// Index of the result it revealed.
    uint8 result;
    bool hasFee;
}

struct ResultWord {
    bytes25 amountsDigest;
    uint16 validParts;
    uint40 revealedAt;
}

/// Where everything of a block lies among its words, and how it is packed.
library BlockWords {
    uint256 internal constant COUNT = 224;
    uint256 internal constant STATE = 0;
    /// The index of the result that each participant accepted, a byte each; above them that of its own result.
    uint256 internal constant STANCES = 1;
    uint256 internal constant QUARREL = 2;
    uint256 internal constant DISPUTE = 3;
    /// Which parts a participant questioned: 16 bits for each part, participant i at bit i of them.
    uint256 internal constant QUESTIONED = 4;
    /// Whose questions about a part were upheld, likewise.
    uint256 internal constant PROVERS = 5;
    /// One for each participant from here on: the first 27 bytes of the part's digest, and the height.
    uint256 internal constant PARTS = 16;
    uint256 internal constant SEATS = 32;
    uint256 internal constant COMMITMENTS = 48;
    uint256 internal constant FEES = 64;
    /// What was handed over of the bond of each part.
    uint256 internal constant CHARGES = 80;
    /// Two for each result: outputHash, and ResultWord. At most 48: of 16 participants a seat, an own one, and one
    /// once it is decided which parts count.
    uint256 internal constant RESULTS = 128;

    function packState(BlockState memory one) internal pure returns (uint256) {
        return uint256(one.posted) | (uint256(one.seats) << 16) | (uint256(one.binding) << 32)
            | (uint256(one.revealed) << 48) | (uint256(one.accepted) << 64) | (uint256(one.own) << 80)
            | (uint256(one.lastPostedAt) << 96) | (uint256(one.firstRevealedAt) << 136)
            | (uint256(one.disputedAt) << 176) | (uint256(one.endedAt) << 216);
    }

    function stateOf(uint256 word) internal pure returns (BlockState memory) {
        return BlockState(
            uint16(word),
            uint16(word >> 16),
            uint16(word >> 32),
            uint16(word >> 48),
            uint16(word >> 64),
            uint16(word >> 80),
            uint40(word >> 96),
            uint40(word >> 136),
            uint40(word >> 176),
            uint40(word >> 216)
        );
    }

    function packQuarrel(Quarrel memory one) internal pure returns (uint256) {
        return uint256(one.fallen) | (uint256(one.struck) << 48) | (uint256(one.resultCount) << 64)
            | (uint256(one.agreed) << 72) | (uint256(one.withdrawn) << 80) | (uint256(one.takenBack) << 128)
            | (uint256(one.accused) << 144) | (uint256(one.burntSeats) << 192)
            | (uint256(one.burntOwn) << 208);
    }

    function quarrelOf(uint256 word) internal pure returns (Quarrel memory) {
        return Quarrel(
            uint48(word),
            uint16(word >> 48),
            uint8(word >> 64),
            uint8(word >> 72),
            uint48(word >> 80),
            uint16(word >> 128),
            uint48(word >> 144),
            uint16(word >> 192),
            uint16(word >> 208)
        );
    }

    function packDispute(Dispute memory one) internal pure returns (uint256) {
        return uint256(one.accusations) | (uint256(one.questions) << 16) | (uint256(one.resolvedAt) << 32)
            | (uint256(one.revealedAt) << 72) | (one.differ ? 1 << 112 : 0) | (one.decided ? 1 << 113 : 0)
            | (uint256(one.counted) << 120) | (uint256(one.lostSeats) << 136)
            | (uint256(one.lostOwn) << 152) | (uint256(one.forfeitable) << 184);
    }

    function disputeOf(uint256 word) internal pure returns (Dispute memory) {
        return Dispute(
            uint16(word),
            uint16(word >> 16),
            uint40(word >> 32),
            uint40(word >> 72),
            (word >> 112) & 1 == 1,
            (word >> 113) & 1 == 1,
            uint16(word >> 120),
            uint16(word >> 136),
            uint16(word >> 152),
            uint16(word >> 184)
        );
    }

    function packSeat(Seat memory one) internal pure returns (uint256) {
        return uint256(uint160(one.validator)) | (uint256(one.nonce) << 160) | (uint256(one.result) << 224)
            | (one.hasFee ? 1 << 232 : 0);
    }

    function seatOf(uint256 word) internal pure returns (Seat memory) {
        return Seat(address(uint160(word)), uint64(word >> 160), uint8(word >> 224), (word >> 232) & 1 == 1);
    }

    function packResult(ResultWord memory one) internal pure returns (uint256) {
        return uint256(bytes32(one.amountsDigest)) | (uint256(one.validParts) << 40) | one.revealedAt;
    }

    function resultOf(uint256 word) internal pure returns (ResultWord memory) {
        return ResultWord(bytes25(bytes32(word)), uint16(word >> 40), uint40(word));
    }

    /// The result that a participant accepted, or its own one, of the word STANCES.
    function acceptedIn(uint256 stances, uint256 participant) internal pure returns (uint256) {
        return uint8(stances >> (8 * participant));
    }

    function ownIn(uint256 stances, uint256 participant) internal pure returns (uint256) {
        return uint8(stances >> (128 + 8 * participant));
    }

    function resultCountOf(BlockState memory state, Quarrel memory quarrel)
        internal
        pure
        returns (uint256)
    {
        if (quarrel.resultCount > 0) return quarrel.resultCount;
        return state.firstRevealedAt == 0 ? 0 : 1;
    }

    /// Results that stand: revealed, and neither fallen nor withdrawn.
    function standingCountOf(BlockState memory state, Quarrel memory quarrel)
        internal
        pure
        returns (uint256 count)
    {
        count = resultCountOf(state, quarrel);
        for (uint256 gone = quarrel.fallen | quarrel.withdrawn; gone != 0; gone &= gone - 1) {
            count--;
        }
    }

    function partDigest(bytes32 partRoot, uint32 segmentCount, bytes32 indexHash)
        internal
        pure
        returns (bytes27)
    {
        return bytes27(keccak256(abi.encode(partRoot, segmentCount, indexHash)));
    }
}

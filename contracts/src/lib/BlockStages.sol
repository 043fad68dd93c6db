// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";

/// The facts of a block that its stage depends on: one storage slot. Masks have a bit for each participant.
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
    /// Participants that revealed a result of their own.
    uint16 own;
    /// Times in seconds, 0 if not yet.
    uint40 lastPostedAt;
    uint40 firstRevealedAt;
    /// When a second, different result was revealed.
    uint40 disputedAt;
    uint40 settledAt;
}

/// Stages and windows of a block, computed from facts and chain time (protocol.md 8). All intervals are
/// half-open.
library BlockStages {
    /// `blocksEnd`: blocks from this number on never start.
    function stageOf(
        ChannelTerms memory terms,
        uint256 blockNumber,
        uint256 blocksEnd,
        BlockState memory state,
        uint256 time
    ) internal pure returns (Stage) {
        if (blockNumber >= blocksEnd) return Stage.Void;
        if (state.settledAt != 0) return Stage.Settled;
        if (time < startOf(terms, blockNumber)) return Stage.Pending;
        if (time < collectionEnd(terms, blockNumber)) return Stage.Collection;
        uint256 processingFrom = processingStart(terms, blockNumber, state);
        if (time < processingFrom) return Stage.Collation;
        if (state.posted == 0) return Stage.Void;
        if (isUnanimous(terms, state)) return Stage.Final;
        if (state.disputedAt != 0) {
            return time < state.disputedAt + uint256(terms.disputeMax) ? Stage.Dispute : Stage.Final;
        }
        uint256 period = periodStart(terms, processingFrom, state, time);
        if (time < period + terms.processingPeriod) return Stage.Processing;
        if (state.firstRevealedAt == 0) return Stage.Void;
        return
            time < period + terms.processingPeriod + terms.challengePeriod ? Stage.Challenge : Stage.Final;
    }

    function startOf(ChannelTerms memory terms, uint256 blockNumber) internal pure returns (uint256) {
        return terms.firstBlockStart + blockNumber * terms.blockDuration;
    }

    /// C: until when batches are accepted.
    function collectionEnd(ChannelTerms memory terms, uint256 blockNumber) internal pure returns (uint256) {
        return startOf(terms, blockNumber + 1) + terms.collectionGrace;
    }

    /// P: the end of collation, or the last participant's part if all are posted.
    function processingStart(ChannelTerms memory terms, uint256 blockNumber, BlockState memory state)
        internal
        pure
        returns (uint256)
    {
        // The last part is refused at the end of collation or later, so its time is never above it.
        if (state.posted == allOf(terms)) return state.lastPostedAt;
        return collectionEnd(terms, blockNumber) + terms.collationPeriod;
    }

    /// Start of the processing period that counts at `time`: the one of the first reveal, if there was one;
    /// otherwise the extension as soon as the period has passed.
    function periodStart(
        ChannelTerms memory terms,
        uint256 processingFrom,
        BlockState memory state,
        uint256 time
    ) internal pure returns (uint256) {
        uint256 firstEnd = processingFrom + terms.processingPeriod;
        return
            (state.firstRevealedAt == 0 ? time : state.firstRevealedAt) < firstEnd
                ? processingFrom
                : firstEnd;
    }

    /// Every participant has a seat that binds it or whose result it accepted, all revealed, nobody anything
    /// else.
    function isUnanimous(ChannelTerms memory terms, BlockState memory state) internal pure returns (bool) {
        uint256 all = allOf(terms);
        return state.disputedAt == 0 && state.revealed == all && (state.binding | state.accepted) == all;
    }

    function allOf(ChannelTerms memory terms) internal pure returns (uint256) {
        return (1 << terms.participants.length) - 1;
    }

    /// How many blocks have started at `time`, those at this very second included.
    function startedAt(ChannelTerms memory terms, uint256 time) internal pure returns (uint256) {
        if (time < terms.firstBlockStart) return 0;
        uint256 started = (time - terms.firstBlockStart) / terms.blockDuration + 1;
        return started < terms.blocksMax ? started : terms.blocksMax;
    }
}

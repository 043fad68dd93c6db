// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {BlockState, BlockWords, Dispute, Quarrel} from "./BlockWords.sol";

/// Stages and windows of a block, computed from facts and chain time (protocol.md 8). All intervals are
/// half-open.
library BlockClock {
    /// The processing period that counts at a time.
    struct Processing {
        uint256 from;
        /// V: its end.
        uint256 until;
        bool isExtension;
    }

    /// Of a block with a number below blocksEnd.
    function stageOf(
        ChannelTerms memory terms,
        uint256 blockNumber,
        BlockState memory state,
        Quarrel memory quarrel,
        Dispute memory dispute,
        uint256 time
    ) internal pure returns (Stage) {
        bool isFelled = hasFelled(state, quarrel);
        if (state.endedAt != 0) {
            return isFelled || state.firstRevealedAt == 0 ? Stage.Void : Stage.Settled;
        }
        if (time < startOf(terms, blockNumber)) return Stage.Pending;
        if (time < collectionEnd(terms, blockNumber)) return Stage.Collection;
        if (time < processingStart(terms, blockNumber, state)) return Stage.Collation;
        if (state.posted == 0) return Stage.Void;
        Processing memory period = processingAt(terms, blockNumber, state, time);
        bool isRevealed = state.revealed == state.seats || time >= period.until;
        if (isRevealed && isAgreed(terms, state, quarrel)) return Stage.Final;
        if (state.disputedAt != 0) {
            if (isInDispute(terms, state, quarrel, dispute, period.until, time)) return Stage.Dispute;
            return isFelled ? Stage.Void : Stage.Final;
        }
        if (time < period.until) return Stage.Processing;
        if (state.firstRevealedAt == 0) return Stage.Void;
        if (time < period.until + terms.challengePeriod) return Stage.Challenge;
        return isFelled ? Stage.Void : Stage.Final;
    }

    /// Until disputeMax is over: while anything is open, and until its windows are over. `processed`: V.
    function isInDispute(
        ChannelTerms memory terms,
        BlockState memory state,
        Quarrel memory quarrel,
        Dispute memory dispute,
        uint256 processed,
        uint256 time
    ) internal pure returns (bool) {
        if (time >= state.disputedAt + uint256(terms.disputeMax)) return false;
        if (dispute.accusations > 0 || dispute.questions > 0) return true;
        uint256 until = processed + terms.challengePeriod;
        if (dispute.differ) until = windowEnd(terms, dispute, processed);
        if (time < until) return true;
        // Where one stands, nobody is left who could accuse it.
        if (BlockWords.standingCountOf(state, quarrel) < 2) return false;
        return time < accusableUntil(terms, state, dispute, processed, dispute.revealedAt);
    }

    /// Until when parts may be questioned. `processed`: V.
    function questionEnd(ChannelTerms memory terms, uint256 processed) internal pure returns (uint256) {
        return processed + 2 * uint256(terms.challengePeriod);
    }

    /// From when on it is decided which parts count, once no question is open.
    function decisionAt(ChannelTerms memory terms, Dispute memory dispute, uint256 processed)
        internal
        pure
        returns (uint256)
    {
        return Math.max(questionEnd(terms, processed), dispute.resolvedAt);
    }

    /// Until when results for the parts that count may be revealed.
    function windowEnd(ChannelTerms memory terms, Dispute memory dispute, uint256 processed)
        internal
        pure
        returns (uint256)
    {
        return decisionAt(terms, dispute, processed) + terms.processingPeriod / 2;
    }

    /// Until when a result that was revealed at `revealedAt` may be accused. Where all seats committed early, results
    /// may differ long before V: then the others, who speak until V and after it, could accuse none of them.
    function accusableUntil(
        ChannelTerms memory terms,
        BlockState memory state,
        Dispute memory dispute,
        uint256 processed,
        uint256 revealedAt
    ) internal pure returns (uint256) {
        // Where parts differ no result comes after the window.
        uint256 from = dispute.differ
            ? windowEnd(terms, dispute, processed)
            : Math.max(processed, Math.max(state.disputedAt, revealedAt));
        return from + terms.challengePeriod;
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

    /// The period of the first reveal, if there was one; otherwise the extension as soon as the first has
    /// passed.
    function processingAt(
        ChannelTerms memory terms,
        uint256 blockNumber,
        BlockState memory state,
        uint256 time
    ) internal pure returns (Processing memory period) {
        period.from = processingStart(terms, blockNumber, state);
        period.until = period.from + terms.processingPeriod;
        if ((state.firstRevealedAt == 0 ? time : state.firstRevealedAt) >= period.until) {
            period = Processing(period.until, period.until + terms.processingPeriod, true);
        }
    }

    /// How many blocks' collation has begun by the clock; no later one has a part.
    function collatedAt(ChannelTerms memory terms, uint256 time) internal pure returns (uint256) {
        uint256 lag = terms.firstBlockStart + uint256(terms.collectionGrace);
        return Math.saturatingSub(time, lag) / terms.blockDuration;
    }

    /// The first block whose collation is not over by the clock; those before it are void without a part.
    function firstOpenAt(ChannelTerms memory terms, uint256 time) internal pure returns (uint256) {
        return collatedAt(terms, Math.saturatingSub(time, terms.collationPeriod));
    }

    /// All participants stand for one result: their binding seats revealed it, or they accepted it.
    function isAgreed(ChannelTerms memory terms, BlockState memory state, Quarrel memory quarrel)
        internal
        pure
        returns (bool)
    {
        if (BlockWords.resultCountOf(state, quarrel) != 1) return quarrel.agreed != 0;
        return quarrel.fallen == 0 && (state.accepted | (state.binding & state.revealed)) == allOf(terms);
    }

    /// There were results, and none stands.
    function hasFelled(BlockState memory state, Quarrel memory quarrel) internal pure returns (bool) {
        uint256 count = BlockWords.resultCountOf(state, quarrel);
        return count > 0 && (quarrel.fallen | quarrel.withdrawn) == (1 << count) - 1;
    }

    function allOf(ChannelTerms memory terms) internal pure returns (uint256) {
        return (1 << terms.participants.length) - 1;
    }
}

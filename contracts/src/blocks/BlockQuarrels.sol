// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlockQuarrels} from "../interfaces/IBlockQuarrels.sol";
import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {BlockEnds} from "./BlockEnds.sol";
import {BlockResults} from "./BlockResults.sol";
import {Found} from "./FoundBlock.sol";
import {PartDecision} from "./PartDecision.sol";

/// What participants say themselves of a block's outcome, and the end of what is void.
abstract contract BlockQuarrels is IBlockQuarrels, BlockResults, BlockEnds {
    /// @inheritdoc IBlockQuarrels
    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external {
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        uint256 index = senderIndex(found);
        requireOwnTime(found);
        requireFreeToSpeak(found, stored, index);
        if (found.dispute.decided && result.validParts != found.dispute.counted) {
            revert OtherPartsCount(channelId, blockNumber, found.dispute.counted, result.validParts);
        }
        bytes25 digest = check(found, found.state.posted & ~found.quarrel.struck, result, opening);
        bytes32 hash = BlockTypedData.outputHash(channelId, blockNumber, result);
        emit OwnResultRevealed(channelId, blockNumber, uint8(index), hash, result);
        uint256 own = addResult(found, stored, hash, result.validParts, digest);
        setStance(stored, 128 + 8 * index, own);
        lockForOwn(found, stored, index);
        finishStance(found, stored);
    }

    /// @inheritdoc IBlockQuarrels
    function acceptResult(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash)
        external
    {
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        uint256 index = participant;
        if (index >= found.terms.participants.length) revert UnknownParticipant(channelId, index);
        if (msg.sender != found.terms.participants[index]) {
            (, bool isOwn) = ownSince(found, index, msg.sender);
            if (!isOwn) revert NotParticipant(channelId, msg.sender);
        }
        if (found.stage < Stage.Processing || found.stage > Stage.Dispute) wrongStage(found);
        (uint256 result, bool isKnown) = findResult(found, stored, outputHash);
        if (!isKnown || has(goneIn(found), result)) revert ResultUnknown(outputHash);
        (uint256 bound, bool isBound) = stanceOf(found, stored, index);
        if (isBound) {
            if (bound == result) return;
            revert AlreadyBound(channelId, blockNumber, participant, hashOf(stored, bound));
        }
        setStance(stored, 8 * index, result);
        found.state.accepted |= bit(index);
        emit ResultAccepted(channelId, blockNumber, participant, outputHash);
        takeBack(found, stored, index, result, block.timestamp < revealsEnd(found));
        finishStance(found, stored);
    }

    /// @inheritdoc IBlockQuarrels
    function releaseVoid(bytes32 channelId, uint64 blockNumber) external {
        (Found memory found, uint256[224] storage stored) = findNow(channelId, blockNumber);
        if (found.state.endedAt != 0) revert AlreadyEnded(channelId, blockNumber, found.state.endedAt);
        if (found.stage != Stage.Void || found.state.posted == 0) wrongStage(found);
        endBlock(found, stored);
        emit BlockVoid(channelId, blockNumber);
        returnBonds(found, stored, 0);
    }

    /// The reveal half of the extension, and the challenge period; once it is decided which parts count, the
    /// window for results of these.
    function requireOwnTime(Found memory found) private view {
        if (found.stage < Stage.Processing || found.stage > Stage.Dispute) wrongStage(found);
        BlockClock.Processing memory period =
            BlockClock.processingAt(found.terms, found.blockNumber, found.state, block.timestamp);
        uint256 from = period.until;
        uint256 until = from + found.terms.challengePeriod;
        if (period.isExtension) from = period.from + found.terms.processingPeriod / 2;
        if (found.dispute.decided) {
            from = BlockClock.decisionAt(found.terms, found.dispute, period.until);
            until = BlockClock.windowEnd(found.terms, found.dispute, period.until);
        }
        if (block.timestamp >= from && block.timestamp < until) return;
        revert WrongTime(found.channelId, found.blockNumber, from, until);
    }

    /// Until when participants may reveal results of their own, now that there is one.
    function revealsEnd(Found memory found) private pure returns (uint256) {
        uint256 processed = PartDecision.processedAt(found);
        if (!found.dispute.decided) return processed + found.terms.challengePeriod;
        return BlockClock.windowEnd(found.terms, found.dispute, processed);
    }

    /// One result a participant, and in the window another where the first is gone; none beside the one that it
    /// stands for.
    function requireFreeToSpeak(Found memory found, uint256[224] storage stored, uint256 index)
        private
        view
    {
        if (has(found.state.own, index)) {
            uint256 own = BlockWords.ownIn(stored[BlockWords.STANCES], index);
            uint256 revealedAt = BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * own + 1]).revealedAt;
            bool isAgain = found.dispute.decided && has(goneIn(found), own)
                && revealedAt
                    < BlockClock.decisionAt(found.terms, found.dispute, PartDecision.processedAt(found));
            if (!isAgain) revert AlreadyRevealed(found.channelId, found.blockNumber, uint8(index));
        }
        (uint256 bound, bool isBound) = stanceOf(found, stored, index);
        if (!isBound) return;
        revert AlreadyBound(found.channelId, found.blockNumber, uint8(index), hashOf(stored, bound));
    }

    /// The bond of an own result that fell for its parts is carried over, unless it is lost.
    function lockForOwn(Found memory found, uint256[224] storage stored, uint256 index) private {
        address account = found.terms.participants[index];
        WeiMove[] memory moves = new WeiMove[](2);
        uint256 used = 0;
        bool isAgain = has(found.state.own, index);
        if (isAgain) {
            bool isBurnt = has(found.quarrel.burntOwn | found.dispute.forfeitable, index);
            if (isBurnt) moves[used++] = burnt(account, Bonds.OWN_RESULT);
            isAgain = !isBurnt && !has(found.dispute.lostOwn, index);
            found.quarrel.burntOwn &= ~bit(index);
            found.quarrel.takenBack &= ~bit(index);
            found.dispute.lostOwn &= ~bit(index);
            found.dispute.forfeitable &= ~bit(index);
            saveQuarrel(found, stored);
            saveDispute(found, stored);
        }
        if (!isAgain) {
            moves[used++] = locked(account, WeiBook.Free, Reason.OwnResultBond, Bonds.OWN_RESULT);
        }
        found.state.own |= bit(index);
        moveWei(found, moves, used);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "../interfaces/ChannelTypes.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockWords, ResultWord} from "../lib/BlockWords.sol";
import {BlockStore} from "./BlockStore.sol";
import {Found} from "./FoundBlock.sol";
import {PartDecision} from "./PartDecision.sol";

/// What is common to all ways to say what a block's outcome is: the results, and who stands for which.
abstract contract BlockResults is BlockStore {
    /// As much of a result as a contract can see; a digest of its amounts. `countable`: parts that it may count.
    function check(Found memory found, uint16 countable, BlockResult calldata result, bytes32 opening)
        internal
        view
        returns (bytes25 amountsDigest)
    {
        return rules.check(found.place, countable, result, opening);
    }

    function findResult(Found memory found, uint256[224] storage stored, bytes32 hash)
        internal
        view
        returns (uint256 index, bool isKnown)
    {
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        while (index < count && hashOf(stored, index) != hash) index++;
        isKnown = index < count;
    }

    /// Keeps a result that nobody revealed before; one with other amounts than the first opens the dispute. One
    /// that was taken back stands again, one that fell never.
    function addResult(
        Found memory found,
        uint256[224] storage stored,
        bytes32 hash,
        uint16 validParts,
        bytes25 digest
    ) internal returns (uint256 index) {
        bool isKnown;
        (index, isKnown) = findResult(found, stored, hash);
        if (isKnown) {
            if (has(found.quarrel.fallen, index)) revert ResultUnknown(hash);
            if (has(found.quarrel.withdrawn, index)) {
                found.quarrel.withdrawn &= ~uint48(1 << index);
                saveQuarrel(found, stored);
                // It can be accused as long as if it had not been there before.
                keepResult(stored, index, hash, validParts, digest);
                if (found.state.disputedAt != 0) noteForDispute(found, stored, index);
            }
            return index;
        }
        keepResult(stored, index, hash, validParts, digest);
        if (index == 0) {
            found.state.firstRevealedAt = uint40(block.timestamp);
            return 0;
        }
        found.quarrel.resultCount = uint8(index + 1);
        saveQuarrel(found, stored);
        bytes25 first = BlockWords.resultOf(stored[BlockWords.RESULTS + 1]).amountsDigest;
        if (found.state.disputedAt == 0) {
            if (digest == first) return index;
            found.state.disputedAt = uint40(block.timestamp);
            emit BlockDisputed(found.channelId, found.blockNumber);
        }
        noteForDispute(found, stored, index);
    }

    function keepResult(
        uint256[224] storage stored,
        uint256 index,
        bytes32 hash,
        uint16 validParts,
        bytes25 digest
    ) private {
        uint256 place = BlockWords.RESULTS + 2 * index;
        stored[place] = uint256(hash);
        stored[place + 1] = BlockWords.packResult(ResultWord(digest, validParts, uint40(block.timestamp)));
    }

    /// When the last result came, and whether all count the same parts; once that is decided they do.
    function noteForDispute(Found memory found, uint256[224] storage stored, uint256 last) private {
        found.dispute.revealedAt = uint40(block.timestamp);
        for (uint256 i = 1; i <= last && !found.dispute.differ; i++) {
            found.dispute.differ = PartDecision.partsOf(stored, i) != PartDecision.partsOf(stored, 0);
        }
        saveDispute(found, stored);
    }

    /// The result that a participant stands for and cannot leave: accepted, or revealed by its binding seat.
    function stanceOf(Found memory found, uint256[224] storage stored, uint256 index)
        internal
        view
        returns (uint256 result, bool isBound)
    {
        // Nobody is held to what fell.
        if (has(found.state.accepted, index)) {
            result = BlockWords.acceptedIn(stored[BlockWords.STANCES], index);
            isBound = !has(goneIn(found), result);
        }
        if (!isBound && has(found.state.revealed & found.state.binding, index)) {
            result = BlockWords.seatOf(stored[BlockWords.SEATS + index]).result;
            isBound = !has(goneIn(found), result);
        }
    }

    function setStance(uint256[224] storage stored, uint256 shift, uint256 result) internal {
        uint256 before = stored[BlockWords.STANCES];
        uint256 next = (before & ~(uint256(0xff) << shift)) | (result << shift);
        if (next != before) stored[BlockWords.STANCES] = next;
    }

    /// Who stands for a result takes back another of its own, which stands no more where nobody else stands for
    /// it. Its bond stays until the block is over: what it said may have begun a dispute. If it was accused, the
    /// bond is lost; what questions about it cost is seen at the end. What fell is taken back no more. Once nobody can reveal it any more (isInTime is false) it
    /// goes on to stand without anybody: somebody may have relied on it.
    function takeBack(
        Found memory found,
        uint256[224] storage stored,
        uint256 index,
        uint256 stance,
        bool isInTime
    ) internal {
        if (!has(found.state.own, index)) return;
        uint256 own = BlockWords.ownIn(stored[BlockWords.STANCES], index);
        if (own == stance || has(found.quarrel.takenBack, index) || has(found.quarrel.fallen, own)) return;
        found.quarrel.takenBack |= bit(index);
        uint256 others = found.state.own & ~found.quarrel.takenBack;
        bool isAlone = PartDecision.standersOf(found, stored, own, others) == 0;
        if (isAlone && isInTime) found.quarrel.withdrawn |= uint48(1 << own);
        saveQuarrel(found, stored);
        if (!has(found.quarrel.accused, own)) return;
        found.dispute.lostOwn |= bit(index);
        found.dispute.forfeitable |= bit(index);
        saveDispute(found, stored);
    }

    /// Writes the state; where there are several results, also whether all participants stand for one.
    function finishStance(Found memory found, uint256[224] storage stored) internal {
        saveState(found, stored);
        if (BlockWords.resultCountOf(found.state, found.quarrel) < 2) return;
        uint16 speaking = found.state.accepted | (found.state.binding & found.state.revealed);
        if (found.quarrel.agreed != 0 || speaking != BlockClock.allOf(found.terms)) return;
        (uint256 first, bool stands) = stanceOf(found, stored, 0);
        if (!stands) return;
        for (uint256 i = 1; i < found.terms.participants.length; i++) {
            (uint256 other,) = stanceOf(found, stored, i);
            if (other != first) return;
        }
        found.quarrel.agreed = uint8(first + 1);
        saveQuarrel(found, stored);
    }
}

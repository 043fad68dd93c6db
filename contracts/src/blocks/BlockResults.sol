// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {IResultRules} from "../interfaces/IResultRules.sol";
import {Reason, WeiBook} from "../interfaces/IVault.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords, ResultWord, Seat} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {BlockSeats} from "./BlockSeats.sol";
import {ResultRules} from "./ResultRules.sol";

/// What is said of a block's outcome: revealed by seats, by participants themselves, accepted, and felled.
abstract contract BlockResults is BlockSeats {
    IResultRules private immutable rules = new ResultRules();

    /// @inheritdoc IBlocks
    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external {
        (Found memory found, uint256[192] storage stored) = find(channelId, blockNumber);
        if (!has(found.state.seats, participant)) revert SeatEmpty(channelId, blockNumber, participant);
        if (has(found.state.revealed, participant)) {
            revert AlreadyRevealed(channelId, blockNumber, participant);
        }
        requireRevealTime(found);
        Seat memory seat = BlockWords.seatOf(stored[BlockWords.SEATS + participant]);
        bytes32 hash = BlockTypedData.outputHash(channelId, blockNumber, result);
        bytes32 given = BlockTypedData.commitment(hash, seat.validator, workDigest, salt);
        bytes32 commitment = bytes32(stored[BlockWords.COMMITMENTS + participant]);
        if (given != commitment) revert CommitmentMismatch(commitment, given);
        requireNoOtherWord(found, stored, participant, hash);
        bytes25 digest = check(found, stored, result, opening);
        emit ResultRevealed(channelId, blockNumber, participant, hash, result, workDigest);
        seat.result = uint8(addResult(found, stored, hash, result.validParts, digest));
        // A seat's word is written only where it says more than that its result is the first.
        if (seat.result != 0) stored[BlockWords.SEATS + participant] = BlockWords.packSeat(seat);
        // Used up; the event of the commit keeps it.
        stored[BlockWords.COMMITMENTS + participant] = 0;
        found.state.revealed |= bit(participant);
        if (has(found.state.binding, participant)) takeBack(found, stored, participant, seat.result);
        finishStance(found, stored);
    }

    /// @inheritdoc IBlocks
    function revealOwnResult(
        bytes32 channelId,
        uint64 blockNumber,
        BlockResult calldata result,
        bytes32 opening
    ) external {
        (Found memory found, uint256[192] storage stored) = find(channelId, blockNumber);
        uint256 index = senderIndex(found);
        if (has(found.state.own, index)) revert AlreadyRevealed(channelId, blockNumber, uint8(index));
        requireOwnTime(found);
        (uint256 bound, bool isBound) = stanceOf(found, stored, index);
        if (isBound) {
            revert AlreadyBound(channelId, blockNumber, uint8(index), hashOf(stored, bound));
        }
        bytes25 digest = check(found, stored, result, opening);
        bytes32 hash = BlockTypedData.outputHash(channelId, blockNumber, result);
        emit OwnResultRevealed(channelId, blockNumber, uint8(index), hash, result);
        uint256 own = addResult(found, stored, hash, result.validParts, digest);
        setStance(stored, 128 + 8 * index, own);
        found.state.own |= bit(index);
        finishStance(found, stored);
        address account = found.terms.participants[index];
        moveOne(found, locked(account, WeiBook.Free, Reason.OwnResultBond, Bonds.OWN_RESULT));
    }

    /// @inheritdoc IBlocks
    function acceptResult(bytes32 channelId, uint64 blockNumber, uint8 participant, bytes32 outputHash)
        external
    {
        (Found memory found, uint256[192] storage stored) = find(channelId, blockNumber);
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
        takeBack(found, stored, index, result);
        finishStance(found, stored);
    }

    /// @inheritdoc IBlocks
    function fall(bytes32 channelId, uint64 blockNumber, uint8 result) external {
        if (msg.sender != adjudicator) revert NotAllowed(msg.sender);
        (Found memory found, uint256[192] storage stored) = findOpen(channelId, blockNumber);
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        if (result >= count) revert ResultUnknown(bytes32(uint256(result)));
        fell(found, stored, result);
        saveQuarrel(found, stored);
    }

    /// @inheritdoc IBlocks
    function strikePart(bytes32 channelId, uint64 blockNumber, uint8 participant) external {
        if (msg.sender != adjudicator && msg.sender != panel) revert NotAllowed(msg.sender);
        (Found memory found, uint256[192] storage stored) = findOpen(channelId, blockNumber);
        if (!has(found.state.posted, participant)) revert UnknownParticipant(channelId, participant);
        loadQuarrel(found, stored);
        found.quarrel.struck |= bit(participant);
        emit PartStruck(channelId, blockNumber, participant);
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        for (uint256 i = 0; i < count; i++) {
            uint16 counted = BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * i + 1]).validParts;
            if (has(counted, participant)) fell(found, stored, i);
        }
        saveQuarrel(found, stored);
    }

    function hashOf(uint256[192] storage stored, uint256 result) internal view returns (bytes32) {
        return bytes32(stored[BlockWords.RESULTS + 2 * result]);
    }

    function requireRevealTime(Found memory found) private view {
        BlockClock.Processing memory period =
            BlockClock.processingAt(found.terms, found.blockNumber, found.state, block.timestamp);
        uint256 from = period.from;
        if (found.state.seats != BlockClock.allOf(found.terms)) from += found.terms.processingPeriod / 2;
        if (block.timestamp >= from && block.timestamp < period.until) return;
        revert WrongTime(found.channelId, found.blockNumber, from, period.until);
    }

    /// The reveal half of the extension, and the challenge period.
    function requireOwnTime(Found memory found) private view {
        if (found.stage < Stage.Processing || found.stage > Stage.Dispute) wrongStage(found);
        BlockClock.Processing memory period =
            BlockClock.processingAt(found.terms, found.blockNumber, found.state, block.timestamp);
        uint256 from = period.until;
        uint256 until = from + found.terms.challengePeriod;
        if (period.isExtension) from = period.from + found.terms.processingPeriod / 2;
        if (block.timestamp >= from && block.timestamp < until) return;
        revert WrongTime(found.channelId, found.blockNumber, from, until);
    }

    /// A binding seat reveals nothing else than what its participant accepted.
    function requireNoOtherWord(
        Found memory found,
        uint256[192] storage stored,
        uint8 participant,
        bytes32 hash
    ) private view {
        if (!has(found.state.binding & found.state.accepted, participant)) return;
        (uint256 bound, bool isBound) = stanceOf(found, stored, participant);
        if (!isBound || hashOf(stored, bound) == hash) return;
        revert AlreadyBound(found.channelId, found.blockNumber, participant, hashOf(stored, bound));
    }

    function check(
        Found memory found,
        uint256[192] storage stored,
        BlockResult calldata result,
        bytes32 opening
    ) private view returns (bytes25 amountsDigest) {
        loadQuarrel(found, stored);
        uint16 countable = found.state.posted & ~found.quarrel.struck;
        return rules.check(found.place, countable, result, opening);
    }

    function findResult(Found memory found, uint256[192] storage stored, bytes32 hash)
        private
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
        uint256[192] storage stored,
        bytes32 hash,
        uint16 validParts,
        bytes25 digest
    ) private returns (uint256 index) {
        bool isKnown;
        (index, isKnown) = findResult(found, stored, hash);
        if (isKnown) {
            if (has(found.quarrel.fallen, index)) revert ResultUnknown(hash);
            if (has(found.quarrel.withdrawn, index)) {
                found.quarrel.withdrawn &= ~uint32(1 << index);
                saveQuarrel(found, stored);
            }
            return index;
        }
        uint256 place = BlockWords.RESULTS + 2 * index;
        stored[place] = uint256(hash);
        stored[place + 1] = BlockWords.packResult(ResultWord(digest, validParts, uint40(block.timestamp)));
        if (index == 0) {
            found.state.firstRevealedAt = uint40(block.timestamp);
            return 0;
        }
        found.quarrel.resultCount = uint8(index + 1);
        saveQuarrel(found, stored);
        bytes25 first = BlockWords.resultOf(stored[BlockWords.RESULTS + 1]).amountsDigest;
        if (found.state.disputedAt == 0 && digest != first) {
            found.state.disputedAt = uint40(block.timestamp);
            emit BlockDisputed(found.channelId, found.blockNumber);
        }
    }

    /// The result that a participant stands for and cannot leave: accepted, or revealed by its binding seat.
    function stanceOf(Found memory found, uint256[192] storage stored, uint256 index)
        private
        view
        returns (uint256 result, bool isBound)
    {
        if (has(found.state.accepted, index)) {
            result = BlockWords.acceptedIn(stored[BlockWords.STANCES], index);
        } else if (has(found.state.revealed & found.state.binding, index)) {
            result = BlockWords.seatOf(stored[BlockWords.SEATS + index]).result;
        } else {
            return (0, false);
        }
        // Nobody is held to what fell.
        isBound = !has(goneIn(found), result);
    }

    function setStance(uint256[192] storage stored, uint256 shift, uint256 result) private {
        uint256 before = stored[BlockWords.STANCES];
        uint256 next = (before & ~(uint256(0xff) << shift)) | (result << shift);
        if (next != before) stored[BlockWords.STANCES] = next;
    }

    /// Who stands for a result takes back another of its own, which stands no more where nobody else stands for
    /// it. Its bond stays until the block is over: what it said may have begun a dispute.
    function takeBack(Found memory found, uint256[192] storage stored, uint256 index, uint256 stance)
        private
    {
        if (!has(found.state.own, index)) return;
        uint256 own = BlockWords.ownIn(stored[BlockWords.STANCES], index);
        if (own == stance) return;
        found.quarrel.takenBack |= bit(index);
        if (!isHeld(found, stored, own)) found.quarrel.withdrawn |= uint32(1 << own);
        saveQuarrel(found, stored);
    }

    function isHeld(Found memory found, uint256[192] storage stored, uint256 result)
        private
        view
        returns (bool)
    {
        uint256 stances = stored[BlockWords.STANCES];
        for (uint256 i = 0; i < found.terms.participants.length; i++) {
            if (has(found.state.accepted, i) && BlockWords.acceptedIn(stances, i) == result) return true;
            bool isOwn = has(found.state.own & ~found.quarrel.takenBack, i);
            if (isOwn && BlockWords.ownIn(stances, i) == result) return true;
            if (!has(found.state.revealed, i)) continue;
            if (BlockWords.seatOf(stored[BlockWords.SEATS + i]).result == result) return true;
        }
        return false;
    }

    /// A block that is not final yet: nothing overrules what all agreed on, or what time has made final.
    function findOpen(bytes32 channelId, uint64 blockNumber)
        private
        view
        returns (Found memory found, uint256[192] storage stored)
    {
        (found, stored) = find(channelId, blockNumber);
        if (found.stage >= Stage.Final) wrongStage(found);
    }

    function fell(Found memory found, uint256[192] storage stored, uint256 result) private {
        if (has(found.quarrel.fallen, result)) return;
        found.quarrel.fallen |= uint32(1 << result);
        emit ResultFell(found.channelId, found.blockNumber, hashOf(stored, result));
    }

    /// Writes the state; where there are several results, also whether all participants stand for one.
    function finishStance(Found memory found, uint256[192] storage stored) private {
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

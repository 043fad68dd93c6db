// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "../interfaces/ChannelTypes.sol";
import {IBlockCourse} from "../interfaces/IBlockCourse.sol";
import {BlockClock} from "../lib/BlockClock.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords, Seat} from "../lib/BlockWords.sol";
import {BlockResults} from "./BlockResults.sol";
import {BlockSeats} from "./BlockSeats.sol";
import {Found} from "./FoundBlock.sol";

/// What seats say of a block's outcome.
abstract contract BlockReveals is BlockSeats, BlockResults {
    /// @inheritdoc IBlockCourse
    function revealResult(
        bytes32 channelId,
        uint64 blockNumber,
        uint8 participant,
        BlockResult calldata result,
        bytes32 opening,
        bytes32 workDigest,
        bytes32 salt
    ) external {
        (Found memory found, uint256[224] storage stored) = find(channelId, blockNumber, block.timestamp);
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
        bytes25 digest = check(found, found.state.posted, result, opening);
        emit ResultRevealed(channelId, blockNumber, participant, hash, result, workDigest);
        seat.result = uint8(addResult(found, stored, hash, result.validParts, digest));
        // A seat's word is written only where it says more than that its result is the first.
        if (seat.result != 0) stored[BlockWords.SEATS + participant] = BlockWords.packSeat(seat);
        // Used up; the event of the commit keeps it.
        stored[BlockWords.COMMITMENTS + participant] = 0;
        found.state.revealed |= bit(participant);
        if (has(found.state.binding, participant)) takeBack(found, stored, participant, seat.result, true);
        finishStance(found, stored);
    }

    function requireRevealTime(Found memory found) private view {
        BlockClock.Processing memory period =
            BlockClock.processingAt(found.terms, found.blockNumber, found.state, block.timestamp);
        uint256 from = period.from;
        if (found.state.seats != BlockClock.allOf(found.terms)) from += found.terms.processingPeriod / 2;
        if (block.timestamp >= from && block.timestamp < period.until) return;
        revert WrongTime(found.channelId, found.blockNumber, from, period.until);
    }

    /// A binding seat reveals nothing else than what its participant accepted.
    function requireNoOtherWord(
        Found memory found,
        uint256[224] storage stored,
        uint8 participant,
        bytes32 hash
    ) private view {
        if (!has(found.state.binding & found.state.accepted, participant)) return;
        (uint256 bound, bool isBound) = stanceOf(found, stored, participant);
        if (!isBound || hashOf(stored, bound) == hash) return;
        revert AlreadyBound(found.channelId, found.blockNumber, participant, hashOf(stored, bound));
    }
}

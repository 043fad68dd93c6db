// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {TypedData} from "../lib/TypedData.sol";
import {BlockResults} from "./BlockResults.sol";
import {BlockStages, BlockState} from "../lib/BlockStages.sol";
import {ChannelMoney} from "./ChannelMoney.sol";

/// The end of a block: its money is paid and its bonds come back, or do not. Bonds are wei, credited to be
/// pulled.
abstract contract BlockSettlement is BlockResults, ChannelMoney {
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult calldata result) external {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        if (found.stage == Stage.Settled) {
            revert AlreadySettled(channelId, blockNumber, found.state.settledAt);
        }
        if (found.stage != Stage.Final) revert NotFinal(channelId, blockNumber, found.stage);
        bytes32 hash = TypedData.outputHash(channelId, blockNumber, result);
        bytes32 finalHash = standingResult(stored, found.state).outputHash;
        if (hash != finalHash) revert OutputHashMismatch(finalHash, hash);
        stored.state.settledAt = uint40(block.timestamp);
        Channel storage one = channels[channelId];
        // Keeps the pointer near the present where no void block stops it, at the price of one warm slot.
        if (one.blocksOver == blockNumber) one.blocksOver = uint24(blockNumber + 1);
        uint256 owed = payBlock(channelId, blockNumber, found.terms, result.amountWords);
        emit BlockSettled(channelId, blockNumber, hash, owed, one.debt);
        releaseSeats(found, stored);
        if (found.state.own != 0) releaseOwn(found.terms, stored, found.state, hash);
    }

    function releaseBonds(bytes32 channelId, uint64 blockNumber) external {
        (Found memory found, Block storage stored) = blockOf(channelId, blockNumber);
        if (found.stage != Stage.Void) revert WrongStage(channelId, blockNumber, found.stage);
        if (stored.released) revert BondsAlreadyReleased(channelId, blockNumber);
        stored.released = true;
        releaseSeats(found, stored);
    }

    /// Unlocks the bond of every seat; one that committed and stayed silent loses SILENCE_PENALTY before.
    function releaseSeats(Found memory found, Block storage stored) private {
        ChannelTerms memory terms = found.terms;
        for (uint256 i = 0; i < terms.participants.length; i++) {
            if (!has(found.state.seats, i)) continue;
            address holder = stored.seatOf[i].validator;
            if (has(found.state.revealed, i)) {
                validators.unlockBond(holder, SEAT_BOND);
                continue;
            }
            validators.unlockBond(holder, SEAT_BOND - SILENCE_PENALTY);
            validators.slashBond(holder, SILENCE_PENALTY);
            emit SeatSilent(found.channelId, found.blockNumber, uint8(i), holder);
            // Half to the participant whose seat was left empty, half to the others.
            uint256 shared = shareWei(terms, othersThan(terms, i), SILENCE_PENALTY / 2);
            credit(address(0), terms.participants[i], SILENCE_PENALTY - shared);
        }
    }

    /// A bonded own result that became final gets its bond back. Of any other, half goes to the participants
    /// behind the final result, half to all but its poster, so that nobody gains by proving its own lie.
    function releaseOwn(
        ChannelTerms memory terms,
        Block storage stored,
        BlockState memory state,
        bytes32 finalHash
    ) private {
        uint256 behind = participantsBehind(terms, stored, state, finalHash);
        for (uint256 i = 0; i < terms.participants.length; i++) {
            if (!has(state.own, i) || !stored.ownOf[i].bonded) continue;
            if (stored.results[stored.ownOf[i].result].outputHash == finalHash) {
                credit(address(0), terms.participants[i], OWN_RESULT_BOND);
                continue;
            }
            uint256 others = othersThan(terms, i);
            uint256 proved = shareWei(terms, behind & others, OWN_RESULT_BOND / 2);
            uint256 rest = OWN_RESULT_BOND - proved;
            rest -= shareWei(terms, others, rest);
            // Fewer wei than participants are left of a division: the first of the others has them.
            credit(address(0), terms.participants[i == 0 ? 1 : 0], rest);
        }
    }

    /// Participants whose seat or whose own result is the final one.
    function participantsBehind(
        ChannelTerms memory terms,
        Block storage stored,
        BlockState memory state,
        bytes32 finalHash
    ) private view returns (uint256 mask) {
        for (uint256 i = 0; i < terms.participants.length; i++) {
            bool bySeat = has(state.revealed, i)
                && stored.results[stored.seatOf[i].result].outputHash == finalHash;
            bool byOwn = has(state.own, i) && stored.results[stored.ownOf[i].result].outputHash == finalHash;
            if (bySeat || byOwn) mask |= 1 << i;
        }
    }

    /// Credits each participant in `mask` with an equal share of `amount`, rounded down; returns what was
    /// credited.
    function shareWei(ChannelTerms memory terms, uint256 mask, uint256 amount)
        private
        returns (uint256 credited)
    {
        uint256 count = bitCount(mask);
        if (count == 0) return 0;
        uint256 share = amount / count;
        for (uint256 i = 0; i < terms.participants.length; i++) {
            if (has(mask, i)) credit(address(0), terms.participants[i], share);
        }
        return share * count;
    }

    function othersThan(ChannelTerms memory terms, uint256 index) private pure returns (uint256) {
        return BlockStages.allOf(terms) & ~(1 << index);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {IDisputedBonds} from "../interfaces/IDisputedBonds.sol";
import {BlockWords, Seat} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {LiveBlocks} from "../lib/LiveBlocks.sol";
import {BlockStore} from "./BlockStore.sol";
import {Found} from "./FoundBlock.sol";

/// The end of a block, settled or void: bonds and fees go where they belong.
abstract contract BlockEnds is BlockStore {
    using LiveBlocks for LiveBlocks.Live;

    function endBlock(Found memory found, uint256[224] storage stored) internal {
        found.state.endedAt = uint40(block.timestamp);
        saveState(found, stored);
        liveOf[found.channelId].end(found.blockNumber);
    }

    /// Bonds of parts, own results and seats come back, but for what silence costs, what is burnt, what others were
    /// handed, and parts that are struck; fees go to the seats whose result stands, or back.
    function returnBonds(Found memory found, uint256[224] storage stored, uint256 stands) internal {
        uint256 count = found.terms.participants.length;
        // Where none differed in amounts nobody was accused, nor asked about a part.
        bool isSimple = found.state.disputedAt == 0;
        if (!isSimple) IDisputedBonds(address(this)).returnDisputed(found.channelId, found.blockNumber);
        WeiMove[] memory moves = new WeiMove[](5 * count);
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            address account = found.terms.participants[i];
            if (isSimple && has(found.state.own, i)) {
                moves[used++] = unlocked(account, WeiBook.Free, Reason.OwnResultBond, Bonds.OWN_RESULT);
            }
            if (isSimple && has(found.state.posted, i)) {
                moves[used++] = unlocked(account, WeiBook.Free, Reason.PartBond, Bonds.PART);
            }
            if (has(found.state.seats, i)) used = returnSeat(found, stored, stands, i, moves, used);
        }
        moveWei(found, moves, used);
    }

    function returnSeat(
        Found memory found,
        uint256[224] storage stored,
        uint256 stands,
        uint256 index,
        WeiMove[] memory moves,
        uint256 used
    ) private returns (uint256) {
        Seat memory seat = BlockWords.seatOf(stored[BlockWords.SEATS + index]);
        bool isRevealed = has(found.state.revealed, index);
        if (seat.hasFee) {
            address account = found.terms.participants[index];
            uint96 fee = uint96(stored[BlockWords.FEES + index]);
            moves[used] = unlocked(account, WeiBook.Free, Reason.Fee, fee);
            bool isHonest = isRevealed && !has(found.dispute.lostSeats, index);
            if (isHonest && isPaid(stored, stands, seat.result)) moves[used].to = seat.validator;
            used++;
        }
        if (has(found.dispute.lostSeats, index)) return used;
        if (has(found.quarrel.burntSeats, index)) {
            moves[used++] = burnt(seat.validator, Bonds.SEAT);
            return used;
        }
        uint96 bond = Bonds.SEAT;
        if (!isRevealed) {
            bond -= Bonds.SILENCE;
            moves[used] = unlocked(seat.validator, WeiBook.Free, Reason.Silence, Bonds.SILENCE);
            moves[used++].to = Bonds.BURN;
            emit SeatSilent(found.channelId, found.blockNumber, uint8(index), seat.validator);
        }
        moves[used++] = unlocked(seat.validator, WeiBook.Stake, Reason.SeatBond, bond);
        return used;
    }

    /// Whether the result is paid, or one with the same amounts: its validator did the work.
    function isPaid(uint256[224] storage stored, uint256 stands, uint256 result)
        private
        view
        returns (bool)
    {
        if (has(stands, result)) return true;
        bytes25 digest = digestOf(stored, result);
        for (uint256 i = 0; stands >> i != 0; i++) {
            if (has(stands, i) && digestOf(stored, i) == digest) return true;
        }
        return false;
    }

    function digestOf(uint256[224] storage stored, uint256 result) private view returns (bytes25) {
        return BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * result + 1]).amountsDigest;
    }
}

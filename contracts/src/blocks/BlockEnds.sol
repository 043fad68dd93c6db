// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {BlockTypedData} from "../lib/BlockTypedData.sol";
import {BlockWords, Seat} from "../lib/BlockWords.sol";
import {Bonds} from "../lib/Bonds.sol";
import {LiveBlocks} from "../lib/LiveBlocks.sol";
import {BlockResults} from "./BlockResults.sol";

/// The end of a block: what stands is paid, bonds and fees go where they belong.
abstract contract BlockEnds is BlockResults {
    using LiveBlocks for LiveBlocks.Live;

    /// @inheritdoc IBlocks
    function settle(bytes32 channelId, uint64 blockNumber, BlockResult[] calldata standing) external {
        (Found memory found, uint256[192] storage stored) = find(channelId, blockNumber);
        if (found.state.endedAt != 0) revert AlreadyEnded(channelId, blockNumber, found.state.endedAt);
        if (found.stage != Stage.Final) revert NotFinal(channelId, blockNumber, found.stage);
        uint256 stands = standingOf(found);
        requireStanding(found, stored, stands, standing);
        uint256 live = liveBelow(channelId, found.terms, blockNumber);
        endBlock(found, stored);
        bytes32[] memory low = standing[0].amountWords;
        bytes32[] memory high;
        if (standing.length > 1) {
            high = standing[0].amountWords;
            for (uint256 i = 1; i < standing.length; i++) {
                AmountWords.widen(low, high, standing[i].amountWords);
            }
        }
        vault.pay(channelId, blockNumber, live, low, high);
        returnBonds(found, stored, stands);
    }

    /// @inheritdoc IBlocks
    function releaseVoid(bytes32 channelId, uint64 blockNumber) external {
        (Found memory found, uint256[192] storage stored) = find(channelId, blockNumber);
        if (found.state.endedAt != 0) revert AlreadyEnded(channelId, blockNumber, found.state.endedAt);
        if (found.stage != Stage.Void || found.state.posted == 0) wrongStage(found);
        endBlock(found, stored);
        emit BlockVoid(channelId, blockNumber);
        returnBonds(found, stored, 0);
    }

    /// A bit for each result that is paid: the one that all agreed on, or each that did not fall.
    function standingOf(Found memory found) private pure returns (uint256) {
        if (found.quarrel.agreed != 0) return 1 << (found.quarrel.agreed - 1);
        uint256 count = BlockWords.resultCountOf(found.state, found.quarrel);
        return ((1 << count) - 1) & ~goneIn(found);
    }

    function requireStanding(
        Found memory found,
        uint256[192] storage stored,
        uint256 stands,
        BlockResult[] calldata given
    ) private {
        bytes32[] memory hashes = new bytes32[](given.length);
        uint256 used = 0;
        for (uint256 left = stands; left != 0; left >>= 1) {
            if (left & 1 == 0) continue;
            used++;
        }
        if (used != given.length) revert ResultsMismatch(used, given.length);
        used = 0;
        for (uint256 i = 0; stands >> i != 0; i++) {
            if (!has(stands, i)) continue;
            bytes32 expected = hashOf(stored, i);
            bytes32 hash = BlockTypedData.outputHash(found.channelId, found.blockNumber, given[used]);
            if (hash != expected) revert OutputHashMismatch(expected, hash);
            hashes[used++] = hash;
        }
        emit BlockSettled(found.channelId, found.blockNumber, hashes);
    }

    function endBlock(Found memory found, uint256[192] storage stored) private {
        found.state.endedAt = uint40(block.timestamp);
        saveState(found, stored);
        liveOf[found.channelId].end(found.blockNumber);
    }

    /// Bonds of parts, own results and seats come back, but for what silence costs; fees go to the seats whose
    /// result stands, or back.
    function returnBonds(Found memory found, uint256[192] storage stored, uint256 stands) private {
        uint256 count = found.terms.participants.length;
        WeiMove[] memory moves = new WeiMove[](5 * count);
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            address account = found.terms.participants[i];
            if (has(found.state.own, i)) {
                moves[used++] = unlocked(account, WeiBook.Free, Reason.OwnResultBond, Bonds.OWN_RESULT);
            }
            if (has(found.state.posted, i)) {
                moves[used++] = unlocked(account, WeiBook.Free, Reason.PartBond, Bonds.PART);
            }
            if (has(found.state.seats, i)) used = returnSeat(found, stored, stands, i, moves, used);
        }
        moveWei(found, moves, used);
    }

    function returnSeat(
        Found memory found,
        uint256[192] storage stored,
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
            if (isRevealed && isPaid(stored, stands, seat.result)) moves[used].to = seat.validator;
            used++;
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
    function isPaid(uint256[192] storage stored, uint256 stands, uint256 result)
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

    function digestOf(uint256[192] storage stored, uint256 result) private view returns (bytes25) {
        return BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * result + 1]).amountsDigest;
    }
}

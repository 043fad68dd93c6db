// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    BlockWords as BlockFactsWords,
    PartWord,
    ResultWords,
    SeatWords,
    Stance
} from "../interfaces/BlockTypes.sol";
import {BlockState, BlockWords, Dispute, Quarrel, ResultWord, Seat} from "../lib/BlockWords.sol";

/// Gives names to the raw words of a block.
library BlockReading {
    function read(uint256[] memory raw, uint256 count)
        internal
        pure
        returns (BlockFactsWords memory words)
    {
        BlockState memory state = BlockWords.stateOf(raw[BlockWords.STATE]);
        Quarrel memory quarrel = BlockWords.quarrelOf(raw[BlockWords.QUARREL]);
        words.struck = quarrel.struck;
        words.agreed = quarrel.agreed;
        words.lastPostedAt = state.lastPostedAt;
        words.firstRevealedAt = state.firstRevealedAt;
        words.disputedAt = state.disputedAt;
        words.endedAt = state.endedAt;
        readDispute(words, BlockWords.disputeOf(raw[BlockWords.DISPUTE]));
        words.parts = partsOf(raw, state.posted, count);
        words.seats = seatsOf(raw, state, count);
        uint256 stances = raw[BlockWords.STANCES];
        words.acceptances = stancesOf(stances, state.accepted, count);
        words.ownResults = stancesOf(stances >> 128, state.own & ~quarrel.takenBack, count);
        words.results = resultsOf(raw, quarrel, BlockWords.resultCountOf(state, quarrel));
    }

    function readDispute(BlockFactsWords memory words, Dispute memory dispute) private pure {
        words.accusations = dispute.accusations;
        words.questions = dispute.questions;
        words.resolvedAt = dispute.resolvedAt;
        words.revealedAt = dispute.revealedAt;
        words.differ = dispute.differ;
        words.decided = dispute.decided;
        words.counted = dispute.counted;
    }

    function partsOf(uint256[] memory raw, uint256 posted, uint256 count)
        private
        pure
        returns (PartWord[] memory parts)
    {
        parts = new PartWord[](sizeOf(posted));
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(posted, i)) continue;
            uint256 word = raw[BlockWords.PARTS + i];
            parts[used++] = PartWord(uint8(i), bytes27(bytes32(word)), uint40(word));
        }
    }

    function seatsOf(uint256[] memory raw, BlockState memory state, uint256 count)
        private
        pure
        returns (SeatWords[] memory seats)
    {
        seats = new SeatWords[](sizeOf(state.seats));
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            if (!has(state.seats, i)) continue;
            Seat memory seat = BlockWords.seatOf(raw[BlockWords.SEATS + i]);
            seats[used++] = SeatWords({
                participant: uint8(i),
                validator: seat.validator,
                binding: has(state.binding, i),
                nonce: seat.nonce,
                feeWei: seat.hasFee ? raw[BlockWords.FEES + i] : 0,
                commitment: bytes32(raw[BlockWords.COMMITMENTS + i]),
                revealed: has(state.revealed, i),
                result: seat.result
            });
        }
    }

    function stancesOf(uint256 stances, uint256 mask, uint256 count)
        private
        pure
        returns (Stance[] memory out)
    {
        out = new Stance[](sizeOf(mask));
        uint256 used = 0;
        for (uint256 i = 0; i < count; i++) {
            if (has(mask, i)) out[used++] = Stance(uint8(i), uint8(stances >> (8 * i)));
        }
    }

    function resultsOf(uint256[] memory raw, Quarrel memory quarrel, uint256 count)
        private
        pure
        returns (ResultWords[] memory results)
    {
        results = new ResultWords[](count);
        for (uint256 i = 0; i < count; i++) {
            ResultWord memory one = BlockWords.resultOf(raw[BlockWords.RESULTS + 2 * i + 1]);
            results[i] = ResultWords({
                outputHash: bytes32(raw[BlockWords.RESULTS + 2 * i]),
                amountsDigest: one.amountsDigest,
                validParts: one.validParts,
                revealedAt: one.revealedAt,
                fallen: has(quarrel.fallen, i),
                withdrawn: has(quarrel.withdrawn, i)
            });
        }
    }

    function sizeOf(uint256 mask) private pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            count++;
        }
    }

    function has(uint256 mask, uint256 index) private pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }
}

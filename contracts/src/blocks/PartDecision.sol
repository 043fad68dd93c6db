// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockClock} from "../lib/BlockClock.sol";
import {BlockWords} from "../lib/BlockWords.sol";
import {Found} from "./FoundBlock.sol";

/// Which parts count, once all questions are over (protocol.md 8): those that a standing result counts and that are
/// not struck. It follows from the facts, whoever looks first; every result with other parts falls.
library PartDecision {
    /// V: the end of the processing period of the first reveal.
    function processedAt(Found memory found) internal pure returns (uint256) {
        return BlockClock.processingAt(found.terms, found.blockNumber, found.state, 0).until;
    }

    /// Of a block in dispute; nothing overrules what all agreed on.
    function isDue(Found memory found, uint256 time) internal pure returns (bool) {
        if (!found.dispute.differ || found.dispute.decided || found.dispute.questions > 0) return false;
        if (found.quarrel.agreed != 0) return false;
        return time >= BlockClock.decisionAt(found.terms, found.dispute, processedAt(found));
    }

    /// In memory alone.
    function decide(Found memory found, uint256[224] storage stored) internal view {
        uint256 gone = found.quarrel.fallen | found.quarrel.withdrawn;
        uint16 counted = 0;
        uint256 count = found.quarrel.resultCount;
        for (uint256 i = 0; i < count; i++) {
            if ((gone >> i) & 1 == 0) counted |= partsOf(stored, i);
        }
        counted &= ~found.quarrel.struck;
        found.dispute.counted = counted;
        found.dispute.decided = true;
        found.isNewlyDecided = true;
        for (uint256 i = 0; i < count; i++) {
            uint16 parts = partsOf(stored, i);
            if (parts == counted) continue;
            if (hasIgnored(found, stored, i, counted & ~parts)) burn(found, stored, i);
            found.quarrel.fallen |= uint48(1 << i);
        }
    }

    /// Where all agreed before it was decided: whoever took back a result of its own that counts a questioned part
    /// loses its bond as if it had fallen for its parts. Returns whether anybody does.
    function burnTakenBack(Found memory found, uint256[224] storage stored) internal view returns (bool) {
        if (!found.dispute.differ || found.dispute.decided || found.quarrel.agreed == 0) return false;
        uint16 counted = partsOf(stored, found.quarrel.agreed - 1) & ~found.quarrel.struck;
        uint256 own = found.quarrel.takenBack & ~found.dispute.lostOwn;
        for (uint256 i = 0; own >> i != 0; i++) {
            if (!has(own, i)) continue;
            uint256 result = BlockWords.ownIn(stored[BlockWords.STANCES], i);
            uint16 parts = partsOf(stored, result);
            if (!isQuestioned(stored, parts)) continue;
            if (hasIgnored(found, stored, result, counted & ~parts)) {
                found.quarrel.burntOwn |= uint16(1 << i);
            }
        }
        return found.quarrel.burntOwn != 0;
    }

    /// A bit for each participant that stands for the result: by its seat, by accepting it, or, among `own`, by its
    /// own word.
    function standersOf(Found memory found, uint256[224] storage stored, uint256 result, uint256 own)
        internal
        view
        returns (uint256 standers)
    {
        uint256 stances = stored[BlockWords.STANCES];
        for (uint256 i = 0; i < found.terms.participants.length; i++) {
            bool stands = has(found.state.accepted, i) && BlockWords.acceptedIn(stances, i) == result;
            stands = stands || (has(own, i) && BlockWords.ownIn(stances, i) == result);
            if (!stands && has(found.state.revealed, i)) {
                stands = BlockWords.seatOf(stored[BlockWords.SEATS + i]).result == result;
            }
            if (stands) standers |= 1 << i;
        }
    }

    function partsOf(uint256[224] storage stored, uint256 result) internal view returns (uint16) {
        return BlockWords.resultOf(stored[BlockWords.RESULTS + 2 * result + 1]).validParts;
    }

    /// Whether anybody asked about one of the parts.
    function isQuestioned(uint256[224] storage stored, uint256 parts) private view returns (bool) {
        uint256 questioned = stored[BlockWords.QUESTIONED];
        for (uint256 part = 0; parts >> part != 0; part++) {
            if (has(parts, part) && uint16(questioned >> (16 * part)) != 0) return true;
        }
        return false;
    }

    /// Whether it left out a part that counts and that nobody who stands for it, or did, questioned.
    function hasIgnored(Found memory found, uint256[224] storage stored, uint256 result, uint256 leftOut)
        private
        view
        returns (bool)
    {
        uint256 standers = standersOf(found, stored, result, found.state.own);
        uint256 questioned = stored[BlockWords.QUESTIONED];
        for (uint256 part = 0; leftOut >> part != 0; part++) {
            if (has(leftOut, part) && (questioned >> (16 * part)) & standers == 0) return true;
        }
        return false;
    }

    /// The bonds of those who posted it are burnt at the end, but for what is others' already.
    function burn(Found memory found, uint256[224] storage stored, uint256 result) private view {
        uint256 stances = stored[BlockWords.STANCES];
        uint256 own = found.state.own & ~found.dispute.lostOwn;
        uint256 seats = found.state.revealed & ~found.dispute.lostSeats;
        for (uint256 i = 0; i < found.terms.participants.length; i++) {
            if (has(own, i) && BlockWords.ownIn(stances, i) == result) {
                found.quarrel.burntOwn |= uint16(1 << i);
            }
            if (has(seats, i) && BlockWords.seatOf(stored[BlockWords.SEATS + i]).result == result) {
                found.quarrel.burntSeats |= uint16(1 << i);
            }
        }
    }

    function has(uint256 mask, uint256 index) private pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }
}

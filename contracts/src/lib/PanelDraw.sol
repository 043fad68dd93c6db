// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// A draw by weight without replacement in which everybody has a rank of its own, so that the order in which
/// candidates are looked at, and who else is there, changes nobody's: those with the lowest ranks are drawn.
/// Rank = -log2(ticket / 2^256) / weight, whose least is each one's as often as its share of the weights
/// says, and so on among the others (Efraimidis and Spirakis, Weighted random sampling with a reservoir,
/// 2006). Repeated off chain by libs/protocol/panel-draw.ts.
library PanelDraw {
    /// Bits after the point of a logarithm.
    uint256 private constant FRACTION_BITS = 48;
    uint256 private constant RANK_SHIFT = 96;
    uint256 private constant ACCOUNT_BITS = 160;

    function seedOf(bytes32 heightHash, bytes32 channelId, uint64 blockNumber, uint8 part, uint8 round)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(heightHash, channelId, blockNumber, part, round));
    }

    /// Rank and account in one word, by which candidates ascend. `weight` is at least 2^56, so that a rank
    /// has less than 96 bits.
    function entryOf(bytes32 seed, address account, uint256 weight) internal pure returns (uint256) {
        uint256 ticket = uint256(keccak256(abi.encode(seed, account))) | 1;
        return (rankOf(ticket, weight) << ACCOUNT_BITS) | uint160(account);
    }

    function rankOf(uint256 ticket, uint256 weight) internal pure returns (uint256) {
        return (minusLog2(ticket) << RANK_SHIFT) / weight;
    }

    function accountOf(uint256 entry) internal pure returns (address) {
        return address(uint160(entry));
    }

    /// Puts the entry among the first `count` of `kept`, which ascend; the highest falls out when all places
    /// are taken. An account that is there already stays as it is. Returns how many there are then.
    function insert(uint256[] memory kept, uint256 count, uint256 entry) internal pure returns (uint256) {
        for (uint256 i = 0; i < count; i++) {
            if (accountOf(kept[i]) == accountOf(entry)) return count;
        }
        uint256 place = count < kept.length ? count++ : count - 1;
        for (; place > 0 && kept[place - 1] > entry; place--) {
            kept[place] = kept[place - 1];
        }
        kept[place] = entry;
        return count;
    }

    /// Whether the entry would have a place among the first `count` of `kept`.
    function isLow(uint256[] memory kept, uint256 count, uint256 entry) internal pure returns (bool) {
        return count < kept.length || entry < kept[count - 1];
    }

    /// -log2(ticket / 2^256) with FRACTION_BITS bits after the point, rounded up; `ticket` is not 0.
    function minusLog2(uint256 ticket) private pure returns (uint256) {
        uint256 log = Math.log2(ticket);
        // Between 1 and 2, with 127 bits after the point: squared, the next bit of the logarithm is whether it is 2
        // or more.
        uint256 x = (ticket << (255 - log)) >> 128;
        uint256 bits = FRACTION_BITS;
        assembly ("memory-safe") {
            for {} bits { bits := sub(bits, 1) } {
                x := shr(127, mul(x, x))
                let bit := shr(128, x)
                x := shr(bit, x)
                log := or(shl(1, log), bit)
            }
        }
        return (256 << FRACTION_BITS) - log;
    }
}

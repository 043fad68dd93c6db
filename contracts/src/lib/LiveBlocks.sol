// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Which blocks of a channel are live: begun and not over. Counts above the bits give the number below any block
/// in at most 18 reads for 2^20 blocks; a block that never begins costs nothing.
library LiveBlocks {
    struct Live {
        /// 128 blocks a word: begun in the low half, over in the high one.
        mapping(uint256 word => uint256 bits) bits;
        /// Live blocks of each word, 8 bits a word, 32 words a slot; kept as countsIn reads it.
        mapping(uint256 slot => uint256 counts) wordCounts;
        /// Live blocks of each 32 words, 16 bits a group, 16 groups a slot; likewise.
        mapping(uint256 slot => uint256 counts) groupCounts;
    }

    uint256 private constant WORD = 7;
    uint256 private constant GROUP = 5;
    uint256 private constant SLOT = 4;
    uint256 private constant LOW_HALF = type(uint128).max;

    function begin(Live storage live, uint256 n) internal {
        uint256 word = n >> WORD;
        live.bits[word] |= 1 << (n & 127);
        raise(live.wordCounts, word >> GROUP, wordUnit(word));
        raise(live.groupCounts, word >> (GROUP + SLOT), groupUnit(word >> GROUP));
    }

    /// Of a block that has begun and is not over.
    function end(Live storage live, uint256 n) internal {
        uint256 word = n >> WORD;
        live.bits[word] |= 1 << (128 + (n & 127));
        lower(live.wordCounts, word >> GROUP, wordUnit(word));
        lower(live.groupCounts, word >> (GROUP + SLOT), groupUnit(word >> GROUP));
    }

    /// Live blocks below n.
    function below(Live storage live, uint256 n) internal view returns (uint256 count) {
        uint256 word = n >> WORD;
        uint256 group = word >> GROUP;
        uint256 slot = group >> SLOT;
        for (uint256 i = 0; i < slot; i++) {
            count += sum16(countsIn(live.groupCounts, i));
        }
        count += sum16(countsIn(live.groupCounts, slot) & mask(16 * (group & 15)));
        count += sum8(countsIn(live.wordCounts, group) & mask(8 * (word & 31)));
        uint256 bits = live.bits[word];
        count += bitCount(bits & ~(bits >> 128) & mask(n & 127));
    }

    /// Blocks in [from, until) that are over after they had begun; one read for each 128.
    function overWithin(Live storage live, uint256 from, uint256 until)
        internal
        view
        returns (uint256 count)
    {
        while (from < until) {
            uint256 offset = from & 127;
            uint256 next = from - offset + 128;
            uint256 size = (next < until ? next : until) - from;
            count += bitCount((live.bits[from >> WORD] >> (128 + offset)) & mask(size));
            from += size;
        }
    }

    /// Counts are kept as their complement once there were any, so that a slot never goes back to zero: to
    /// leave zero costs four times as much as to change.
    function countsIn(mapping(uint256 => uint256) storage counts, uint256 slot)
        private
        view
        returns (uint256)
    {
        uint256 kept = counts[slot];
        return kept == 0 ? 0 : ~kept;
    }

    function raise(mapping(uint256 => uint256) storage counts, uint256 slot, uint256 unit) private {
        counts[slot] = ~(countsIn(counts, slot) + unit);
    }

    function lower(mapping(uint256 => uint256) storage counts, uint256 slot, uint256 unit) private {
        counts[slot] = ~(countsIn(counts, slot) - unit);
    }

    function wordUnit(uint256 word) private pure returns (uint256) {
        return 1 << (8 * (word & 31));
    }

    function groupUnit(uint256 group) private pure returns (uint256) {
        return 1 << (16 * (group & 15));
    }

    /// The lowest `size` bits.
    function mask(uint256 size) private pure returns (uint256) {
        return (1 << size) - 1;
    }

    function sum8(uint256 lanes) private pure returns (uint256) {
        uint256 every = type(uint256).max / 0xffff * 0xff;
        return sum16((lanes & every) + ((lanes >> 8) & every));
    }

    /// Sixteen lanes of 16 bits, widened once so that their sum may reach 2^16.
    function sum16(uint256 lanes) private pure returns (uint256) {
        uint256 every = type(uint256).max / 0xffffffff * 0xffff;
        uint256 wide = (lanes & every) + ((lanes >> 16) & every);
        unchecked {
            return (wide * (type(uint256).max / 0xffffffff)) >> 224;
        }
    }

    /// Of at most 128 bits.
    function bitCount(uint256 bits) private pure returns (uint256) {
        bits &= LOW_HALF;
        unchecked {
            uint256 every2 = type(uint256).max / 3;
            uint256 every4 = type(uint256).max / 5;
            uint256 every8 = type(uint256).max / 17;
            bits -= (bits >> 1) & every2;
            bits = (bits & every4) + ((bits >> 2) & every4);
            bits = (bits + (bits >> 4)) & every8;
            return sum8(bits);
        }
    }
}

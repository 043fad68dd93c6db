// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// AES with a key of 256 bits (FIPS 197), one block: all that a contract needs to look at one place of what
/// was sealed. What is encrypted becomes public, so time and memory need hide nothing.
library Aes256 {
    /// FIPS 197, figure 7.
    bytes private constant SUBSTITUTES = hex"637c777bf26b6fc53001672bfed7ab76ca82c97dfa5947f0add4a2af9ca472c0"
        hex"b7fd9326363ff7cc34a5e5f171d8311504c723c31896059a071280e2eb27b275"
        hex"09832c1a1b6e5aa0523bd6b329e32f8453d100ed20fcb15b6acbbe394a4c58cf"
        hex"d0efaafb434d338545f9027f503c9fa851a3408f929d38f5bcb6da2110fff3d2"
        hex"cd0c13ec5f974417c4a77e3d645d197360814fdc222a908846eeb814de5e0bdb"
        hex"e0323a0a4906245cc2d3ac629195e479e7c8376d8dd54ea96c56f4ea657aae08"
        hex"ba78252e1ca6b4c6e8dd741f4bbd8b8a703eb5664803f60e613557b986c11d9e"
        hex"e1f8981169d98e949b1e87e9ce5528df8ca1890dbfe6426841992d0fb054bb16";
    uint256 private constant ROUNDS = 14;
    /// A 1 in each byte, and in each word, of 16 bytes.
    uint128 private constant BYTES = 0x01010101010101010101010101010101;
    uint128 private constant WORDS = 0x00000001000000010000000100000001;
    /// The last byte of each word.
    uint128 private constant LAST = 0xff * WORDS;

    function encrypt(bytes32 key, bytes16 plain) internal pure returns (bytes16) {
        bytes memory substitutes = SUBSTITUTES;
        uint128 older = uint128(bytes16(key));
        uint128 newer = uint128(uint256(key));
        uint128 state = uint128(plain) ^ older;
        for (uint256 round = 1; round < ROUNDS; round++) {
            state = mixColumns(substituteAndShift(substitutes, state)) ^ newer;
            (older, newer) = (newer, nextKey(substitutes, older, newer, round + 1));
        }
        return bytes16(substituteAndShift(substitutes, state) ^ newer);
    }

    /// The key of a round from 2 on, after those of the two rounds before it (FIPS 197, 5.2).
    function nextKey(bytes memory substitutes, uint128 older, uint128 newer, uint256 round)
        private
        pure
        returns (uint128)
    {
        uint32 last = uint32(newer);
        if (round & 1 == 0) last = (last << 8) | (last >> 24);
        uint32 mask = substituteWord(substitutes, last);
        if (round & 1 == 0) mask ^= uint32(1) << uint32(24 + round / 2 - 1);
        // Each word is the sum of all words of `older` up to it, and of the mask.
        older ^= older >> 32;
        older ^= older >> 64;
        return older ^ (uint128(mask) * WORDS);
    }

    function substituteWord(bytes memory substitutes, uint32 word) private pure returns (uint32 result) {
        for (uint256 shift = 0; shift < 32; shift += 8) {
            result |= uint32(uint8(substitutes[uint8(word >> shift)])) << uint32(shift);
        }
    }

    /// Byte i of 16, in columns of four, comes from the column as many places to the right as its row says.
    function substituteAndShift(bytes memory substitutes, uint128 state)
        private
        pure
        returns (uint128 result)
    {
        for (uint256 i = 0; i < 16; i++) {
            uint256 from = (i + 4 * (i & 3)) & 15;
            result = (result << 8) | uint8(substitutes[uint8(state >> (120 - 8 * from))]);
        }
    }

    /// Each byte becomes 2 × itself + 3 × the next + the other two of its column.
    function mixColumns(uint128 state) private pure returns (uint128) {
        uint128 first = rotated(state);
        uint128 second = rotated(first);
        return doubled(state ^ first) ^ first ^ second ^ rotated(second);
    }

    /// Each column one byte up.
    function rotated(uint128 state) private pure returns (uint128) {
        return ((state << 8) & ~LAST) | ((state >> 24) & LAST);
    }

    /// Each byte times x in the field of FIPS 197, 4.2.
    function doubled(uint128 state) private pure returns (uint128) {
        uint128 carries = (state >> 7) & BYTES;
        return ((state ^ (carries << 7)) << 1) ^ (carries * 0x1b);
    }
}

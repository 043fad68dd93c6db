// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Nano amounts of a result: one uint64 a participant, four to a word, big-endian, participant 0 first,
/// zero-filled.
library AmountWords {
    uint256 internal constant NANO_PER_UNIT = 1e9;

    function countFor(uint256 participants) internal pure returns (uint256) {
        return (participants + 3) / 4;
    }

    function nanoIn(bytes32 word, uint256 index) internal pure returns (uint64) {
        return uint64(uint256(word) >> (192 - 64 * (index & 3)));
    }

    /// Index of the first entry beyond the participants that is not zero; `entries` (all there are) if none
    /// is.
    function firstPadding(bytes32[] calldata words, uint256 participants)
        internal
        pure
        returns (uint256, uint256)
    {
        uint256 entries = words.length * 4;
        for (uint256 i = participants; i < entries; i++) {
            if (nanoIn(words[i >> 2], i) != 0) return (i, entries);
        }
        return (entries, entries);
    }

    /// What the payer owes (entry 0) and what the payees earn together; sixteen uint64 cannot overflow.
    function sums(bytes32[] calldata words, uint256 participants)
        internal
        pure
        returns (uint256 owes, uint256 earn)
    {
        owes = nanoIn(words[0], 0);
        for (uint256 i = 1; i < participants; i++) {
            earn += nanoIn(words[i >> 2], i);
        }
    }

    /// The words with each entry cut to its maximum, entry 0 as zero.
    function cut(bytes32[] calldata words, uint64[] memory maxima)
        internal
        pure
        returns (bytes32[] memory out)
    {
        out = new bytes32[](words.length);
        for (uint256 i = 1; i < maxima.length; i++) {
            uint64 nano = nanoIn(words[i >> 2], i);
            out[i >> 2] |= placed(nano < maxima[i] ? nano : maxima[i], i);
        }
    }

    /// Lowers each entry of `low` to that of `other` and raises each of `high`.
    function widen(bytes32[] memory low, bytes32[] memory high, bytes32[] calldata other) internal pure {
        for (uint256 i = 0; i < 4 * low.length; i++) {
            uint256 word = i >> 2;
            uint64 nano = nanoIn(other[word], i);
            uint64 least = nanoIn(low[word], i);
            uint64 most = nanoIn(high[word], i);
            if (nano < least) low[word] ^= placed(least ^ nano, i);
            if (nano > most) high[word] ^= placed(most ^ nano, i);
        }
    }

    function placed(uint64 nano, uint256 index) private pure returns (bytes32) {
        return bytes32(uint256(nano) << (192 - 64 * (index & 3)));
    }
}

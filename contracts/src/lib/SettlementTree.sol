// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AmountWords} from "./AmountWords.sol";
import {MerkleRoot} from "./MerkleRoot.sol";

/// Hashes of the Merkle-sum tree of a block's impressions (wire-formats.md 7): every leaf and node is
/// sha256(its content ‖ the digest of its amounts).
library SettlementTree {
    /// What a leaf hashes beside its amounts; `recordsRoot` is the root over the kept record hashes.
    function groupContent(bytes16 impressionKey, uint64 keptRecords, bytes32 recordsRoot)
        internal
        pure
        returns (bytes32)
    {
        return sha256(abi.encodePacked(impressionKey, keptRecords, bytes8(0), recordsRoot));
    }

    /// What an inner node hashes beside its amounts.
    function pairContent(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right));
    }

    /// A leaf or node from its content and its amounts in words.
    function entryOf(bytes32 content, bytes32[] memory amountWords) internal pure returns (bytes32) {
        return entryWith(content, MerkleRoot.over(amountWords));
    }

    function entryWith(bytes32 content, bytes32 amountsDigest) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(content, amountsDigest));
    }

    /// One uint64 a participant, four to a word, big-endian, participant 0 first, zero-filled.
    function wordsOf(uint64[] memory amounts) internal pure returns (bytes32[] memory words) {
        words = new bytes32[](AmountWords.countFor(amounts.length));
        for (uint256 i = 0; i < amounts.length; i++) {
            words[i >> 2] |= bytes32(uint256(amounts[i]) << (192 - 64 * (i & 3)));
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Settlement trees of up to 256 leaves with one word of amounts, in memory: whole, as the side that tells one has it.
/// Straight from the words of wire-formats.md 7, and slowly.
library ToldTree {
    /// amounts: a word, entry i in the 64 bits from 192 - 64 × i on.
    struct Leaf {
        bytes16 key;
        bytes records;
        bytes32 amounts;
    }

    struct Node {
        bytes32 content;
        bytes32 amounts;
        bytes32 hash;
    }

    /// Leaves first, the root last; an odd last entry is carried up as it is. None without leaves.
    function levelsOf(Leaf[] memory leaves) internal pure returns (Node[][] memory levels) {
        if (leaves.length == 0) return levels;
        uint256 height = 1;
        while (leaves.length > 1 << (height - 1)) height++;
        levels = new Node[][](height);
        levels[0] = new Node[](leaves.length);
        for (uint256 i = 0; i < leaves.length; i++) {
            levels[0][i] = nodeOf(contentOf(leaves[i]), leaves[i].amounts);
        }
        for (uint256 k = 1; k < height; k++) {
            levels[k] = levelAbove(levels[k - 1]);
        }
    }

    function levelAbove(Node[] memory below) private pure returns (Node[] memory above) {
        above = new Node[]((below.length + 1) / 2);
        for (uint256 i = 0; i < above.length; i++) {
            if (2 * i + 1 == below.length) {
                above[i] = below[2 * i];
                continue;
            }
            (Node memory a, Node memory b) = (below[2 * i], below[2 * i + 1]);
            // No lane overflows: prices are small here.
            bytes32 sum = bytes32(uint256(a.amounts) + uint256(b.amounts));
            above[i] = nodeOf(sha256(abi.encodePacked(a.hash, b.hash)), sum);
        }
    }

    function nodeOf(bytes32 content, bytes32 amounts) private pure returns (Node memory) {
        return Node(content, amounts, sha256(abi.encodePacked(content, amounts)));
    }

    function contentOf(Leaf memory leaf) private pure returns (bytes32) {
        return sha256(abi.encodePacked(leaf.key, keptIn(leaf), bytes8(0), recordsRootOf(leaf)));
    }

    function keptIn(Leaf memory leaf) internal pure returns (uint64) {
        return uint64(leaf.records.length / 64);
    }

    function recordsRootOf(Leaf memory leaf) internal pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](keptIn(leaf));
        for (uint256 i = 0; i < level.length; i++) {
            level[i] = sha256(recordIn(leaf.records, i));
        }
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; i++) {
                bool isOdd = 2 * i + 1 == level.length;
                above[i] = isOdd ? level[2 * i] : sha256(abi.encodePacked(level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        return level.length == 0 ? bytes32(0) : level[0];
    }

    function recordIn(bytes memory records, uint256 index) internal pure returns (bytes memory record) {
        record = new bytes(64);
        assembly ("memory-safe") {
            mcopy(add(record, 0x20), add(add(records, 0x20), mul(index, 64)), 64)
        }
    }

    /// What opens the root of a tree of at least two leaves: all leaves.
    function openingOf(Node[][] memory levels) internal pure returns (bytes memory entries) {
        for (uint256 i = 0; i < levels[0].length; i++) {
            entries = bytes.concat(entries, levels[0][i].content, levels[0][i].amounts);
        }
    }

    /// From a leaf up to the root: siblings and the amounts of the parents, which are their digests.
    function pathOf(Node[][] memory levels, uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory steps = new bytes32[](2 * levels.length);
        uint256 used = 0;
        for (uint256 k = 0; k + 1 < levels.length; k++) {
            if ((index ^ 1) < levels[k].length) {
                steps[used++] = levels[k][index ^ 1].hash;
                steps[used++] = levels[k + 1][index / 2].amounts;
            }
            index /= 2;
        }
        assembly ("memory-safe") {
            mstore(steps, used)
        }
        return steps;
    }
}

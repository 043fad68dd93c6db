// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SettlementTree} from "./SettlementTree.sol";

/// Where the entries of a settlement tree lie. Level 0 are the leaves; each level has half as many entries
/// as the one below it, whose odd last entry it carries unchanged.
library SettlementLevels {
    /// The place of an entry in a tree of so many leaves.
    struct Position {
        uint256 leaves;
        uint256 level;
        uint256 index;
    }

    /// How many levels one opening spans: 256 descendants.
    uint256 private constant SPAN = 8;

    function entriesAt(uint256 leaves, uint256 level) internal pure returns (uint256) {
        return (leaves + (1 << level) - 1) >> level;
    }

    /// The level of the root of a tree that has leaves.
    function topOf(uint256 leaves) internal pure returns (uint256 level) {
        while (entriesAt(leaves, level) > 1) level++;
    }

    /// The level at which the node is opened whose own is `level`.
    function openedBelow(uint256 level) internal pure returns (uint256) {
        return level > SPAN ? level - SPAN : 0;
    }

    /// The descendants of a node at the level at which it is opened: indexes [from, until).
    function descendantsOf(Position memory node) internal pure returns (uint256 from, uint256 until) {
        uint256 below = openedBelow(node.level);
        from = node.index << (node.level - below);
        until = (node.index + 1) << (node.level - below);
        uint256 entries = entriesAt(node.leaves, below);
        if (until > entries) until = entries;
    }

    /// Moves to where the entry was made: a carried one is the last of a lower level. So nothing has two
    /// places.
    function sink(Position memory position) internal pure {
        while (
            position.level > 0 && 2 * position.index + 1 >= entriesAt(position.leaves, position.level - 1)
        ) {
            position.level--;
            position.index *= 2;
        }
    }

    /// The ancestor at level `top` of an entry. `path`: for each step that is not a carry the sibling and
    /// the digest of the parent's amounts; isWhole is false if it has not exactly that length.
    function climb(bytes32 entry, Position memory position, uint256 top, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 ancestor, bool isWhole)
    {
        ancestor = entry;
        uint256 used = 0;
        uint256 index = position.index;
        for (uint256 level = position.level; level < top; level++) {
            bool isRight = index & 1 == 1;
            if (isRight || index + 1 < entriesAt(position.leaves, level)) {
                if (used + 2 > path.length) return (bytes32(0), false);
                bytes32 content = isRight
                    ? SettlementTree.pairContent(path[used], ancestor)
                    : SettlementTree.pairContent(ancestor, path[used]);
                ancestor = SettlementTree.entryWith(content, path[used + 1]);
                used += 2;
            }
            index >>= 1;
        }
        isWhole = used == path.length;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A settlement tree of which only what openings on the way to some leaves show is there, however many
/// leaves it has: the rest is made up. Straight from the words of wire-formats.md 7, and slowly.
abstract contract Grove {
    struct Entry {
        bytes32 content;
        bytes32[] amounts;
        bytes32 hash;
    }

    struct Leaf {
        bytes16 key;
        uint64 kept;
        bytes32 recordsRoot;
        bytes records;
    }

    mapping(uint256 level => mapping(uint256 index => Entry)) internal entryAt;
    mapping(uint256 index => Leaf) internal leafAt;
    uint256 internal leaves;
    /// Amount words of an entry.
    uint256 internal words;

    /// Of a made up entry, four to a word: five bytes each, as a calldata's cost has it.
    uint256 private constant MADE_UP_AMOUNTS =
        0x0000001234567891000000123456789200000012345678930000001234567894;

    /// A leaf that was not planted is made up: a key by its index, and amounts.
    function plantMadeUp(uint256 index) internal {
        Leaf memory leaf = Leaf(keyAt(index), 1, keccak256(abi.encode("records", index)), "");
        plant(index, leaf, madeUpAmounts());
    }

    function plant(uint256 index, Leaf memory leaf, bytes32[] memory amounts) internal {
        leafAt[index] = leaf;
        bytes32 content = sha256(abi.encodePacked(leaf.key, leaf.kept, bytes8(0), leaf.recordsRoot));
        put(0, index, content, amounts);
    }

    /// Even, so that there is room between two.
    function keyAt(uint256 index) internal pure returns (bytes16) {
        return bytes16(uint128((index + 1) * 2) << 64);
    }

    /// Everything that openings on the way to these leaves show, up to the root.
    function grow(uint256[] memory targets) internal {
        uint256 top = topLevel();
        for (uint256 below = 0; below <= top; below++) {
            for (uint256 t = 0; t < targets.length; t++) {
                (uint256 level, uint256 index) = openedTo(targets[t], below);
                if (level > below) fill(level, index, below);
            }
            for (uint256 t = 0; t < targets.length; t++) {
                (uint256 level, uint256 index) = openedTo(targets[t], below);
                foldTo(level, index, below);
            }
        }
    }

    /// The node on the way to the leaf whose opening shows the entries of level `below`; the leaf if there
    /// is none.
    function openedTo(uint256 target, uint256 below) internal view returns (uint256 level, uint256 index) {
        level = topLevel();
        while (level > 0) {
            uint256 next = level > 8 ? level - 8 : 0;
            if (next == below) return (level, index);
            if (next < below) return (0, target);
            (level, index) = sunk(next, target >> next);
        }
        return (0, target);
    }

    function fill(uint256 level, uint256 index, uint256 below) private {
        uint256 until = (index + 1) << (level - below);
        if (until > countAt(below)) until = countAt(below);
        for (uint256 i = index << (level - below); i < until; i++) {
            (uint256 made, uint256 own) = sunk(below, i);
            if (entryAt[made][own].hash != 0) continue;
            if (made == 0) plantMadeUp(own);
            else putMadeUp(made, own);
        }
    }

    function foldTo(uint256 level, uint256 index, uint256 below) private {
        (level, index) = sunk(level, index);
        if (level <= below) return;
        foldTo(level - 1, 2 * index, below);
        foldTo(level - 1, 2 * index + 1, below);
        Entry memory a = entry(level - 1, 2 * index);
        Entry memory b = entry(level - 1, 2 * index + 1);
        put(level, index, sha256(abi.encodePacked(a.hash, b.hash)), sumOf(a.amounts, b.amounts));
    }

    /// Where an entry that is carried up was made.
    function sunk(uint256 level, uint256 index) internal view returns (uint256, uint256) {
        while (level > 0 && 2 * index + 1 >= countAt(level - 1)) (level, index) = (level - 1, 2 * index);
        return (level, index);
    }

    function entry(uint256 level, uint256 index) internal view returns (Entry storage) {
        (level, index) = sunk(level, index);
        return entryAt[level][index];
    }

    function putMadeUp(uint256 level, uint256 index) private {
        put(level, index, keccak256(abi.encode("made up", level, index)), madeUpAmounts());
    }

    function madeUpAmounts() internal view virtual returns (bytes32[] memory amounts) {
        amounts = new bytes32[](words);
        for (uint256 i = 0; i < words; i++) {
            amounts[i] = bytes32(MADE_UP_AMOUNTS);
        }
    }

    function put(uint256 level, uint256 index, bytes32 content, bytes32[] memory amounts) internal {
        entryAt[level][index] =
            Entry(content, amounts, sha256(abi.encodePacked(content, rootOver(amounts))));
    }

    // ── what is shown ──

    /// The entries that open the node at (level, index).
    function openingOf(uint256 level, uint256 index) internal view returns (bytes memory) {
        uint256 below = level > 8 ? level - 8 : 0;
        uint256 from = index << (level - below);
        uint256 until = (index + 1) << (level - below);
        if (until > countAt(below)) until = countAt(below);
        bytes memory all = new bytes((until - from) * 32 * (1 + words));
        uint256 used = 0;
        for (uint256 i = from; i < until; i++) {
            Entry storage one = entry(below, i);
            putWord(all, used++, one.content);
            for (uint256 w = 0; w < words; w++) {
                putWord(all, used++, one.amounts[w]);
            }
        }
        return all;
    }

    /// From an entry up to its ancestor at level `top`: siblings and digests of the parents' amounts.
    function pathOf(uint256 level, uint256 index, uint256 top)
        internal
        view
        returns (bytes32[] memory path)
    {
        bytes32[] memory steps = new bytes32[](2 * (top - level));
        uint256 used = 0;
        for (; level < top; level++) {
            if ((index ^ 1) < countAt(level)) {
                steps[used++] = entry(level, index ^ 1).hash;
                steps[used++] = rootOver(entry(level + 1, index >> 1).amounts);
            }
            index >>= 1;
        }
        path = new bytes32[](used);
        for (uint256 i = 0; i < used; i++) {
            path[i] = steps[i];
        }
    }

    function countAt(uint256 level) internal view returns (uint256) {
        return (leaves + 2 ** level - 1) / 2 ** level;
    }

    function topLevel() internal view returns (uint256 level) {
        while (countAt(level) > 1) level++;
    }

    function root() internal view returns (Entry memory) {
        return entry(topLevel(), 0);
    }

    // ── plain arithmetic ──

    function sumOf(bytes32[] memory a, bytes32[] memory b) internal pure returns (bytes32[] memory sum) {
        sum = new bytes32[](a.length);
        for (uint256 i = 0; i < 4 * a.length; i++) {
            uint256 shift = 192 - 64 * (i % 4);
            uint64 one = uint64(uint256(a[i / 4]) >> shift) + uint64(uint256(b[i / 4]) >> shift);
            sum[i / 4] |= bytes32(uint256(one) << shift);
        }
    }

    function rootOver(bytes32[] memory row) internal pure returns (bytes32) {
        if (row.length == 1) return row[0];
        uint256 half = row.length > 2 ? 2 : 1;
        return
            sha256(abi.encodePacked(rootOver(slice(row, 0, half)), rootOver(slice(row, half, row.length))));
    }

    function slice(bytes32[] memory row, uint256 from, uint256 until)
        private
        pure
        returns (bytes32[] memory part)
    {
        part = new bytes32[](until - from);
        for (uint256 i = from; i < until; i++) {
            part[i - from] = row[i];
        }
    }

    function putWord(bytes memory all, uint256 index, bytes32 word) private pure {
        assembly ("memory-safe") {
            mstore(add(all, mul(add(index, 1), 32)), word)
        }
    }
}

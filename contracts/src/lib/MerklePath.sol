// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Merkle trees of SHA-256 in the shape of RFC 9162, without its prefixes: an odd last node is carried up
/// unchanged.
library MerklePath {
    /// The root that `path` (siblings from leaf to root) gives for the leaf at `index` of `count`; isWhole
    /// is false if the path has not exactly the length that (index, count) fix, or the index lies outside.
    function rootOf(bytes32 leaf, uint256 index, uint256 count, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 root, bool isWhole)
    {
        if (index >= count) return (bytes32(0), false);
        root = leaf;
        uint256 used = 0;
        while (count > 1) {
            bool isRight = index & 1 == 1;
            if (isRight || index + 1 < count) {
                if (used == path.length) return (bytes32(0), false);
                bytes32 sibling = path[used++];
                root = isRight ? node(sibling, root) : node(root, sibling);
            }
            index >>= 1;
            count = (count + 1) >> 1;
        }
        isWhole = used == path.length;
    }

    /// The root over 1 to 4 leaves: what the amount words of 2 to 16 participants need.
    function rootOfFew(bytes32[] calldata leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        if (count == 1) return leaves[0];
        bytes32 left = node(leaves[0], leaves[1]);
        if (count == 2) return left;
        return node(left, count == 3 ? leaves[2] : node(leaves[2], leaves[3]));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right));
    }
}

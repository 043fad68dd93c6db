// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The root over all leaves of a tree of MerklePath's shape.
library MerkleRoot {
    /// Zero for no leaves, the leaf itself for one. `leaves` stay as they are.
    function over(bytes32[] memory leaves) internal pure returns (bytes32 root) {
        uint256 count = leaves.length;
        if (count == 0) return 0;
        bytes32[] memory level = new bytes32[]((count + 1) >> 1);
        bytes32[] memory below = leaves;
        while (count > 1) {
            pairUp(below, level, count);
            below = level;
            count = (count + 1) >> 1;
        }
        return below[0];
    }

    /// Writes the level above the first `count` of `below`, which may be `level` itself: what is read lies
    /// never before what is written.
    function pairUp(bytes32[] memory below, bytes32[] memory level, uint256 count) private pure {
        for (uint256 i = 0; i < count >> 1; i++) {
            level[i] = sha256(abi.encodePacked(below[2 * i], below[2 * i + 1]));
        }
        if (count & 1 == 1) level[count >> 1] = below[count - 1];
    }
}

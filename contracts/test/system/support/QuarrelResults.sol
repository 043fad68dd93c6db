// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult} from "../../../src/interfaces/ChannelTypes.sol";
import {Groups} from "../../support/Groups.sol";
import {QuarrelParts} from "./QuarrelParts.sol";
import {ToldTree} from "./ToldTree.sol";

/// What is said of the block's outcome: the true result of each set of parts, by the reducer and from the records, and
/// lies about it.
abstract contract QuarrelResults is QuarrelParts {
    enum Lie {
        None,
        LastOmitted,
        FirstOmitted,
        MiddleOmitted,
        Empty,
        Invented,
        InventedBehind,
        Raised,
        RecordLeftOut,
        Unordered,
        Nothing
    }

    uint256 internal constant LIES = 11;

    /// hasTree: its openings are known. isTrue: it is what the records of its parts come to, and all of these are good.
    struct Told {
        bool isKnown;
        bool hasTree;
        bool isTrue;
        bytes leaves;
        bytes32 opening;
        BlockResult claim;
    }

    mapping(bytes32 outputHash => Told) internal toldOf;
    mapping(uint256 parts => bytes32) private trueHashOf;

    // ── truth ──

    /// outputHash of what these parts come to; those with a fault add nothing.
    function truthOf(uint16 parts) internal returns (bytes32 hash) {
        hash = trueHashOf[parts];
        if (hash != 0) return hash;
        ToldTree.Leaf[] memory leaves = leavesOf(parts & goodParts());
        hash = tell(leaves, parts, parts & ~goodParts() == 0);
        trueHashOf[parts] = hash;
    }

    function leavesOf(uint16 parts) private view returns (ToldTree.Leaf[] memory leaves) {
        bytes[] memory all = recordsIn(parts);
        leaves = new ToldTree.Leaf[](5);
        uint256 used = 0;
        for (uint256 k = 0; k < 5; k++) {
            bytes[] memory group = new bytes[](all.length);
            uint256 size = 0;
            for (uint256 i = 0; i < all.length; i++) {
                if (keyIn(all[i]) == keyAt(k)) group[size++] = all[i];
            }
            if (size == 0) continue;
            assembly ("memory-safe") {
                mstore(group, size)
            }
            leaves[used++] = leafOf(Groups.joined(Groups.keep(group)));
        }
        assembly ("memory-safe") {
            mstore(leaves, used)
        }
    }

    function leafOf(bytes memory records) internal view returns (ToldTree.Leaf memory) {
        uint8[] memory roles = new uint8[](MEMBERS);
        (roles[0], roles[1], roles[2], roles[3]) = (1, 3, 3, 5);
        uint64[] memory amounts =
            rtbImpression1.reduce(roles, parameters(1, false, 5, new Share[](0)), records);
        uint256 word;
        for (uint256 i = 0; i < MEMBERS; i++) {
            word |= uint256(amounts[i]) << (192 - 64 * i);
        }
        return ToldTree.Leaf(keyIn(records), records, bytes32(word));
    }

    function keyIn(bytes memory record) internal pure returns (bytes16 key) {
        assembly ("memory-safe") {
            key := mload(add(record, 0x30))
        }
    }

    // ── telling ──

    function tell(ToldTree.Leaf[] memory leaves, uint16 parts, bool isSo) internal returns (bytes32 hash) {
        BlockResult memory claim = BlockResult(0, uint64(leaves.length), new bytes32[](1), parts);
        bytes32 opening;
        if (leaves.length > 0) {
            ToldTree.Node[][] memory levels = ToldTree.levelsOf(leaves);
            ToldTree.Node memory root = levels[levels.length - 1][0];
            (claim.settlementRoot, claim.amountWords[0], opening) = (root.hash, root.amounts, root.content);
        }
        hash = lens.outputHashOf(id, N, claim);
        if (!toldOf[hash].isKnown) {
            toldOf[hash] = Told(true, true, isSo, abi.encode(leaves), opening, claim);
        }
    }

    /// A result without a tree, of any amounts; `salt` makes it another.
    function tellNothing(uint16 parts, bytes32 amounts, uint64 count, bytes32 salt)
        internal
        returns (bytes32 hash)
    {
        BlockResult memory claim = BlockResult(0, count, new bytes32[](1), parts);
        claim.amountWords[0] = amounts;
        claim.settlementRoot = sha256(abi.encodePacked(salt, amounts));
        hash = lens.outputHashOf(id, N, claim);
        if (!toldOf[hash].isKnown) toldOf[hash] = Told(true, false, false, "", salt, claim);
    }

    function leavesIn(bytes32 hash) internal view returns (ToldTree.Leaf[] memory) {
        return abi.decode(toldOf[hash].leaves, (ToldTree.Leaf[]));
    }

    function amountsIn(bytes32 hash) internal view returns (bytes32) {
        return toldOf[hash].claim.amountWords[0];
    }

    function isTrue(bytes32 hash) internal view returns (bool) {
        return toldOf[hash].isTrue;
    }

    // ── lies ──

    /// Of these parts; the truth where there is nothing to lie about.
    function lie(uint16 parts, Lie kind, uint256 seed) internal returns (bytes32) {
        bytes32 truth = truthOf(parts);
        if (kind == Lie.None) return truth;
        if (kind == Lie.Nothing) {
            return tellNothing(parts, anyAmounts(seed), uint64(1 + seed % 700), bytes32(seed));
        }
        ToldTree.Leaf[] memory leaves = leavesIn(truth);
        if (kind == Lie.Empty || leaves.length == 0) return tell(new ToldTree.Leaf[](0), parts, false);
        if (kind == Lie.LastOmitted) leaves = without(leaves, leaves.length - 1);
        if (kind == Lie.FirstOmitted) leaves = without(leaves, 0);
        if (kind == Lie.MiddleOmitted) leaves = without(leaves, seed % leaves.length);
        if (kind == Lie.Invented) leaves = withInvented(leaves, seed % leaves.length);
        if (kind == Lie.InventedBehind) leaves = withInvented(leaves, leaves.length);
        if (kind == Lie.Raised) {
            // Owed and earned, so that both still are the same.
            leaves[seed % leaves.length].amounts =
                bytes32(uint256(leaves[seed % leaves.length].amounts) + (7 << 192) + (7 << 64));
        }
        if (kind == Lie.RecordLeftOut) leaveOut(leaves, seed);
        if (kind == Lie.Unordered && leaves.length > 1) {
            (leaves[0], leaves[1]) = (leaves[1], leaves[0]);
        }
        return tell(leaves, parts, false);
    }

    function anyAmounts(uint256 seed) private pure returns (bytes32) {
        uint256 one = (seed >> 8) % 5_000;
        uint256 other = (seed >> 24) % 5_000;
        return bytes32(((one + other) << 192) | (one << 128) | (other << 64));
    }

    function without(ToldTree.Leaf[] memory leaves, uint256 index)
        private
        pure
        returns (ToldTree.Leaf[] memory fewer)
    {
        fewer = new ToldTree.Leaf[](leaves.length - 1);
        for (uint256 i = 0; i < fewer.length; i++) {
            fewer[i] = leaves[i < index ? i : i + 1];
        }
    }

    /// An impression that no part has, before the leaf at `index` or behind the last.
    function withInvented(ToldTree.Leaf[] memory leaves, uint256 index)
        private
        view
        returns (ToldTree.Leaf[] memory more)
    {
        more = new ToldTree.Leaf[](leaves.length + 1);
        for (uint256 i = 0; i < more.length; i++) {
            if (i != index) more[i] = leaves[i < index ? i : i - 1];
        }
        bytes memory record = Groups.win(0, 2, 3_000, 99);
        uint128 key = uint128(keyIn(leaves[index < leaves.length ? index : index - 1].records));
        bytes16 own = bytes16(index < leaves.length ? key - 1 : key + 1);
        for (uint256 i = 0; i < 16; i++) {
            record[16 + i] = own[i];
        }
        more[index] = leafOf(record);
    }

    /// One of several records of a leaf.
    function leaveOut(ToldTree.Leaf[] memory leaves, uint256 seed) private view {
        for (uint256 k = 0; k < leaves.length; k++) {
            uint256 index = (seed + k) % leaves.length;
            uint256 count = ToldTree.keptIn(leaves[index]);
            if (count < 2) continue;
            uint256 out = (seed >> 8) % count;
            bytes memory rest;
            for (uint256 i = 0; i < count; i++) {
                if (i != out) rest = bytes.concat(rest, ToldTree.recordIn(leaves[index].records, i));
            }
            leaves[index] = leafOf(rest);
            return;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SettlementLevels} from "../../src/lib/SettlementLevels.sol";
import {Test} from "../support/Test.sol";

/// The shape of trees of up to 2^40 leaves.
contract SettlementLevelsTest is Test {
    uint256 private constant LEAVES_MAX = 2 ** 40;

    function test_levels_of_trees_around_powers_of_two() external pure {
        uint256[2][11] memory known = [
            [uint256(0), 0],
            [uint256(1), 0],
            [uint256(2), 1],
            [uint256(3), 2],
            [uint256(255), 8],
            [uint256(256), 8],
            [uint256(257), 9],
            [uint256(65_537), 17],
            [LEAVES_MAX - 1, 40],
            [LEAVES_MAX, 40],
            [LEAVES_MAX + 1, 41]
        ];
        for (uint256 i = 0; i < known.length; i++) {
            vm.assertEq(SettlementLevels.topOf(known[i][0]), known[i][1]);
        }
        vm.assertEq(SettlementLevels.entriesAt(65_537, 9), 129);
        vm.assertEq(SettlementLevels.entriesAt(LEAVES_MAX, 40), 1);
    }

    /// Each of at most five openings of 2 to 256 entries has the leaf below one of them.
    function testFuzz_every_leaf_is_reached_by_a_few_openings(uint256 leaves, uint256 leaf) external pure {
        leaves = bound(leaves, 1, LEAVES_MAX);
        leaf = bound(leaf, 0, leaves - 1);
        reach(leaves, leaf);
        reach(leaves, leaves - 1);
        reach(leaves, 0);
    }

    /// A place from which no carry leads down has two children, and a carried entry is the last of its level.
    function testFuzz_an_entry_sinks_to_where_it_was_made(uint256 leaves, uint256 level, uint256 index)
        external
        pure
    {
        leaves = bound(leaves, 1, LEAVES_MAX);
        level = bound(level, 0, SettlementLevels.topOf(leaves));
        index = bound(index, 0, SettlementLevels.entriesAt(leaves, level) - 1);
        SettlementLevels.Position memory place = SettlementLevels.Position(leaves, level, index);
        SettlementLevels.sink(place);
        vm.assertEq(place.index, index << (level - place.level));
        if (place.level < level) {
            vm.assertEq(place.index, SettlementLevels.entriesAt(leaves, place.level) - 1, "the last");
            vm.assertEq(place.index & 1, 0, "without a sibling");
        }
        if (place.level > 0) {
            uint256 below = SettlementLevels.entriesAt(leaves, place.level - 1);
            vm.assertTrue(2 * place.index + 1 < below, "two children");
        }
    }

    function reach(uint256 leaves, uint256 leaf) private pure {
        SettlementLevels.Position memory place =
            SettlementLevels.Position(leaves, SettlementLevels.topOf(leaves), 0);
        uint256 openings = 0;
        while (place.level > 0) {
            openings++;
            uint256 below = SettlementLevels.openedBelow(place.level);
            (uint256 from, uint256 until) = SettlementLevels.descendantsOf(place);
            uint256 index = leaf >> below;
            vm.assertTrue(from <= index && index < until, "below the node");
            vm.assertTrue(until - from >= 2 && until - from <= 256, "2 to 256");
            vm.assertTrue(until <= SettlementLevels.entriesAt(leaves, below), "entries there are");
            (place.level, place.index) = (below, index);
            SettlementLevels.sink(place);
        }
        vm.assertEq(place.index, leaf);
        vm.assertLe(openings, 5);
    }
}

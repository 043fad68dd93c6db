// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, Turn} from "../../src/disputes/IAdjudicator.sol";
import {AccusationScene} from "./support/AccusationScene.sol";

/// The way from the root of a result's tree to a leaf, for trees of many sizes.
contract AccusationsTest is AccusationScene {
    function test_every_leaf_of_small_trees_is_reached_and_opened() external {
        uint256 before = vm.snapshotState();
        for (uint256 count = 1; count < 6; count++) {
            for (uint256 target = 0; target < count; target++) {
                walk(2, count, target);
                vm.revertToState(before);
            }
        }
    }

    function test_a_tree_of_256_needs_one_opening() external {
        walk(2, 256, 255);
    }

    function test_a_tree_of_257_at_its_carried_leaf() external {
        walk(3, 257, 256);
    }

    function test_a_tree_of_65_537_at_its_carried_leaf() external {
        walk(3, 65_537, 65_536);
    }

    function test_a_tree_of_65_537_in_the_middle() external {
        walk(3, 65_537, 40_000);
    }

    /// A carried entry has one place, at whatever level it is named, and one opening.
    function test_a_carried_entry_is_named_where_it_was_made() external {
        begin(3);
        plantGood(65_536);
        growTo(65_537, 65_536);
        AccusationId memory id = accuse();
        openNode(id);
        nameTowards(id, 65_536);
        vm.assertEq(adjudicator.accusation(id).level, 0);
        vm.assertEq(adjudicator.accusation(id).index, 65_536);
    }

    function walk(uint256 size_, uint256 count, uint256 target) private {
        begin(size_);
        plantGood(target);
        growTo(count, target);
        AccusationId memory id = accuse();
        leadTo(id, target);
        requireTurn(id, Turn.Opening);
        openLeaf(id, target);
        requireTurn(id, Turn.Accuser);
    }
}

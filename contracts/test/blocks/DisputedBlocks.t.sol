// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputedBlocks} from "../../src/disputes/IDisputedBlocks.sol";
import {BlockWords} from "../../src/lib/BlockWords.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// What the Adjudicator reads of a block.
contract DisputedBlocksTest is DisputeScene {
    function test_a_result_stands_until_it_fell_or_was_taken_back() external {
        disputed();
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        requireStanding([true, true, true, false]);
        fell(1);
        requireStanding([true, false, true, false]);
        accept(2, low());
        requireStanding([true, false, false, false]);
    }

    function test_none_stands_once_the_block_is_final() external {
        revealedBySeats([low(), high(), low()]);
        requireStanding([true, true, false, false]);
        for (uint256 i = 0; i < 3; i++) {
            accept(i, high());
        }
        requireStanding([false, false, false, false]);
    }

    function test_what_falls_for_its_parts_stands_no_more_before_anybody_says_so() external {
        differing();
        goTo(Q - 1);
        requireStanding([true, true, false, false]);
        goTo(Q);
        requireStanding([true, false, false, false]);
    }

    /// As turns about it count from then on.
    function test_a_result_was_revealed_when_it_last_came_to_stand() external {
        disputed();
        vm.assertEq(seen().revealedAtOf(id, N, 0), begun() + 20);
        vm.assertEq(seen().revealedAtOf(id, N, 1), begun() + 40);
        accept(1, low());
        goTo(99);
        vm.assertEq(seen().revealedAtOf(id, N, 1), begun() + 40);
        revealOwn(id, N, 2, high());
        vm.assertEq(seen().revealedAtOf(id, N, 1), begun() + 99);
        vm.assertEq(seen().revealedAtOf(id, N, 2), 0, "no such result");
    }

    function test_a_part_has_its_digest_and_none_has_nothing() external {
        vm.warp(collationAt(N));
        post(id, N, 2);
        bytes27 digest = BlockWords.partDigest(keccak256(abi.encode(N, uint256(2))), 3, keccak256("index"));
        vm.assertEq(seen().partDigestOf(id, N, 2), digest);
        uint8[4] memory none = [0, 1, 3, 255];
        for (uint256 i = 0; i < 4; i++) {
            vm.assertEq(seen().partDigestOf(id, N, none[i]), bytes27(0));
        }
    }

    function requireStanding(bool[4] memory expected) private view {
        for (uint8 i = 0; i < 4; i++) {
            vm.assertTrue(seen().stands(id, N, i) == expected[i], "stands");
        }
    }

    function seen() private view returns (IDisputedBlocks) {
        return IDisputedBlocks(address(blocks));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SettlementFold} from "../../src/lib/SettlementFold.sol";
import {Grove} from "../disputes/support/Grove.sol";
import {Test} from "../support/Test.sol";

/// Folding in assembly against a tree that is made plainly.
contract SettlementFoldTest is Test, Grove {
    function test_2_to_33_entries_of_1_to_4_words_fold_to_the_root() external {
        uint256 before = vm.snapshotState();
        for (uint256 width = 1; width <= 4; width++) {
            for (uint256 count = 2; count <= 33; count++) {
                (words, leaves) = (width, count);
                grow(new uint256[](1));
                (bytes32 node, bool fits) = this.fold(openingOf(topLevel(), 0), words);
                vm.assertEq(node, root().hash);
                vm.assertTrue(fits, "fits");
                vm.revertToState(before);
            }
        }
    }

    /// Each amount is as large as it can be for its sum with its neighbour to fit; one more does not.
    function testFuzz_sums_fit_in_64_bits(uint64[16] memory amounts, uint8 lane) external {
        words = 4;
        leaves = 2;
        bytes32[] memory left = new bytes32[](4);
        bytes32[] memory right = new bytes32[](4);
        for (uint256 i = 0; i < 16; i++) {
            uint256 shift = 192 - 64 * (i % 4);
            left[i / 4] |= bytes32(uint256(amounts[i]) << shift);
            right[i / 4] |= bytes32(uint256(~amounts[i]) << shift);
        }
        put(0, 0, keccak256("left"), left);
        put(0, 1, keccak256("right"), right);
        grow(new uint256[](1));
        (bytes32 node, bool fits) = this.fold(openingOf(1, 0), 4);
        vm.assertEq(node, root().hash);
        vm.assertTrue(fits, "fits");
        lane %= 16;
        if (amounts[lane] == type(uint64).max) return;
        left[lane / 4] = bytes32(uint256(left[lane / 4]) + (1 << (192 - 64 * (lane % 4))));
        put(0, 0, keccak256("left"), left);
        (, fits) = this.fold(openingOf(1, 0), 4);
        vm.assertFalse(fits, "2^64");
    }

    function fold(bytes calldata entries, uint256 words_) external view returns (bytes32, bool) {
        return SettlementFold.fold(entries, words_);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {GasMeter} from "./GasMeter.sol";

/// What acts may cost at most, each as a transaction of its own.
contract GasGoalsTest is GasMeter {
    uint64 private constant KEYS = 64;

    /// forge-config: default.isolate = true
    function test_a_settled_block_of_3_costs_at_most_1_200_000() external {
        bytes32 id = open(3);
        fundAll(id, 3, 1e6);
        wholeBlock(id, 0, 3);
        vm.assertLe(wholeBlock(id, 1, 3), 1_200_000);
    }

    /// forge-config: default.isolate = true
    function test_the_last_part_of_16_costs_no_more_than_the_first() external {
        bytes32 id = open(16);
        for (uint64 n = 0; n < 2; n++) {
            vm.warp(collationAt(n));
            post(id, n, 0);
            uint256 first = gasOfLastCall();
            uint256 second = 0;
            for (uint256 i = 1; i < 16; i++) {
                post(id, n, i);
                if (i == 1) second = gasOfLastCall();
            }
            vm.assertLe(gasOfLastCall(), first, "the last against the first");
            // What is looked up in the list of participants, no more.
            vm.assertLe(gasOfLastCall(), second + 4_000, "the last against the second");
        }
    }

    /// forge-config: default.isolate = true
    function test_cover_after_a_quiet_week_of_one_minute_blocks_costs_less_than_200_000() external {
        ChannelTerms memory terms = openTerms(3);
        (terms.blockDuration, terms.blocksMax) = (60, 1 << 20);
        bytes32 id = open(terms);
        fund(id, 1, 1e6);
        uint64[3] memory numbers = [uint64(7 days / 60), 7 days / 60 + 1, (1 << 20) - 1];
        vm.warp(START + 7 days);
        for (uint256 i = 0; i < 3; i++) {
            vault.cover(id, numbers[i], 1);
            vm.assertLe(gasOfLastCall(), 200_000);
        }
    }

    /// The last of 2^20 blocks is as cheap to settle: counters are read, no block is.
    /// forge-config: default.isolate = true
    function test_settle_with_32_live_blocks_before_it_costs_less_than_250_000() external {
        ChannelTerms memory terms = openTerms(3);
        terms.collationPeriod = 6_000;
        bytes32 id = open(terms);
        fundAll(id, 3, 1e22);
        wholeBlock(id, 0, 3);
        vm.warp(collationAt(32));
        for (uint64 n = 1; n < 33; n++) {
            post(id, n, 0);
        }
        wholeBlock(id, 33, 3);
        vm.assertEq(blocks.liveBefore(id, 33), 32);
        vm.assertLe(gasOfLastSettle, 250_000);
    }

    uint256 private gasOfLastSettle;

    /// From the first part to the money; returns what all acts cost.
    function wholeBlock(bytes32 id, uint64 n, uint256 count) private returns (uint256 sum) {
        BlockResult memory result = resultOf(count, 1000, uint16((1 << count) - 1));
        vm.warp(collationAt(n));
        for (uint256 i = 0; i < count; i++) {
            post(id, n, i);
            sum += gasOfLastCall();
        }
        for (uint256 i = 0; i < count; i++) {
            commit(id, n, i, result, true);
            sum += gasOfLastCall();
        }
        for (uint256 i = 0; i < count; i++) {
            reveal(id, n, i, result);
            sum += gasOfLastCall();
        }
        settle(id, n, result);
        gasOfLastSettle = gasOfLastCall();
        sum += gasOfLastSettle;
    }

    function keyLeaves() internal pure override returns (bytes32[] memory leaves) {
        leaves = new bytes32[](KEYS);
        for (uint256 i = 0; i < KEYS; i++) {
            leaves[i] = keccak256(abi.encode("papyrus key", i));
        }
    }
}

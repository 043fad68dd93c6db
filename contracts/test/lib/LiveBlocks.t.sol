// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LiveBlocks} from "../../src/lib/LiveBlocks.sol";
import {Test} from "../support/Test.sol";

/// How many blocks are live below any block, against a list that is counted one by one.
contract LiveBlocksTest is Test {
    using LiveBlocks for LiveBlocks.Live;

    uint256 private constant BLOCKS_MAX = 1 << 20;

    LiveBlocks.Live private live;
    uint256[] private begun;
    mapping(uint256 n => bool) private hasBegun;
    mapping(uint256 n => bool) private isOver;

    function test_nothing_is_live_where_nothing_began() external view {
        vm.assertEq(live.below(0), 0);
        vm.assertEq(live.below(BLOCKS_MAX), 0);
        vm.assertEq(live.overWithin(0, 5000), 0);
    }

    /// All of a word, then all of a group of words, then more: no lane runs over into the next.
    function test_every_block_of_a_full_group_counts() external {
        vm.pauseGasMetering();
        for (uint256 n = 0; n < 3 * 4096; n++) {
            live.begin(n);
        }
        uint256[7] memory at_ = [uint256(0), 1, 127, 128, 4095, 4096, 3 * 4096];
        for (uint256 i = 0; i < 7; i++) {
            vm.assertEq(live.below(at_[i]), at_[i]);
        }
        for (uint256 n = 0; n < 3 * 4096; n += 3) {
            live.end(n);
        }
        vm.assertEq(live.below(3 * 4096), 2 * 4096);
        vm.assertEq(live.overWithin(0, 3 * 4096), 4096);
        vm.assertEq(live.overWithin(128, 256), 43);
    }

    /// Sixteen full groups share one slot: its sum reaches 2^16.
    function test_a_slot_of_full_groups_counts_to_two_to_the_sixteen() external {
        vm.pauseGasMetering();
        for (uint256 n = 0; n < 1 << 16; n++) {
            live.begin(n);
        }
        vm.assertEq(live.below(1 << 16), 1 << 16);
        vm.assertEq(live.below((1 << 16) - 1), (1 << 16) - 1);
        vm.assertEq(live.below(BLOCKS_MAX), 1 << 16);
    }

    function testFuzz_counts_are_those_of_a_list(uint256 seed) external {
        uint256 spread = [uint256(200), 5000, BLOCKS_MAX][seed % 3];
        for (uint256 k = 0; k < 40; k++) {
            uint256 random = uint256(keccak256(abi.encode(seed, k)));
            uint256 n = random % spread;
            if (!hasBegun[n]) {
                begun.push(n);
                live.begin(n);
                hasBegun[n] = true;
            } else if (!isOver[n]) {
                live.end(n);
                isOver[n] = true;
            }
            if (random >> 255 == 1) endOne(random >> 128);
        }
        for (uint256 k = 0; k < 8; k++) {
            uint256 until = uint256(keccak256(abi.encode(seed, "at", k))) % (spread + 1);
            uint256 from = k % 2 == 0 || until < 300 ? 0 : until - 300;
            (uint256 alive, uint256 over) = counted(from, until);
            vm.assertEq(live.below(until), alive, "below");
            if (until - from < 5001) vm.assertEq(live.overWithin(from, until), over, "over");
        }
    }

    function testFuzz_a_block_changes_the_counts_above_it_and_no_other(uint256 n) external {
        n = bound(n, 0, BLOCKS_MAX - 1);
        live.begin(n);
        vm.assertEq(live.below(n), 0);
        vm.assertEq(live.below(n + 1), 1);
        vm.assertEq(live.below(BLOCKS_MAX), 1);
        live.end(n);
        vm.assertEq(live.below(n + 1), 0);
        vm.assertEq(live.below(BLOCKS_MAX), 0);
        vm.assertEq(live.overWithin(n, n + 1), 1);
        vm.assertEq(live.overWithin(n + 1, n + 200), 0);
        uint256 from = n < 200 ? 0 : n - 200;
        vm.assertEq(live.overWithin(from, n), 0);
    }

    function endOne(uint256 random) private {
        uint256 n = begun[random % begun.length];
        if (isOver[n]) return;
        live.end(n);
        isOver[n] = true;
    }

    function counted(uint256 from, uint256 until) private view returns (uint256 alive, uint256 over) {
        for (uint256 i = 0; i < begun.length; i++) {
            uint256 n = begun[i];
            if (n >= until) continue;
            if (!isOver[n]) alive++;
            else if (n >= from) over++;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockWork} from "../support/BlockWork.sol";

/// A block from its first part to its money, by each of its ends.
contract BlockLifeTest is BlockWork {
    uint16 private constant ALL = 7;

    function test_equal_binding_results_settle_at_once_and_everything_comes_back() public {
        bytes32 id = open(3);
        fundAll(id, 3, 1e12);
        BlockResult memory result = resultOf(3, 1000, ALL);
        finish(id, 0, 3, result);
        requireStage(id, 0, Stage.Final);
        settle(id, 0, result);
        requireStage(id, 0, Stage.Settled);
        vm.assertEq(vault.balanceOf(address(token), account(1)), 1000);
        vm.assertEq(vault.balanceOf(address(token), account(2)), 1000);
        nothingIsLocked(3);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.AlreadyEnded.selector, id, 0, block.timestamp));
        settle(id, 0, result);
    }

    /// One to four words of amounts, each full or not.
    function test_blocks_of_2_to_16_participants_settle() public {
        uint8[9] memory counts = [2, 4, 5, 8, 9, 11, 12, 13, 16];
        for (uint64 n = 0; n < 9; n++) {
            uint256 count = counts[n];
            bytes32 id = open(count);
            fundAll(id, count, 1e12);
            uint64[] memory amounts = new uint64[](count);
            uint256 before = vault.balanceOf(address(token), account(count - 1));
            for (uint256 i = 1; i < count; i++) {
                amounts[i] = uint64(1000 + i);
            }
            BlockResult memory result = resultOf(amounts, uint16((1 << count) - 1));
            finish(id, 0, count, result);
            settle(id, 0, result);
            uint256 gained = vault.balanceOf(address(token), account(count - 1)) - before;
            vm.assertEq(gained, 1000 + count - 1);
            vm.warp(START - 1000);
        }
    }

    function test_a_drawn_validator_gets_its_fee_and_one_that_is_silent_pays() public {
        bytes32 id = open(3);
        fundAll(id, 3, 1e12);
        BlockResult memory result = resultOf(3, 1000, ALL);
        postAll(id, 0, 3);
        for (uint256 i = 0; i < 2; i++) {
            Delegation memory delegation = delegationOf(id, 0, i, false);
            delegation.feeWei = 5;
            commit(delegation, commitmentOf(id, 0, validator(i), result));
        }
        vm.warp(block.timestamp + 20);
        reveal(id, 0, 0, result);
        vm.warp(block.timestamp + 19);
        requireStage(id, 0, Stage.Processing);
        vm.warp(block.timestamp + 1);
        requireStage(id, 0, Stage.Challenge);
        vm.warp(block.timestamp + 59);
        requireStage(id, 0, Stage.Challenge);
        vm.warp(block.timestamp + 1);
        requireStage(id, 0, Stage.Final);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.SeatSilent(id, 0, 1, validator(1));
        settle(id, 0, result);
        (uint256 free,,) = vault.weiOf(validator(0));
        vm.assertEq(free, 5);
        (, uint256 staked,) = vault.weiOf(validator(1));
        vm.assertEq(staked, 1 ether - Bonds.SILENCE);
        (free,,) = vault.weiOf(Bonds.BURN);
        vm.assertEq(free, Bonds.SILENCE);
        (free,,) = vault.weiOf(account(0));
        vm.assertEq(free, 10 ether - 5);
        (free,,) = vault.weiOf(account(1));
        vm.assertEq(free, 10 ether);
        nothingIsLocked(3);
    }

    function test_different_results_end_at_the_lowest_common_and_the_rest_waits() public {
        bytes32 id = open(3);
        fundAll(id, 3, 1e12);
        postAll(id, 0, 3);
        BlockResult memory low = resultOf(3, 1000, ALL);
        BlockResult memory high = resultOf(3, 1700, ALL);
        commit(id, 0, 0, low, true);
        vm.warp(block.timestamp + 20);
        reveal(id, 0, 0, low);
        vm.warp(block.timestamp + 20);
        revealOwn(id, 0, 1, high);
        requireStage(id, 0, Stage.Dispute);
        vm.warp(block.timestamp + 1_000);
        requireStage(id, 0, Stage.Final);
        settle(id, 0, low, high);
        vm.assertEq(vault.balanceOf(address(token), account(1)), 1000);
        (uint256 waiting,) = vault.contested(id, 0, 1);
        vm.assertEq(waiting, 700);
        nothingIsLocked(3);
    }

    function test_a_dispute_ends_when_all_accept_one_result_and_own_ones_are_taken_back() public {
        bytes32 id = open(3);
        fundAll(id, 3, 1e12);
        postAll(id, 0, 3);
        BlockResult memory low = resultOf(3, 1000, ALL);
        BlockResult memory high = resultOf(3, 1700, ALL);
        commit(id, 0, 0, low, true);
        vm.warp(block.timestamp + 20);
        reveal(id, 0, 0, low);
        vm.warp(block.timestamp + 20);
        revealOwn(id, 0, 1, high);
        bytes32 hash = lens.outputHashOf(id, 0, low);
        vm.prank(account(1));
        blocks.acceptResult(id, 0, 1, hash);
        requireStage(id, 0, Stage.Dispute);
        vm.prank(validator(2));
        blocks.acceptResult(id, 0, 2, hash);
        requireStage(id, 0, Stage.Final);
        settle(id, 0, low);
        nothingIsLocked(3);
    }

    function test_a_block_without_results_is_void_after_one_extension_and_pays_nothing() public {
        bytes32 id = open(3);
        fundAll(id, 3, 1e12);
        postAll(id, 0, 3);
        commit(id, 0, 0, resultOf(3, 1000, ALL), true);
        vm.warp(block.timestamp + 79);
        requireStage(id, 0, Stage.Processing);
        vm.warp(block.timestamp + 1);
        requireStage(id, 0, Stage.Void);
        vm.assertEq(blocks.liveBefore(id, 1), 1);
        blocks.releaseVoid(id, 0);
        requireStage(id, 0, Stage.Void);
        vm.assertEq(blocks.liveBefore(id, 1), 0);
        nothingIsLocked(3);
    }

    function nothingIsLocked(uint256 count) private view {
        for (uint256 i = 0; i < count; i++) {
            (,, uint256 locked) = vault.weiOf(account(i));
            vm.assertEq(locked, 0, "of the account");
            (,, locked) = vault.weiOf(validator(i));
            vm.assertEq(locked, 0, "of the validator");
        }
    }
}

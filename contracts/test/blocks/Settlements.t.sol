// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IVault, Reason, TokenBook, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// How a block ends: who settles or releases it when, what it pays and returns, and what is refused.
contract SettlementsTest is BlockScene {
    function test_an_end_is_told_whole_in_moves_and_results() external {
        postAll(id, N, 3);
        commitFor(0, low(), 5);
        commitFor(1, low(), 6);
        commitFor(2, high(), 7);
        reveal(id, N, 0, low());
        reveal(id, N, 2, high());
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, high());
        vm.warp(begun() + 1000);
        requireStage(id, N, Stage.Final);
        bytes32[] memory hashes = new bytes32[](2);
        (hashes[0], hashes[1]) = (hashOf(low()), hashOf(high()));
        vm.expectEmit(address(blocks));
        emit IBlockFacts.BlockSettled(id, N, hashes);
        for (uint256 i = 1; i < 3; i++) {
            expectTokens(account(i), TokenBook.Line, TokenBook.Balance, 1000);
            expectTokens(account(i), TokenBook.Line, TokenBook.Contested, 700);
        }
        expectReturn(account(1), WeiBook.Free, Bonds.OWN_RESULT, Reason.OwnResultBond);
        for (uint256 i = 0; i < 3; i++) {
            expectReturn(account(i), WeiBook.Free, Bonds.PART, Reason.PartBond);
        }
        vm.expectEmit(address(blocks));
        emit IBlockFacts.SeatSilent(id, N, 1, validator(1));
        expectWei(account(0), validator(0), WeiBook.Locked, WeiBook.Free, 5, Reason.Fee);
        expectReturn(validator(0), WeiBook.Stake, Bonds.SEAT, Reason.SeatBond);
        expectReturn(account(1), WeiBook.Free, 6, Reason.Fee);
        expectWei(validator(1), Bonds.BURN, WeiBook.Locked, WeiBook.Free, Bonds.SILENCE, Reason.Silence);
        expectReturn(validator(1), WeiBook.Stake, Bonds.SEAT - Bonds.SILENCE, Reason.SeatBond);
        expectWei(account(2), validator(2), WeiBook.Locked, WeiBook.Free, 7, Reason.Fee);
        expectReturn(validator(2), WeiBook.Stake, Bonds.SEAT, Reason.SeatBond);
        settle(id, N, low(), high());
        vm.assertEq(lens.blockWords(id, N).endedAt, begun() + 1000);
        requireStage(id, N, Stage.Settled);
    }

    function test_a_debt_and_what_is_above_blockMax_are_told() external {
        postAll(id, N, 3);
        uint64[] memory amounts = new uint64[](3);
        (amounts[1], amounts[2]) = (2e6, 3e18);
        BlockResult memory result = resultOf(amounts, ALL);
        for (uint256 i = 0; i < 3; i++) {
            commit(id, N, i, result, true);
        }
        for (uint256 i = 0; i < 3; i++) {
            reveal(id, N, i, result);
        }
        expectTokens(account(1), TokenBook.Line, TokenBook.Balance, 1e6);
        expectTokens(account(1), TokenBook.Outside, TokenBook.Owed, 1e6);
        vm.expectEmit(address(vault));
        emit IVault.CutToBlockMax(id, account(2), N, 2e18 - 2);
        expectTokens(account(2), TokenBook.Line, TokenBook.Balance, 1e6);
        expectTokens(account(2), TokenBook.Outside, TokenBook.Owed, 1e18 + 2 - 1e6);
        settle(id, N, result);
    }

    function test_the_seats_of_a_result_that_does_not_stand_get_no_fee_and_keep_their_bond() external {
        postAll(id, N, 3);
        commitFor(0, low(), 5);
        commitFor(1, high(), 6);
        commitFor(2, low(), 0);
        for (uint256 i = 0; i < 3; i++) {
            reveal(id, N, i, i == 1 ? high() : low());
        }
        bytes32 hash = hashOf(low());
        for (uint8 i = 0; i < 3; i++) {
            vm.prank(account(i));
            blocks.acceptResult(id, N, i, hash);
        }
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
        vm.assertEq(freeOf(validator(0)), 5);
        vm.assertEq(freeOf(validator(1)), 0);
        vm.assertEq(freeOf(account(0)), 10 ether - 5);
        vm.assertEq(freeOf(account(1)), 10 ether);
        for (uint256 i = 0; i < 3; i++) {
            (, uint256 staked, uint256 locked) = vault.weiOf(validator(i));
            vm.assertEq(staked, 1 ether);
            vm.assertEq(locked, 0);
            vm.assertEq(lockedOf(account(i)), 0);
        }
    }

    function test_nothing_is_settled_before_it_is_final_to_the_second() external {
        uint256[4] memory times = [startOf(N) - 1, startOf(N), begun(), begun() + 19];
        Stage[4] memory stages = [Stage.Pending, Stage.Collection, Stage.Collation, Stage.Processing];
        for (uint256 i = 0; i < 4; i++) {
            if (i == 3) postAll(id, N, 3);
            vm.warp(times[i]);
            refuseSettle(standingOf(low()), notFinal(stages[i]));
        }
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        vm.warp(begun() + 99);
        refuseSettle(standingOf(low()), notFinal(Stage.Challenge));
        uint256 before = vm.snapshotState();
        vm.warp(begun() + 100);
        settle(id, N, low());
        vm.revertToState(before);
        vm.warp(begun() + 101);
        settle(id, N, low());
    }

    function test_a_dispute_is_settled_at_disputeMax_to_the_second() external {
        disputed();
        accuse(id, N, 0, 1);
        vm.warp(begun() + 40 + 999);
        BlockResult[] memory both = new BlockResult[](2);
        (both[0], both[1]) = (low(), high());
        refuseSettle(both, notFinal(Stage.Dispute));
        vm.warp(begun() + 40 + 1000);
        settle(id, N, low(), high());
    }

    function test_a_void_block_is_not_settled_and_a_settled_one_not_again() external {
        postAll(id, N, 3);
        vm.warp(begun() + 80);
        refuseSettle(standingOf(low()), notFinal(Stage.Void));
        blocks.releaseVoid(id, N);
        refuseSettle(standingOf(low()), ended());
        vm.expectRevert(ended());
        blocks.releaseVoid(id, N);
        vm.expectRevert(unknownChannel());
        blocks.settle(bytes32("nowhere"), N, new BlockResult[](0));
        vm.expectRevert(unknownBlock());
        blocks.settle(id, BLOCKS_MAX, new BlockResult[](0));
    }

    function test_every_result_that_stands_is_given_in_order_and_no_other() external {
        disputed();
        vm.warp(begun() + 1040);
        BlockResult[] memory given = new BlockResult[](2);
        refuseSettle(new BlockResult[](0), counts(2, 0));
        refuseSettle(standingOf(low()), counts(2, 1));
        refuseSettle(new BlockResult[](3), counts(2, 3));
        (given[0], given[1]) = (high(), low());
        refuseSettle(given, mismatch(low(), high()));
        given[0] = low();
        refuseSettle(given, mismatch(high(), low()));
        given[1] = high();
        blocks.settle(id, N, given);
    }

    function test_of_three_results_the_one_that_fell_is_left_out() external {
        disputed();
        revealOwn(id, N, 2, resultOf(3, 400, ALL));
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 1);
        vm.warp(begun() + 1040);
        settle(id, N, low(), resultOf(3, 400, ALL));
        vm.assertEq(vault.balanceOf(address(token), account(1)), 400);
        (uint256 waiting,) = vault.contested(id, N, 1);
        vm.assertEq(waiting, 600);
    }

    function test_lowest_common_is_taken_for_each_payee_by_itself() external {
        postAll(id, N, 3);
        uint64[] memory amounts = new uint64[](3);
        (amounts[1], amounts[2]) = (300, 900);
        BlockResult[] memory all = new BlockResult[](3);
        all[0] = resultOf(amounts, ALL);
        (amounts[1], amounts[2]) = (500, 800);
        all[1] = resultOf(amounts, ALL);
        (amounts[1], amounts[2]) = (400, 1000);
        all[2] = resultOf(amounts, ALL);
        for (uint256 i = 0; i < 3; i++) {
            commit(id, N, i, all[i], true);
        }
        for (uint256 i = 0; i < 3; i++) {
            reveal(id, N, i, all[i]);
        }
        vm.warp(begun() + 1000);
        blocks.settle(id, N, all);
        vm.assertEq(vault.balanceOf(address(token), account(1)), 300);
        vm.assertEq(vault.balanceOf(address(token), account(2)), 800);
        (uint256 waiting,) = vault.contested(id, N, 1);
        vm.assertEq(waiting, 200);
        (waiting,) = vault.contested(id, N, 2);
        vm.assertEq(waiting, 200);
    }

    // ── void ──

    function test_a_void_block_is_released_whole_and_what_it_locked_comes_back() external {
        postAll(id, N, 3);
        commitFor(1, low(), 6);
        vm.warp(begun() + 79);
        vm.expectRevert(wrongStage(Stage.Processing));
        blocks.releaseVoid(id, N);
        vm.warp(begun() + 80);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.BlockVoid(id, N);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.SeatSilent(id, N, 1, validator(1));
        expectReturn(account(0), WeiBook.Free, Bonds.PART, Reason.PartBond);
        expectReturn(account(1), WeiBook.Free, Bonds.PART, Reason.PartBond);
        expectReturn(account(1), WeiBook.Free, 6, Reason.Fee);
        blocks.releaseVoid(id, N);
        vm.assertEq(lockedOf(account(2)), 0);
        vm.assertEq(lockedOf(validator(1)), 0);
    }

    function test_a_block_without_a_part_has_nothing_to_release() external {
        vm.warp(deadlineOfParts(N));
        vm.expectRevert(wrongStage(Stage.Void));
        blocks.releaseVoid(id, N);
        vm.expectRevert(unknownChannel());
        blocks.releaseVoid(bytes32("nowhere"), N);
        vm.expectRevert(unknownBlock());
        blocks.releaseVoid(id, BLOCKS_MAX);
    }

    function test_a_block_whose_results_all_fell_is_void_after_the_challenge_and_pays_no_fee() external {
        postAll(id, N, 3);
        commitFor(0, low(), 5);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, high());
        vm.startPrank(ADJUDICATOR);
        blocks.fall(id, N, 0);
        blocks.fall(id, N, 1);
        vm.stopPrank();
        vm.warp(begun() + 99);
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 100);
        requireStage(id, N, Stage.Void);
        refuseSettle(new BlockResult[](0), notFinal(Stage.Void));
        blocks.releaseVoid(id, N);
        requireStage(id, N, Stage.Void);
        vm.assertEq(freeOf(account(0)), 10 ether);
        vm.assertEq(freeOf(validator(0)), 0);
        (, uint256 staked, uint256 locked) = vault.weiOf(validator(0));
        vm.assertEq(staked, 1 ether - Bonds.SEAT);
        vm.assertEq(locked, Bonds.SEAT, "the Adjudicator has it");
    }

    function test_a_block_of_which_all_results_fell_is_void_when_nobody_can_reveal_another() external {
        disputed();
        vm.startPrank(ADJUDICATOR);
        blocks.fall(id, N, 0);
        blocks.fall(id, N, 1);
        vm.stopPrank();
        vm.warp(begun() + 99);
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 100);
        requireStage(id, N, Stage.Void);
        blocks.releaseVoid(id, N);
        requireStage(id, N, Stage.Void);
        vm.assertEq(lockedOf(account(1)), 0.01 ether, "the Adjudicator has it");
    }

    function commitFor(uint256 participant, BlockResult memory result, uint256 fee) private {
        Delegation memory one = delegationOf(id, N, participant, false);
        one.feeWei = fee;
        commit(one, commitmentOf(id, N, validator(participant), result));
    }

    function expectReturn(address account_, WeiBook to, uint256 amount, Reason reason) private {
        expectWei(account_, account_, WeiBook.Locked, to, amount, reason);
    }

    function expectTokens(address payee, TokenBook from, TokenBook to, uint256 amount) private {
        vm.expectEmit(address(vault));
        emit IVault.TokenMoved(id, payee, address(token), N, from, to, amount, Reason.Settle);
    }

    function refuseSettle(BlockResult[] memory standing, bytes memory why) private {
        vm.expectRevert(why);
        blocks.settle(id, N, standing);
    }

    function notFinal(Stage stage) private view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.NotFinal.selector, id, N, stage);
    }

    function ended() private view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.AlreadyEnded.selector, id, N, begun() + 80);
    }

    function counts(uint256 standing, uint256 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.ResultsMismatch.selector, standing, given);
    }

    function mismatch(BlockResult memory expected, BlockResult memory given)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IBlockFacts.OutputHashMismatch.selector, hashOf(expected), hashOf(given)
        );
    }
}

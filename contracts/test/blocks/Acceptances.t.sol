// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockWords, ResultWords, Stance} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {BlockScene} from "./support/BlockScene.sol";

/// Who stands for a result that it did not reveal, and what that takes back.
contract AcceptancesTest is BlockScene {
    function test_an_acceptance_is_told_whole() external {
        disputed();
        bytes32 hash = hashOf(high());
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultAccepted(id, N, 2, hash);
        vm.prank(account(2));
        blocks.acceptResult(id, N, 2, hash);
        vm.assertEq(abi.encode(lens.blockWords(id, N).acceptances[0]), abi.encode(Stance(2, 1)));
    }

    function test_the_same_again_changes_nothing_and_another_is_refused() external {
        disputed();
        accept(2, high());
        vm.recordLogs();
        accept(2, high());
        // Its binding seat speaks for the payer already.
        accept(0, low());
        vm.assertEq(vm.getRecordedLogs().length, 0);
        refuseAcceptance(2, low(), bound(2, high()));
        refuseAcceptance(0, high(), bound(0, low()));
    }

    function test_who_accepts_takes_its_own_result_back_and_leaves_its_bond() external {
        disputed();
        bytes32 hash = hashOf(low());
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultAccepted(id, N, 1, hash);
        uint256 locked = lockedOf(account(1));
        vm.prank(account(1));
        blocks.acceptResult(id, N, 1, hash);
        vm.assertEq(lockedOf(account(1)), locked, "until the block is over");
        BlockWords memory words = lens.blockWords(id, N);
        vm.assertEq(words.ownResults.length, 0);
        vm.assertTrue(words.results[1].withdrawn, "withdrawn");
        vm.assertFalse(words.results[0].withdrawn, "stands");
        // What nobody stands for is nothing to accept, until somebody reveals it again.
        refuseAcceptance(2, high(), unknown(high()));
        revealOwn(id, N, 2, high());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "stands again");
        vm.assertEq(lens.blockWords(id, N).results.length, 2);
    }

    function test_a_result_that_somebody_else_stands_for_is_not_taken_back() external {
        disputed();
        revealOwn(id, N, 2, high());
        accept(1, low());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "own one of another");
        accept(2, high());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "accepted");
    }

    function test_a_result_that_a_seat_revealed_stays_though_its_participant_accepts_another() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), false);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        reveal(id, N, 1, high());
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, high());
        accept(1, low());
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "revealed by a seat");
        // And once all stand for one, that alone is paid.
        accept(2, low());
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
        vm.assertEq(vault.balanceOf(address(token), account(1)), 1000);
    }

    function test_acceptances_are_taken_from_processing_to_the_end_of_challenge() external {
        postAll(id, N, 3);
        refuseAcceptance(1, low(), unknown(low()));
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
        accept(1, low());
        vm.warp(begun() + 99);
        uint256 before = vm.snapshotState();
        accept(2, low());
        requireStage(id, N, Stage.Final);
        vm.revertToState(before);
        vm.warp(begun() + 100);
        refuseAcceptance(2, low(), wrongStage(Stage.Final));
    }

    function test_in_a_dispute_they_are_taken_to_its_end() external {
        disputed();
        accuse(id, N, 0, 1);
        vm.warp(begun() + 40 + 999);
        accept(2, low());
        vm.warp(begun() + 40 + 1000);
        refuseAcceptance(1, low(), wrongStage(Stage.Final));
        settle(id, N, low(), high());
        refuseAcceptance(1, low(), wrongStage(Stage.Settled));
    }

    function test_before_processing_and_of_the_unknown_nothing_is_accepted() external {
        BlockResult memory result = low();
        vm.warp(begun());
        refuseAcceptance(1, result, wrongStage(Stage.Collation));
        bytes32 hash = hashOf(result);
        vm.expectRevert(unknownChannel());
        blocks.acceptResult(bytes32("nowhere"), N, 1, hash);
        vm.expectRevert(unknownBlock());
        blocks.acceptResult(id, BLOCKS_MAX, 1, hash);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.UnknownParticipant.selector, id, 3));
        blocks.acceptResult(id, N, 3, hash);
    }

    function test_the_account_or_its_own_validator_named_before_the_block_accepts() external {
        disputed();
        bytes32 hash = hashOf(low());
        address[4] memory others = [operator(2), STRANGER, validator(1), account(1)];
        for (uint256 i = 0; i < 4; i++) {
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, others[i]));
            vm.prank(others[i]);
            blocks.acceptResult(id, N, 2, hash);
        }
        uint256 now_ = block.timestamp;
        vm.warp(startOf(N));
        vm.prank(account(2));
        validators.nameOwn(validator(9), true);
        vm.warp(now_);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, validator(9)));
        vm.prank(validator(9));
        blocks.acceptResult(id, N, 2, hash);
        vm.prank(validator(2));
        blocks.acceptResult(id, N, 2, hash);
    }

    function test_a_result_that_fell_is_nothing_to_accept() external {
        disputed();
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultFell(id, N, hashOf(high()));
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 1);
        refuseAcceptance(2, high(), unknown(high()));
        bytes memory beyond =
            abi.encodeWithSelector(IBlockFacts.ResultUnknown.selector, bytes32(uint256(2)));
        vm.expectRevert(beyond);
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 2);
        // Once more is no event and no change.
        vm.recordLogs();
        vm.prank(ADJUDICATOR);
        blocks.fall(id, N, 1);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_with_a_part_every_result_that_counted_it_falls_once_questions_are_over() external {
        revealedByOne();
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, resultOf(3, 1700, 5));
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartStruck(id, N, 1);
        vm.prank(PANEL);
        blocks.strikePart(id, N, 1, 1);
        vm.assertEq(lens.blockWords(id, N).struck, 2);
        vm.warp(begun() + 160);
        vm.assertFalse(lens.blockWords(id, N).results[0].fallen, "follows, and is not written");
        vm.warp(begun() + 179);
        requireStage(id, N, Stage.Dispute);
        vm.warp(begun() + 180);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartsDecided(id, N, 5);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultFell(id, N, hashOf(low()));
        settle(id, N, resultOf(3, 1700, 5));
        ResultWords[] memory results = lens.blockWords(id, N).results;
        vm.assertTrue(results[0].fallen, "counted it");
        vm.assertFalse(results[1].fallen, "left it out");
        vm.assertEq(vault.balanceOf(address(token), account(1)), 1700);
    }

    function test_nothing_overrules_what_is_final_or_over() external {
        revealedByOne();
        vm.warp(begun() + 100);
        Stage[2] memory stages = [Stage.Final, Stage.Settled];
        for (uint256 i = 0; i < 2; i++) {
            if (i == 1) settle(id, N, low());
            vm.expectRevert(wrongStage(stages[i]));
            vm.prank(ADJUDICATOR);
            blocks.fall(id, N, 0);
            vm.expectRevert(wrongStage(stages[i]));
            vm.prank(PANEL);
            blocks.strikePart(id, N, 1, 1);
        }
    }

    function test_all_for_one_result_is_final_only_when_every_seat_has_spoken() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), false);
        commit(id, N, 2, low(), true);
        reveal(id, N, 0, low());
        reveal(id, N, 2, low());
        accept(1, low());
        requireStage(id, N, Stage.Processing);
        vm.warp(begun() + 39);
        requireStage(id, N, Stage.Processing);
        uint256 before = vm.snapshotState();
        reveal(id, N, 1, high());
        // All stand for the first, whatever the drawn validator says.
        requireStage(id, N, Stage.Final);
        vm.assertEq(lens.blockWords(id, N).agreed, 1);
        vm.revertToState(before);
        vm.warp(begun() + 40);
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
    }

    function test_all_may_agree_on_a_later_result() external {
        disputed();
        accept(2, high());
        vm.assertEq(lens.blockWords(id, N).agreed, 0);
        accept(1, high());
        // The payer's binding seat said otherwise: no agreement.
        requireStage(id, N, Stage.Dispute);
        vm.assertEq(lens.blockWords(id, N).agreed, 0);
    }

    function accept(uint8 participant, BlockResult memory result) private {
        bytes32 hash = hashOf(result);
        vm.prank(account(participant));
        blocks.acceptResult(id, N, participant, hash);
    }

    function refuseAcceptance(uint8 participant, BlockResult memory result, bytes memory why) private {
        bytes32 hash = hashOf(result);
        vm.expectRevert(why);
        vm.prank(account(participant));
        blocks.acceptResult(id, N, participant, hash);
    }

    function unknown(BlockResult memory result) private view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.ResultUnknown.selector, hashOf(result));
    }

    function bound(uint8 participant, BlockResult memory result) private view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, participant, hashOf(result));
    }
}

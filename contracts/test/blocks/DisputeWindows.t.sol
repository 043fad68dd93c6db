// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// When what may be said in a dispute, to the second, and when it ends.
contract DisputeWindowsTest is DisputeScene {
    // ── parts ──

    function test_parts_are_questioned_to_the_second() external {
        differing();
        goTo(Q - 1);
        ask(2, 0);
        freeQuestions(1);
        for (uint256 late = Q; late <= Q + 1; late++) {
            goTo(late);
            requireStage(id, N, Stage.Dispute);
            refuseQuestion(2, questionTooLate());
        }
    }

    function test_with_nothing_asked_parts_are_decided_when_questions_end() external {
        differing();
        goTo(Q - 1);
        refuseOwn(2, low(), wrongTime(begun() + 40, begun() + 100));
        refuseAccusation(0, 1, tooEarly(Q));
        goTo(Q);
        refuseOwn(2, resultOf(3, 900, 5), otherParts(ALL, 5));
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        accuse(0, 2);
    }

    function test_the_window_takes_own_results_to_the_second() external {
        differing();
        goTo(W);
        requireStage(id, N, Stage.Final);
        goTo(W - 1);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        for (uint256 late = W; late <= W + 1; late++) {
            goTo(late);
            requireStage(id, N, Stage.Dispute);
            refuseOwn(1, resultOf(3, 800, ALL), wrongTime(begun() + Q, begun() + W));
        }
    }

    function test_a_question_that_is_over_before_the_others_end_delays_nothing() external {
        differing();
        goTo(50);
        ask(2, 0);
        goTo(60);
        freeQuestions(1);
        goTo(Q - 1);
        refuseAccusation(0, 1, tooEarly(Q));
        goTo(W - 1);
        requireStage(id, N, Stage.Dispute);
        goTo(W);
        requireStage(id, N, Stage.Final);
    }

    function test_the_last_question_that_is_over_opens_the_window() external {
        differing();
        goTo(Q - 1);
        ask(2, 0);
        ask(2, 1);
        goTo(Q + 20);
        freeQuestions(1);
        // None at once is no question more, and none less.
        goTo(Q + 30);
        freeQuestions(0);
        vm.assertEq(dispute().resolvedAt, begun() + Q + 20);
        goTo(Q + 39);
        refuseAccusation(0, 1, tooEarly(Q + 20));
        refuseOwn(2, low(), wrongTime(begun() + 40, begun() + 100));
        goTo(Q + 40);
        freeQuestions(1);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        goTo(Q + 59);
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        goTo(Q + 60);
        requireStage(id, N, Stage.Dispute);
        goTo(Q + 119);
        accuse(0, 1);
        goTo(Q + 120);
        refuseAccusation(0, 2, tooLate(Q + 120));
        freeAccusations(1);
        requireStage(id, N, Stage.Final);
    }

    function test_without_results_for_what_counts_it_is_void_when_the_window_is_over() external {
        revealedBySeats([resultOf(3, 10, 3), resultOf(3, 20, 6), resultOf(3, 30, 5)]);
        goTo(Q);
        requireStage(id, N, Stage.Dispute);
        goTo(W - 1);
        requireStage(id, N, Stage.Dispute);
        vm.assertTrue(blocks.isOpen(id, N), "open");
        goTo(W);
        requireStage(id, N, Stage.Void);
        vm.assertFalse(blocks.isOpen(id, N), "open");
    }

    function test_windows_of_an_extension_follow_its_end() external {
        postAll(id, N, 3);
        goTo(60);
        revealOwn(id, N, 0, low());
        goTo(139);
        revealOwn(id, N, 1, short());
        goTo(199);
        ask(2, 0);
        goTo(200);
        freeQuestions(1);
        goTo(219);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        goTo(279);
        accuse(0, 2);
        goTo(280);
        refuseAccusation(2, 0, tooLate(280));
    }

    // ── accusations ──

    function test_results_of_the_same_parts_are_accused_for_a_challenge_period_each() external {
        disputed();
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        accuse(0, 1);
        accuse(1, 2);
        goTo(100);
        refuseAccusation(0, 2, tooLate(100));
        refuseAccusation(1, 0, tooLate(100));
        goTo(158);
        accuse(2, 0);
        goTo(159);
        refuseAccusation(2, 1, tooLate(159));
        goTo(160);
        refuseAccusation(2, 1, tooLate(159));
    }

    /// What began it came last: until then nobody had another result to accuse from.
    function test_a_result_is_accused_for_a_challenge_period_after_the_dispute_began() external {
        revealedByOne();
        goTo(99);
        revealOwn(id, N, 1, high());
        goTo(158);
        accuse(0, 1);
        for (uint256 late = 159; late <= 160; late++) {
            goTo(late);
            refuseAccusation(0, 1, tooLate(159));
        }
    }

    /// All seats committed at once, so that the dispute begins long before V.
    function test_results_before_V_are_accused_for_a_challenge_period_after_it() external {
        revealedBySeats([low(), high(), resultOf(3, 900, ALL)]);
        goTo(99);
        accuse(0, 1);
        accuse(2, 0);
        for (uint256 late = 100; late <= 101; late++) {
            goTo(late);
            refuseAccusation(1, 0, tooLate(100));
        }
        freeAccusations(2);
        requireStage(id, N, Stage.Final);
    }

    function test_in_an_extension_they_are_for_a_challenge_period_after_its_end() external {
        postAll(id, N, 3);
        goTo(60);
        revealOwn(id, N, 0, low());
        revealOwn(id, N, 1, high());
        goTo(139);
        accuse(0, 1);
        goTo(140);
        refuseAccusation(1, 0, tooLate(140));
    }

    /// Its first result came before the dispute, and none differs in its parts.
    function test_where_nobody_accuses_a_dispute_ends_with_the_last_that_could_be() external {
        disputed();
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        goTo(158);
        requireStage(id, N, Stage.Dispute);
        goTo(159);
        requireStage(id, N, Stage.Final);
        refuseAccusation(2, 1, wrongStage(Stage.Final));
    }

    function test_what_is_in_the_window_is_accused_for_a_challenge_period_after_it() external {
        differing();
        goTo(W - 1);
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        goTo(LAST - 1);
        requireStage(id, N, Stage.Dispute);
        uint256 before = vm.snapshotState();
        goTo(LAST);
        requireStage(id, N, Stage.Final);
        vm.revertToState(before);
        accuse(2, 0);
        for (uint256 late = LAST; late <= LAST + 1; late++) {
            goTo(late);
            refuseAccusation(0, 2, tooLate(LAST));
        }
    }

    /// Otherwise two could take turns to say what nobody can accuse in time.
    function test_a_result_that_stands_again_is_accused_as_if_it_had_not_been_there() external {
        disputed();
        accept(1, low());
        goTo(99);
        refuseAccusation(1, 0, unknownResult(1));
        revealOwn(id, N, 2, high());
        goTo(100);
        refuseAccusation(0, 2, tooLate(100));
        goTo(158);
        requireStage(id, N, Stage.Dispute);
        accuse(1, 0);
        goTo(159);
        refuseAccusation(1, 1, tooLate(159));
        vm.assertEq(lens.blockWords(id, N).results[1].revealedAt, begun() + 99);
    }

    /// Before there is a dispute nothing is noted for one.
    function test_a_result_that_stands_again_without_a_dispute_opens_none() external {
        revealedByOne();
        goTo(40);
        revealOwn(id, N, 1, resultOf(3, 1000, 5));
        accept(1, low());
        goTo(50);
        revealOwn(id, N, 2, resultOf(3, 1000, 5));
        requireStage(id, N, Stage.Challenge);
        vm.assertEq(dispute().revealedAt, 0);
        vm.assertFalse(lens.blockWords(id, N).results[1].withdrawn, "stands again");
    }

    function test_accusations_before_other_parts_come_go_on_and_no_new_ones_are_taken() external {
        disputed();
        accuse(1, 0);
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        refuseAccusation(0, 1, tooEarly(Q));
        goTo(100);
        vm.assertEq(fell(1).length, 1);
        freeAccusations(1);
        goTo(Q - 1);
        requireStage(id, N, Stage.Dispute);
        goTo(W);
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
    }

    // ── ends ──

    function test_a_dispute_ends_when_nothing_is_open_and_its_windows_are_over() external {
        disputed();
        accuse(1, 0);
        goTo(150);
        requireStage(id, N, Stage.Dispute);
        fell(1);
        requireStage(id, N, Stage.Dispute);
        freeAccusations(1);
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
    }

    function test_own_results_are_awaited_though_one_result_is_left() external {
        disputed();
        fell(1);
        goTo(99);
        requireStage(id, N, Stage.Dispute);
        goTo(100);
        requireStage(id, N, Stage.Final);
    }

    function test_where_one_fell_and_the_other_was_taken_back_it_is_void() external {
        disputed();
        accept(1, low());
        fell(0);
        goTo(99);
        requireStage(id, N, Stage.Dispute);
        goTo(100);
        requireStage(id, N, Stage.Void);
        blocks.releaseVoid(id, N);
    }

    function test_disputeMax_ends_all_of_it_to_the_second() external {
        disputed();
        accuse(1, 0);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        ask(2, 0);
        goTo(1039);
        requireStage(id, N, Stage.Dispute);
        vm.assertTrue(blocks.isOpen(id, N), "open");
        uint256 before = vm.snapshotState();
        fell(0);
        strike(2);
        freeAccusations(1);
        freeQuestions(1);
        vm.assertEq(dispute().questions, 0);
        vm.revertToState(before);
        for (uint256 late = 1040; late <= 1041; late++) {
            goTo(late);
            vm.assertFalse(blocks.isOpen(id, N), "open");
            refuseAll();
        }
        freeAccusations(1);
        requireStage(id, N, Stage.Final);
        BlockResult[] memory all = new BlockResult[](3);
        (all[0], all[1], all[2]) = (low(), high(), resultOf(3, 900, FIRST_TWO));
        blocks.settle(id, N, all);
    }

    /// Nothing of what was open changes anything any more, nor which parts count.
    function refuseAll() private {
        bytes32 words = keccak256(abi.encode(blocks.rawWords(id, N)));
        freeQuestions(1);
        (, uint96 amount) = charge(2, Bonds.PART);
        vm.assertEq(amount, 0);
        refuseQuestion(2, wrongStage(Stage.Final));
        refuseAccusation(0, 1, wrongStage(Stage.Final));
        vm.expectRevert(wrongStage(Stage.Final));
        fell(0);
        vm.expectRevert(wrongStage(Stage.Final));
        strike(2);
        vm.assertEq(keccak256(abi.encode(blocks.rawWords(id, N))), words);
    }

    function test_before_a_dispute_nothing_is_held_felled_or_struck() external {
        revealedByOne();
        Stage[2] memory stages = [Stage.Processing, Stage.Challenge];
        for (uint256 i = 0; i < 2; i++) {
            goTo(20 + 20 * i);
            refuseQuestion(2, wrongStage(stages[i]));
            refuseAccusation(0, 1, wrongStage(stages[i]));
            vm.expectRevert(wrongStage(stages[i]));
            fell(0);
            vm.expectRevert(wrongStage(stages[i]));
            strike(2);
        }
        vm.expectRevert(unknownBlock());
        blocks.isOpen(id, BLOCKS_MAX);
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, address(this)));
        blocks.freeQuestions(id, N, 1);
    }
}

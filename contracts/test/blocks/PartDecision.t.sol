// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ResultWords} from "../../src/interfaces/BlockTypes.sol";
import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// Which parts count once all questions are over, which results fall by it, and that it is the same whoever looks
/// first.
contract PartDecisionTest is DisputeScene {
    function test_with_nothing_asked_every_part_counts_that_a_standing_result_counts() external {
        differing();
        goTo(Q);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartsDecided(id, N, ALL);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultFell(id, N, hashOf(short()));
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        requireFallen(2);
        vm.assertTrue(dispute().decided, "decided");
        vm.assertEq(dispute().counted, ALL);
    }

    function test_a_struck_part_counts_for_nobody() external {
        differing();
        ask(2, 1);
        vm.expectEmit(address(blocks));
        emit IBlockFacts.PartStruck(id, N, 2);
        vm.assertTrue(strike(2), "struck now");
        vm.recordLogs();
        vm.assertFalse(strike(2), "struck before");
        vm.assertEq(vm.getRecordedLogs().length, 0);
        refuseQuestion(2, notInDoubt(2));
        freeQuestions(1);
        goTo(Q);
        refuseOwn(2, resultOf(3, 900, ALL), otherParts(FIRST_TWO, ALL));
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        requireFallen(1);
        vm.assertEq(dispute().counted, FIRST_TWO);
        vm.expectRevert(notInDoubt(0));
        strike(0);
    }

    function test_where_no_result_counts_all_of_them_others_do_in_the_window() external {
        revealedBySeats([resultOf(3, 10, 3), resultOf(3, 20, 6), resultOf(3, 30, 5)]);
        goTo(Q);
        revealOwn(id, N, 0, resultOf(3, 40, ALL));
        requireFallen(7);
        goTo(W);
        requireStage(id, N, Stage.Final);
        settle(id, N, resultOf(3, 40, ALL));
        vm.assertEq(vault.balanceOf(address(token), account(1)), 40);
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(stakeOf(i), 1 ether - Bonds.SEAT, "left out unasked what counts");
        }
        vm.assertEq(freeOf(Bonds.BURN), 3 * Bonds.SEAT);
    }

    function test_where_no_result_counts_all_of_them_and_none_comes_it_is_void() external {
        revealedBySeats([resultOf(3, 10, 3), resultOf(3, 20, 6), resultOf(3, 30, 5)]);
        goTo(W);
        blocks.releaseVoid(id, N);
        requireFallen(7);
        requireStage(id, N, Stage.Void);
        vm.assertEq(freeOf(Bonds.BURN), 3 * Bonds.SEAT);
    }

    /// What fell for its tree, or was taken back, makes no part count.
    function test_parts_of_results_that_stand_no_more_do_not_count() external {
        disputed();
        accuse(1, 0);
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        fell(0);
        fell(1);
        freeAccusations(1);
        goTo(Q);
        revealOwn(id, N, 0, resultOf(3, 800, FIRST_TWO));
        vm.assertEq(dispute().counted, FIRST_TWO);
        requireFallen(3);
        vm.assertEq(quarrel().burntSeats | quarrel().burntOwn, 0);
    }

    function test_parts_of_what_was_taken_back_do_not_count() external {
        postAll(id, N, 3);
        commit(id, N, 0, resultOf(3, 10, FIRST_TWO), true);
        goTo(20);
        reveal(id, N, 0, resultOf(3, 10, FIRST_TWO));
        goTo(40);
        revealOwn(id, N, 1, low());
        accept(1, resultOf(3, 10, FIRST_TWO));
        refuseQuestion(2, notInDoubt(2));
        goTo(W);
        settle(id, N, resultOf(3, 10, FIRST_TWO));
        vm.assertEq(dispute().counted, FIRST_TWO);
        requireFallen(2);
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(freeOf(Bonds.BURN), 0, "it counted a part too many, and left none out");
    }

    // ── one result more ──

    function test_a_bond_is_carried_over_where_the_part_was_questioned() external {
        differing();
        ask(2, 1);
        goTo(Q - 1);
        freeQuestions(1);
        goTo(Q);
        uint256 free = freeOf(account(1));
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        vm.assertEq(freeOf(account(1)), free);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
        vm.assertEq(freeOf(Bonds.BURN), 0);
        refuseOwn(1, resultOf(3, 700, ALL), alreadyRevealed(1));
        // Also where this one fell.
        forfeitsOf(2);
        refuseOwn(1, resultOf(3, 700, ALL), alreadyRevealed(1));
        goTo(W);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT, "the Adjudicator has it");
    }

    function forfeitsOf(uint8 result) private {
        requireForfeits(fell(result), one(account(1), Bonds.OWN_RESULT));
    }

    function test_a_bond_that_is_burnt_is_not_carried_over() external {
        differing();
        goTo(Q);
        uint256 free = freeOf(account(1));
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        vm.assertEq(freeOf(account(1)), free - Bonds.OWN_RESULT, "a new one");
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT, "once");
        vm.assertEq(quarrel().burntOwn, 0);
        goTo(LAST);
        settle(id, N, low(), resultOf(3, 800, ALL));
        vm.assertEq(freeOf(account(1)), free + Bonds.PART);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
    }

    function test_a_bond_that_others_have_is_not_carried_over() external {
        disputed();
        accuse(1, 0);
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        forfeitsOf(1);
        freeAccusations(1);
        goTo(Q);
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        vm.assertEq(lockedOf(account(1)), Bonds.PART + 2 * uint256(Bonds.OWN_RESULT));
        vm.assertEq(dispute().lostOwn, 0);
        forfeitsOf(3);
        vm.assertEq(dispute().lostOwn, 2);
    }

    /// What fell for its tree before is neither burnt for its parts nor told once more.
    function test_what_is_lost_before_parts_are_decided_is_lost_once() external {
        postAll(id, N, 3);
        commit(id, N, 0, resultOf(3, 1000, FIRST_TWO), false);
        goTo(20);
        reveal(id, N, 0, resultOf(3, 1000, FIRST_TWO));
        goTo(40);
        revealOwn(id, N, 1, short());
        accuse(1, 0);
        goTo(99);
        revealOwn(id, N, 2, low());
        requireForfeits(fell(0), one(validator(0), Bonds.SEAT));
        forfeitsOf(1);
        freeAccusations(1);
        goTo(Q);
        vm.recordLogs();
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        // Which parts count, the result, and the new bond.
        vm.assertEq(vm.getRecordedLogs().length, 3);
        vm.assertEq(quarrel().burntSeats | quarrel().burntOwn, 0);
        vm.assertEq(freeOf(Bonds.BURN), 0);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + 2 * uint256(Bonds.OWN_RESULT));
    }

    /// Its bond was lost when it took back what was accused; what it accepted instead fell then.
    function test_a_bond_that_waits_to_be_fetched_is_burnt_before_a_new_one() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), false);
        goTo(20);
        reveal(id, N, 0, low());
        goTo(40);
        revealOwn(id, N, 1, high());
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        accuse(1, 0);
        accept(1, resultOf(3, 900, ALL));
        goTo(99);
        revealOwn(id, N, 0, resultOf(3, 900, FIRST_TWO));
        fell(2);
        goTo(Q);
        revealOwn(id, N, 1, resultOf(3, 800, ALL));
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
        vm.assertEq(lockedOf(account(1)), Bonds.PART + Bonds.OWN_RESULT);
        vm.assertEq(takenBack(1).length, 0, "burnt before");
        vm.assertEq(dispute().forfeitable | dispute().lostOwn & 2 | quarrel().takenBack, 0);
    }

    function test_who_stands_for_what_counts_reveals_no_other() external {
        differing();
        goTo(Q);
        bytes memory why =
            abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, uint8(0), hashOf(low()));
        refuseOwn(0, resultOf(3, 5, ALL), why);
    }

    function test_before_parts_are_decided_nobody_reveals_twice() external {
        disputed();
        accuse(1, 0);
        forfeitsOf(1);
        refuseOwn(1, resultOf(3, 5, ALL), alreadyRevealed(1));
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        accept(2, low());
        fell(0);
        refuseOwn(2, resultOf(3, 5, ALL), alreadyRevealed(2));
    }

    function test_whose_own_result_counts_the_right_parts_reveals_no_other() external {
        differing();
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        goTo(Q);
        refuseOwn(2, resultOf(3, 5, ALL), alreadyRevealed(2));
    }

    // ── whose bond is burnt ──

    function test_a_bond_is_burnt_at_the_end_where_nobody_standing_for_it_questioned() external {
        differing();
        // By who stands for another.
        ask(2, 0);
        ask(2, 2);
        freeQuestions(2);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
        vm.assertEq(lockedOf(account(1)), 0);
    }

    function test_whoever_stands_for_a_result_questions_for_it() external {
        differing();
        accept(2, short());
        ask(2, 2);
        requireNothingBurnt(1);
    }

    /// What it says anew takes nothing from what it asked.
    function test_who_took_a_result_back_has_questioned_for_it() external {
        differing();
        ask(2, 1);
        accept(1, low());
        requireNothingBurnt(1);
    }

    function test_every_part_left_out_must_have_been_questioned() external {
        revealedByOne();
        goTo(40);
        revealOwn(id, N, 1, resultOf(3, 1700, 1));
        ask(2, 1);
        uint256 before = vm.snapshotState();
        ask(1, 1);
        requireNothingBurnt(2);
        vm.revertToState(before);
        freeQuestions(1);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT);
    }

    function test_a_seat_is_spared_by_the_question_of_its_participant_alone() external {
        revealedBySeats([low(), resultOf(3, 1700, FIRST_TWO), resultOf(3, 20, FIRST_TWO)]);
        ask(2, 1);
        freeQuestions(1);
        goTo(Q);
        revealOwn(id, N, 0, resultOf(3, 5, ALL));
        vm.assertEq(quarrel().burntSeats, 4);
        requireFallen(6);
        goTo(LAST);
        settle(id, N, low(), resultOf(3, 5, ALL));
        vm.assertEq(stakeOf(1), 1 ether);
        vm.assertEq(stakeOf(2), 1 ether - Bonds.SEAT);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.SEAT);
    }

    function test_a_silent_seat_pays_for_its_silence_alone() external {
        postAll(id, N, 3);
        commit(id, N, 0, short(), false);
        commit(id, N, 2, short(), false);
        goTo(20);
        reveal(id, N, 0, short());
        goTo(40);
        revealOwn(id, N, 1, low());
        goTo(W);
        settle(id, N, low());
        vm.assertEq(stakeOf(0), 1 ether - Bonds.SEAT);
        vm.assertEq(stakeOf(2), 1 ether - Bonds.SILENCE);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.SEAT + Bonds.SILENCE);
    }

    function requireNothingBurnt(uint8 questions) private {
        freeQuestions(questions);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(freeOf(Bonds.BURN), 0);
        vm.assertEq(lockedOf(account(1)), 0);
    }

    // ── whoever looks first ──

    /// The words that tell of it, after each act that may be the first since, and when nothing wrote it before.
    function test_it_is_the_same_by_whichever_act_it_is_written() external {
        accusedAndDiffering();
        bytes32 expected;
        for (uint256 act = 0; act < 9; act++) {
            uint256 before = vm.snapshotState();
            goTo(W - 1);
            actFirst(act);
            vm.assertTrue(dispute().decided, "written");
            bytes32 words = decisionWords();
            if (act == 0) expected = words;
            vm.assertEq(words, expected, "by whom");
            requireFallen(8);
            vm.revertToState(before);
        }
    }

    /// An accusation of result 2 was begun before result 3, which leaves a part out, came, and failed.
    function accusedAndDiffering() private {
        postAll(id, N, 3);
        commit(id, N, 0, low(), false);
        commit(id, N, 2, resultOf(3, 5, ALL), false);
        goTo(20);
        reveal(id, N, 0, low());
        reveal(id, N, 2, resultOf(3, 5, ALL));
        goTo(40);
        revealOwn(id, N, 1, high());
        accuse(2, 0);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        accept(0, resultOf(3, 900, FIRST_TWO));
        ask(2, 0);
        freeQuestions(1);
        accuseAgainAndTakeBack();
    }

    function accuseAgainAndTakeBack() private {
        accept(1, low());
        goTo(99);
        vm.assertEq(dispute().forfeitable, 2);
    }

    function actFirst(uint256 act) private {
        if (act == 0) {
            goTo(1020);
            settle(id, N, low(), resultOf(3, 5, ALL));
        }
        if (act == 1) freeAccusations(1);
        if (act == 2) accept(0, low());
        if (act == 3) vm.assertEq(takenBack(2).length, 1);
        if (act == 4) revealOwn(id, N, 2, resultOf(3, 7, ALL));
        if (act == 5) accuse(0, 2);
        if (act == 6) charge(2, Bonds.PART);
        if (act == 7) freeQuestions(0);
        if (act == 8) {
            goTo(1019);
            accept(2, low());
        }
    }

    function decisionWords() private view returns (bytes32) {
        return keccak256(abi.encode(dispute().counted, quarrel().fallen, quarrel().burntSeats));
    }

    // ── what all agreed on ──

    /// Agreement before questions end is not undone by time: neither the money, nor the bonds, nor the stage.
    function test_what_all_agreed_on_is_paid_the_same_before_and_after_parts_would_be_decided() external {
        revealedBySeats([resultOf(3, 10, 3), resultOf(3, 20, 6), resultOf(3, 30, 5)]);
        for (uint256 i = 0; i < 3; i++) {
            accept(i, resultOf(3, 10, 3));
        }
        requireStage(id, N, Stage.Final);
        uint256[3] memory times = [uint256(2), Q, 2000];
        for (uint256 k = 0; k < 3; k++) {
            uint256 before = vm.snapshotState();
            goTo(times[k]);
            requireStage(id, N, Stage.Final);
            settle(id, N, resultOf(3, 10, 3));
            goTo(3000);
            requireStage(id, N, Stage.Settled);
            requireFallen(0);
            vm.assertEq(freeOf(Bonds.BURN), 0);
            for (uint256 i = 0; i < 3; i++) {
                vm.assertEq(stakeOf(i), 1 ether);
            }
            vm.revertToState(before);
        }
    }

    function test_views_tell_of_it_before_it_is_written_and_of_the_time_before_it() external {
        revealedBySeats([resultOf(3, 10, 3), resultOf(3, 20, 6), resultOf(3, 30, 5)]);
        vm.assertEq(uint256(blocks.stageAt(id, N, uint64(begun() + W - 1))), uint256(Stage.Dispute));
        vm.assertEq(uint256(blocks.stageAt(id, N, uint64(begun() + W))), uint256(Stage.Void));
        goTo(2000);
        vm.assertEq(uint256(blocks.stageAt(id, N, uint64(begun() + W - 1))), uint256(Stage.Dispute));
        requireFallen(0);
    }

    /// With a question open until disputeMax it is never decided, and all that stand are paid the least.
    function test_what_is_not_decided_in_disputeMax_is_never_decided() external {
        differing();
        ask(2, 1);
        goTo(1040);
        settle(id, N, low(), short());
        goTo(5000);
        freeQuestions(1);
        requireStage(id, N, Stage.Settled);
        vm.assertFalse(dispute().decided, "decided");
        requireFallen(0);
        vm.assertEq(freeOf(Bonds.BURN), 0);
    }

    function requireFallen(uint256 expected) private view {
        ResultWords[] memory results = lens.blockWords(id, N).results;
        uint256 fallen = 0;
        for (uint256 i = 0; i < results.length; i++) {
            if (results[i].fallen) fallen |= 1 << i;
        }
        vm.assertEq(fallen, expected, "fallen");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {IDisputedBonds} from "../../src/interfaces/IDisputedBonds.sol";
import {Forfeit} from "../../src/interfaces/IBlockSeams.sol";
import {Reason, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// What is lost in a dispute, to whom it is handed, and that it is handed over once.
contract DisputeBondsTest is DisputeScene {
    Forfeit[] private none;

    // ── what fell ──

    function test_a_fall_hands_over_the_bonds_of_all_who_posted_it_once() external {
        revealedBySeats([low(), high(), low()]);
        goTo(40);
        revealOwn(id, N, 2, high());
        vm.expectEmit(address(blocks));
        emit IBlockFacts.ResultFell(id, N, hashOf(high()));
        Forfeit[] memory given = fell(1);
        requireForfeits(
            given, two(Forfeit(validator(1), Bonds.SEAT), Forfeit(account(2), Bonds.OWN_RESULT))
        );
        requireForfeits(fell(1), none);
        requireForfeits(takenBack(1), none);
        vm.assertEq(dispute().lostSeats, 2);
        vm.assertEq(dispute().lostOwn, 4);
        requireForfeits(fell(0), two(Forfeit(validator(0), Bonds.SEAT), Forfeit(validator(2), Bonds.SEAT)));
        goTo(100);
        blocks.releaseVoid(id, N);
        requireForfeits(takenBack(1), none);
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(lockedOf(validator(i)), Bonds.SEAT, "the Adjudicator has it");
            vm.assertEq(lockedOf(account(i)), i == 2 ? Bonds.OWN_RESULT : 0);
        }
    }

    /// What fell for its parts is no lie that somebody proved.
    function test_what_fell_for_its_parts_hands_over_nothing() external {
        disputed();
        accuse(1, 0);
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        goTo(Q);
        requireForfeits(fell(2), none);
        vm.assertEq(quarrel().fallen, 4);
        freeAccusations(1);
        goTo(LAST);
        settle(id, N, low(), high());
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT, "left out unasked what counts");
    }

    function test_nobody_agrees_any_more_on_what_fell() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), false);
        commit(id, N, 2, high(), false);
        reveal(id, N, 0, low());
        reveal(id, N, 1, high());
        accept(1, low());
        accept(2, low());
        vm.assertEq(quarrel().agreed, 1);
        // The last seat may still reveal: not final yet.
        fell(0);
        vm.assertEq(quarrel().agreed, 0);
        requireStage(id, N, Stage.Dispute);
        for (uint256 i = 0; i < 3; i++) {
            accept(i, high());
        }
        vm.assertEq(quarrel().agreed, 2);
        goTo(40);
        settle(id, N, high());
        vm.assertEq(lockedOf(validator(0)), Bonds.SEAT, "the Adjudicator has it");
    }

    function test_another_result_that_fell_leaves_an_agreement_alone() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), false);
        commit(id, N, 2, high(), false);
        reveal(id, N, 0, low());
        reveal(id, N, 1, high());
        accept(1, low());
        accept(2, low());
        fell(1);
        vm.assertEq(quarrel().agreed, 1);
    }

    /// Though the same amounts are paid: who did the work is whoever's tree stood.
    function test_a_validator_whose_tree_fell_has_no_fee() external {
        postAll(id, N, 3);
        BlockResult memory same = low();
        same.impressionCount = 6;
        for (uint256 i = 0; i < 3; i++) {
            Delegation memory delegation = delegationOf(id, N, i, false);
            delegation.feeWei = 5;
            commit(delegation, commitmentOf(id, N, validator(i), i == 0 ? low() : i == 1 ? same : high()));
        }
        reveal(id, N, 0, low());
        reveal(id, N, 1, same);
        reveal(id, N, 2, high());
        fell(1);
        fell(2);
        goTo(100);
        settle(id, N, low());
        vm.assertEq(freeOf(validator(0)), 5);
        vm.assertEq(freeOf(validator(1)), 0);
        vm.assertEq(freeOf(account(1)), 10 ether);
        vm.assertEq(freeOf(account(2)), 10 ether);
    }

    function test_whose_binding_seat_spoke_after_what_it_accepted_fell_is_held_to_the_seat() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        commit(id, N, 1, high(), false);
        commit(id, N, 2, resultOf(3, 5, ALL), false);
        reveal(id, N, 1, high());
        reveal(id, N, 2, resultOf(3, 5, ALL));
        accept(0, high());
        fell(0);
        reveal(id, N, 0, low());
        bytes32 hash = hashOf(resultOf(3, 5, ALL));
        vm.expectRevert(
            abi.encodeWithSelector(IBlockFacts.AlreadyBound.selector, id, N, uint8(0), hashOf(low()))
        );
        vm.prank(account(0));
        blocks.acceptResult(id, N, 0, hash);
    }

    // ── what was taken back ──

    function test_what_is_taken_back_after_it_was_accused_is_handed_over_once() external {
        disputed();
        requireForfeits(takenBack(1), none);
        accuse(1, 0);
        requireForfeits(takenBack(1), none);
        accept(1, low());
        requireForfeits(takenBack(0), none);
        requireForfeits(takenBack(1), one(account(1), Bonds.OWN_RESULT));
        requireForfeits(takenBack(1), none);
        requireForfeits(fell(1), none);
        freeAccusations(1);
        goTo(100);
        settle(id, N, low());
        requireForfeits(takenBack(1), none);
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT, "the Adjudicator has it");
    }

    function test_what_is_taken_back_is_handed_over_after_the_end_too() external {
        disputed();
        accuse(1, 0);
        accept(1, low());
        accept(2, low());
        requireStage(id, N, Stage.Final);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT);
        requireForfeits(takenBack(1), one(account(1), Bonds.OWN_RESULT));
        requireForfeits(takenBack(1), none);
        freeAccusations(1);
        vm.assertEq(dispute().accusations, 0);
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT, "the Adjudicator has it");
    }

    /// Nobody is left who could fetch it: it stays with nobody.
    function test_what_was_taken_back_and_nobody_can_fetch_is_burnt_at_the_end() external {
        disputed();
        accuse(1, 0);
        freeAccusations(1);
        accept(1, low());
        goTo(100);
        expectWei(account(1), Bonds.BURN, WeiBook.Locked, WeiBook.Free, Bonds.OWN_RESULT, Reason.Burnt);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), 0);
        requireForfeits(takenBack(1), none);
    }

    function test_what_was_taken_back_unaccused_comes_back() external {
        disputed();
        revealOwn(id, N, 2, high());
        accept(1, low());
        accuse(1, 0);
        freeAccusations(1);
        // And only what it took back then: what others did with it since is theirs.
        requireForfeits(takenBack(1), none);
        goTo(100);
        settle(id, N, low(), high());
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(freeOf(Bonds.BURN), 0);
    }

    function test_who_took_back_and_accepts_once_more_takes_nothing_back_again() external {
        disputed();
        revealOwn(id, N, 2, high());
        accept(1, low());
        accuse(1, 0);
        fell(0);
        revealOwn(id, N, 0, resultOf(3, 900, ALL));
        accept(1, resultOf(3, 900, ALL));
        vm.assertEq(dispute().forfeitable, 0);
    }

    function test_a_fall_takes_what_was_taken_back_as_well() external {
        disputed();
        revealOwn(id, N, 2, high());
        accuse(1, 0);
        accept(1, low());
        Forfeit[] memory given = fell(1);
        requireForfeits(
            given, two(Forfeit(account(1), Bonds.OWN_RESULT), Forfeit(account(2), Bonds.OWN_RESULT))
        );
        requireForfeits(takenBack(1), none);
        vm.assertEq(dispute().forfeitable, 0);
    }

    /// It did not take back what had fallen already, accused or not.
    function test_who_accepts_what_counts_after_its_own_fell_keeps_the_bond() external {
        postAll(id, N, 3);
        commit(id, N, 0, resultOf(3, 1000, FIRST_TWO), true);
        goTo(20);
        reveal(id, N, 0, resultOf(3, 1000, FIRST_TWO));
        goTo(40);
        revealOwn(id, N, 1, short());
        accuse(1, 0);
        revealOwn(id, N, 2, low());
        ask(2, 1);
        freeQuestions(1);
        goTo(Q);
        accept(1, low());
        vm.assertEq(quarrel().fallen, 3);
        vm.assertEq(dispute().forfeitable | quarrel().takenBack, 0);
        freeAccusations(1);
        requireForfeits(takenBack(1), none);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.SEAT, "the other one asked nothing");
    }

    // ── what all agreed on ──

    function test_agreement_ends_all_at_once_with_what_is_open() external {
        disputed();
        accuse(1, 0);
        accuse(0, 1);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        ask(2, 0);
        ask(2, 1);
        accept(1, low());
        accept(2, low());
        requireStage(id, N, Stage.Final);
        vm.assertFalse(blocks.isOpen(id, N), "open");
        freeQuestions(2);
        requireForfeits(takenBack(1), one(account(1), Bonds.OWN_RESULT));
        freeAccusations(2);
        (, uint96 amount) = charge(2, 1);
        vm.assertEq(amount, 0);
        vm.expectRevert(wrongStage(Stage.Final));
        strike(2);
        vm.expectRevert(wrongStage(Stage.Final));
        fell(0);
        settle(id, N, low());
        vm.assertEq(dispute().questions, 2);
        vm.assertEq(dispute().accusations, 0);
        // Accused and taken back: lost. Neither: it comes back.
        vm.assertEq(lockedOf(account(1)), Bonds.OWN_RESULT);
        vm.assertEq(lockedOf(account(2)), 0);
        requireForfeits(takenBack(0), none);
        requireForfeits(takenBack(2), none);
        goTo(5000);
        requireStage(id, N, Stage.Settled);
    }

    // ── parts ──

    function test_no_more_of_a_parts_bond_is_handed_over_than_there_is() external {
        differing();
        ask(2, 0);
        (address owner, uint96 charged) = charge(2, 0.004 ether);
        vm.assertEq(owner, account(2));
        vm.assertEq(charged, 0.004 ether);
        (, charged) = charge(2, 0);
        vm.assertEq(charged, 0);
        (, charged) = charge(2, 0.007 ether);
        vm.assertEq(charged, 0.006 ether);
        (owner, charged) = charge(2, 1);
        vm.assertEq(owner, account(2));
        vm.assertEq(charged, 0);
        freeQuestions(1);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(2)), Bonds.PART, "the Panel has it");
        vm.assertEq(lockedOf(account(0)), 0);
        (, charged) = charge(0, 1);
        vm.assertEq(charged, 0);
    }

    /// What its panel did not cost of the bond of a part that counts comes back.
    function test_the_rest_of_the_bond_of_a_part_that_counts_comes_back() external {
        differing();
        ask(2, 0);
        charge(2, 0.004 ether);
        freeQuestions(1);
        goTo(W);
        settle(id, N, low());
        vm.assertEq(lockedOf(account(2)), 0.004 ether);
        vm.assertEq(freeOf(Bonds.BURN), Bonds.OWN_RESULT, "who left it out without asking");
    }

    /// Of all whose questions were upheld, and not of whoever was looked at first; of each once.
    function test_half_of_a_struck_parts_bond_is_shared_by_all_who_were_right() external {
        differing();
        ask(2, 0);
        ask(2, 1);
        charge(2, 0.004 ether);
        vm.assertTrue(strike(2, 2), "new");
        vm.assertFalse(strike(2, 3), "struck before");
        vm.assertFalse(strike(2, 2), "struck before");
        freeQuestions(2);
        uint256[3] memory before = [freeOf(account(0)), freeOf(account(1)), freeOf(account(2))];
        goTo(W);
        expectWei(account(2), account(0), WeiBook.Locked, WeiBook.Free, 0.0015 ether, Reason.Prover);
        expectWei(account(2), account(1), WeiBook.Locked, WeiBook.Free, 0.0015 ether, Reason.Prover);
        expectWei(account(2), Bonds.BURN, WeiBook.Locked, WeiBook.Free, 0.003 ether, Reason.Burnt);
        settle(id, N, short());
        vm.assertEq(lockedOf(account(2)), 0.004 ether, "the Panel has it");
        vm.assertEq(freeOf(account(0)) - before[0], Bonds.PART + 0.0015 ether);
        vm.assertEq(freeOf(account(1)) - before[1], Bonds.PART + Bonds.OWN_RESULT + 0.0015 ether);
        vm.assertEq(freeOf(account(2)), before[2]);
        vm.assertEq(freeOf(Bonds.BURN), 0.003 ether);
    }

    /// Whatever does not divide is burnt, and an owner that proves its own part's fault has no more than half back.
    function test_an_owner_that_strikes_its_own_part_loses_half() external {
        differing();
        strike(2, 4);
        uint256 before = freeOf(account(2));
        goTo(W);
        settle(id, N, short());
        vm.assertEq(freeOf(account(2)) - before, Bonds.PART / 2);
        vm.assertEq(lockedOf(account(2)), 0);
    }

    /// Nothing that a striker says keeps a block from ending.
    function test_without_a_prover_all_of_it_is_burnt() external {
        differing();
        strike(2, 0);
        goTo(W);
        settle(id, N, short());
        vm.assertEq(freeOf(Bonds.BURN), Bonds.PART);
    }

    function test_only_blocks_itself_returns_bonds_of_parts() external {
        differing();
        strike(2);
        address[5] memory callers = [ADJUDICATOR, QUESTIONS, PANEL, STRANGER, account(0)];
        for (uint256 i = 0; i < 5; i++) {
            vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, callers[i]));
            vm.prank(callers[i]);
            IDisputedBonds(address(blocks)).returnDisputed(id, N);
        }
    }

    function test_three_provers_have_a_third_of_the_half_each_and_the_rest_is_burnt() external {
        differing();
        strike(2, 7);
        goTo(W);
        settle(id, N, short());
        uint256 third = uint256(Bonds.PART) / 6;
        vm.assertEq(freeOf(Bonds.BURN), Bonds.PART - 3 * third);
    }

    /// Also where nothing stands in the end.
    function test_a_void_block_pays_what_its_struck_parts_owe() external {
        revealedBySeats([low(), high(), resultOf(3, 900, 5)]);
        ask(1, 0);
        strike(1, 1);
        strike(2, 1);
        freeQuestions(1);
        goTo(W);
        requireStage(id, N, Stage.Void);
        uint256 before = freeOf(account(0));
        blocks.releaseVoid(id, N);
        vm.assertEq(freeOf(account(0)) - before, 2 * uint256(Bonds.PART));
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(lockedOf(account(2)), 0);
    }

    /// Before it is decided which parts count, a fault of a struck part may be shown once more, and no later.
    function test_a_struck_part_takes_proofs_and_no_questions() external {
        differing();
        strike(2, 1);
        refuseQuestion(2, notInDoubt(2));
        vm.startPrank(QUESTIONS);
        (uint8 participant, address account_,) = blocks.holdProof(id, N, 2, account(1));
        vm.assertEq(participant, 1);
        vm.assertEq(account_, account(1));
        vm.assertEq(dispute().questions, 1);
        blocks.freeQuestions(id, N, 1);
        vm.expectRevert(notInDoubt(1));
        blocks.holdProof(id, N, 1, account(1));
        goTo(Q);
        vm.expectRevert(questionTooLate());
        blocks.holdProof(id, N, 2, account(1));
        vm.stopPrank();
    }
}

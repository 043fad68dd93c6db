// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IQuestions, OpenedRow} from "../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {ISegmentRules} from "../../src/disputes/ISegmentRules.sol";
import {IBlockSeams} from "../../src/interfaces/IBlockSeams.sol";
import {IVault, WeiBook} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {RecordProof} from "../../src/lib/RecordProof.sol";
import {QuestionScene} from "./support/QuestionScene.sol";

/// Questions about one row: asked, answered or not, and what becomes of the bonds.
contract RowQuestionsTest is QuestionScene {
    // ── asking ──

    function test_a_question_locks_the_askers_bond_and_starts_the_clock() public {
        Part memory part = goodPart();
        doubt(part);
        vm.expectEmit(address(questions));
        emit IQuestions.RowAsked(id, N, OWNER, 1, 2, ASKED_AT + ANSWER);
        ask(1, part, 2);
        vm.assertEq(freeOf(account(1)), 10 ether - Bonds.QUESTION);
        vm.assertEq(lockedOf(account(1)), Bonds.QUESTION);
        vm.assertEq(seams.questionsHeld(id, N), 1);
        (uint16 asked, uint16 open_, bool struck, uint32[16] memory rows) =
            questions.questionsOf(id, N, OWNER);
        vm.assertEq(asked, 2);
        vm.assertEq(open_, 2);
        vm.assertFalse(struck, "struck");
        vm.assertEq(rows[1], 2);
        vm.assertEq(rowNow(2).asker, 1);
        vm.assertEq(rowNow(2).until, ASKED_AT + ANSWER);
        vm.assertEq(rowNow(2).publisher, address(0));
    }

    function test_an_operator_key_asks_for_its_account() public {
        Part memory part = goodPart();
        doubt(part);
        PartFacts memory facts = factsOf(part);
        vm.prank(operator(3));
        questions.askRow(id, N, OWNER, facts, 0);
        vm.assertEq(lockedOf(account(3)), Bonds.QUESTION);
        vm.assertEq(lockedOf(operator(3)), 0);
    }

    function test_who_cannot_pay_the_bond_cannot_ask() public {
        Part memory part = goodPart();
        doubt(part);
        PartFacts memory facts = factsOf(part);
        vm.startPrank(account(1));
        vault.withdraw(address(0), STRANGER, 10 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.WeiTooLittle.selector, account(1), WeiBook.Free, 0, Bonds.QUESTION
            )
        );
        questions.askRow(id, N, OWNER, facts, 0);
    }

    function test_a_participant_asks_about_one_row_of_a_part() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 2);
        PartFacts memory facts = factsOf(part);
        vm.startPrank(account(1));
        for (uint32 i = 0; i < 3; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IQuestions.AlreadyAsked.selector, id, N, OWNER, uint8(1))
            );
            questions.askRow(id, N, OWNER, facts, i);
        }
    }

    function test_no_row_outside_of_the_part_is_asked_about() public {
        Part memory part = goodPart();
        doubt(part);
        PartFacts memory facts = factsOf(part);
        vm.startPrank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IQuestions.RowUnknown.selector, uint32(3), uint32(3)));
        questions.askRow(id, N, OWNER, facts, 3);
    }

    function test_an_empty_part_has_no_row() public {
        PartFacts memory facts = PartFacts(0, 0, sha256(""));
        doubtFacts(facts);
        vm.prank(account(1));
        vm.expectRevert(abi.encodeWithSelector(IQuestions.RowUnknown.selector, uint32(0), uint32(0)));
        questions.askRow(id, N, OWNER, facts, 0);
    }

    function test_nobody_asks_about_facts_that_were_not_posted() public {
        Part memory part = goodPart();
        doubt(part);
        for (uint256 i = 0; i < 3; i++) {
            PartFacts memory facts = factsOf(part);
            if (i == 0) facts.partRoot = keccak256("other");
            if (i == 1) facts.segmentCount++;
            if (i == 2) facts.indexHash = keccak256("other");
            vm.expectRevert(factsRefusal(part, facts));
            vm.prank(account(1));
            questions.askRow(id, N, OWNER, facts, 0);
        }
    }

    // ── nobody answers ──

    function test_a_row_that_nobody_publishes_in_time_strikes_the_part() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 2);
        vm.warp(ASKED_AT + ANSWER - 1);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.QuestionUndecided.selector, ASKED_AT + ANSWER));
        conclude(1);
        vm.warp(ASKED_AT + ANSWER);
        vm.expectEmit(address(questions));
        emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.RowUnanswered, account(1));
        vm.expectEmit(address(questions));
        emit IQuestions.QuestionEnded(id, N, OWNER, 1, false);
        conclude(1);
        requireStruckBy(2);
        requireGains([int256(0), 0, -10, 0]);
        requireNothingOpen();
    }

    /// Whoever concludes, and whosever question it is: all who asked about the row were right.
    function test_all_askers_of_the_row_have_a_share_and_their_bonds_and_other_rows_go_on() public {
        Part memory part = goodPart();
        doubt(part);
        ask(3, part, 2);
        vm.warp(ASKED_AT + 5);
        ask(1, part, 2);
        ask(0, part, 0);
        vm.assertEq(rowNow(2).until, ASKED_AT + ANSWER);
        vm.warp(ASKED_AT + ANSWER);
        // It is told as found by who asked first.
        vm.expectEmit(address(questions));
        emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.RowUnanswered, account(3));
        conclude(1);
        requireStruckBy(10);
        requireGains([int256(-10), 0, -10, 0]);
        vm.assertEq(seams.questionsHeld(id, N), 1);
        for (uint256 i = 1; i < 4; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IQuestions.QuestionNotOpen.selector, id, N, OWNER, uint8(i))
            );
            conclude(i);
        }
        // Row 0 is good, and decided by itself: who asked about it loses its bond.
        publish(account(3), part, 0);
        vm.warp(ASKED_AT + 2 * ANSWER);
        conclude(0);
        requireStruckBy(10);
        requireGains([int256(-10), 0, -10, 10]);
        requireNothingOpen();
    }

    /// The owner's friend asks first about one row, somebody honest about another: neither is left without a share.
    function test_who_is_right_about_another_row_has_its_share_though_the_part_is_struck() public {
        Part memory part = goodPart();
        doubt(part);
        ask(3, part, 2);
        vm.warp(ASKED_AT + 1);
        ask(1, part, 0);
        vm.warp(ASKED_AT + ANSWER);
        conclude(3);
        requireStruckBy(8);
        vm.warp(ASKED_AT + ANSWER + 1);
        vm.expectEmit(address(questions));
        emit IQuestions.FaultFound(id, N, OWNER, IQuestions.Fault.RowUnanswered, account(1));
        conclude(1);
        requireStruckBy(10);
        requireGains([int256(0), 0, -10, 0]);
        requireNothingOpen();
    }

    function test_nobody_asks_about_a_row_that_time_has_decided() public {
        Part memory part = goodPart();
        doubt(part);
        ask(3, part, 2);
        PartFacts memory facts = factsOf(part);
        for (uint256 late = ANSWER; late <= ANSWER + 1; late++) {
            vm.warp(ASKED_AT + late);
            vm.expectRevert(abi.encodeWithSelector(IQuestions.RowTooLate.selector, ASKED_AT + ANSWER));
            vm.prank(account(1));
            questions.askRow(id, N, OWNER, facts, 2);
        }
        vm.warp(ASKED_AT + ANSWER - 1);
        ask(1, part, 2);
        vm.warp(ASKED_AT + ANSWER);
        conclude(3);
        requireStruckBy(10);
    }

    function test_an_owner_asks_about_its_own_part_as_others_do() public {
        Part memory part = goodPart();
        doubt(part);
        ask(OWNER, part, 0);
        vm.warp(ASKED_AT + ANSWER);
        conclude(OWNER);
        requireStruckBy(4);
        requireGains([int256(0), 0, -10, 0]);
    }

    // ── published ──

    function test_a_good_row_refutes_the_question_and_its_publisher_is_paid() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        vm.warp(ASKED_AT + ANSWER - 1);
        vm.expectEmit(address(questions));
        emit IQuestions.RowPublished(
            id, N, OWNER, 0, account(OWNER), ASKED_AT + 2 * ANSWER - 1, part.segments[0]
        );
        publish(account(OWNER), part, 0);
        vm.assertEq(rowNow(0).segmentBytes, part.segments[0].length);
        vm.assertEq(rowNow(0).segmentRoot, part.segmentRoots[0]);
        vm.assertEq(rowNow(0).sealedDigest, sha256(part.stored[0]));
        vm.assertEq(rowNow(0).piecesRoot, sha256(part.segments[0]));
        vm.warp(ASKED_AT + 2 * ANSWER - 2);
        vm.expectRevert(
            abi.encodeWithSelector(IQuestions.QuestionUndecided.selector, ASKED_AT + 2 * ANSWER - 1)
        );
        conclude(1);
        vm.warp(ASKED_AT + 2 * ANSWER - 1);
        vm.expectEmit(address(questions));
        emit IQuestions.QuestionEnded(id, N, OWNER, 1, true);
        conclude(1);
        vm.assertFalse(isStruck(), "struck");
        requireGains([int256(0), -10, 0, 0]);
        vm.assertEq(lockedOf(account(OWNER)), Bonds.PART);
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }

    function test_an_operator_publishes_for_its_account_and_a_stranger_for_itself() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        ask(3, part, 2);
        publish(operator(0), part, 0);
        publish(STRANGER, part, 2);
        vm.warp(ASKED_AT + ANSWER);
        conclude(1);
        conclude(3);
        requireGains([int256(10), -10, -10, -10]);
        vm.assertEq(freeOf(STRANGER), Bonds.QUESTION);
    }

    function test_one_publication_answers_all_who_ask_about_the_row() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 1);
        ask(3, part, 1);
        publish(account(0), part, 1);
        vm.warp(ASKED_AT + ANSWER);
        conclude(1);
        conclude(3);
        requireGains([int256(20), -10, -10, -10]);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.QuestionNotOpen.selector, id, N, OWNER, uint8(1)));
        conclude(1);
    }

    /// What was refuted for one, who may be the owner's friend, decides nothing for another.
    function test_who_asks_about_a_published_row_has_time_of_its_own_to_disprove_it() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 1);
        publish(account(0), part, 1);
        vm.warp(ASKED_AT + ANSWER);
        conclude(1);
        ask(3, part, 1);
        vm.assertEq(rowNow(1).until, ASKED_AT + 2 * ANSWER);
        vm.assertEq(rowNow(1).asker, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IQuestions.QuestionUndecided.selector, ASKED_AT + 2 * ANSWER)
        );
        conclude(3);
        vm.warp(ASKED_AT + 2 * ANSWER);
        conclude(3);
        requireGains([int256(20), -10, -10, -10]);
    }

    function test_a_row_is_published_in_time_once_and_only_if_it_was_asked_about() public {
        Part memory part = goodPart();
        doubt(part);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.RowNotAsked.selector, id, N, OWNER, uint32(0)));
        this.publishRow(account(0), part, 0);
        ask(1, part, 0);
        publish(account(0), part, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IQuestions.RowAlreadyPublished.selector, id, N, OWNER, uint32(0))
        );
        this.publishRow(account(0), part, 0);
        ask(3, part, 1);
        vm.warp(ASKED_AT + ANSWER);
        vm.expectRevert(abi.encodeWithSelector(IQuestions.RowTooLate.selector, ASKED_AT + ANSWER));
        this.publishRow(account(0), part, 1);
    }

    function test_only_the_rows_own_good_bytes_are_taken() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        PartFacts memory facts = factsOf(part);
        OpenedRow memory opened = openedRow(part, 0);
        bytes memory refusal = abi.encodeWithSelector(RecordProof.RecordPlaceRefused.selector, "partRoot");

        opened.segment = part.segments[1];
        vm.expectRevert(refusal);
        questions.publish(id, N, OWNER, facts, opened);

        opened = openedRow(part, 0);
        opened.sealedDigest = sha256("other");
        vm.expectRevert(refusal);
        questions.publish(id, N, OWNER, facts, opened);

        opened = openedRow(part, 0);
        opened.rowPath = openedRow(part, 1).rowPath;
        vm.expectRevert(refusal);
        questions.publish(id, N, OWNER, facts, opened);

        opened = openedRow(part, 0);
        opened.segment[300] ^= 0x01;
        vm.expectRevert();
        questions.publish(id, N, OWNER, facts, opened);

        opened = openedRow(part, 0);
        opened.segment = "";
        vm.expectRevert(abi.encodeWithSelector(ISegmentRules.SegmentRefused.selector, "size", 0));
        questions.publish(id, N, OWNER, facts, opened);

        opened = openedRow(part, 0);
        facts.indexHash = keccak256("other");
        vm.expectRevert(factsRefusal(part, facts));
        questions.publish(id, N, OWNER, facts, opened);
    }

    /// Whoever is about to publish can ask before it pays for it.
    function test_anybody_can_have_a_segment_checked() public view {
        Part memory part = goodPart();
        (bytes32 segmentRoot, bytes32 piecesRoot) =
            ISegmentRules(questions.segmentRules()).check(id, N, part.segments[0]);
        vm.assertEq(segmentRoot, part.segmentRoots[0]);
        vm.assertEq(piecesRoot, sha256(part.segments[0]));
    }

    // ── the block ends first ──

    function test_a_block_that_is_not_open_gives_undecided_bonds_back() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        ask(3, part, 1);
        ask(0, part, 1);
        publish(account(OWNER), part, 0);
        seams.closeBlock(id, N);
        conclude(1);
        conclude(3);
        vm.warp(ASKED_AT + ANSWER);
        conclude(0);
        requireGains([int256(0), 0, -10, 0]);
        vm.assertFalse(isStruck(), "struck");
        vm.assertEq(lockedOf(account(OWNER)), Bonds.PART);
    }

    /// Its time is over, but from then on nobody could disprove it: whoever published it could conclude before.
    function test_a_published_row_decides_nothing_once_the_block_is_not_open() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        ask(3, part, 0);
        publish(account(0), part, 0);
        vm.warp(ASKED_AT + ANSWER);
        conclude(3);
        seams.closeBlock(id, N);
        conclude(1);
        requireGains([int256(10), 0, -10, -10]);
    }

    /// The Panel struck it: a question goes on by itself.
    function test_a_part_that_the_panel_struck_costs_nobody_who_asked() public {
        Part memory part = goodPart();
        doubt(part);
        ask(1, part, 0);
        seams.strikePart(id, N, OWNER, 1);
        vm.warp(ASKED_AT + ANSWER);
        conclude(1);
        requireStruckBy(3);
        requireGains([int256(0), 0, -10, 0]);
        vm.assertEq(lockedOf(account(1)), 0);
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }

    function test_nobody_concludes_for_who_did_not_ask() public {
        doubt(goodPart());
        uint8[3] memory others = [0, 16, 255];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(IQuestions.QuestionNotOpen.selector, id, N, OWNER, others[i])
            );
            conclude(others[i]);
        }
    }

    /// Of its own, so that a refusal is that of one call.
    function publishRow(address sender, Part memory part, uint32 index) external {
        publish(sender, part, index);
    }

    function requireNothingOpen() private view {
        for (uint256 i = 0; i < 4; i++) {
            vm.assertEq(lockedOf(account(i)), i == OWNER ? Bonds.PART : 0);
        }
        vm.assertEq(openQuestions(), 0);
        vm.assertEq(seams.questionsHeld(id, N), 0);
    }
}

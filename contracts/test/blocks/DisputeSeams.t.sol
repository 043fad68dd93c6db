// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {IBlockFacts} from "../../src/interfaces/IBlockFacts.sol";
import {BlockWords} from "../../src/lib/BlockWords.sol";
import {DisputeScene} from "./support/DisputeScene.sol";

/// Who may accuse a result and question a part, and what the three contracts alone may say.
contract DisputeSeamsTest is DisputeScene {
    // ── who accuses ──

    function test_an_account_its_operator_key_and_its_seats_validator_accuse() external {
        revealedBySeats([low(), high(), low()]);
        address[3] memory senders = [account(1), operator(1), validator(1)];
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(ADJUDICATOR);
            (bytes32 hash, address accuser, bool isValidator) =
                blocks.holdAccusation(id, N, 0, 1, senders[i]);
            vm.assertEq(hash, hashOf(low()));
            vm.assertEq(accuser, i == 2 ? validator(1) : account(1));
            vm.assertTrue(isValidator == (i == 2), "validator");
        }
        vm.assertEq(dispute().accusations, 3);
        vm.assertEq(quarrel().accused, 1);
        freeAccusations(2);
        vm.assertEq(dispute().accusations, 1);
        accuse(1, 0);
        vm.assertEq(quarrel().accused, 3);
    }

    function test_nobody_else_accuses() external {
        revealedBySeats([low(), high(), low()]);
        address[4] memory others = [STRANGER, account(2), operator(0), validator(0)];
        for (uint256 i = 0; i < 4; i++) {
            bytes memory why = abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, others[i]);
            refuseAccusation(0, 1, others[i], why);
        }
        bytes memory unknown = abi.encodeWithSelector(IBlockFacts.UnknownParticipant.selector, id, 3);
        refuseAccusation(0, 3, unknown);
        refuseAccusation(2, 1, unknownResult(2));
    }

    function test_the_validator_of_a_seat_that_did_not_reveal_does_not_accuse() external {
        postAll(id, N, 3);
        commit(id, N, 0, low(), false);
        commit(id, N, 2, high(), false);
        goTo(20);
        reveal(id, N, 0, low());
        goTo(40);
        revealOwn(id, N, 1, high());
        bytes memory why = abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, validator(2));
        refuseAccusation(0, 2, validator(2), why);
        refuseAccusation(0, 2, nothingElse(2));
    }

    function test_who_stands_for_nothing_else_does_not_accuse() external {
        revealedBySeats([low(), high(), low()]);
        refuseAccusation(0, 0, nothingElse(0));
        refuseAccusation(0, 0, validator(0), nothingElse(0));
        // By accepting another it does; its validator does not.
        accept(0, high());
        accuse(0, 0);
        refuseAccusation(0, 0, validator(0), nothingElse(0));
        accuse(1, 0);
    }

    function test_an_own_result_that_was_taken_back_is_nothing_to_stand_for() external {
        disputed();
        revealOwn(id, N, 2, high());
        accuse(0, 2);
        accept(2, low());
        refuseAccusation(0, 2, nothingElse(2));
        accuse(1, 2);
    }

    function test_nobody_stands_for_what_is_gone_and_nobody_accuses_it() external {
        disputed();
        fell(1);
        refuseAccusation(1, 0, unknownResult(1));
        refuseAccusation(0, 1, nothingElse(1));
        revealOwn(id, N, 2, resultOf(3, 900, ALL));
        accuse(0, 2);
        accept(2, low());
        refuseAccusation(2, 0, unknownResult(2));
    }

    // ── who questions ──

    function test_a_participant_questions_what_one_counts_and_another_leaves_out() external {
        differing();
        bytes27 digest = BlockWords.partDigest(keccak256(abi.encode(N, uint256(2))), 3, keccak256("index"));
        address[4] memory senders = [account(0), operator(1), account(2), account(0)];
        uint8[4] memory indexes = [0, 1, 2, 0];
        for (uint256 i = 0; i < 4; i++) {
            vm.prank(QUESTIONS);
            (uint8 participant, address asker, bytes27 partDigest) =
                blocks.holdQuestion(id, N, 2, senders[i]);
            vm.assertEq(participant, indexes[i]);
            vm.assertEq(asker, account(indexes[i]));
            vm.assertEq(bytes32(partDigest), bytes32(digest));
        }
        vm.assertEq(dispute().questions, 4);
        vm.assertEq(blocks.rawWords(id, N)[BlockWords.QUESTIONED], 7 << 32);
        // Whether it was served is asked once for everybody.
        vm.prank(PANEL);
        blocks.holdQuestion(id, N, 2, account(0));
        vm.assertEq(dispute().questions, 5);
        vm.assertEq(blocks.rawWords(id, N)[BlockWords.QUESTIONED], 0xffff << 32);
    }

    function test_nobody_else_questions_and_nothing_else_is_questioned() external {
        differing();
        vm.expectRevert(abi.encodeWithSelector(IBlockFacts.NotParticipant.selector, id, STRANGER));
        vm.prank(PANEL);
        blocks.holdQuestion(id, N, 2, STRANGER);
        uint8[5] memory parts = [0, 1, 3, 16, 255];
        for (uint256 i = 0; i < 5; i++) {
            refuseQuestion(parts[i], notInDoubt(parts[i]));
        }
        // Once the result that leaves it out is gone, nobody differs.
        accept(1, low());
        refuseQuestion(2, notInDoubt(2));
    }

    function test_what_nobody_counts_who_stands_is_not_in_doubt() external {
        disputed();
        accuse(0, 1);
        goTo(99);
        revealOwn(id, N, 2, resultOf(3, 900, FIRST_TWO));
        ask(2, 0);
        fell(0);
        ask(2, 0);
        fell(1);
        refuseQuestion(2, notInDoubt(2));
    }

    function test_a_part_that_is_not_there_is_neither_struck_nor_spent() external {
        vm.warp(begun());
        post(id, N, 0);
        post(id, N, 1);
        vm.warp(deadlineOfParts(N) + 60);
        revealOwn(id, N, 0, resultOf(3, 1000, FIRST_TWO));
        revealOwn(id, N, 1, resultOf(3, 900, 1));
        uint8[2] memory parts = [2, 16];
        for (uint256 i = 0; i < 2; i++) {
            bytes memory why = abi.encodeWithSelector(IBlockFacts.UnknownParticipant.selector, id, parts[i]);
            vm.expectRevert(why);
            strike(parts[i]);
            vm.expectRevert(why);
            charge(parts[i], 1);
        }
    }

    // ── who says so ──

    function test_each_seam_is_for_its_contract_alone() external {
        differing();
        address[5] memory callers = [ADJUDICATOR, QUESTIONS, PANEL, STRANGER, address(vault)];
        for (uint256 i = 0; i < 5; i++) {
            bytes memory why = abi.encodeWithSelector(IBlockFacts.NotAllowed.selector, callers[i]);
            vm.startPrank(callers[i]);
            if (i != 0) refuseToAdjudicate(why);
            if (i != 1 && i != 2) refuseToStrike(why);
            vm.stopPrank();
        }
    }

    function refuseToAdjudicate(bytes memory why) private {
        vm.expectRevert(why);
        blocks.holdAccusation(id, N, 0, 1, account(1));
        vm.expectRevert(why);
        blocks.freeAccusations(id, N, 0);
        vm.expectRevert(why);
        blocks.fall(id, N, 0);
        vm.expectRevert(why);
        blocks.forfeitTakenBack(id, N, 0);
    }

    function refuseToStrike(bytes memory why) private {
        vm.expectRevert(why);
        blocks.holdQuestion(id, N, 2, account(0));
        vm.expectRevert(why);
        blocks.freeQuestions(id, N, 0);
        vm.expectRevert(why);
        blocks.holdProof(id, N, 2, account(0));
        vm.expectRevert(why);
        blocks.strikePart(id, N, 2, 1);
        vm.expectRevert(why);
        blocks.chargePart(id, N, 2, 1);
    }

    /// On its own it holds no block: nothing of a dispute is there, whoever calls.
    function test_the_code_beside_blocks_is_nobodys_block() external {
        differing();
        vm.assertFalse(blockDisputes.isOpen(id, N), "void without parts");
        vm.expectRevert(wrongStage(Stage.Void));
        vm.prank(ADJUDICATOR);
        blockDisputes.fall(id, N, 0);
        BlockResult memory result = low();
        vm.expectRevert(wrongStage(Stage.Void));
        vm.prank(account(2));
        blockDisputes.revealOwnResult(id, N, result, OPENING);
    }

    /// Nor is there anything behind Blocks that nobody named, and it takes no wei.
    function test_what_nobody_named_is_refused() external {
        (bool isDone, bytes memory why) = address(blocks).call(hex"deadbeef");
        vm.assertTrue(!isDone && why.length == 0, "unknown");
        (isDone,) = address(blocks).call("");
        vm.assertFalse(isDone, "empty");
        vm.deal(address(this), 1);
        (isDone,) = address(blocks).call{value: 1}(abi.encodeWithSelector(blocks.isOpen.selector, id, N));
        vm.assertFalse(isDone, "wei");
    }
}

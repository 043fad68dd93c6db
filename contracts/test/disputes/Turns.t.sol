// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccusationId,
    IAdjudicator,
    LeafWords,
    LeftNeighbour,
    Outcome
} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {TurnScene} from "./support/TurnScene.sol";

/// Deadlines to the second.
contract TurnsTest is TurnScene {
    // ── deadlines: what comes at it is too late, what comes a second earlier is not ──

    function test_the_root_is_opened_before_the_deadline() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        bytes memory entries = openingOf(9, 0);
        tooLate(id);
        adjudicator.openNode(id, entries);
        vm.warp(deadlineOf(id) - 1);
        adjudicator.openNode(id, entries);
        vm.assertEq(deadlineOf(id), block.timestamp + PERIOD);
    }

    function test_an_entry_is_named_before_the_deadline() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        vm.warp(block.timestamp + 7);
        openNode(id);
        bytes32[] memory path = pathOf(1, 1, 9);
        bytes32 hash = entry(1, 1).hash;
        tooLate(id);
        vm.prank(account(1));
        adjudicator.nameEntry(id, 1, hash, path);
        vm.warp(deadlineOf(id) - 1);
        vm.prank(account(1));
        adjudicator.nameEntry(id, 1, hash, path);
        vm.assertEq(deadlineOf(id), block.timestamp + PERIOD);
    }

    function test_a_leaf_is_opened_before_the_deadline() external {
        growTo(5, 3);
        AccusationId memory id = accuse();
        leadTo(id, 3);
        bytes memory records = leafAt[3].records;
        LeftNeighbour memory left = leftOf(3);
        tooLate(id);
        adjudicator.openLeaf(id, records, left);
        vm.warp(deadlineOf(id) - 1);
        adjudicator.openLeaf(id, records, left);
        vm.assertEq(deadlineOf(id), block.timestamp + PERIOD);
    }

    function test_records_are_shown_and_doubted_before_the_deadline() external {
        AccusationId memory id = atLeaf();
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing());
        LeafWords memory leaf = leafWords(3);
        tooLate(id);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        tooLate(id);
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        vm.warp(deadlineOf(id) - 1);
        uint256 before = vm.snapshotState();
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        vm.assertEq(deadlineOf(id), block.timestamp + PERIOD);
        vm.revertToState(before);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
    }

    function test_a_doubted_record_is_placed_before_the_deadline() external {
        AccusationId memory id = atLeaf();
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, recordIn(leafAt[3].records, 0));
        LeafWords memory leaf = leafWords(3);
        tooLate(id);
        adjudicator.placeRecord(id, leaf, place, 0, facts);
        vm.warp(deadlineOf(id) - 1);
        adjudicator.placeRecord(id, leaf, place, 0, facts);
    }

    function test_who_does_not_answer_by_the_deadline_falls() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        refusesTimeOut(id);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Upheld, account(1));
        adjudicator.timeOut(id);
        requireFell();
        requireWei(account(1), 1 ether + OWN_BOND / 2, 0, 0);
    }

    function test_who_does_not_place_a_record_by_the_deadline_falls() external {
        AccusationId memory id = atLeaf();
        vm.prank(account(1));
        adjudicator.doubtRecord(id, 0);
        refusesTimeOut(id);
        adjudicator.timeOut(id);
        requireFell();
    }

    function test_an_accuser_that_does_not_go_on_pays_who_opened() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        openNode(id);
        refusesTimeOut(id);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Failed, ANSWERER);
        adjudicator.timeOut(id);
        requireWei(account(1), 1 ether - BOND, 0, 0);
        requireWei(ANSWERER, BOND / 2, 0, 0);
        requireWei(BURN, BOND / 2, 0, 0);
        vm.assertEq(results.openAccusations(), 0);
        vm.assertTrue(results.stands(channelId, BLOCK, RESULT), "stands");
        requireOver(id);
    }

    /// Otherwise whoever accuses falsely and answers itself, by whatever address, would hold up a block for nothing.
    function test_an_accuser_that_answers_itself_loses_half_of_its_bond() external {
        growTo(300, 3);
        AccusationId memory id = accuse();
        bytes memory entries = openingOf(9, 0);
        vm.prank(account(1));
        adjudicator.openNode(id, entries);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        requireWei(account(1), 1 ether - BOND / 2, 0, 0);
        requireWei(BURN, BOND / 2, 0, 0);
    }

    function test_a_validator_that_does_not_go_on_loses_of_its_stake() external {
        growTo(300, 3);
        AccusationId memory id = accuse(validator(1), 1);
        openNode(id);
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        requireWei(validator(1), 0, 1 ether - BOND, 0);
        requireWei(ANSWERER, BOND / 2, 0, 0);
        requireWei(BURN, BOND / 2, 0, 0);
    }

    function test_an_accuser_of_a_tree_of_none_that_shows_nothing_pays_nobody() external {
        growNothing();
        AccusationId memory id = accuse();
        refusesTimeOut(id);
        vm.expectEmit(address(adjudicator));
        emit IAdjudicator.AccusationEnded(channelId, BLOCK, RESULT, 1, Outcome.Failed, BURN);
        adjudicator.timeOut(id);
        requireWei(account(1), 1 ether - BOND, 0, 0);
        requireWei(BURN, BOND, 0, 0);
    }

    function test_a_tree_of_none_is_shown_a_record_before_the_deadline() external {
        growNothing();
        AccusationId memory id = accuse();
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, missing());
        LeafWords memory leaf;
        tooLate(id);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        vm.warp(deadlineOf(id) - 1);
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        requireFell();
    }
}
